import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import { Applied } from "./applied.js";
import { noMore, numbersOf, type NumbersOr, optionsOf } from "./arguments.js";
import { assertFloats, geluExact, geluTanh, seluOf } from "./tensor/formulas.js";
import { type Tensor, tensorOf } from "./tensor/tensor.js";
import type { Unary } from "./tensor/elementwise.js";

/** Which GELU it is. */
export interface GeluOptions {
  /** `none`, the default: by the error function. `tanh`: PyTorch's approximation. */
  readonly approximate?: "none" | "tanh";
}

/** Reads options of GELU. @throws UNROLL_ARGUMENT for another approximation */
function approximation(place: string, options: unknown): "none" | "tanh" {
  const { approximate = "none" } = optionsOf<GeluOptions>(place, options, ["approximate"]);
  if (approximate === "none" || approximate === "tanh") return approximate;
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected: 'approximate "none" or "tanh"',
    got: shown(approximate),
    cure: "PyTorch has no other",
  });
}

/** x Φ(x) of each element, Φ the normal distribution; with `approximate` "tanh" PyTorch's approximation. */
export function gelu(x: Tensor, options?: GeluOptions, ...rest: never[]): Tensor {
  noMore("F.gelu", rest);
  const own = tensorOf("F.gelu", x);
  return approximation("F.gelu", options) === "tanh" ? geluTanh(own) : geluExact(own);
}

/** λ x if x > 0, else λ α (e^x - 1), of each element. */
export function selu(x: Tensor, ...rest: never[]): Tensor {
  noMore("F.selu", rest, "it has no parameters");
  return seluOf(tensorOf("F.selu", x));
}

/** Options of `F.celu`. */
export interface CeluOptions {
  /** Where it levels off, below 0. Default 1. */
  readonly alpha?: number;
}

/** x if x > 0, else alpha · (e^(x / alpha) - 1), of each element. @throws UNROLL_ARGUMENT for alpha 0 */
export function celu(x: Tensor, ...given: NumbersOr<CeluOptions>): Tensor {
  const { alpha } = numbersOf("F.celu", given, { alpha: 1 });
  if (alpha === 0)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "F.celu",
      expected: "alpha other than 0",
      got: "0",
      cure: "F.relu is what it comes near to",
    });
  const own = tensorOf("F.celu", x);
  assertFloats("F.celu", own);
  return own.elementwise("celu", alpha);
}

/**
 * The first half along an axis times the sigmoid of the second.
 *
 * @param options `dim`, by itself or by name: the axis, the last unless it is said
 * @throws UNROLL_SHAPE for an axis of odd length
 */
export function glu(x: Tensor, options?: number | { dim?: number }, ...rest: never[]): Tensor {
  noMore("F.glu", rest);
  const { dim = -1 } = optionsOf<{ dim?: number }>("F.glu", options, ["dim"], "dim");
  const own = tensorOf("F.glu", x);
  const size = own.size(dim);
  if (size % 2 !== 0)
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: "F.glu",
      expected: `an even length of dim ${dim}`,
      got: `[${own.shape.join(", ")}]`,
      cure: "one half gates the other",
    });
  const [value, gate] = own.chunk(2, dim) as [Tensor, Tensor];
  return value.mul(gate.sigmoid());
}

/** x Φ(x) of each element, Φ the normal distribution. */
export class GELU extends Applied {
  /** Which formula: `none` by the error function, `tanh` PyTorch's approximation. */
  readonly approximate: "none" | "tanh";

  /** @param options see {@link GeluOptions} */
  constructor(options?: GeluOptions, ...rest: never[]) {
    super();
    noMore("nn.GELU", rest);
    this.approximate = approximation("nn.GELU", options);
  }

  forward(x: Tensor): Tensor {
    return gelu(x, { approximate: this.approximate });
  }
}

/** What they share: a function of each element without parameters. */
abstract class Unparametrised extends Applied {
  constructor(...rest: never[]) {
    super();
    noMore(`nn.${new.target.name}`, rest, "it has no parameters");
  }
}

/** Those of them that are one operation of a tensor. */
abstract class Elementwise extends Unparametrised {
  protected abstract readonly function: Unary;

  forward(x: Tensor): Tensor {
    return tensorOf(`nn.${this.constructor.name}`, x).elementwise(this.function);
  }
}

/** λ x if x > 0, else λ α (e^x - 1), of each element. */
export class SELU extends Unparametrised {
  forward(x: Tensor): Tensor {
    return selu(x);
  }
}
/** x · sigmoid(x) of each element. */
export class SiLU extends Elementwise {
  protected readonly function = "silu";
}
/** x · tanh(log(1 + e^x)) of each element. */
export class Mish extends Elementwise {
  protected readonly function = "mish";
}
/** log of the sigmoid of each element. */
export class LogSigmoid extends Elementwise {
  protected readonly function = "logsigmoid";
}
/** min(max(x, 0), 6) of each element. */
export class ReLU6 extends Elementwise {
  protected readonly function = "relu6";
}
/** x · hardsigmoid(x) of each element. */
export class Hardswish extends Elementwise {
  protected readonly function = "hardswish";
}
/** x - tanh(x) of each element. */
export class Tanhshrink extends Elementwise {
  protected readonly function = "tanhshrink";
}

/** x if x > 0, else alpha · (e^(x / alpha) - 1), of each element. */
export class CELU extends Applied {
  /** Where it levels off, below 0. */
  readonly alpha: number;

  /** @param given `alpha`, by itself or by name; default 1 */
  constructor(...given: NumbersOr<CeluOptions>) {
    super();
    this.alpha = numbersOf("nn.CELU", given, { alpha: 1 }).alpha;
  }

  forward(x: Tensor): Tensor {
    return celu(x, this.alpha);
  }
}

/** The first half along an axis times the sigmoid of the second. */
export class GLU extends Applied {
  /** The axis. */
  readonly dim: number;

  /** @param options `dim`, by itself or by name; default the last */
  constructor(options?: number | { dim?: number }, ...rest: never[]) {
    super();
    noMore("nn.GLU", rest);
    this.dim = optionsOf<{ dim?: number }>("nn.GLU", options, ["dim"], "dim").dim ?? -1;
  }

  forward(x: Tensor): Tensor {
    return glu(x, this.dim);
  }
}
