import { changeAttrs, fault } from "./break.js";

export const heldStartOfTheOtherKind = fault(
  "held-start-of-the-other-kind",
  "before the first real step zeros are held where it should be the initial state, and the other way round",
  "Keras differs between its own backends",
  {
    program: changeAttrs((attrs) =>
      "heldStart" in attrs
        ? { ...attrs, heldStart: attrs["heldStart"] === "zeros" ? "initialState" : "zeros" }
        : attrs,
    ),
  },
);
