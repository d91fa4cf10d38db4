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

/**
 * A cell by itself, and folded over time. Calls of it are marked as pure and spread nothing, so that bundlers
 * leave out the cells that a page does not name.
 */
const folded = (
  name: string,
  cell: CellFactory,
  state: CompositeClaim["inputs"],
  choices: readonly string[],
  others: CompositeClaim["attrs"] = {},
): OperationSet => {
  const attrs = { ...Object.fromEntries(choices.map((choice) => [choice, activations])), ...others };
  return {
    composites: {
      [name]: {
        claim: { inputs: { ...step, ...state, ...extent }, attrs: { ...time, ...attrs } },
        bind: sequenceBinder(name, cell),
      },
      [`${name}Cell`]: { claim: { inputs: { ...step, ...state }, attrs }, bind: cellBinder(name, cell) },
    },
  };
};

/** LSTM, whole and by steps. */
export const lstmOperations: OperationSet = /* @__PURE__ */ folded("lstm", lstm, { c: "float32" }, [
  "activation",
  "recurrentActivation",
  "outputActivation",
]);

/** GRU, whole and by steps. */
export const gruOperations: OperationSet = /* @__PURE__ */ folded(
  "gru",
  gru,
  {},
  ["activation", "recurrentActivation"],
  { resetAfter: [true, false] },
);

/** Vanilla RNN, whole and by steps. */
export const simpleRnnOperations: OperationSet = /* @__PURE__ */ folded("simpleRnn", simpleRnn, {}, [
  "activation",
]);
