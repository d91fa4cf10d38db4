import { changeAttrs, fault } from "./break.js";

export const reverseIgnored = fault(
  "reverse-ignored",
  "a backward layer runs forward",
  "go_backwards lost in a conversion",
  { program: changeAttrs((attrs) => ("reverse" in attrs ? { ...attrs, reverse: false } : attrs)) },
);
