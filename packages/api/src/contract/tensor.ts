import { unrollError } from "./error.js";

/** Element types that cross the adapter boundary. `bool` is held as one byte an element, 0 or 1. */
export type DType = "float32" | "int32" | "bool";

/** The typed array that holds elements of each {@link DType}. */
export interface DTypeArray {
  /** 32-bit floats. */
  float32: Float32Array;
  /** 32-bit whole numbers with a sign. */
  int32: Int32Array;
  /** One byte an element, 0 or 1. */
  bool: Uint8Array;
}

/** A tensor in host memory: plain data, row-major, survives `structuredClone`. */
export interface HostTensor<D extends DType = DType> {
  /** What its elements are. */
  readonly dtype: D;
  /** Sizes of its axes; [] for a single number. */
  readonly shape: readonly number[];
  /** The elements, row-major: the last axis runs fastest. */
  readonly data: DTypeArray[D];
}

/**
 * A tensor that an engine holds. Whoever receives one owns it and disposes it once.
 */
export interface DeviceTensor {
  /** What its elements are. */
  readonly dtype: DType;
  /** Sizes of its axes. */
  readonly shape: readonly number[];
  /** Copies the contents to host memory. The copy stays valid after `dispose()`. */
  read(): Promise<HostTensor>;
  /** The same at once; present when the engine's memory can be read without waiting. */
  readSync?(): HostTensor;
  /**
   * The contents without a copy, at once; the tensor is disposed by it. Present where an engine can part with
   * its memory.
   */
  take?(): HostTensor;
  /** Frees the engine's memory. A second call does nothing. */
  dispose(): void;
}

/** Number of elements of a shape; 1 for a scalar's `[]`. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const dim of shape) size *= dim;
  return size;
}

/** An uninitialised (all zero) array for `size` elements of `dtype`. */
export function allocate<D extends DType>(dtype: D, size: number): DTypeArray[D] {
  const made =
    dtype === "float32"
      ? new Float32Array(size)
      : dtype === "int32"
        ? new Int32Array(size)
        : new Uint8Array(size);
  return made as DTypeArray[D];
}

/** Whether a value has the form of a {@link HostTensor}. */
export function isHostTensor(value: unknown): value is HostTensor {
  if (typeof value !== "object" || value === null) return false;
  const candidate = value as Partial<HostTensor>;
  return (
    typeof candidate.dtype === "string" &&
    Array.isArray(candidate.shape) &&
    ArrayBuffer.isView(candidate.data)
  );
}

/** Nested arrays of numbers (or booleans for `bool`), as deep as the tensor has axes. */
export type Nested = number | boolean | readonly Nested[];

/**
 * Makes a {@link HostTensor} from nested arrays, or from a flat array and its shape.
 *
 * @param values nested arrays (their nesting gives the shape), or flat values when `shape` is given
 * @param shape the shape of flat values, row-major
 * @param dtype default `float32`
 * @throws UNROLL_SHAPE for ragged nesting, or when the number of values does not fill the shape
 */
export function tensor<D extends DType = "float32">(
  values: Nested | ArrayLike<number>,
  shape?: readonly number[],
  dtype: D = "float32" as D,
): HostTensor<D> {
  const flat: ArrayLike<number | boolean> = ArrayBuffer.isView(values)
    ? (values as unknown as ArrayLike<number>)
    : flatten(values as Nested);
  const dims = shape ?? (ArrayBuffer.isView(values) ? [flat.length] : nestedShape(values as Nested));
  if (sizeOf(dims) !== flat.length) {
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: "tensor",
      expected: `${sizeOf(dims)} values for shape [${dims.join(", ")}]`,
      got: `${flat.length}`,
      cure: "give as many values as the shape holds",
      details: { shape: dims, values: flat.length },
    });
  }
  const data = allocate(dtype, flat.length);
  for (let k = 0; k < flat.length; k++) data[k] = Number(flat[k]);
  return { dtype, shape: [...dims], data };
}

function flatten(values: Nested): (number | boolean)[] {
  return Array.isArray(values)
    ? (values as readonly Nested[]).flatMap(flatten)
    : [values as number | boolean];
}

function nestedShape(values: Nested): number[] {
  if (!Array.isArray(values)) return [];
  const inner = (values as readonly Nested[]).map(nestedShape);
  const first = inner[0] ?? [];
  for (const other of inner) {
    if (other.length !== first.length || other.some((dim, k) => dim !== first[k])) {
      throw unrollError({
        code: "UNROLL_SHAPE",
        place: "tensor",
        expected: "nested arrays of equal length",
        got: `rows of shape [${first.join(", ")}] and [${other.join(", ")}]`,
        cure: "pad ragged rows and pass lengths",
      });
    }
  }
  return [values.length, ...first];
}
