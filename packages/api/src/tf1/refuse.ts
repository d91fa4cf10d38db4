import { unrollError, type UnrollErrorCode } from "../contract/error.js";

/** Refuses what was given. @throws an error of the code, always */
export function refuse(
  place: string,
  expected: string,
  got: string,
  cure: string,
  code: UnrollErrorCode = "UNROLL_ARGUMENT",
): never {
  throw unrollError({ code, place, expected, got, cure, details: { expected, got } });
}
