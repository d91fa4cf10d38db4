import { unrollError, type UnrollError } from "../contract/error.js";

/** The error for what a page left out. */
export const leftOut = (place: string, part: string): UnrollError =>
  unrollError({
    code: "UNROLL_UNSUPPORTED",
    place,
    expected: `a kit with ${part}`,
    got: "one without",
    cure: "give it to kit()",
  });
