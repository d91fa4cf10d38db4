import { noMore, optionsOf } from "./arguments.js";
import { Buffer } from "./buffer.js";
import { crossEntropy, type CrossEntropyOptions, nllLoss, type NllOptions } from "./class-losses.js";
import { ctcLoss, type CtcOptions, ctcOptions } from "./ctc.js";
import {
  type BceLogitsOptions,
  type BceOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type Given,
  huberLoss,
  type HuberOptions,
  klDiv,
  type KlDivOptions,
  l1Loss,
  type LossOptions,
  mseLoss,
  type Reduction,
  smoothL1Loss,
  type SmoothL1Options,
} from "./losses.js";
import { Module } from "./module.js";
import { composed, takes } from "./own-names.js";
import type { Lengths } from "./packed.js";
import type { Tensor } from "./tensor/tensor.js";

/** A loss of an input and a target, whose value is computed; it has no gradients. */
abstract class Loss extends Module {
  override get [takes](): number {
    return 2;
  }

  protected override get [composed](): boolean {
    return true;
  }
}

/** A weight of a loss as PyTorch has it: a buffer, or null. */
const held = (given: Given | null | undefined): Buffer | null =>
  given === null || given === undefined ? null : new Buffer(given);

/** (input - target)² of each element, `F.mseLoss`. */
export class MSELoss extends Loss {
  /** How losses become one number. */
  readonly reduction: Reduction;

  /** @param options see {@link LossOptions} */
  constructor(options?: LossOptions, ...rest: never[]) {
    super();
    noMore("nn.MSELoss", rest);
    this.reduction = optionsOf<LossOptions>("nn.MSELoss", options, ["reduction"]).reduction ?? "mean";
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, { reduction: this.reduction });
  }
}

/** |input - target| of each element, `F.l1Loss`. */
export class L1Loss extends Loss {
  /** How losses become one number. */
  readonly reduction: Reduction;

  /** @param options see {@link LossOptions} */
  constructor(options?: LossOptions, ...rest: never[]) {
    super();
    noMore("nn.L1Loss", rest);
    this.reduction = optionsOf<LossOptions>("nn.L1Loss", options, ["reduction"]).reduction ?? "mean";
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, { reduction: this.reduction });
  }
}

/** A parabola near 0, and a line beyond, of each difference, `F.smoothL1Loss`. */
export class SmoothL1Loss extends Loss {
  /** How losses become one number. */
  readonly reduction: Reduction;
  /** Below which difference it is a parabola. */
  readonly beta: number;

  /** @param options see {@link SmoothL1Options} */
  constructor(options?: SmoothL1Options, ...rest: never[]) {
    super();
    noMore("nn.SmoothL1Loss", rest);
    const known = optionsOf<SmoothL1Options>("nn.SmoothL1Loss", options, ["reduction", "beta"]);
    [this.reduction, this.beta] = [known.reduction ?? "mean", known.beta ?? 1];
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(input, target, { reduction: this.reduction, beta: this.beta });
  }
}

/** A parabola near 0, and a line beyond, of each difference, `F.huberLoss`. */
export class HuberLoss extends Loss {
  /** How losses become one number. */
  readonly reduction: Reduction;
  /** Below which difference it is a parabola. */
  readonly delta: number;

  /** @param options see {@link HuberOptions} */
  constructor(options?: HuberOptions, ...rest: never[]) {
    super();
    noMore("nn.HuberLoss", rest);
    const known = optionsOf<HuberOptions>("nn.HuberLoss", options, ["reduction", "delta"]);
    [this.reduction, this.delta] = [known.reduction ?? "mean", known.delta ?? 1];
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return huberLoss(input, target, { reduction: this.reduction, delta: this.delta });
  }
}

/** -input at the target's class, `F.nllLoss`. Buffer: `weight` [classes], where it is given. */
export class NLLLoss extends Loss {
  /** How losses become one number. */
  readonly reduction: Reduction;
  /** What each class counts; null where all count 1. */
  readonly weight: Buffer | null;
  /** A class that is left out. */
  readonly ignoreIndex: number;

  /** @param options see {@link NllOptions} */
  constructor(options?: NllOptions, ...rest: never[]) {
    super();
    noMore("nn.NLLLoss", rest);
    const known = optionsOf<NllOptions>("nn.NLLLoss", options, ["weight", "ignoreIndex", "reduction"]);
    [this.reduction, this.ignoreIndex] = [known.reduction ?? "mean", known.ignoreIndex ?? -100];
    this.weight = held(known.weight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return nllLoss(input, target, { weight, ignoreIndex, reduction });
  }
}

/** -log softmax(input) at the target, `F.crossEntropy`. Buffer: `weight` [classes], where it is given. */
export class CrossEntropyLoss extends Loss {
  /** How losses become one number. */
  readonly reduction: Reduction;
  /** What each class counts; null where all count 1. */
  readonly weight: Buffer | null;
  /** A class that is left out. */
  readonly ignoreIndex: number;
  /** Which share of the target is spread over all classes. */
  readonly labelSmoothing: number;

