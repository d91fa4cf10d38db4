import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import type { HostTensor } from "../contract/tensor.js";
import { noMore, numbersOf, optionsOf } from "./arguments.js";
import { assertFloats } from "./tensor/formulas.js";
import { shownShape } from "./tensor/sizes.js";
import { type Tensor, tensorOf, where } from "./tensor/tensor.js";

/** How the loss of each element becomes one number: `none` leaves them, `sum` and `mean` are over all. */
export type Reduction = "none" | "mean" | "sum";

/** Options that every loss has, with PyTorch's defaults. */
export interface LossOptions {
  /** Default `mean`. */
  readonly reduction?: Reduction;
}

/** Options of `F.smoothL1Loss`, with PyTorch's defaults. */
export interface SmoothL1Options extends LossOptions {
  /** Below which difference it is a parabola. Default 1. */
  readonly beta?: number;
}

/** Options of `F.huberLoss`, with PyTorch's defaults. */
export interface HuberOptions extends LossOptions {
  /** Below which difference it is a parabola. Default 1. */
  readonly delta?: number;
}

/** Options of `F.binaryCrossEntropy`, with PyTorch's defaults. */
export interface BceOptions extends LossOptions {
  /** What each element counts; stretched to them. */
  readonly weight?: Tensor | HostTensor | null;
}

/** Options of `F.binaryCrossEntropyWithLogits`, with PyTorch's defaults. */
export interface BceLogitsOptions extends BceOptions {
  /** What the first of both terms counts, for each class. */
  readonly posWeight?: Tensor | HostTensor | null;
}

/** Options of `F.klDiv`, with PyTorch's defaults. */
export interface KlDivOptions {
  /** As of {@link LossOptions}, or `batchmean`: the sum over the size of the first axis. Default `mean`. */
  readonly reduction?: Reduction | "batchmean";
  /** Whether the target is logarithms. Default false. */
  readonly logTarget?: boolean;
}

/** A tensor of any kind. */
export type Given = Tensor | HostTensor;

/** One number for the losses of all elements. @throws UNROLL_ARGUMENT for another reduction */
export function reduced(place: string, losses: Tensor, reduction: unknown = "mean"): Tensor {
  if (reduction === "none") return losses;
  if (reduction === "mean") return losses.mean();
  if (reduction === "sum") return losses.sum();
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected: 'reduction "none", "mean" or "sum"',
    got: shown(reduction),
    cure: "PyTorch has no other",
  });
}

/** Refuses shapes. @throws UNROLL_SHAPE */
export const shapeError = (place: string, expected: string, ...got: readonly Tensor[]): never => {
  throw unrollError({
    code: "UNROLL_SHAPE",
    place,
    expected,
    got: got.map(({ shape }) => shownShape(shape)).join(" and "),
    cure: "see its docstring",
  });
};

/** Input and target, of one shape: PyTorch warns that others are seldom meant. @throws UNROLL_SHAPE */
function alike(place: string, input: Given, target: Given): [Tensor, Tensor] {
  const [x, y] = [tensorOf(place, input), tensorOf(place, target)];
  assertFloats(place, x);
  if (x.shape.join() !== y.shape.join()) shapeError(place, "input and target of one shape", x, y);
  return [x, y];
}

/** (input - target)² of each element. @throws UNROLL_SHAPE for another shape of the target */
export function mseLoss(input: Given, target: Given, options?: LossOptions, ...rest: never[]): Tensor {
  const place = "F.mseLoss";
  noMore(place, rest);
  const { reduction } = optionsOf<LossOptions>(place, options, ["reduction"]);
  const [x, y] = alike(place, input, target);
  return reduced(place, x.sub(y).square(), reduction);
}

/** |input - target| of each element. @throws UNROLL_SHAPE for another shape of the target */
export function l1Loss(input: Given, target: Given, options?: LossOptions, ...rest: never[]): Tensor {
  const place = "F.l1Loss";
  noMore(place, rest);
  const { reduction } = optionsOf<LossOptions>(place, options, ["reduction"]);
  const [x, y] = alike(place, input, target);
  return reduced(place, x.sub(y).abs(), reduction);
}

/**
 * d² / (2 beta) where the difference d is below beta, else d - beta / 2, of each element.
 *
 * @throws UNROLL_SHAPE for another shape of the target, UNROLL_ARGUMENT for beta below 0
 */
