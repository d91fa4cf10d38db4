import { unrollError } from "../contract/error.js";
import type { HostTensor } from "../contract/tensor.js";
import { Applied } from "./applied.js";
import { noMore, numbersOf, type NumbersOr } from "./arguments.js";
import { count } from "./layers.js";
import { Parameter } from "./parameter.js";
import { full } from "./tensor/creation.js";
import { assertFloats, hardshrinkOf, softshrinkOf } from "./tensor/formulas.js";
import { type Tensor, tensorOf, where } from "./tensor/tensor.js";

/** Bounds of `F.hardtanh`. */
export interface HardtanhOptions {
  /** The least that is given. Default -1. */
  readonly minVal?: number;
  /** The most that is given. Default 1. */
  readonly maxVal?: number;
}

/** What `F.threshold` compares with and gives; both have to be given. */
export interface ThresholdOptions {
  /** What an element has to be above. */
  readonly threshold: number;
  /** What stands for those that are not. */
  readonly value: number;
}

/** Half the width of what a shrink makes 0. */
export interface ShrinkOptions {
  /** Default 0.5. */
  readonly lambd?: number;
}

/** Between which slopes training draws one for `F.rrelu`. */
export interface RreluOptions {
  /** The least slope. Default 1/8. */
  readonly lower?: number;
  /** The largest slope. Default 1/3. */
  readonly upper?: number;
}

/** x held between `minVal` and `maxVal`, -1 and 1 unless they are said, of each element. */
export function hardtanh(x: Tensor, ...given: NumbersOr<HardtanhOptions>): Tensor {
  const { minVal, maxVal } = numbersOf("F.hardtanh", given, { minVal: -1, maxVal: 1 });
  if (minVal > maxVal)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "F.hardtanh",
      expected: "minVal of at most maxVal",
      got: `${minVal} and ${maxVal}`,
      cure: "change them for each other",
    });
  return tensorOf("F.hardtanh", x).clamp(minVal, maxVal);
}

/** x where it is above `threshold`, else `value`, of each element. */
export function threshold(x: Tensor, ...given: NumbersOr<ThresholdOptions>): Tensor {
  const { threshold: edge, value } = numbersOf("F.threshold", given, { threshold: null, value: null });
  const own = tensorOf("F.threshold", x);
  return where(own.le(edge), value, own);
}

/** 0 within ±`lambd`, else x, of each element. */
export function hardshrink(x: Tensor, ...given: NumbersOr<ShrinkOptions>): Tensor {
  const { lambd } = numbersOf("F.hardshrink", given, { lambd: 0.5 });
  return hardshrinkOf(tensorOf("F.hardshrink", x), lambd);
}

/** x brought nearer to 0 by `lambd`, 0 within ±`lambd`, of each element. @throws UNROLL_ARGUMENT below 0 */
export function softshrink(x: Tensor, ...given: NumbersOr<ShrinkOptions>): Tensor {
  const { lambd } = numbersOf("F.softshrink", given, { lambd: 0.5 });
  if (lambd < 0)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "F.softshrink",
      expected: "lambd of at least 0",
      got: `${lambd}`,
      cure: "it is how much is taken off",
    });
  return softshrinkOf(tensorOf("F.softshrink", x), lambd);
}

/** x if x > 0, else (`lower` + `upper`) / 2 · x, of each element: what eval mode computes. */
export function rrelu(x: Tensor, ...given: NumbersOr<RreluOptions>): Tensor {
  const { lower, upper } = numbersOf("F.rrelu", given, { lower: 1 / 8, upper: 1 / 3 });
  return tensorOf("F.rrelu", x).elementwise("leakyRelu", (lower + upper) / 2);
}

/**
 * x if x > 0, else weight · x, of each element.
 *
 * @param weight one slope for all, or one for each channel, which are the second axis
 * @throws UNROLL_SHAPE for another number of slopes
 */
export function prelu(x: Tensor, weight: Tensor | HostTensor, ...rest: never[]): Tensor {
  noMore("F.prelu", rest, "it takes a tensor and slopes");
  const [own, slopes] = [tensorOf("F.prelu", x), tensorOf("F.prelu", weight)];
  assertFloats("F.prelu", own);
  const { shape } = own;
  const channels = shape.length > 1 ? shape[1] : 1;
  const slope = slopes.numel();
  if (slopes.dim() > 1 || (slope !== 1 && slope !== channels))
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: "F.prelu",
      expected: `one slope, or ${channels}, one for each channel`,
      got: `[${slopes.shape.join(", ")}]`,
      cure: "channels are the second axis",
    });
  const along = shape.map((_, axis) => (axis === 1 ? slope : 1));
  return where(own.gt(0), own, own.mul(slope === 1 ? slopes.view([]) : slopes.view(along)));
}

