/** PyTorch's `torch.nn.init`: values of weights before any are trained, in place, by `manualSeed`. */
import { unrollError } from "../contract/error.js";
import { kindOf } from "../contract/kind.js";
import { shown } from "../contract/shown.js";
import { sizeOf } from "../contract/tensor.js";
import { noMore, numbersOf, type NumbersOr, optionsOf } from "./arguments.js";
import { Parameter } from "./parameter.js";
import { rand, randn, randperm } from "./tensor/creation.js";
import { recordingNow } from "./tensor/dispatch.js";

/** Which sizes the variance of Kaiming's draws follows from. */
export type FanMode = "fan_in" | "fan_out";

/** What comes after the weights, by its name in PyTorch. */
export type Nonlinearity =
  | "linear"
  | "conv1d"
  | "conv2d"
  | "conv3d"
  | "conv_transpose1d"
  | "conv_transpose2d"
  | "conv_transpose3d"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leaky_relu"
  | "selu";

/** Options of `kaimingUniform_` and `kaimingNormal_`, with PyTorch's defaults. */
export interface KaimingOptions {
  /** Slope of `leaky_relu` below 0. Default 0. */
  readonly a?: number;
  /** Default `fan_in`. */
  readonly mode?: FanMode;
  /** Default `leaky_relu`. */
  readonly nonlinearity?: Nonlinearity;
}

/** Bounds of `uniform_`. */
export interface UniformOptions {
  /** The least. Default 0. */
  readonly a?: number;
  /** What none is above. Default 1. */
  readonly b?: number;
}

/** What `normal_` draws around, and how far. */
export interface NormalOptions {
  /** Default 0. */
  readonly mean?: number;
  /** Standard deviation. Default 1. */
  readonly std?: number;
}

/** Factor of the values. */
export interface GainOptions {
  /** Default 1. */
  readonly gain?: number;
}

function refuse(place: string, expected: string, got: unknown, cure: string): never {
  throw unrollError({ code: "UNROLL_ARGUMENT", place: `init.${place}`, expected, got: shown(got), cure });
}

/** A parameter, of at least so many axes: what else is a tensor may share its values with others. */
function filled(place: string, given: Parameter, axes: number): Parameter {
  recordingNow()?.refuse(`init.${place}`, "fill parameters before the module runs");
  if (!(given instanceof Parameter))
    refuse(
      place,
      "a parameter",
      kindOf(given),
      "nothing else is changed in place; rand() and randn() make tensors",
    );
  if (given.shape.length < axes)
    refuse(place, `at least ${axes} axes`, given.shape, "uniform_ and normal_ fill vectors");
  return given;
}

/** Gives a parameter the values of a function. */
function load(parameter: Parameter, value: (at: number) => number): Parameter {
  parameter.load(Float32Array.from({ length: sizeOf(parameter.shape) }, (_, k) => value(k)));
  return parameter;
}

const evenly = (parameter: Parameter, low: number, high: number): Parameter => {
  const { data } = rand(parameter.shape);
  return load(parameter, (k) => low + data[k]! * (high - low));
};

const normally = (parameter: Parameter, mean: number, std: number): Parameter => {
  const { data } = randn(parameter.shape);
  return load(parameter, (k) => mean + data[k]! * std);
};

/** Evenly from a to below b, 0 and 1 unless they are said. @throws UNROLL_ARGUMENT for b below a */
export function uniform_(parameter: Parameter, ...given: NumbersOr<UniformOptions>): Parameter {
  const { a, b } = numbersOf("init.uniform_", given, { a: 0, b: 1 });
  if (a > b) refuse("uniform_", "a of at most b", [a, b], "change them for each other");
  return evenly(filled("uniform_", parameter, 0), a, b);
}

/** Normal of a mean and a deviation, 0 and 1 unless they are said. @throws UNROLL_ARGUMENT for std below 0 */
export function normal_(parameter: Parameter, ...given: NumbersOr<NormalOptions>): Parameter {
  const { mean, std } = numbersOf("init.normal_", given, { mean: 0, std: 1 });
  if (std < 0) refuse("normal_", "std of at least 0", std, "it is a deviation");
  return normally(filled("normal_", parameter, 0), mean, std);
}