  /** @param options see {@link CrossEntropyOptions} */
  constructor(options?: CrossEntropyOptions, ...rest: never[]) {
    super();
    const place = "nn.CrossEntropyLoss";
    noMore(place, rest);
    const names = ["weight", "ignoreIndex", "reduction", "labelSmoothing"];
    const known = optionsOf<CrossEntropyOptions>(place, options, names);
    [this.reduction, this.ignoreIndex] = [known.reduction ?? "mean", known.ignoreIndex ?? -100];
    this.labelSmoothing = known.labelSmoothing ?? 0;
    this.weight = held(known.weight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction, labelSmoothing } = this;
    return crossEntropy(input, target, { weight, ignoreIndex, reduction, labelSmoothing });
  }
}

/** The cross entropy of probabilities, `F.binaryCrossEntropy`. Buffer: `weight`, where it is given. */
export class BCELoss extends Loss {
  /** How losses become one number. */
  readonly reduction: Reduction;
  /** What each element counts; null where all count 1. */
  readonly weight: Buffer | null;

  /** @param options see {@link BceOptions} */
  constructor(options?: BceOptions, ...rest: never[]) {
    super();
    noMore("nn.BCELoss", rest);
    const known = optionsOf<BceOptions>("nn.BCELoss", options, ["weight", "reduction"]);
    this.reduction = known.reduction ?? "mean";
    this.weight = held(known.weight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, reduction } = this;
    return binaryCrossEntropy(input, target, { weight, reduction });
  }
}

/**
 * The cross entropy of sigmoid(input), `F.binaryCrossEntropyWithLogits`. Buffers: `weight` and `posWeight`,
 * where they are given.
 */
export class BCEWithLogitsLoss extends Loss {
  /** How losses become one number. */
  readonly reduction: Reduction;
  /** What each element counts; null where all count 1. */
  readonly weight: Buffer | null;
  /** What the first of both terms counts, for each class; null where it counts 1. */
  readonly posWeight: Buffer | null;

  /** @param options see {@link BceLogitsOptions} */
  constructor(options?: BceLogitsOptions, ...rest: never[]) {
    super();
    const place = "nn.BCEWithLogitsLoss";
    noMore(place, rest);
    const known = optionsOf<BceLogitsOptions>(place, options, ["weight", "reduction", "posWeight"]);
    this.reduction = known.reduction ?? "mean";
    this.weight = held(known.weight);
    this.posWeight = held(known.posWeight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, posWeight, reduction } = this;
    return binaryCrossEntropyWithLogits(input, target, { weight, posWeight, reduction });
  }
}

/** target (log target - input) of each element, `F.klDiv`. */
export class KLDivLoss extends Loss {
  /** How losses become one number. */
  readonly reduction: Reduction | "batchmean";
  /** Whether the target is logarithms. */
  readonly logTarget: boolean;

  /** @param options see {@link KlDivOptions} */
  constructor(options?: KlDivOptions, ...rest: never[]) {
    super();
    noMore("nn.KLDivLoss", rest);
    const known = optionsOf<KlDivOptions>("nn.KLDivLoss", options, ["reduction", "logTarget"]);
    [this.reduction, this.logTarget] = [known.reduction ?? "mean", known.logTarget ?? false];
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return klDiv(input, target, { reduction: this.reduction, logTarget: this.logTarget });
  }
}

/** The loss of connectionist temporal classification, `F.ctcLoss`: its value. */
export class CTCLoss extends Loss {
  /** The class that stands for no label. */
  readonly blank: number;
  /** How losses become one number. */
  readonly reduction: Reduction;
  /** Whether a target that is too long for its input counts 0 rather than infinity. */
  readonly zeroInfinity: boolean;

  /** @param options see {@link CtcOptions}; `blank` by itself or by name */
  constructor(options?: number | CtcOptions, ...rest: never[]) {
    super();
    noMore("nn.CTCLoss", rest);
    const known = optionsOf<CtcOptions>("nn.CTCLoss", options, ctcOptions, "blank");
    [this.blank, this.reduction] = [known.blank ?? 0, known.reduction ?? "mean"];
    this.zeroInfinity = known.zeroInfinity ?? false;
  }

  override get [takes](): number {
    return 4;
  }

  /**
   * @param logProbs see {@link ctcLoss}
   * @param targets see {@link ctcLoss}
   * @param inputLengths see {@link ctcLoss}
   * @param targetLengths see {@link ctcLoss}
   */
  forward(
    logProbs: Tensor,
    targets: Tensor,
    inputLengths: Lengths | number,
    targetLengths: Lengths | number,
  ): Tensor {
    const { blank, reduction, zeroInfinity } = this;
    return ctcLoss(logProbs, targets, inputLengths, targetLengths, { blank, reduction, zeroInfinity });
  }
}
