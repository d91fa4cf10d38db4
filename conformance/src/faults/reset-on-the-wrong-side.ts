import { changeAttrs, fault } from "./break.js";

export const resetOnTheWrongSide = fault(
  "reset-on-the-wrong-side",
  "a GRU resets before the product where it should after, and the other way round",
  "ONNX linear_before_reset left at its default; tfjs refuses one of the two",
  {
    program: changeAttrs((attrs) =>
      "resetAfter" in attrs ? { ...attrs, resetAfter: attrs["resetAfter"] !== true } : attrs,
    ),
  },
);
