import { isUnrollError, unrollError } from "@unroll/api";
import { seedOption } from "./numbers.js";

/** Which draws of `unroll certify` are run: all of a seed, or the one that a path leads to. */
export interface Replay {
  readonly seed?: number;
  readonly path?: string;
}

/** A number for the draw, then one for each time that the case was made smaller. */
const PATH = /^\d{1,6}(:\d{1,6})*$/;

/** @throws UNROLL_ARGUMENT for a seed or a path that certify never printed */
export function replayOf({ seed, path }: { readonly seed?: string; readonly path?: string }): Replay {
  const number = seed === undefined ? {} : { seed: seedOption(seed) };
  if (path === undefined) return number;
  if (!PATH.test(path)) throw refusal(path, `"${path}"`);
  if (seed === undefined) throw refusal(path, "no --seed beside it");
  return { ...number, path };
}

/** The error of a replay that came to nothing; any other error as it is. */
export const wrongPath = (path: string, cause: unknown): unknown =>
  !isUnrollError(cause) && cause instanceof Error && /wrong path/i.test(cause.message)
    ? refusal(path, `"${path}", which leads to no case`, cause)
    : cause;

function refusal(path: string, got: string, cause?: unknown): Error {
  return unrollError({
    code: "UNROLL_ARGUMENT",
    place: "--path",
    expected: "numbers with colons between them, as certify printed them, and the --seed that goes with them",
    got,
    cure: 'copy the line that begins with "replay:"',
    details: { path },
    cause,
  });
}
