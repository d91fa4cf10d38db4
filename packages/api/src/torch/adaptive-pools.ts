import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import { Applied } from "./applied.js";
import { noMore } from "./arguments.js";
import { cat } from "./tensor/functions.js";
import { assertFloats } from "./tensor/formulas.js";
import { type Tensor, tensorOf } from "./tensor/tensor.js";

/** How long an axis of the output is; null keeps the input's length. */
export type OutputSize = number | null;

/** Windows along one axis, from ⌊k n / size⌋ to ⌈(k + 1) n / size⌉, each as one element. */
function along(x: Tensor, dim: number, size: OutputSize, fold: (x: Tensor, dim: number) => Tensor): Tensor {
  const length = x.size(dim);
  if (size === null || size === length) return x;
  const windows = Array.from({ length: size }, (_, k) => {
    const start = Math.floor((k * length) / size);
    return fold(x.narrow(dim, start, Math.ceil(((k + 1) * length) / size) - start), dim);
  });
  return cat(windows, dim);
}

/** A length of at least 1, or null. @throws UNROLL_ARGUMENT */
function sizeOf(place: string, given: unknown): OutputSize {
  if (given === null || (Number.isInteger(given) && (given as number) >= 1)) return given as OutputSize;
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected: "outputSize as a whole number of at least 1",
    got: shown(given),
    cure: "null keeps the length of an axis",
  });
}

/** Pools to a length that does not depend on the input's. */
abstract class AdaptivePool extends Applied {
  /** How long the last axes of the output are. */
  readonly outputSize: readonly OutputSize[];

  constructor(
    private readonly place: string,
    private readonly axes: 1 | 2,
    given: unknown,
    rest: readonly never[],
  ) {
    super();
    noMore(place, rest, "it takes outputSize alone");
    const sizes: readonly unknown[] = Array.isArray(given) ? given : new Array<unknown>(axes).fill(given);
    if (sizes.length !== axes) sizeOf(place, given);
    this.outputSize = sizes.map((one) => sizeOf(place, one));
  }

  protected abstract fold(x: Tensor, dim: number): Tensor;

  forward(x: Tensor): Tensor {
    const { place, axes } = this;
    const own = tensorOf(place, x);
    assertFloats(place, own);
    const rank = own.dim();
    if (rank !== axes + 1 && rank !== axes + 2)
      throw unrollError({
        code: "UNROLL_SHAPE",
        place,
        expected: `an input [batch, channels, ${axes === 1 ? "time" : "height, width"}]`,
        got: `[${own.shape.join(", ")}]`,
        cure: "transpose() brings channels to their place",
      });
    return this.outputSize.reduce<Tensor>(
      (made, size, k) => along(made, rank - axes + k, size, (part, dim) => this.fold(part, dim)),
      own,
    );
  }
}

/** `torch.nn.AdaptiveAvgPool1d` on [batch, channels, time]. */
export class AdaptiveAvgPool1d extends AdaptivePool {
  /** @param outputSize how long the output is, alone or as a list of one */
  constructor(outputSize: OutputSize | readonly [OutputSize], ...rest: never[]) {
    super("nn.AdaptiveAvgPool1d", 1, outputSize, rest);
  }

  protected fold(x: Tensor, dim: number): Tensor {
    return x.mean(dim, true);
  }
}

/** `torch.nn.AdaptiveMaxPool1d` on [batch, channels, time]. */
export class AdaptiveMaxPool1d extends AdaptivePool {
  /** @param outputSize how long the output is, alone or as a list of one */
  constructor(outputSize: OutputSize | readonly [OutputSize], ...rest: never[]) {
    super("nn.AdaptiveMaxPool1d", 1, outputSize, rest);
  }

  protected fold(x: Tensor, dim: number): Tensor {
    return x.amax(dim, true);
  }
}

/** `torch.nn.AdaptiveAvgPool2d` on [batch, channels, height, width]. */
export class AdaptiveAvgPool2d extends AdaptivePool {
  /** @param outputSize of both axes, or [height, width] */
  constructor(outputSize: OutputSize | readonly [OutputSize, OutputSize], ...rest: never[]) {
    super("nn.AdaptiveAvgPool2d", 2, outputSize, rest);
  }

  protected fold(x: Tensor, dim: number): Tensor {
    return x.mean(dim, true);
  }
}

/** `torch.nn.AdaptiveMaxPool2d` on [batch, channels, height, width]. */
export class AdaptiveMaxPool2d extends AdaptivePool {
  /** @param outputSize of both axes, or [height, width] */
  constructor(outputSize: OutputSize | readonly [OutputSize, OutputSize], ...rest: never[]) {
    super("nn.AdaptiveMaxPool2d", 2, outputSize, rest);
  }

  protected fold(x: Tensor, dim: number): Tensor {
    return x.amax(dim, true);
  }
}
