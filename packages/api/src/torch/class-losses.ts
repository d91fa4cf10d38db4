import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import type { HostTensor } from "../contract/tensor.js";
import { noMore, numbersOf, optionsOf } from "./arguments.js";
import { atLeast, type Given, type LossOptions, reduced, shapeError } from "./losses.js";
import { assertFloats } from "./tensor/formulas.js";
import { shownShape } from "./tensor/sizes.js";
import { type Tensor, tensorOf, where } from "./tensor/tensor.js";

/** Options of `F.nllLoss`, with PyTorch's defaults. */
export interface NllOptions extends LossOptions {
  /** What each class counts, [classes]. Default 1 each. */
  readonly weight?: Tensor | HostTensor | null;
  /** A class that is left out. Default -100. */
  readonly ignoreIndex?: number;
}

/** Options of `F.crossEntropy`, with PyTorch's defaults. */
export interface CrossEntropyOptions extends NllOptions {
  /** Which share of the target is spread over all classes. Default 0. */
  readonly labelSmoothing?: number;
}

/** What losses over classes are about: the classes' axis, and whole numbers along all others. */
function classes(
  place: string,
  input: Given,
  target: Given,
): { x: Tensor; y: Tensor; axis: number; size: number } {
  const [x, y] = [tensorOf(place, input), tensorOf(place, target)];
  assertFloats(place, x);
  if (x.dim() === 0) shapeError(place, "an input [batch, classes, ...] or [classes]", x);
  const axis = x.dim() === 1 ? 0 : 1;
  return { x, y, axis, size: x.size(axis) };
}

/** What each class counts, as it stretches along the axis of classes; null where all count 1. */
function classWeight(place: string, given: Given | null | undefined, size: number): Tensor | null {
  if (given === null || given === undefined) return null;
  const weight = tensorOf(`${place} weight`, given);
  if (weight.shape.join() !== `${size}`) shapeError(place, `weight [${size}], one for each class`, weight);
  return weight;
}

/** What stands for a target of class ids. */
interface Picked {
  /** Which are not left out. */
  readonly kept: Tensor;
  /** Ids, those that are left out as 0. */
  readonly ids: Tensor;
  /** What each counts: the weight of its class, 0 where it is left out. */
  readonly counted: Tensor;
}

/** A class that is left out. @throws UNROLL_ARGUMENT for no whole number */
function ignoredOf(place: string, given: unknown): number {
  const { ignoreIndex } = numbersOf(place, [given], { ignoreIndex: -100 });
  if (Number.isInteger(ignoreIndex)) return ignoreIndex;
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected: "ignoreIndex as a whole number",
    got: shown(given),
    cure: "it is a class id",
  });
}

/** Reads class ids. @throws UNROLL_SHAPE, UNROLL_DTYPE */
function picked(
  place: string,
  { x, y, axis }: { x: Tensor; y: Tensor; axis: number },
  weight: Tensor | null,
  ignoreIndex: number,
): Picked {
  const wanted = x.shape.filter((_, k) => k !== axis);
  if (y.shape.join() !== wanted.join()) shapeError(place, `a target ${shownShape(wanted)} of class ids`, y);
  if (y.dtype !== "int32")
    throw unrollError({
      code: "UNROLL_DTYPE",
      place,
      expected: "class ids (int32)",
      got: y.dtype,
      cure: 'tensor(ids, { dtype: "long" }) makes them',
    });
  const kept = y.ne(ignoreIndex);
  const ids = where(kept, y, 0);
  const counted = weight ? weight.indexSelect(0, ids).mul(kept.float()) : kept.float();
  return { kept, ids, counted };
}

/**
 * -input at the target's class, times the class's weight: input [batch, classes, ...] or [classes] of
 * logarithms, target [batch, ...] or a scalar of class ids. The mean is over the weights of the targets.
 *
 * @throws UNROLL_SHAPE, UNROLL_DTYPE for a target that doesn't fit, and for a class that there is not
 */
