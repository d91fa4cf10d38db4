import { unrollError } from "@unroll/api/adapter";

/** Letters of a text out of a file that an error shows. */
const LONGEST = 120;

/** Refuses what a file says. @throws UNROLL_FORMAT */
export function refuse(place: string, expected: string, got: string, cure: string, cause?: unknown): never {
  throw unrollError({
    code: "UNROLL_FORMAT",
    place,
    expected,
    got: got.length > LONGEST ? `${got.slice(0, LONGEST)}...` : got,
    cure,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The cure for a file that contradicts itself. */
export const DAMAGED = "the file is damaged or cut short; fetch or save it again";
