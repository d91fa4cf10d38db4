import type { ActivationSpec } from "../specification/types.js";
import { noMore, optionsOf } from "./arguments.js";
import { logSoftmax, softmax } from "./functional.js";
import { currentGraph } from "./graph.js";
import { Module } from "./module.js";
import { activate, dropOut } from "./pointwise.js";
import type { Tensor } from "./tensor/tensor.js";

abstract class Activation extends Module {
  protected abstract readonly activation: ActivationSpec["activation"];

  /** @throws UNROLL_ARGUMENT for PyTorch's parameters of functions, as only their defaults are there */
  constructor(...rest: never[]) {
    super();
    noMore(`nn.${new.target.name}`, rest, "only PyTorch's defaults are there");
  }

  override get takes(): number {
    return 1;
  }

  forward(x: Tensor): Tensor {
    return activate(x, this.activation, currentGraph(this.constructor.name).pathOf(this));
  }
}

/** tanh of each element. */
export class Tanh extends Activation {
  protected readonly activation = "tanh";
}
/** 1 / (1 + e^-x) of each element. */
export class Sigmoid extends Activation {
  protected readonly activation = "sigmoid";
}
/** max(x, 0) of each element. */
export class ReLU extends Activation {
  protected readonly activation = "relu";
}
/** clip(x/6 + 1/2, 0, 1) of each element. */
export class Hardsigmoid extends Activation {
  protected readonly activation = "hardSigmoidSixth";
}
/** x / (1 + |x|) of each element. */
export class Softsign extends Activation {
  protected readonly activation = "softsign";
}
/** log(1 + e^x) of each element; `beta` is 1, and no threshold makes it linear. */
export class Softplus extends Activation {
  protected readonly activation = "softplus";
}
/** x if x > 0, else e^x - 1, of each element: `alpha` is 1. */
export class ELU extends Activation {
  protected readonly activation = "elu";
}
/** x if x > 0, else 0.01 x, of each element: `negative_slope` is PyTorch's default. */
export class LeakyReLU extends Activation {
  protected readonly activation = "leakyRelu";
}
/** Its input as it is. */
export class Identity extends Activation {
  protected readonly activation = "linear";
}

/** e^x / Σ e^x along the last axis; `dim` may be left out or -1. @throws UNROLL_UNSUPPORTED for another */
export class Softmax extends Module {
  private readonly options: { dim?: number };

  constructor(options?: number | { dim?: number }, ...rest: never[]) {
    super();
    noMore("nn.Softmax", rest);
    this.options = optionsOf<{ dim?: number }>("nn.Softmax", options, ["dim"], "dim");
  }

  override get takes(): number {
    return 1;
  }

  forward(x: Tensor): Tensor {
    return softmax(x, this.options);
  }
}

/**
 * log of the softmax along the last axis; `dim` may be left out or -1. @throws UNROLL_UNSUPPORTED for another
 */
export class LogSoftmax extends Module {
  private readonly options: { dim?: number };

  constructor(options?: number | { dim?: number }, ...rest: never[]) {
    super();
    noMore("nn.LogSoftmax", rest);
    this.options = optionsOf<{ dim?: number }>("nn.LogSoftmax", options, ["dim"], "dim");
  }

  override get takes(): number {
    return 1;
  }

  forward(x: Tensor): Tensor {
    return logSoftmax(x, this.options);
  }
}

/** Identity: models here are in eval mode. */
export class Dropout extends Module {
  /** Share of elements that training drops. */
  readonly p: number;

  /** @param options `p`, by itself or by name: the share of elements that training drops */
  constructor(options?: number | { p?: number }, ...rest: never[]) {
    super();
    noMore("nn.Dropout", rest);
    this.p = optionsOf<{ p?: number }>("nn.Dropout", options, ["p"], "p").p ?? 0.5;
  }

  override get takes(): number {
    return 1;
  }

  forward(x: Tensor): Tensor {
    return dropOut(x, this.p, currentGraph("nn.Dropout").pathOf(this));
  }
}
