import { unrollError } from "./error.js";
import { boundedSize, limits } from "./limits.js";
import { shown } from "./shown.js";

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

/** What a host tensor's data should have been and are, in words; null for one that is whole. */
export function tensorProblem({
  dtype,
  shape,
  data,
}: HostTensor): readonly [expected: string, got: string] | null {
  const size = boundedSize(shape);
  const array = Object.hasOwn(arrays, dtype) && arrays[dtype];
  const kind = data[Symbol.toStringTag];
  if (array !== kind) return [array ? `${array} for ${dtype}` : "a dtype", array ? kind : shown(dtype)];
  if (size < 0) return ["a shape of whole numbers within limits", shown(shape)];
  return data.length === size ? null : [`${size} values for shape [${shape.join(", ")}]`, `${data.length}`];
}

/** By name, as an array may come from another realm. */
const arrays: Readonly<Record<DType, string>> = {
  float32: "Float32Array",
  int32: "Int32Array",
  bool: "Uint8Array",
};

/** Nested arrays of numbers (or booleans for `bool`), as deep as the tensor has axes. */
export type Nested = number | boolean | readonly Nested[];

/** What elements a dtype has, in words and as a check of what was given. */
const elements: { readonly [D in DType]: readonly [expected: string, fits: (value: unknown) => boolean] } = {
  float32: ["a number", (value) => typeof value === "number"],
  int32: ["a whole number within 32 bits", (value) => typeof value === "number" && (value | 0) === value],
  bool: ["true, false, 0 or 1", (value) => typeof value === "boolean" || value === 0 || value === 1],
};

/**
 * Makes a {@link HostTensor} from nested arrays, or from a flat array and its shape.
 *
 * @param values nested arrays (their nesting gives the shape), or flat values when `shape` is given
 * @param shape the shape of flat values, row-major
 * @param dtype default `float32`
 * @throws UNROLL_SHAPE for ragged nesting, or when the number of values does not fill the shape;
 *   UNROLL_ARGUMENT for what is no number, and UNROLL_DTYPE for a number that the dtype does not have, naming
 *   its place
 */
export function tensor<D extends DType = "float32">(
  values: Nested | ArrayLike<number>,
  shape?: readonly number[],
  dtype: D = "float32" as D,
): HostTensor<D> {
  if (!Object.hasOwn(elements, dtype)) refuse([], "a dtype", dtype);
  // Any numbers are floats, so these need no look at each.
  const [flat, nesting] =
    dtype === "float32" && isNumberView(values) ? [values, [values.length]] : collected(values, dtype);
  const dims = shape === undefined ? nesting : shape;
  const size = boundedSize(dims);
  if (size !== flat.length)
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: "tensor",
      expected:
        size < 0 ? "a shape of whole numbers within limits" : `${size} values for shape [${dims.join(", ")}]`,
      got: size < 0 ? shown(dims) : `${flat.length}`,
      cure: "give as many values as the shape holds",
      details: { shape: dims, values: flat.length },
    });
  const data = allocate(dtype, size);
  data.set(flat);
  return { dtype, shape: [...dims], data };
}

type NumberView = ArrayLike<number> & ArrayBufferView;

/** Whether a value is a typed array of numbers: no view of bytes without elements, and no bigints. */
const isNumberView = (values: unknown): values is NumberView =>
  ArrayBuffer.isView(values) &&
  typeof ((values as Partial<NumberView>)[0] ?? 0) === "number" &&
  "length" in values;

function refuse(
  at: readonly number[],
  expected: string,
  got: unknown,
  cure = "nothing is converted here",
): never {
  throw unrollError({
    code: typeof got === "number" ? "UNROLL_DTYPE" : "UNROLL_ARGUMENT",
    place: at.reduce((path, k, axis) => `${path}${axis === 0 ? " " : ""}[${k}]`, "tensor"),
    expected,
    got: shown(got),
    cure,
    details: { at: [...at] },
  });
}

/**
 * The numbers in nested arrays, row-major, and the shape of the nesting. Walks rather than maps, so that
 * holes are seen and nothing is allocated for a length that is only said.
 */
function collected(values: unknown, dtype: DType): readonly [flat: number[], nesting: number[]] {
  const flat: number[] = [];
  const nesting: number[] = [];
  const at: number[] = [];
  const [expected, fits] = elements[dtype];
  const walk = (value: unknown): void => {
    const depth = at.length;
    const length = isList(value) ? value.length : -1;
    if (length < 0 && !fits(value)) refuse(at, expected, value);
    // The first at each depth says what all are: arrays of a length, or numbers, -1.
    if ((nesting[depth] ??= length) !== length || depth > limits.axes)
      throw unrollError({
        code: "UNROLL_SHAPE",
        place: `tensor [${at.slice(0, limits.axes).join("][")}]`,
        expected: depth > limits.axes ? `at most ${limits.axes} axes` : named(nesting[depth]!),
        got: named(length),
        cure: "pad ragged rows and pass lengths",
      });
    if (length < 0) flat.push(Number(value));
    for (let k = 0; k < length; k++) {
      at.push(k);
      walk((value as ArrayLike<unknown>)[k]);
      at.pop();
    }
  };
  walk(values);
  return [flat, nesting.filter((length) => length >= 0)];
}

const named = (length: number): string => (length < 0 ? "a number" : `an array of ${length}`);

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) ||
  isNumberView(value) ||
  (typeof value === "object" && value !== null && !ArrayBuffer.isView(value) && "length" in value);
