import { coarse } from "./break.js";
import { layoutFault } from "./break-layout.js";

export const layoutRoundedOnTheWay = layoutFault(
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
);
