import { unrollError } from "../../contract/error.js";
import { shown } from "../../contract/shown.js";
import {
  allocate,
  type DType,
  type HostTensor,
  isHostTensor,
  type Nested,
  sizeOf,
  tensor as hostTensor,
} from "../../contract/tensor.js";
import { isRecord } from "../../contract/kind.js";
import { optionsOf } from "../arguments.js";
import { recordingNow } from "./dispatch.js";
import { refuseSizes, sizesGiven } from "./sizes.js";
import { type DTypeName, dtypeOf } from "./dtypes.js";
import { EagerTensor, Tensor, valuesOf } from "./tensor.js";

/** Options of what makes tensors. */
export interface CreationOptions {
  /** Default float32. */
  readonly dtype?: DTypeName;
}

/** Sizes, and options behind them. */
export type SizesAndOptions = readonly (number | readonly number[] | CreationOptions)[];

/** Parts sizes from the options that may stand behind them. */
function parted(place: string, given: SizesAndOptions): { shape: readonly number[]; dtype: DType } {
  const last = given.at(-1);
  const options = isRecord(last) ? optionsOf<CreationOptions>(place, last, ["dtype"]) : {};
  const sizes = (isRecord(last) ? given.slice(0, -1) : given) as readonly (number | readonly number[])[];
  return { shape: sizesGiven(place, sizes), dtype: dtypeOf(place, options.dtype ?? "float32") };
}

function filled(shape: readonly number[], dtype: DType, value: number | boolean): Tensor {
  const number = dtype === "bool" ? Number(value !== 0 && value !== false) : Number(value);
  return new EagerTensor(dtype, shape, allocate(dtype, sizeOf(shape)).fill(number));
}

/** As another tensor, unless options say another dtype. */
function filledLike(
  place: string,
  { shape, dtype }: HostTensor | Tensor,
  value: number | boolean,
  options: CreationOptions | undefined,
): Tensor {
  const { dtype: name } = optionsOf<CreationOptions>(place, options, ["dtype"]);
  return filled(shape, name === undefined ? dtype : dtypeOf(place, name), value);
}

/**
 * A tensor of nested arrays, of flat values and their shape, or of another tensor's values; a copy.
 *
 * @param values nested arrays, whose nesting gives the shape, or flat ones where `shape` is given
 * @param shape the shape of flat values; or options
 * @param dtype float32 unless it is said, bool of booleans: JavaScript has no whole numbers of their own, so
 *   ids need "int64"
 * @throws UNROLL_SHAPE, UNROLL_DTYPE, UNROLL_ARGUMENT
 */
export function tensor(
  values: Nested | ArrayLike<number> | HostTensor,
  shape?: readonly number[] | CreationOptions,
  dtype?: DTypeName,
): Tensor {
  const options = isRecord(shape) && !Array.isArray(shape);
  const name = options ? (optionsOf<CreationOptions>("tensor", shape, ["dtype"]).dtype ?? dtype) : dtype;
  const sizes = options ? undefined : (shape as readonly number[] | undefined);
  if (isHostTensor(values)) {
    const data = values instanceof Tensor ? valuesOf(values) : values.data;
    const copy = EagerTensor.of(hostTensor(data, values.shape, values.dtype));
    return name === undefined ? copy : copy.to(name);
  }
  return EagerTensor.of(
    hostTensor(values, sizes, dtypeOf("tensor", name ?? (isFlags(values) ? "bool" : "float32"))),
  );
}

/** Whether the first element of nested arrays is a boolean. */
function isFlags(values: unknown): boolean {
  let first = values;
  while (Array.isArray(first)) first = first[0] as unknown;
  return typeof first === "boolean";
}

/** Zeros. */
export function zeros(...sizes: SizesAndOptions): Tensor {
  const { shape, dtype } = parted("zeros", sizes);
  return filled(shape, dtype, 0);
}

/** Ones. */
export function ones(...sizes: SizesAndOptions): Tensor {
  const { shape, dtype } = parted("ones", sizes);
  return filled(shape, dtype, 1);
}

/** As `zeros`: memory that holds nothing in particular is not to be had here. */
export const empty = zeros;

/** One number everywhere, float32 unless the dtype is said; or one flag. */
export function full(size: readonly number[], value: number | boolean, options?: CreationOptions): Tensor {
  const flags: CreationOptions = typeof value === "boolean" ? { dtype: "bool" } : {};
  const { shape, dtype } = parted("full", [size, { ...flags, ...options }]);
  return filled(shape, dtype, value);
}

