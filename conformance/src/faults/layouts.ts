import type { Fault } from "./planting/fault.js";
import { layoutFault, readOtherwise, transposed } from "./planting/layouts.js";
import { coarse } from "./planting/results.js";

/** Weight layouts of other frameworks, written one way and read another. */
export const layouts: readonly Fault[] = [
  layoutFault(
    "layout-gates-read-in-another-order",
    "a GRU's gates are read in another order than they were written",
    "Keras z r h against torch r z n, with one of the two directions of the table fixed",
    readOtherwise(({ gates }) => (gates === 3 ? [1, 0, 2] : null)),
  ),
  layoutFault(
    "layout-transpose-forgotten-when-square",
    "a square matrix is read without the transpose it was written with",
    "a shape check that stands in for knowing the layout",
    (honest) => ({
      ...honest,
      from: (spec, named) =>
        honest.from(
          spec,
          Object.fromEntries(
            Object.entries(named).map(([name, weight]) => [
              name,
              weight.shape.length === 2 && weight.shape[0] === weight.shape[1] ? transposed(weight) : weight,
            ]),
          ),
        ),
    }),
  ),
  layoutFault(
    "layout-second-bias-dropped",
    "the bias of the state is written as zeros",
    "torch's bias_hh left behind on the way to Keras",
    (honest) => ({
      ...honest,
      to: (spec, weights) =>
        honest.to(
          spec,
          Object.fromEntries(
            Object.entries(weights).map(([name, weight]) => [
              name,
              name.endsWith(".recurrentBias")
                ? { ...weight, data: weight.data.map(() => 0) as typeof weight.data }
                : weight,
            ]),
          ),
        ),
    }),
  ),
  layoutFault(
    "layout-biases-exchanged",
    "the bias of the input is read as that of the state, and the other way round",
    "rows of the [2, 3 units] bias of a Keras GRU",
    (honest) => ({
      ...honest,
      from: (spec, named) => {
        const read = honest.from(spec, named);
        const other = (name: string): string =>
          name.replace(/\.(input|recurrent)Bias$/, (_, which: string) =>
            which === "input" ? ".recurrentBias" : ".inputBias",
          );
        return {
          ...read,
          weights: Object.fromEntries(
            Object.keys(read.weights).map((name) => [name, read.weights[other(name)]!]),
          ),
        };
      },
    }),
  ),
  layoutFault(
    "layout-directions-exchanged",
    "weights of the forward run are read into the backward one",
    "names sorted by alphabet: backward before forward",
    (honest) => ({
      ...honest,
      from: (spec, named) => {
        const read = honest.from(spec, named);
        const other = (name: string): string =>
          name.replace(/\.(forward|backward)\./, (_, way: string) =>
            way === "forward" ? ".backward." : ".forward.",
          );
        return {
          ...read,
          weights: Object.fromEntries(
            Object.keys(read.weights).map((name) => [name, read.weights[other(name)]!]),
          ),
        };
      },
    }),
  ),
  layoutFault(
    "layout-rounded-on-the-way",
    "weights are written with 16 bits, and no loss is reported",
    "weight files quantised by a converter's default",
    (honest) => ({
      ...honest,
      to: (spec, weights) => {
        const written = honest.to(spec, weights);
        return {
          ...written,
          weights: Object.fromEntries(
            Object.entries(written.weights).map(([name, weight]) => [
              name,
              { ...weight, data: weight.data.map((value) => coarse(value, 10)) },
            ]),
          ),
        };
      },
    }),
  ),
  layoutFault(
    "layout-loss-not-reported",
    "two biases are summed into one and nothing says so",
    "converters between torch and Keras",
    (honest) => ({ ...honest, to: (spec, weights) => ({ ...honest.to(spec, weights), losses: [] }) }),
  ),
];