/** One number everywhere. */
export function constant_(parameter: Parameter, value: number, ...rest: never[]): Parameter {
  noMore("init.constant_", rest);
  const { value: number } = numbersOf("init.constant_", [value], { value: null });
  return load(filled("constant_", parameter, 0), () => number);
}

/** Zeros. */
export function zeros_(parameter: Parameter, ...rest: never[]): Parameter {
  noMore("init.zeros_", rest, "it takes a parameter alone");
  return load(filled("zeros_", parameter, 0), () => 0);
}

/** Ones. */
export function ones_(parameter: Parameter, ...rest: never[]): Parameter {
  noMore("init.ones_", rest, "it takes a parameter alone");
  return load(filled("ones_", parameter, 0), () => 1);
}

/** Ones on the diagonal of a matrix. @throws UNROLL_ARGUMENT for what is no matrix */
export function eye_(parameter: Parameter, ...rest: never[]): Parameter {
  noMore("init.eye_", rest, "it takes a parameter alone");
  const columns = matrix("eye_", parameter)[1];
  return load(parameter, (k) => (k % columns === Math.floor(k / columns) ? 1 : 0));
}

/** Sizes of a matrix. @throws UNROLL_ARGUMENT for other axes */
function matrix(place: string, parameter: Parameter): readonly [rows: number, columns: number] {
  const { shape } = filled(place, parameter, 2);
  if (shape.length > 2) refuse(place, "a matrix", shape, "orthogonal_ takes more axes");
  return shape as readonly [number, number];
}

/** How many numbers one of the output, and one of the input, is computed of. */
function fans({ shape }: Parameter): { readonly fan_in: number; readonly fan_out: number } {
  const window = sizeOf(shape.slice(2));
  return { fan_in: shape[1]! * window, fan_out: shape[0]! * window };
}

/**
 * Evenly within ±gain √(6 / (in + out)). Source: Glorot and Bengio, Understanding the difficulty of training
 * deep feedforward neural networks, 2010.
 */
export function xavierUniform_(parameter: Parameter, ...given: NumbersOr<GainOptions>): Parameter {
  const { gain } = numbersOf("init.xavierUniform_", given, { gain: 1 });
  const { fan_in, fan_out } = fans(filled("xavierUniform_", parameter, 2));
  const bound = gain * Math.sqrt(6 / (fan_in + fan_out));
  return evenly(parameter, -bound, bound);
}

/** Normal of deviation gain √(2 / (in + out)), the source as of `xavierUniform_`. */
export function xavierNormal_(parameter: Parameter, ...given: NumbersOr<GainOptions>): Parameter {
  const { gain } = numbersOf("init.xavierNormal_", given, { gain: 1 });
  const { fan_in, fan_out } = fans(filled("xavierNormal_", parameter, 2));
  return normally(parameter, 0, gain * Math.sqrt(2 / (fan_in + fan_out)));
}

/** Deviation of Kaiming's draws: gain / √fan. */
function kaiming(place: string, parameter: Parameter, options: unknown, rest: readonly unknown[]): number {
  noMore(`init.${place}`, rest, "give options by name");
  const known = optionsOf<KaimingOptions>(`init.${place}`, options, ["a", "mode", "nonlinearity"], "a");
  const { a = 0, mode = "fan_in", nonlinearity = "leaky_relu" } = known;
  if (mode !== "fan_in" && mode !== "fan_out")
    refuse(place, 'mode "fan_in" or "fan_out"', mode, "as in PyTorch");
  return calculateGain(nonlinearity, a) / Math.sqrt(fans(filled(place, parameter, 2))[mode]);
}

/**
 * Evenly within ±gain √(3 / fan). Source: He et al., Delving deep into rectifiers, 2015.
 *
 * @param options see {@link KaimingOptions}; or `a` by itself
 */
export function kaimingUniform_(
  parameter: Parameter,
  options?: number | KaimingOptions,
  ...rest: never[]
): Parameter {
  const bound = Math.sqrt(3) * kaiming("kaimingUniform_", parameter, options, rest);
  return evenly(parameter, -bound, bound);
}

/**
 * Normal of deviation gain / √fan, the source as of `kaimingUniform_`.
 *
 * @param options see {@link KaimingOptions}; or `a` by itself
 */
