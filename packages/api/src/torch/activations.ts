import type { ActivationSpec } from "../specification/types.js";
import { noMore, optionsOf } from "./arguments.js";
import * as F from "./functional.js";
import { currentGraph } from "./graph.js";
import { Module } from "./module.js";
import { composed, takes } from "./own-names.js";
import { activate, dropOut } from "./pointwise.js";
import { SymbolicTensor } from "./symbolic.js";
import { type Tensor, tensorOf } from "./tensor/tensor.js";

/** A module that only applies a function, in whatever way its argument asks for. */
abstract class Applied extends Module {
  override get [takes](): number {
    return 1;
  }

  protected override get [composed](): boolean {
    return true;
  }
}

abstract class Activation extends Applied {
  protected abstract readonly activation: ActivationSpec["activation"];

  /** What it is called in `F`. */
  protected abstract readonly function: (x: Tensor) => Tensor;

  constructor(...rest: never[]) {
    super();
    noMore(`nn.${new.target.name}`, rest, "it has no parameters");
  }

  forward(x: Tensor): Tensor {
    return x instanceof SymbolicTensor
      ? activate(x, this.activation, currentGraph(this.constructor.name).pathOf(this))
      : this.function(x);
  }
}

/** tanh of each element. */
export class Tanh extends Activation {
  protected readonly activation = "tanh";
  protected readonly function = F.tanh;
}
/** 1 / (1 + e^-x) of each element. */
export class Sigmoid extends Activation {
  protected readonly activation = "sigmoid";
  protected readonly function = F.sigmoid;
}
/** max(x, 0) of each element. */
export class ReLU extends Activation {
  protected readonly activation = "relu";
  protected readonly function = F.relu;
}
/** clip(x/6 + 1/2, 0, 1) of each element. */
export class Hardsigmoid extends Activation {
  protected readonly activation = "hardSigmoidSixth";
  protected readonly function = F.hardsigmoid;
}
/** x / (1 + |x|) of each element. */
export class Softsign extends Activation {
  protected readonly activation = "softsign";
  protected readonly function = F.softsign;
}
/** Its input as it is. */
export class Identity extends Activation {
  protected readonly activation = "linear";
  protected readonly function = (x: Tensor): Tensor => x;
}

/** log(1 + e^x) of each element; with `beta`, log(1 + e^(beta x)) / beta. */
export class Softplus extends Applied {
  readonly #options: { beta?: number; threshold?: number };

  /** @param options `beta`, by itself or by name, and `threshold`, as of `F.softplus` */
  constructor(options?: number | { beta?: number; threshold?: number }, ...rest: never[]) {
    super();
    noMore("nn.Softplus", rest, "give options by name");
    this.#options = optionsOf<{ beta?: number; threshold?: number }>(
      "nn.Softplus",
      options,
      ["beta", "threshold"],
      "beta",
    );
  }

  forward(x: Tensor): Tensor {
    return F.softplus(x, this.#options);
  }
}

/** x if x > 0, else alpha · (e^x - 1), of each element. */
export class ELU extends Applied {
  readonly #options: { alpha?: number };

  /** @param options `alpha`, by itself or by name; default 1 */
  constructor(options?: number | { alpha?: number }, ...rest: never[]) {
    super();
    noMore("nn.ELU", rest);
    this.#options = optionsOf<{ alpha?: number }>("nn.ELU", options, ["alpha"], "alpha");
  }

  forward(x: Tensor): Tensor {
    return F.elu(x, this.#options);
  }
}

/** x if x > 0, else slope · x, of each element. */
export class LeakyReLU extends Applied {
  readonly #options: { negativeSlope?: number };

  /** @param options `negativeSlope`, by itself or by name; default 0.01 */
  constructor(options?: number | { negativeSlope?: number }, ...rest: never[]) {
    super();
    noMore("nn.LeakyReLU", rest);
    this.#options = optionsOf<{ negativeSlope?: number }>(
      "nn.LeakyReLU",
      options,
      ["negativeSlope"],
      "negativeSlope",
    );
  }

  forward(x: Tensor): Tensor {
    return F.leakyRelu(x, this.#options);
  }
}

/** e^x / Σ e^x along an axis, the last one unless `dim` says another. */
export class Softmax extends Applied {
  readonly #options: { dim?: number };

  constructor(options?: number | { dim?: number }, ...rest: never[]) {
    super();
    noMore("nn.Softmax", rest);
    this.#options = optionsOf<{ dim?: number }>("nn.Softmax", options, ["dim"], "dim");
  }

  forward(x: Tensor): Tensor {
    return F.softmax(x, this.#options);
  }
}

/** log of the softmax along an axis, the last one unless `dim` says another. */
export class LogSoftmax extends Applied {
  readonly #options: { dim?: number };

  constructor(options?: number | { dim?: number }, ...rest: never[]) {
    super();
    noMore("nn.LogSoftmax", rest);
    this.#options = optionsOf<{ dim?: number }>("nn.LogSoftmax", options, ["dim"], "dim");
  }

  forward(x: Tensor): Tensor {
    return F.logSoftmax(x, this.#options);
  }
}

/** Axes from one to another as one: all but the first unless they are said. */
export class Flatten extends Applied {
  readonly #axes: readonly [from: number, to: number];

  constructor(startDim = 1, endDim = -1, ...rest: never[]) {
    super();
    noMore("nn.Flatten", rest);
    this.#axes = [startDim, endDim];
  }

  forward(x: Tensor): Tensor {
    return tensorOf("nn.Flatten", x).flatten(...this.#axes);
  }
}

/** Identity: models here are in eval mode. */
export class Dropout extends Applied {
  /** Share of elements that training drops. */
  readonly p: number;

  /** @param options `p`, by itself or by name: the share of elements that training drops */
  constructor(options?: number | { p?: number }, ...rest: never[]) {
    super();
    noMore("nn.Dropout", rest);
    this.p = optionsOf<{ p?: number }>("nn.Dropout", options, ["p"], "p").p ?? 0.5;
  }

  forward(x: Tensor): Tensor {
    return x instanceof SymbolicTensor
      ? dropOut(x, this.p, currentGraph("nn.Dropout").pathOf(this))
      : tensorOf("nn.Dropout", x);
  }
}
