import type { AnyTensor, NamedTensor, StoredArray, StoredDType } from "@unroll/api/weights";
import { DAMAGED, refuse } from "./refuse.js";

/** Tensors of a file by name, in an object without a prototype: a file may call one `__proto__`. */
export type Tensors = Record<string, NamedTensor>;

/** Elements of one tensor at most, as everywhere in the library. */
const MOST_ELEMENTS = 2 ** 29;
/** Axes of one tensor at most. */
const MOST_AXES = 32;

interface ElementType {
  readonly bytes: 1 | 2 | 4 | 8;
  readonly array: new (buffer: ArrayBuffer) => StoredArray[StoredDType];
}

/** Size of an element and the array that holds it, by element type. */
export const elementTypes: Readonly<Record<StoredDType, ElementType>> = {
  F64: { bytes: 8, array: Float64Array },
  F32: { bytes: 4, array: Float32Array },
  F16: { bytes: 2, array: Uint16Array },
  BF16: { bytes: 2, array: Uint16Array },
  I64: { bytes: 8, array: BigInt64Array },
  I32: { bytes: 4, array: Int32Array },
  I16: { bytes: 2, array: Int16Array },
  I8: { bytes: 1, array: Int8Array },
  U64: { bytes: 8, array: BigUint64Array },
  U32: { bytes: 4, array: Uint32Array },
  U16: { bytes: 2, array: Uint16Array },
  U8: { bytes: 1, array: Uint8Array },
  BOOL: { bytes: 1, array: Uint8Array },
};

/** The number of elements of a shape that a file gives. @throws UNROLL_FORMAT */
export function elementCount(place: string, shape: readonly number[]): number {
  let count = shape.length <= MOST_AXES ? 1 : NaN;
  for (const size of shape) {
    count = Number.isSafeInteger(size) && size >= 0 && size <= MOST_ELEMENTS ? count * size : NaN;
    if (!(count <= MOST_ELEMENTS)) break;
  }
  return count <= MOST_ELEMENTS
    ? count
    : refuse(
        place,
        `sizes of at most ${MOST_AXES} axes and ${MOST_ELEMENTS} elements`,
        `[${shape.slice(0, 8).join(", ")}${shape.length > 8 ? ", ..." : ""}]`,
        DAMAGED,
      );
}

/** Elements with the order of their bytes turned around, in place. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  for (let start = 0; start + size <= bytes.length; start += size)
    bytes.subarray(start, start + size).reverse();
}

/**
 * A tensor of bytes that lie in a file row-major.
 *
 * @param bytes exactly its elements; copied, as they may begin anywhere and belong to the caller
 * @throws UNROLL_FORMAT where they do not fill the shape
 */
export function tensorOf(
  place: string,
  dtype: StoredDType,
  shape: readonly number[],
  bytes: Uint8Array,
  bigEndian = false,
): NamedTensor {
  const { bytes: size, array } = elementTypes[dtype];
  const needed = elementCount(place, shape) * size;
  if (bytes.length !== needed)
    refuse(place, `${needed} bytes for ${dtype} [${shape.join(", ")}]`, `${bytes.length}`, DAMAGED);
  const own = new Uint8Array(bytes);
  if (bigEndian) swapBytes(own, size);
  // A byte of a bool is 0 or 1; what else a file has there counts as true, as everywhere.
  if (dtype === "BOOL") for (let k = 0; k < own.length; k++) own[k] = own[k] === 0 ? 0 : 1;
  return { dtype, shape: [...shape], data: new array(own.buffer) } as NamedTensor;
}

const hostTypes: ReadonlyMap<string, StoredDType> = /* @__PURE__ */ new Map<string, StoredDType>([
  ["float32", "F32"],
  ["int32", "I32"],
  ["bool", "BOOL"],
]);

const nameOf = (value: unknown): string =>
  typeof value === "object" && value !== null ? value.constructor.name : String(value);

/**
 * A tensor as a file has it: its element type, its shape, and its elements as they lie in memory.
 *
 * @param system whose types are `known`
 * @throws UNROLL_FORMAT for types that there are none of, and for data that do not fill their shape or are of
 *   another type than their dtype
 */
export function elementsOf<Known extends object>(
  place: string,
  tensor: AnyTensor,
  system: string,
  known: Known,
): { dtype: StoredDType & keyof Known; shape: readonly number[]; bytes: Uint8Array } {
  const dtype = hostTypes.get(tensor.dtype) ?? (tensor as NamedTensor).dtype;
  const { shape, data } = tensor;
  if (!Object.hasOwn(known, dtype))
    refuse(place, `an element type that ${system} has`, `${dtype}`, "widen it with toFloat32 first");
  const { array, bytes } = elementTypes[dtype];
  if (!ArrayBuffer.isView(data) || data[Symbol.toStringTag] !== array.name)
    refuse(place, `${dtype} data in a ${array.name}`, nameOf(data), "give the array that its dtype has");
  if (!Array.isArray(shape)) refuse(place, "a shape", nameOf(shape), "give the sizes of its axes");
  if (data.byteLength !== elementCount(place, shape) * bytes)
    refuse(place, `data that fill [${shape.join(", ")}]`, `${data.length} elements`, "give all of them");
  const own = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { dtype: dtype as StoredDType & keyof Known, shape, bytes: own };
}

/** A list of tensors to be filled, and how: each name once. */
export function namedTensors(file: string): { tensors: Tensors; add(name: string, one: NamedTensor): void } {
  const tensors = Object.create(null) as Tensors;
  return {
    tensors,
    add(name, one) {
      if (Object.hasOwn(tensors, name))
        refuse(`${file} "${name}"`, "each name once", "two tensors of it", "rename one of them");
      tensors[name] = one;
    },
  };
}
