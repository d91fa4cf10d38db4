import { layoutFault } from "./break-layout.js";

export const layoutLossNotReported = layoutFault(
  "layout-loss-not-reported",
  "two biases are summed into one and nothing says so",
  "converters between torch and Keras",
  (honest) => ({ ...honest, to: (spec, weights) => ({ ...honest.to(spec, weights), losses: [] }) }),
);
