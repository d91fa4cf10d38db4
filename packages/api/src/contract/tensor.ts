import { unrollError, type UnrollErrorCode } from "./error.js";
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

/** Nested arrays of numbers (or booleans for `bool`), as deep as the tensor has axes. */
export type Nested = number | boolean | readonly Nested[];

/** What elements of a dtype may be, in words, where the value is a number already; null for any number. */
const ranges: {
  readonly [D in DType]: readonly [expected: string, fits: (value: number) => boolean] | null;
} = {
  float32: null,
  int32: ["a whole number from -2^31 to 2^31 - 1", (value) => (value | 0) === value],
  bool: ["true, false, 0 or 1", (value) => value === 0 || value === 1],
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
  if (!Object.hasOwn(ranges, dtype))
    refuse("UNROLL_ARGUMENT", [], "dtype float32, int32 or bool", shown(dtype), "leave it out for float32");
  const [flat, nesting] = isNumberView(values) ? [values, [values.length]] : collected(values, dtype);
  const dims = shape === undefined ? nesting : shape;
  const size = Array.isArray(dims) && dims.length <= limits.axes ? boundedSize(dims) : -1;
  if (size < 0)
    refuse(
      "UNROLL_SHAPE",
      [],
      `a shape of whole numbers, at most ${limits.axes} axes and ${limits.elements} elements`,
      shown(dims),
      "e.g. [2, 3]",
    );
  if (size !== flat.length) {
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: "tensor",
      expected: `${size} values for shape [${dims.join(", ")}]`,
      got: `${flat.length}`,
      cure: "give as many values as the shape holds",
      details: { shape: dims, values: flat.length },
    });
  }
  const data = allocate(dtype, size);
  const range = ranges[dtype];
  for (let k = 0; k < size; k++) {
    const value = flat[k]!;
    if (range !== null && !range[1](value)) refuseRange(placeOf(k, nesting), range[0], value);
    data[k] = value;
  }
  return { dtype, shape: [...dims], data };
}

type NumberView = ArrayLike<number> & ArrayBufferView;

/** Whether a value is a typed array of numbers: no view of bytes without elements, and no bigints. */
const isNumberView = (values: unknown): values is NumberView =>
  ArrayBuffer.isView(values) &&
  !(values instanceof DataView) &&
  !(values instanceof BigInt64Array || values instanceof BigUint64Array);

type At = readonly number[];

/** Where element `k` of nested arrays stands. */
function placeOf(k: number, nesting: readonly number[]): At {
  const at: number[] = [];
  for (let axis = nesting.length - 1, rest = k; axis >= 0; axis--) {
    at.unshift(rest % nesting[axis]!);
    rest = Math.floor(rest / nesting[axis]!);
  }
  return at;
}

function refuse(code: UnrollErrorCode, at: At, expected: string, got: string, cure: string): never {
  const place = ["tensor", at.map((k) => `[${k}]`).join("")].filter((part) => part !== "").join(" ");
  throw unrollError({ code, place, expected, got, cure, details: { at: [...at] } });
}

const refuseRange = (at: At, expected: string, got: number): never =>
  refuse("UNROLL_DTYPE", at, expected, `${got}`, "round or clip the values, or make another dtype");

/**
 * The numbers in nested arrays, row-major, and the shape of the nesting. Walks rather than maps, so that holes
 * are seen and nothing is allocated for a length that is only said.
 */
function collected(values: unknown, dtype: DType): readonly [flat: number[], nesting: number[]] {
  const flat: number[] = [];
  const nesting: number[] = [];
  // Length of arrays at each depth, and the depth of numbers, as the first of each had it.
  let leaf = -1;
  const at: number[] = [];
  const walk = (value: unknown): void => {
    const depth = at.length;
    const list = typeof value === "object" && value !== null && isList(value) ? value : null;
    if (list === null && typeof value !== "number" && !(dtype === "bool" && typeof value === "boolean"))
      refuse(
        "UNROLL_ARGUMENT",
        at,
        dtype === "bool" ? "true or false" : "a number",
        shown(value),
        "values are not converted; make numbers of them first",
      );
    if (list !== null && depth >= limits.axes)
      refuse("UNROLL_SHAPE", [], `at most ${limits.axes} axes`, "deeper nesting", "a tensor is flatter");
    const fits =
      list === null
        ? leaf < 0
          ? depth === nesting.length
          : leaf === depth
        : depth < nesting.length
          ? nesting[depth] === list.length
          : leaf < 0;
    if (!fits)
      refuse(
        "UNROLL_SHAPE",
        at,
        depth < nesting.length
          ? `nested arrays of equal length, ${nesting[depth]}`
          : "a number, as before it",
        list === null ? "a number" : `an array of ${list.length}`,
        "pad ragged rows and pass lengths",
      );
    if (list === null) {
      leaf = depth;
      flat.push(Number(value));
      return;
    }
    if (depth === nesting.length) nesting.push(list.length);
    for (let k = 0; k < list.length; k++) {
      at.push(k);
      walk(list[k]);
      at.pop();
    }
  };
  walk(values);
  return [flat, nesting];
}

const isList = (value: object): value is ArrayLike<unknown> =>
  Array.isArray(value) ||
  isNumberView(value) ||
  (Number.isInteger((value as { length?: unknown }).length) && !ArrayBuffer.isView(value));
