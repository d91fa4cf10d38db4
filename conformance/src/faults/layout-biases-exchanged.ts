import { layoutFault } from "./break-layout.js";

export const layoutBiasesExchanged = layoutFault(
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
);
