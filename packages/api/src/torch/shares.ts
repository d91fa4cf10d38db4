import { unrollError } from "../contract/error.js";
import { Applied } from "./applied.js";
import { noMore, optionsOf } from "./arguments.js";
import { type Tensor, tensorOf } from "./tensor/tensor.js";

/** As `nn.Softmax` along the channels: [batch, channels, height, width], or that without the batch. */
export class Softmax2d extends Applied {
  constructor(...rest: never[]) {
    super();
    noMore("nn.Softmax2d", rest, "it has no options");
  }

  forward(x: Tensor): Tensor {
    const own = tensorOf("nn.Softmax2d", x);
    if (own.dim() !== 3 && own.dim() !== 4)
      throw unrollError({
        code: "UNROLL_SHAPE",
        place: "nn.Softmax2d",
        expected: "an input [batch, channels, height, width]",
        got: `[${own.shape.join(", ")}]`,
        cure: "nn.Softmax takes an axis",
      });
    return own.softmax(-3);
  }
}

/**
 * e^-x / Σ e^-x along an axis.
 *
 * @param options `dim`, by itself or by name: the axis
 */
export function softmin(x: Tensor, options: number | { dim: number }, ...rest: never[]): Tensor {
  noMore("F.softmin", rest);
  return tensorOf("F.softmin", x).neg().softmax(dimGiven("F.softmin", options));
}

/** An axis that has to be said, by itself or by name. @throws UNROLL_ARGUMENT without one */
function dimGiven(place: string, options: unknown): number {
  const { dim } = optionsOf<{ dim?: number }>(place, options, ["dim"], "dim");
  if (dim !== undefined) return dim;
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected: "a dim",
    got: "none",
    cure: "e.g. { dim: -1 }",
  });
}

/** e^-x / Σ e^-x along an axis. */
export class Softmin extends Applied {
  /** The axis. */
  readonly dim: number;

  /** @param options `dim`, by itself or by name */
  constructor(options: number | { dim: number }, ...rest: never[]) {
    super();
    noMore("nn.Softmin", rest);
    this.dim = dimGiven("nn.Softmin", options);
  }

  forward(x: Tensor): Tensor {
    return softmin(x, this.dim);
  }
}