/** Zeros of the shape and dtype of another tensor. */
export const zerosLike = (like: Tensor | HostTensor, options?: CreationOptions): Tensor =>
  filledLike("zerosLike", like, 0, options);

/** Ones of the shape and dtype of another tensor. */
export const onesLike = (like: Tensor | HostTensor, options?: CreationOptions): Tensor =>
  filledLike("onesLike", like, 1, options);

/** One number, of the shape and dtype of another tensor. */
export const fullLike = (
  like: Tensor | HostTensor,
  value: number | boolean,
  options?: CreationOptions,
): Tensor => filledLike("fullLike", like, value, options);

/** Numbers from `start`, 0 unless it is said, up to `end` without it; whole numbers where all three are. */
export function arange(...given: readonly (number | CreationOptions)[]): Tensor {
  const last = given.at(-1);
  const options = isRecord(last) ? optionsOf<CreationOptions>("arange", last, ["dtype"]) : {};
  const numbers = given.filter((one): one is number => typeof one === "number");
  const [start, end, step = 1] = numbers.length === 1 ? [0, numbers[0]!] : numbers;
  const count = Math.ceil(((end ?? 0) - start!) / step);
  const odd = given.length - numbers.length > (isRecord(last) ? 1 : 0);
  if (odd || numbers.length < 1 || numbers.length > 3 || !(count >= 0) || count === Infinity)
    refuseSizes("arange", "an end, or a start and an end and a step", shown(given), "e.g. arange(0, 10, 2)");
  const [size] = sizesGiven("arange", [count]) as [number];
  const whole = numbers.every((one) => (one | 0) === one);
  const dtype = dtypeOf("arange", options.dtype ?? (whole ? "int32" : "float32"));
  const data = allocate(dtype, size);
  for (let k = 0; k < size; k++) data[k] = start! + k * step;
  return new EagerTensor(dtype, [size], data);
}

/** So many numbers at equal distances from one to another, both included. */
export function linspace(start: number, end: number, steps: number): Tensor {
  const [size] = sizesGiven("linspace", [steps]) as [number];
  const step = Math.fround(size > 1 ? (end - start) / (size - 1) : 0);
  // From both ends, as PyTorch has them, so that both are exact.
  const at = (k: number): number =>
    k === 0 || k < Math.floor(size / 2) ? start + k * step : end - (size - 1 - k) * step;
  const data = Float32Array.from({ length: size }, (_, k) => at(k));
  return new EagerTensor("float32", [size], data);
}

/** Ones on the diagonal of a matrix: `eye(n)` or `eye(rows, columns)`. */
export function eye(...sizes: SizesAndOptions): Tensor {
  const { shape, dtype } = parted("eye", sizes);
  const [rows, columns = rows] = shape;
  if (rows === undefined || shape.length > 2)
    refuseSizes("eye", "rows, and columns where there are others", shown(sizes), "e.g. eye(3)");
  const data = allocate(dtype, rows * columns!);
  for (let k = 0; k < Math.min(rows, columns!); k++) data[k * columns! + k] = 1;
  return new EagerTensor(dtype, [rows, columns!], data);
}

/** A random generator of 32 bits at a time: sfc32, seeded by one number. */
class Generator {
  #state = new Uint32Array(4);

  constructor(seed: number) {
    this.seed(seed);
  }

  seed(seed: number): void {
    this.#state = Uint32Array.of(seed, seed / 2 ** 32, 0x9e3779b9, 1);
    for (let k = 0; k < 20; k++) this.next();
  }

  next(): number {
    const s = this.#state;
    const sum = (s[0]! + s[1]! + s[3]!) >>> 0;
    s[3] = s[3]! + 1;
    s[0] = s[1]! ^ (s[1]! >>> 9);
    s[1] = s[2]! + (s[2]! << 3);
    s[2] = ((s[2]! << 21) | (s[2]! >>> 11)) + sum;
    return sum;
  }

  /** At least 0 and below 1, of 24 bits, as a float32 holds. */
  uniform(): number {
    return (this.next() >>> 8) / 2 ** 24;
  }

  /** Of mean 0 and variance 1, by Box and Muller. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }
}

const generator = new Generator(Date.now());

/** Draws of a trace would be the same in every run. */
function drawing(place: string): Generator {
  recordingNow()?.refuse(place, "draw it outside and pass it as an argument");
  return generator;
}

/** Seeds what draws random numbers. They are not PyTorch's for the same seed. */
export function manualSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "manualSeed",
      expected: "a whole number of at least 0",
      got: shown(seed),
      cure: "e.g. manualSeed(0)",
    });
  generator.seed(seed);
}

