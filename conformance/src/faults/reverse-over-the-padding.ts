import { fault, withoutInput } from "./break.js";

export const reverseOverThePadding = fault(
  "reverse-over-the-padding",
  "a backward layer starts in the padding of short rows",
  "reversing a padded batch instead of each row",
  { program: withoutInput("lengths", (node) => node.attrs["reverse"] === true) },
);
