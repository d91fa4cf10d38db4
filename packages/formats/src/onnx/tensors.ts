import { allocate, type DType, type HostTensor } from "@unroll/api/adapter";
import { tensor, type Tensor } from "@unroll/api/torch";
import { type AnyTensor, toFloat32 } from "@unroll/api/weights";
import { refuse } from "../refuse.js";

/** What elements of a type of onnx.proto are here; whole numbers of 64 bits are ones of 32. */
export const dtypes: ReadonlyMap<number, DType> = new Map([
  [1, "float32"],
  [6, "int32"],
  [7, "int32"],
  [9, "bool"],
] as const);

/** Beyond it a number stands for the end of an axis, as exporters write it. */
const END = 2 ** 60;
const [LEAST, MOST] = [-(2 ** 31), 2 ** 31 - 1];

/** A whole number of 64 bits as one of 32. @throws UNROLL_FORMAT where it is none */
function within32(place: string, value: number): number {
  if (value >= LEAST && value <= MOST) return value;
  if (Math.abs(value) >= END) return value < 0 ? LEAST : MOST;
  return refuse(place, "whole numbers of 32 bits", String(value), "export the model with smaller ones");
}

/** A tensor of a file, in an element type that engines have. @throws UNROLL_FORMAT for one that has none */
export function hostTensorOf(place: string, { dtype, shape, data }: AnyTensor): HostTensor {
  const own = [...shape];
  switch (dtype) {
    case "F32":
    case "F16":
    case "BF16":
    case "F64":
      return {
        dtype: "float32",
        shape: own,
        data: toFloat32({ dtype, shape, data } as AnyTensor, place).data,
      };
    case "BOOL":
      return {
        dtype: "bool",
        shape: own,
        data: Uint8Array.from(data as Uint8Array, (one) => Number(one !== 0)),
      };
    default:
      return {
        dtype: "int32",
        shape: own,
        data: Int32Array.from(data as ArrayLike<number>, (one) => within32(place, Number(one))),
      };
  }
}

/** A tensor whose values are known now. */
export const known = ({ dtype, shape, data }: HostTensor): Tensor => tensor(data, shape, dtype);

/** Whole numbers in a list. */
export const integers = (values: readonly number[]): Tensor =>
  known({ dtype: "int32", shape: [values.length], data: Int32Array.from(values) });

/** Zeros of a dtype. */
export function zerosOf(dtype: DType, shape: readonly number[]): Tensor {
  return known({
    dtype,
    shape,
    data: allocate(
      dtype,
      shape.reduce((a, b) => a * b, 1),
    ),
  });
}

/** The values of a tensor where they are known before anything runs; null where an engine computes them. */
export const valuesOf = (of: Tensor): ArrayLike<number> | null => (of.backend === null ? of.data : null);
