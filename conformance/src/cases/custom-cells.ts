import { type CellRead, customCell, type CustomCellSpec } from "@unroll/api";
import { activate, layerNormLstmCell, minimalGatedCell, recurrentHighwayCell } from "@unroll/api/cells";

interface Read<Along extends CellRead["along"]> extends CellRead {
  readonly along: Along;
}

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

/**
 * Looks at a memory with its state and is fed what it saw last; sees its input a second time at each step,
 * and, if `started`, one vector for all of them; keeps a matrix beside its vectors, and has weights whose
 * names have dots.
 */
export const readingCell = (inputSize: number, memorySize: number, started: boolean): CustomCellSpec =>
  customCell({
    name: "reading",
    inputSize,
    state: { h: memorySize, seen: memorySize, products: [2, memorySize] },
    weights: {
      "input.kernel": [inputSize, memorySize],
      "seen.kernel": [memorySize, memorySize],
      "again.kernel": [inputSize, 2],
    },
    reads: {
      memory: { along: "whole", shape: [memorySize] },
      again: { along: "steps", shape: [inputSize] },
      ...(started && { start: { along: "none", shape: [memorySize] } }),
    } as { readonly memory: Read<"whole">; readonly again: Read<"steps">; readonly start: Read<"none"> },
    step(b, { x, state, weights, reads: { memory, again, start } }) {
      const fed = b.add(b.matmul(x, weights["input.kernel"]), b.matmul(state.seen, weights["seen.kernel"]));
      const before = b.add(fed, state.h);
      const h = b.tanh(started ? b.add(before, start) : before);
      // [batch, source]: what is not real has no share, whatever it holds.
      const real = b.select(b.expandDims(memory.mask, 2), memory.value, b.constant(0));
      const fit = b.squeeze(b.sum(b.mul(real, b.expandDims(h, 1)), 2), 2);
      const shares = b.select(memory.mask, b.sigmoid(fit), b.constant(0));
      const seen = b.tanh(b.squeeze(b.sum(b.mul(real, b.expandDims(shares, 2)), 1), 1));
      const pair = b.tanh(b.matmul(again, weights["again.kernel"]));
      const product = b.mul(b.expandDims(pair, 2), b.expandDims(h, 1));
      const products = b.mul(b.constant(0.5), b.add(state.products, product));
      return { state: { h, seen, products }, output: b.add(seen, b.squeeze(b.sum(products, 1), 1)) };
    },
  });