export function smoothL1Loss(
  input: Given,
  target: Given,
  options?: SmoothL1Options,
  ...rest: never[]
): Tensor {
  const place = "F.smoothL1Loss";
  noMore(place, rest);
  const known = optionsOf<SmoothL1Options>(place, options, ["reduction", "beta"]);
  const beta = atLeast(place, "beta", known.beta ?? 1, 0);
  const [x, y] = alike(place, input, target);
  const size = x.sub(y).abs();
  if (beta === 0) return reduced(place, size, known.reduction);
  const losses = where(size.lt(beta), size.square().mul(0.5 / beta), size.sub(0.5 * beta));
  return reduced(place, losses, known.reduction);
}

/**
 * d² / 2 where the difference d is at most delta, else delta (d - delta / 2), of each element.
 *
 * @throws UNROLL_SHAPE for another shape of the target, UNROLL_ARGUMENT for delta that is not above 0
 */
export function huberLoss(input: Given, target: Given, options?: HuberOptions, ...rest: never[]): Tensor {
  const place = "F.huberLoss";
  noMore(place, rest);
  const known = optionsOf<HuberOptions>(place, options, ["reduction", "delta"]);
  const delta = atLeast(place, "delta", known.delta ?? 1, Number.MIN_VALUE);
  const [x, y] = alike(place, input, target);
  const size = x.sub(y).abs();
  const losses = where(size.le(delta), size.square().mul(0.5), size.sub(0.5 * delta).mul(delta));
  return reduced(place, losses, known.reduction);
}

/** A number of at least so much. @throws UNROLL_ARGUMENT */
export function atLeast(place: string, name: string, value: unknown, least: number): number {
  const { [name]: number } = numbersOf(place, [value], { [name]: null });
  if (number! >= least) return number!;
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected: `${name} ${least === 0 ? "of at least" : "above"} 0`,
    got: shown(value),
    cure: "it is a distance",
  });
}

/** A weight of each element, which stretches to them. */
const weighted = (place: string, losses: Tensor, weight: Given | null | undefined): Tensor =>
  weight === null || weight === undefined ? losses : losses.mul(tensorOf(`${place} weight`, weight));

/**
 * -(target log input + (1 - target) log(1 - input)) of each element, for probabilities; logarithms are held
 * at -100 or above, as in PyTorch. What is no probability gives what is no number.
 *
 * @throws UNROLL_SHAPE for another shape of the target
 */
export function binaryCrossEntropy(
  input: Given,
  target: Given,
  options?: BceOptions,
  ...rest: never[]
): Tensor {
  const place = "F.binaryCrossEntropy";
  noMore(place, rest);
  const { weight, reduction } = optionsOf<BceOptions>(place, options, ["weight", "reduction"]);
  const [x, y] = alike(place, input, target);
  const yes = y.mul(x.log().clamp(-100));
  const no = y.rsub(1).mul(x.rsub(1).log().clamp(-100));
  return reduced(place, weighted(place, yes.add(no).neg(), weight), reduction);
}

/**
 * The binary cross entropy of sigmoid(input), without its overflow: (1 - target) input + (1 + (posWeight - 1)
 * target) log(1 + e^-input) of each element.
 *
 * @throws UNROLL_SHAPE for another shape of the target
 */
export function binaryCrossEntropyWithLogits(
  input: Given,
  target: Given,
  options?: BceLogitsOptions,
  ...rest: never[]
): Tensor {
  const place = "F.binaryCrossEntropyWithLogits";
  noMore(place, rest);
  const known = optionsOf<BceLogitsOptions>(place, options, ["weight", "reduction", "posWeight"]);
  const [x, y] = alike(place, input, target);
  const soft = x.neg().elementwise("softplus");
  const { posWeight } = known;
  const yes =
    posWeight === null || posWeight === undefined
      ? soft
      : y
          .mul(tensorOf(`${place} posWeight`, posWeight).sub(1))
          .add(1)
          .mul(soft);
  return reduced(place, weighted(place, y.rsub(1).mul(x).add(yes), known.weight), known.reduction);
}

/**
 * target (log target - input) of each element, of an input of logarithms; 0 where the target is 0.
 *
 * @throws UNROLL_SHAPE for another shape of the target
 */
export function klDiv(input: Given, target: Given, options?: KlDivOptions, ...rest: never[]): Tensor {
  const place = "F.klDiv";
  noMore(place, rest);
  const known = optionsOf<KlDivOptions>(place, options, ["reduction", "logTarget"]);
  const [x, y] = alike(place, input, target);
  const { logTarget = false, reduction } = known;
  const losses = logTarget ? y.exp().mul(y.sub(x)) : xlogy(y).sub(y.mul(x));
  if (reduction !== "batchmean") return reduced(place, losses, reduction);
  return losses.sum().div(x.dim() === 0 ? 1 : x.size(0));
}

/** y log y, 0 where y is. */
const xlogy = (y: Tensor): Tensor => where(y.eq(0), 0, y.mul(y.log()));