export function kaimingNormal_(
  parameter: Parameter,
  options?: number | KaimingOptions,
  ...rest: never[]
): Parameter {
  return normally(parameter, 0, kaiming("kaimingNormal_", parameter, options, rest));
}

/** A number near 0 of a length: rows that are nearer to those before them are drawn again. */
const LEAST = 1e-6;

/**
 * Rows, or columns where there are fewer of them, of length `gain` at right angles to each other; axes after
 * the first are one. Drawn evenly among all such matrices: normal vectors, made orthogonal one after the
 * other. Source: Saxe et al., Exact solutions to the nonlinear dynamics of learning, 2014.
 */
export function orthogonal_(parameter: Parameter, ...given: NumbersOr<GainOptions>): Parameter {
  const { gain } = numbersOf("init.orthogonal_", given, { gain: 1 });
  const { shape } = filled("orthogonal_", parameter, 2);
  const [rows, columns] = [shape[0]!, sizeOf(shape.slice(1))];
  const [count, length] = rows <= columns ? [rows, columns] : [columns, rows];
  const made: Float64Array[] = [];
  while (made.length < count) {
    const one = Float64Array.from(randn(length).data);
    const drawn = norm(one);
    // Twice, as the first time leaves what rounding made.
    for (let pass = 0; pass < 2; pass++)
      for (const other of made) {
        const share = dot(one, other);
        for (let k = 0; k < length; k++) one[k] = one[k]! - share * other[k]!;
      }
    const left = norm(one);
    if (left > LEAST * drawn) made.push(one.map((value) => value / left));
  }
  const at = (row: number, column: number): number =>
    rows <= columns ? made[row]![column]! : made[column]![row]!;
  return load(parameter, (k) => gain * at(Math.floor(k / columns), k % columns));
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, one, k) => sum + one * b[k]!, 0);
const norm = (a: Float64Array): number => Math.sqrt(dot(a, a));

/** What share of each column `sparse_` makes 0, and how far the others are drawn. */
export interface SparseOptions {
  /** From 0 to 1; has to be given. */
  readonly sparsity: number;
  /** Standard deviation. Default 0.01. */
  readonly std?: number;
}

/** Normal numbers around 0, and zeros for a share of each column of a matrix. */
export function sparse_(parameter: Parameter, ...given: NumbersOr<SparseOptions>): Parameter {
  const { sparsity, std } = numbersOf("init.sparse_", given, { sparsity: null, std: 0.01 });
  if (sparsity < 0 || sparsity > 1) refuse("sparse_", "sparsity from 0 to 1", sparsity, "it is a share");
  const [rows, columns] = matrix("sparse_", parameter);
  const { data } = randn(parameter.shape);
  const zeros = Math.ceil(sparsity * rows);
  for (let column = 0; column < columns; column++)
    for (const row of randperm(rows).data.subarray(0, zeros)) data[row * columns + column] = 0;
  return load(parameter, (k) => data[k]! * std);
}

/** Gains by name; that of `leaky_relu` depends on its slope. */
const gains: ReadonlyMap<string, number> = /* @__PURE__ */ new Map([
  ["linear", 1],
  ["conv1d", 1],
  ["conv2d", 1],
  ["conv3d", 1],
  ["conv_transpose1d", 1],
  ["conv_transpose2d", 1],
  ["conv_transpose3d", 1],
  ["sigmoid", 1],
  ["tanh", 5 / 3],
  ["relu", Math.SQRT2],
  ["selu", 3 / 4],
]);

/**
 * Which factor keeps the variance through what comes after the weights.
 *
 * @param nonlinearity by its name in PyTorch
 * @param param the slope of `leaky_relu`; default 0.01
 * @throws UNROLL_ARGUMENT for another name
 */
export function calculateGain(nonlinearity: Nonlinearity, param?: number | null, ...rest: never[]): number {
  noMore("init.calculateGain", rest);
  if (nonlinearity === "leaky_relu") {
    const { param: slope } = numbersOf("init.calculateGain", [param], { param: 0.01 });
    return Math.sqrt(2 / (1 + slope ** 2));
  }
  return (
    gains.get(nonlinearity) ??
    refuse("calculateGain", [...gains.keys(), "leaky_relu"].join(", "), nonlinearity, "as PyTorch calls them")
  );
}
