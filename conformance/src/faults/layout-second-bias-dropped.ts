import { layoutFault } from "./break-layout.js";

export const layoutSecondBiasDropped = layoutFault(
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
);