export function nllLoss(input: Given, target: Given, options?: NllOptions, ...rest: never[]): Tensor {
  const place = "F.nllLoss";
  noMore(place, rest);
  const known = optionsOf<NllOptions>(place, options, ["weight", "ignoreIndex", "reduction"]);
  const of = classes(place, input, target);
  const ignored = ignoredOf(place, known.ignoreIndex);
  const chosen = picked(place, of, classWeight(place, known.weight, of.size), ignored);
  return meanOf(place, negated(of, chosen), chosen.counted, known.reduction);
}

/** -input at each target's class, times what it counts. */
function negated({ x, axis }: { x: Tensor; axis: number }, { kept, ids, counted }: Picked): Tensor {
  const losses = x.gather(axis, ids.unsqueeze(axis)).squeeze(axis).neg().mul(counted);
  return where(kept, losses, 0);
}

/** As `reduced`, with a mean over what each counts. */
function meanOf(place: string, losses: Tensor, counted: Tensor, reduction: unknown = "mean"): Tensor {
  return reduction === "mean" ? losses.sum().div(counted.sum()) : reduced(place, losses, reduction);
}

/**
 * -log softmax(input) at the target's class, or of a target of probabilities -Σ target · log softmax(input):
 * input [batch, classes, ...] or [classes], target of class ids without the classes' axis, or of
 * probabilities as the input.
 *
 * @throws UNROLL_SHAPE, UNROLL_DTYPE for a target that doesn't fit; UNROLL_ARGUMENT for a share of smoothing
 *   that is none
 */
export function crossEntropy(
  input: Given,
  target: Given,
  options?: CrossEntropyOptions,
  ...rest: never[]
): Tensor {
  const place = "F.crossEntropy";
  noMore(place, rest);
  const names = ["weight", "ignoreIndex", "reduction", "labelSmoothing"];
  const known = optionsOf<CrossEntropyOptions>(place, options, names);
  const ignored = ignoredOf(place, known.ignoreIndex);
  const smoothing = atLeast(place, "labelSmoothing", known.labelSmoothing ?? 0, 0);
  const refuse = (expected: string, got: unknown, cure: string): never => {
    throw unrollError({ code: "UNROLL_ARGUMENT", place, expected, got: shown(got), cure });
  };
  if (smoothing > 1) refuse("labelSmoothing from 0 to 1", smoothing, "it is a share");
  const of = classes(place, input, target);
  const { x, y, axis, size } = of;
  const weight = classWeight(place, known.weight, size);
  const logs = x.logSoftmax(axis);
  const each = weight?.view(x.shape.map((_, k) => (k === axis ? size : 1))) ?? null;
  if (y.dtype === "float32") {
    if (y.shape.join() !== x.shape.join()) shapeError(place, `probabilities ${shownShape(x.shape)}`, y);
    if (ignored >= 0) refuse("no ignoreIndex beside probabilities", ignored, "a row of zeros counts nothing");
    const spread = smoothing > 0 ? y.mul(1 - smoothing).add(smoothing / size) : y;
    const terms = logs.mul(each ? spread.mul(each) : spread);
    const losses = terms.sum(axis).neg();
    const { reduction = "mean" } = known;
    return reduction === "mean" ? losses.sum().div(x.numel() / size) : reduced(place, losses, reduction);
  }
  const chosen = picked(place, of, weight, ignored);
  const hard = negated({ x: logs, axis }, chosen);
  if (smoothing === 0) return meanOf(place, hard, chosen.counted, known.reduction);
  const all = (each ? logs.mul(each) : logs).sum(axis).neg();
  const soft = where(chosen.kept, all, 0);
  return meanOf(
    place,
    hard.mul(1 - smoothing).add(soft.mul(smoothing / size)),
    chosen.counted,
    known.reduction,
  );
}
