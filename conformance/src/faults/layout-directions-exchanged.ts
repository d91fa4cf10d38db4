import { layoutFault } from "./break-layout.js";

export const layoutDirectionsExchanged = layoutFault(
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
);
