import { unrollError } from "../contract/error.js";
import { boundedSize } from "../contract/limits.js";
import { shown } from "../contract/shown.js";
import type { HostTensor } from "../contract/tensor.js";
import { type HalfFormat, float32ToHalf, halfToFloat32 } from "./half.js";

/** The array that holds each stored element type. 16-bit floats stay raw; see {@link toFloat32}. */
export interface StoredArray {
  /** 64-bit floats. */
  F64: Float64Array;
  /** 32-bit floats. */
  F32: Float32Array;
  /** 16-bit floats, as their bits. */
  F16: Uint16Array;
  /** bfloat16, the upper half of a 32-bit float, as its bits. */
  BF16: Uint16Array;
  /** 64-bit whole numbers with a sign. */
  I64: BigInt64Array;
  /** 32-bit whole numbers with a sign. */
  I32: Int32Array;
  /** 16-bit whole numbers with a sign. */
  I16: Int16Array;
  /** 8-bit whole numbers with a sign. */
  I8: Int8Array;
  /** 64-bit whole numbers without a sign. */
  U64: BigUint64Array;
  /** 32-bit whole numbers without a sign. */
  U32: Uint32Array;
  /** 16-bit whole numbers without a sign. */
  U16: Uint16Array;
  /** 8-bit whole numbers without a sign. */
  U8: Uint8Array;
  /** One byte an element, 0 or 1. */
  BOOL: Uint8Array;
}

/** Element types as safetensors names them. */
export type StoredDType = keyof StoredArray;

/** A tensor as a weights file stores it: its own element type, row-major. */
export interface NamedTensor<D extends StoredDType = StoredDType> {
  /** What its elements are in the file. */
  readonly dtype: D;
  /** Sizes of its axes; [] for a single number. */
  readonly shape: readonly number[];
  /** The elements, row-major, as the file holds them. */
  readonly data: StoredArray[D];
}

/** A tensor out of a file or out of a program. */
export type AnyTensor = NamedTensor | HostTensor;

interface StoredArrayType {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer): StoredArray[StoredDType];
}

/** Every stored element type with its array; `BYTES_PER_ELEMENT` is its size in the file. */
export const storedTypes: Readonly<Record<StoredDType, StoredArrayType>> = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
};

const hostTypes = { float32: "F32", int32: "I32", bool: "BOOL" } as const;

/** A host tensor as a stored one, sharing its data; a stored one as it is. */
export function toStored(tensor: AnyTensor): NamedTensor {
  return Object.hasOwn(hostTypes, tensor.dtype)
    ? ({
        dtype: hostTypes[tensor.dtype as HostTensor["dtype"]],
        shape: tensor.shape,
        data: tensor.data,
      } as NamedTensor)
    : (tensor as NamedTensor);
}

/**
 * A floating tensor as float32. F32 is shared, F16 and BF16 convert exactly, F64 is rounded to nearest:
 * {@link roundingError} says by how much.
 *
 * @throws UNROLL_DTYPE for an integer tensor, as a weight of that type needs its scale to mean anything, and
 *   for one whose data are not what its dtype and shape say
 */
export function toFloat32(tensor: AnyTensor, place = "toFloat32"): HostTensor<"float32"> {
  const stored = toStored(tensor);
  const { dtype, shape, data } = stored;
  const problem = storedProblem(stored);
  if (problem)
    throw unrollError({
      code: "UNROLL_DTYPE",
      place,
      expected: problem[0],
      got: problem[1],
      cure: "make it with tensor(data, shape)",
      details: { dtype, shape },
    });
  switch (dtype) {
    case "F32":
      return { dtype: "float32", shape, data: data as Float32Array };
    case "F64":
      return { dtype: "float32", shape, data: Float32Array.from(data as Float64Array) };
    case "F16":
    case "BF16":
      return { dtype: "float32", shape, data: halfToFloat32(dtype, data as Uint16Array) };
    default:
      throw unrollError({
        code: "UNROLL_DTYPE",
        place: place,
        expected: "floating values",
        got: `${dtype} [${shape.join(", ")}]`,
        cure: "convert integers yourself, with the scale they were stored with",
        details: { dtype },
      });
  }
}

/** What a stored tensor's data should have been and are, in words; null for one that is whole. */
export function storedProblem({
  dtype,
  shape,
  data,
}: NamedTensor): readonly [expected: string, got: string] | null {
  if (!Object.hasOwn(storedTypes, dtype))
    return [`a dtype among ${Object.keys(storedTypes).join(", ")}`, shown(dtype)];
  // By name, as an array may come from another realm.
  const [{ name }, array] = [storedTypes[dtype], data[Symbol.toStringTag]];
  if (array !== name) return [`${name} for ${dtype}`, array];
  const size = boundedSize(shape);
  if (size < 0) return ["a shape of whole numbers within limits", shown(shape)];
  return size === data.length ? null : [`${size} values for shape [${shape.join(", ")}]`, `${data.length}`];
}

/** A float32 tensor as F16 or BF16, rounded to nearest, ties to even. */
export function toHalf<F extends HalfFormat>(tensor: HostTensor<"float32">, format: F): NamedTensor<F> {
  return { dtype: format, shape: tensor.shape, data: float32ToHalf(format, tensor.data) as StoredArray[F] };
}

/** Largest absolute change of a value that {@link toFloat32} makes; 0 where it is exact. */
export function roundingError(tensor: AnyTensor): number {
  if (tensor.dtype !== "F64") return 0;
  let worst = 0;
  for (const value of tensor.data as Float64Array) {
    const change = Math.abs(value - Math.fround(value));
    if (change > worst) worst = change;
  }
  return worst;
}
