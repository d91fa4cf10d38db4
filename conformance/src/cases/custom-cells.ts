import { customCell, type CustomCellSpec } from "@unroll/api";
import { activate, layerNormLstmCell, minimalGatedCell, recurrentHighwayCell } from "@unroll/api/cells";

type Make = (inputSize: number, units: number) => CustomCellSpec;

/** Puts out a value that is no part of its state, and has parts of a size of their own. */
const readout: Make = (inputSize, units) =>
  customCell({
    name: "readout",
    inputSize,
    state: { h: units + 1, trace: units + 1 },
    weights: {
      kernel: [inputSize, units + 1],
      recurrentKernel: [units + 1, units + 1],
      outputKernel: [units + 1, units],
    },
    step(b, { x, state, weights }) {
      const h = activate(
        b,
        "softsign",
        b.add(b.matmul(x, weights.kernel), b.matmul(state.h, weights.recurrentKernel)),
      );
      const trace = b.add(b.mul(b.constant(0.5), state.trace), b.mul(b.constant(0.5), h));
      return { state: { trace, h }, output: b.matmul(trace, weights.outputKernel) };
    },
  });

/** Puts out its second part, and keeps one that no step changes. */
const integrator: Make = (inputSize, units) =>
  customCell({
    name: "integrator",
    inputSize,
    state: { rate: units, h: units },
    weights: { kernel: [inputSize, units], bias: [units] },
    step(b, { x, state, weights }) {
      const h = b.tanh(
        b.add(b.mul(b.sigmoid(state.rate), state.h), b.add(b.matmul(x, weights.kernel), weights.bias)),
      );
      return { state: { rate: state.rate, h }, output: h };
    },
  });

/** Custom cells that cases draw from, by what a choice calls them. */
export const customCells = {
  integrator,
  highway: (inputSize, units) => recurrentHighwayCell({ inputSize, units }),
  "deep highway": (inputSize, units) => recurrentHighwayCell({ inputSize, units, depth: 3, coupled: false }),
  minimalGated: (inputSize, units) => minimalGatedCell({ inputSize, units }),
  layerNormLstm: (inputSize, units) => layerNormLstmCell({ inputSize, units, epsilon: 1e-2 }),
  readout,
} satisfies Readonly<Record<string, Make>>;
