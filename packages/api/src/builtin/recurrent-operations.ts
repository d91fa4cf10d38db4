import type { CompositeClaim } from "../contract/capabilities.js";
import { gru, lstm, simpleRnn } from "./cell-kernels.js";
import type { CellFactory } from "./kernel-types.js";
import type { OperationSet } from "./operation.js";
import { cellBinder, sequenceBinder } from "./recurrent-binders.js";

const step = {
  x: "float32",
  h: "float32",
  kernel: "float32",
  recurrentKernel: "float32",
  inputBias: "float32",
  recurrentBias: "float32",
} as const;
const extent = { lengths: "int32", mask: "bool" } as const;

const time = {
  reverse: [true, false],
  maskedOutput: ["zero", "hold"],
  heldStart: ["zeros", "initialState"],
} as const;

/** Activations that the cells know. */
const activations = [
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

/** A cell by itself, and folded over time. */
const folded = (
  name: string,
  cell: CellFactory,
  state: CompositeClaim["inputs"],
  attrs: CompositeClaim["attrs"],
): OperationSet => ({
  composites: {
    [name]: {
      claim: { inputs: { ...step, ...state, ...extent }, attrs: { ...time, ...attrs } },
      bind: sequenceBinder(cell),
    },
    [`${name}Cell`]: { claim: { inputs: { ...step, ...state }, attrs: attrs ?? {} }, bind: cellBinder(cell) },
  },
});

const gated = { activation: activations, recurrentActivation: activations } as const;

/** LSTM, whole and by steps. */
export const lstmOperations: OperationSet = folded(
  "lstm",
  lstm,
  { c: "float32" },
  { ...gated, outputActivation: activations },
);

/** GRU, whole and by steps. */
export const gruOperations: OperationSet = folded("gru", gru, {}, { ...gated, resetAfter: [true, false] });

/** Vanilla RNN, whole and by steps. */
export const simpleRnnOperations: OperationSet = folded(
  "simpleRnn",
  simpleRnn,
  {},
  { activation: activations },
);
