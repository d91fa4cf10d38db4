// Models of ours that race, with weights from a generator that starts anew with each process.
import { compile, dense, input, recurrent, spec, specWeights, tensor } from "@unroll/api";

let seed = 1;
/** The next number, between -0.1 and 0.1. */
export const random = () => ((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648 - 0.5) * 0.2;
export const filled = (size) => Float32Array.from({ length: size }, random);
export const sizeOf = (shape) => shape.reduce((a, b) => a * b, 1);

export const weightsOf = (model) =>
  Object.fromEntries(
    specWeights(model).map(({ name, shape }) => [name, tensor(filled(sizeOf(shape)), shape)]),
  );

/** A spec with one recurrent layer, over an input as wide as the cell wants. */
export const oneLayer = (cell) =>
  spec({
    name: "race",
    inputs: [input({ name: "x", shape: [cell.inputSize] })],
    layers: [recurrent({ name: "layer", input: "x", cell })],
  });

/** A recurrent layer over one sample, and a dense one that makes a sample of it. */
export const amplifier = (cell) =>
  spec({
    name: "amplifier",
    inputs: [input({ name: "x", shape: [1] })],
    layers: [
      recurrent({ name: "cell", input: "x", cell }),
      dense({ name: "out", input: "cell", inputSize: cell.units, units: 1 }),
    ],
  });

/** A spec on an engine, its weights drawn. */
export const compiled = (model, adapter, options = {}) =>
  compile(model, { adapter, weights: weightsOf(model), ...options });
