import type { Block, Value } from "../program/builder.js";

/**
 * Every activation, by one name each. The formulas are written out because the frameworks' names are not
 * unique: two different functions are called "hard sigmoid", so ours are named after their slope.
 *
 * | name | formula | called elsewhere |
 * | --- | --- | --- |
 * | `linear` | x | Keras `linear`/`None`, torch `Identity` |
 * | `tanh` | tanh x | |
 * | `sigmoid` | 1 / (1 + e^-x) | |
 * | `relu` | max(x, 0) | |
 * | `hardSigmoidSixth` | clip(x/6 + 1/2, 0, 1) | Keras 3 `hard_sigmoid`, torch `Hardsigmoid` |
 * | `hardSigmoidFifth` | clip(x/5 + 1/2, 0, 1) | Keras 2 and tfjs `hardSigmoid`, ONNX `HardSigmoid` default |
 * | `softsign` | x / (1 + abs x) | |
 * | `softplus` | log(1 + e^x) | |
 * | `elu` | x if x > 0, else e^x - 1 | with alpha 1 |
 * | `leakyRelu` | x if x > 0, else 0.01 x | torch and ONNX default slope |
 *
 * Source: Keras 3 `activations/activations.py`, Keras 2 `backend.py`, PyTorch
 * `torch/nn/modules/activation.py`, ONNX operator schemas; semantics rule `activation`.
 */
export const activationNames = [
  "linear",
  "tanh",
  "sigmoid",
  "relu",
  "hardSigmoidSixth",
  "hardSigmoidFifth",
  "softsign",
  "softplus",
  "elu",
  "leakyRelu",
] as const;

/** Name of an activation of one element; each by its formula in {@link activationNames}. */
export type Activation = (typeof activationNames)[number];

const hardSigmoid =
  (slope: number) =>
  (b: Block, x: Value): Value =>
    b.min(b.max(b.add(b.mul(x, b.constant(slope)), b.constant(0.5)), b.constant(0)), b.constant(1));

const equations: {
  readonly [Name in Exclude<Activation, "linear" | "tanh" | "sigmoid">]: (b: Block, x: Value) => Value;
} = {
  relu: (b, x) => b.max(x, b.constant(0)),
  hardSigmoidSixth: hardSigmoid(1 / 6),
  hardSigmoidFifth: hardSigmoid(0.2),
  softsign: (b, x) => b.div(x, b.add(b.constant(1), b.abs(x))),
  // max(x, 0) + log(1 + e^-|x|) is the same function without the overflow.
  softplus: (b, x) => b.add(b.max(x, b.constant(0)), b.log(b.add(b.constant(1), b.exp(b.neg(b.abs(x)))))),
  elu: (b, x) => b.select(b.less(b.constant(0), x), x, b.sub(b.exp(b.min(x, b.constant(0))), b.constant(1))),
  leakyRelu: (b, x) => b.select(b.less(b.constant(0), x), x, b.mul(x, b.constant(0.01))),
};

/** Applies an activation: a primitive where there is one, otherwise a composite of the activation's name. */
export function activate(block: Block, name: Activation, x: Value): Value {
  switch (name) {
    case "linear":
      return x;
    case "tanh":
      return block.tanh(x);
    case "sigmoid":
      return block.sigmoid(x);
    default:
      return block.composite(name, { x }, {}, (b, inner) => ({ y: equations[name](b, inner["x"]!) })).y;
  }
}
