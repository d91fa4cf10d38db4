import { knownOptions } from "../contract/known-options.js";
import type { ActivationSpec } from "../specification/types.js";
import { logSoftmax, softmax } from "./functional.js";
import { currentGraph } from "./graph.js";
import { Module } from "./module.js";
import { activate, dropOut } from "./pointwise.js";
import type { SymbolicTensor } from "./symbolic.js";

abstract class Activation extends Module {
  protected abstract readonly activation: ActivationSpec["activation"];

  forward(x: SymbolicTensor): SymbolicTensor {
    return activate(x, this.activation, currentGraph(this.constructor.name).pathOf(this));
  }
}

export class Tanh extends Activation {
  protected readonly activation = "tanh";
}
export class Sigmoid extends Activation {
  protected readonly activation = "sigmoid";
}
export class ReLU extends Activation {
  protected readonly activation = "relu";
}
/** clip(x/6 + 1/2, 0, 1). */
export class Hardsigmoid extends Activation {
  protected readonly activation = "hardSigmoidSixth";
}
export class Softsign extends Activation {
  protected readonly activation = "softsign";
}
export class Softplus extends Activation {
  protected readonly activation = "softplus";
}
/** With alpha 1. */
export class ELU extends Activation {
  protected readonly activation = "elu";
}
/** With slope 0.01. */
export class LeakyReLU extends Activation {
  protected readonly activation = "leakyRelu";
}
export class Identity extends Activation {
  protected readonly activation = "linear";
}

/** Along the last axis. */
export class Softmax extends Module {
  constructor(private readonly options: { dim?: number } = {}) {
    super();
    knownOptions("nn.Softmax", options, ["dim"]);
  }

  forward(x: SymbolicTensor): SymbolicTensor {
    return softmax(x, this.options);
  }
}

/** Along the last axis. */
export class LogSoftmax extends Module {
  constructor(private readonly options: { dim?: number } = {}) {
    super();
    knownOptions("nn.LogSoftmax", options, ["dim"]);
  }

  forward(x: SymbolicTensor): SymbolicTensor {
    return logSoftmax(x, this.options);
  }
}

/** Identity: models here are in eval mode. */
export class Dropout extends Module {
  constructor(readonly p = 0.5) {
    super();
  }

  forward(x: SymbolicTensor): SymbolicTensor {
    return dropOut(x, this.p, currentGraph("nn.Dropout").pathOf(this));
  }
}
