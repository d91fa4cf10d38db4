import { layoutFault, readOtherwise } from "./break-layout.js";

export const layoutGatesReadInAnotherOrder = layoutFault(
  "layout-gates-read-in-another-order",
  "a GRU's gates are read in another order than they were written",
  "Keras z r h against torch r z n, with one of the two directions of the table fixed",
  readOtherwise(({ gates }) => (gates === 3 ? [1, 0, 2] : null)),
);