/** x held between two bounds, -1 and 1 unless they are said, of each element. */
export class Hardtanh extends Applied {
  /** The least that is given. */
  readonly minVal: number;
  /** The most that is given. */
  readonly maxVal: number;

  /** @param given `minVal` and `maxVal`, one by one or by name */
  constructor(...given: NumbersOr<HardtanhOptions>) {
    super();
    const { minVal, maxVal } = numbersOf("nn.Hardtanh", given, { minVal: -1, maxVal: 1 });
    [this.minVal, this.maxVal] = [minVal, maxVal];
  }

  forward(x: Tensor): Tensor {
    return hardtanh(x, this.minVal, this.maxVal);
  }
}

/** x where it is above a threshold, else a value, of each element. */
export class Threshold extends Applied {
  /** What an element has to be above. */
  readonly threshold: number;
  /** What stands for those that are not. */
  readonly value: number;

  /** @param given `threshold` and `value`, one by one or by name */
  constructor(...given: NumbersOr<ThresholdOptions>) {
    super();
    const { threshold: edge, value } = numbersOf("nn.Threshold", given, { threshold: null, value: null });
    [this.threshold, this.value] = [edge, value];
  }

  forward(x: Tensor): Tensor {
    return threshold(x, this.threshold, this.value);
  }
}

/** 0 within ±`lambd`, else x, of each element. */
export class Hardshrink extends Applied {
  /** Half the width of what becomes 0. */
  readonly lambd: number;

  /** @param given `lambd`, by itself or by name; default 0.5 */
  constructor(...given: NumbersOr<ShrinkOptions>) {
    super();
    this.lambd = numbersOf("nn.Hardshrink", given, { lambd: 0.5 }).lambd;
  }

  forward(x: Tensor): Tensor {
    return hardshrink(x, this.lambd);
  }
}

/** x brought nearer to 0 by `lambd`, 0 within ±`lambd`, of each element. */
export class Softshrink extends Applied {
  /** How much is taken off. */
  readonly lambd: number;

  /** @param given `lambd`, by itself or by name; default 0.5 */
  constructor(...given: NumbersOr<ShrinkOptions>) {
    super();
    this.lambd = numbersOf("nn.Softshrink", given, { lambd: 0.5 }).lambd;
  }

  forward(x: Tensor): Tensor {
    return softshrink(x, this.lambd);
  }
}

/** x if x > 0, else a slope times x, of each element; the slope of eval mode is the mean of two bounds. */
export class RReLU extends Applied {
  /** The least slope that training draws. */
  readonly lower: number;
  /** The largest slope that training draws. */
  readonly upper: number;

  /** @param given `lower` and `upper`, one by one or by name */
  constructor(...given: NumbersOr<RreluOptions>) {
    super();
    const { lower, upper } = numbersOf("nn.RReLU", given, { lower: 1 / 8, upper: 1 / 3 });
    [this.lower, this.upper] = [lower, upper];
  }

  forward(x: Tensor): Tensor {
    return rrelu(x, this.lower, this.upper);
  }
}

/** Options of `nn.PReLU`, with PyTorch's defaults. */
export interface PreluOptions {
  /** Slopes: one, or as many as there are channels. Default 1. */
  readonly numParameters?: number;
  /** What they are until others are loaded. Default 0.25. */
  readonly init?: number;
}

/** x if x > 0, else a slope of its own times x, of each element. Weight: `weight` [numParameters]. */
export class PReLU extends Applied {
  /** The slopes. */
  weight: Parameter;

  /** @param given `numParameters` and `init`, one by one or by name */
  constructor(...given: NumbersOr<PreluOptions>) {
    super();
    const { numParameters, init } = numbersOf("nn.PReLU", given, { numParameters: 1, init: 0.25 });
    this.weight = new Parameter(full([count("nn.PReLU", "numParameters", numParameters)], init));
  }

  forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }
}