function drawn(place: string, sizes: SizesAndOptions, draw: (from: Generator) => number): Tensor {
  const { shape, dtype } = parted(place, sizes);
  if (dtype !== "float32" && place !== "randint")
    throw unrollError({
      code: "UNROLL_DTYPE",
      place,
      expected: "float32",
      got: dtype,
      cure: "randint() draws whole numbers, rand(...).lt(0.5) flags",
    });
  const from = drawing(place);
  const data = allocate(dtype, sizeOf(shape));
  for (let k = 0; k < data.length; k++) data[k] = draw(from);
  return new EagerTensor(dtype, shape, data);
}

/** Numbers evenly from 0 to below 1. */
export const rand = (...sizes: SizesAndOptions): Tensor => drawn("rand", sizes, (from) => from.uniform());

/** Normal numbers of mean 0 and variance 1. */
export const randn = (...sizes: SizesAndOptions): Tensor => drawn("randn", sizes, (from) => from.normal());

/** As `rand`, of the shape of another tensor. */
export const randLike = (like: Tensor | HostTensor): Tensor => rand(like.shape);

/** As `randn`, of the shape of another tensor. */
export const randnLike = (like: Tensor | HostTensor): Tensor => randn(like.shape);

/** Whole numbers from `low` to below `high`: `randint(high, size)` or `randint(low, high, size)`. */
export function randint(...given: readonly (number | readonly number[])[]): Tensor {
  const size = given.at(-1);
  const bounds = given.slice(0, -1) as number[];
  const [low, high] = bounds.length === 1 ? [0, bounds[0]!] : bounds;
  const whole = [low, high].every((bound) => typeof bound === "number" && (bound | 0) === bound);
  if (!Array.isArray(size) || !whole || !(low! < high!))
    refuseSizes("randint", "bounds and a list of sizes", shown(given), "e.g. randint(0, 10, [2, 3])");
  return drawn("randint", [size as readonly number[], { dtype: "int32" }], (from) =>
    Math.floor(low! + from.uniform() * (high! - low!)),
  );
}

/** The numbers from 0 to below n in random order. */
export function randperm(n: number): Tensor {
  const [size] = sizesGiven("randperm", [n]) as [number];
  const from = drawing("randperm");
  const data = Int32Array.from({ length: size }, (_, k) => k);
  for (let k = size - 1; k > 0; k--) {
    const other = Math.floor(from.uniform() * (k + 1));
    [data[k], data[other]] = [data[other]!, data[k]!];
  }
  return new EagerTensor("int32", [size], data);
}

/**
 * Places drawn by weights: of a vector, or of each row of a matrix.
 *
 * @param weights at least 0, not all 0; they need not sum to 1
 * @param count how many of each
 * @param options `replacement`, by itself or by name: whether one may be drawn again; default false
 */
export function multinomial(
  weights: Tensor,
  count: number,
  options?: boolean | { replacement?: boolean },
): Tensor {
  const { replacement = false } = optionsOf<{ replacement?: boolean }>(
    "multinomial",
    options,
    ["replacement"],
    "replacement",
    "boolean",
  );
  const from = drawing("multinomial");
  const wide = weights.shape.at(-1) ?? 0;
  const rows = weights.shape.length === 1 ? 1 : weights.shape[0]!;
  if (weights.shape.length < 1 || weights.shape.length > 2 || !Number.isInteger(count) || count < 1)
    refuseSizes(
      "multinomial",
      "a vector or a matrix, and a count of at least 1",
      shown(count),
      "view() it first",
    );
  const data = new Int32Array(rows * count);
  for (let row = 0; row < rows; row++) {
    const left = Float64Array.from(weights.data.subarray(row * wide, (row + 1) * wide));
    for (let k = 0; k < count; k++) {
      const sum = left.reduce((total, one) => total + one, 0);
      if (!(sum > 0 && sum < Infinity) || left.some((one) => one < 0))
        throw unrollError({
          code: "UNROLL_ARGUMENT",
          place: "multinomial",
          expected: "weights of at least 0, not all of them 0",
          got: `a sum of ${sum}`,
          cure: "softmax() makes them of scores",
        });
      let rest = from.uniform() * sum;
      let at = left.findIndex((one) => (rest -= one) < 0);
      // Rounding may leave a little past the last.
      if (at < 0) at = left.reduce((last, one, place) => (one > 0 ? place : last), 0);
      data[row * count + k] = at;
      if (!replacement) left[at] = 0;
    }
  }
  return new EagerTensor("int32", weights.shape.length === 1 ? [count] : [rows, count], data);
}
