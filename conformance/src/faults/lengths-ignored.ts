import { fault, withoutInput } from "./break.js";

export const lengthsIgnored = fault(
  "lengths-ignored",
  "lengths are not looked at",
  "sequence_lens left out of an export",
  { program: withoutInput("lengths") },
);
