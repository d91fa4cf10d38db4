import type { CompositeClaim } from "../contract/capabilities.js";
import { elementwise } from "./elementwise.js";
import { layout } from "./layout.js";
import { cellBinder, sequenceBinder } from "./recurrent-binders.js";
import { reductions, softmax } from "./reductions.js";
import type { AliasName, PrimitiveName } from "../program/primitives.js";
import type { Binder } from "./slot.js";

/** A function of each element. */
const unary =
  (name: string): Binder =>
  ({ ins: [x], outs: [out], kernels }) => {
    const [map, from, to] = [kernels.maps[name]!, x!.data, out!.data];
    return () => map(from, 0, to as Float32Array, 0, to.length);
  };

/** How each primitive is run that is more than another shape of the same memory. */
export const primitiveBinders: Readonly<Record<Exclude<PrimitiveName, AliasName>, Binder>> = {
  ...elementwise,
  ...layout,
  ...reductions,
  not: unary("not"),
  neg: unary("neg"),
  exp: unary("exp"),
  log: unary("log"),
  sqrt: unary("sqrt"),
  abs: unary("abs"),
  floor: unary("floor"),
  sin: unary("sin"),
  cos: unary("cos"),
  tanh: unary("tanh"),
  sigmoid: unary("sigmoid"),
};

/** Functions of one element that are composites. */
const functions = [
  "relu",
  "hardSigmoidSixth",
  "hardSigmoidFifth",
  "softsign",
  "softplus",
  "elu",
  "leakyRelu",
];

/** How each claimed composite is run. */
export const compositeBinders: Readonly<Record<string, Binder>> = {
  ...Object.fromEntries(functions.map((name) => [name, unary(name)])),
  softmax: softmax(false),
  logSoftmax: softmax(true),
  lstm: sequenceBinder("lstm"),
  gru: sequenceBinder("gru"),
  simpleRnn: sequenceBinder("simpleRnn"),
  lstmCell: cellBinder("lstm"),
  gruCell: cellBinder("gru"),
  simpleRnnCell: cellBinder("simpleRnn"),
};

const weights = {
  kernel: "float32",
  recurrentKernel: "float32",
  inputBias: "float32",
  recurrentBias: "float32",
} as const;
const step = { x: "float32", h: "float32", ...weights } as const;
const sequence = { ...step, lengths: "int32", mask: "bool" } as const;

/** Activations that the cells know. */
const activationNames = [
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

const time = {
  reverse: [true, false],
  maskedOutput: ["zero", "hold"],
  heldStart: ["zeros", "initialState"],
} as const;
const activated = { activation: activationNames } as const;
const gated = { ...activated, recurrentActivation: activationNames } as const;

const c = { c: "float32" } as const;
const lstm = { ...gated, outputActivation: activationNames };
const gru = { ...gated, resetAfter: [true, false] };

/** Composites the engine runs its own way. */
export const claims: Readonly<Record<string, CompositeClaim>> = {
  lstm: { inputs: { ...sequence, ...c }, attrs: { ...time, ...lstm } },
  lstmCell: { inputs: { ...step, ...c }, attrs: lstm },
  gru: { inputs: sequence, attrs: { ...time, ...gru } },
  gruCell: { inputs: step, attrs: gru },
  simpleRnn: { inputs: sequence, attrs: { ...time, ...activated } },
  simpleRnnCell: { inputs: step, attrs: activated },
  ...Object.fromEntries(
    ["softmax", "logSoftmax", ...functions].map((name) => [name, { inputs: { x: "float32" } }]),
  ),
};
