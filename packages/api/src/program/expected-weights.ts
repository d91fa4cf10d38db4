import type { WeightMap } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import { tensorProblem } from "../contract/tensor.js";

/** A weight that a model needs, under its canonical name. Always float32. */
export interface WeightSpec {
  /** Layer, dot, the layer's own name for it: `lstm.kernel`. */
  readonly name: string;
  /** Sizes of its axes, row-major. */
  readonly shape: readonly number[];
}

/** How weights differ from what was expected; all of it, so that one error can say it. */
export interface WeightProblems {
  readonly missing: readonly WeightSpec[];
  readonly unexpected: readonly string[];
  readonly misshaped: readonly { name: string; expected: readonly number[]; got: readonly number[] }[];
}

/** Compares names and shapes. */
export function weightProblems(
  expected: readonly WeightSpec[],
  got: Readonly<Record<string, { readonly shape: readonly number[] }>>,
): WeightProblems {
  const known = new Set(expected.map((w) => w.name));
  const present = (name: string): boolean => Object.hasOwn(got, name);
  return {
    missing: expected.filter((w) => !present(w.name)),
    unexpected: Object.keys(got).filter((name) => !known.has(name)),
    misshaped: expected
      .filter((w) => present(w.name) && got[w.name]!.shape.join() !== w.shape.join())
      .map((w) => ({ name: w.name, expected: w.shape, got: got[w.name]!.shape })),
  };
}

/** How many keys of a kind the text of an error lists; its details have all. */
const LISTED = 20;

/**
 * Throws one UNROLL_WEIGHTS error that lists missing, unexpected and mis-shaped keys, in its details every
 * one of them, or returns.
 *
 * @param place what the weights are for, e.g. `model "charlm"`
 * @param cure what to do about it
 */
export function assertWeights(
  place: string,
  expected: readonly WeightSpec[],
  got: Readonly<Record<string, { readonly shape: readonly number[] }>>,
  cure: string,
): void {
  const problems = weightProblems(expected, got);
  const named = (name: string, shape: readonly number[]): string => `${name} [${shape.join(", ")}]`;
  const lists = [
    ["missing", problems.missing.map((w) => named(w.name, w.shape))],
    ["unexpected", problems.unexpected.map((name) => named(name, got[name]!.shape))],
    [
      "mis-shaped",
      problems.misshaped.map((m) => `${m.name} is [${m.got.join(", ")}], not [${m.expected.join(", ")}]`),
    ],
  ] as const;
  if (lists.every(([, list]) => list.length === 0)) return;
  const counts = lists.map(([what, { length }]) => `${length} ${what}`).join(", ");
  const parts = lists
    .filter(([, list]) => list.length > 0)
    .map(([what, list]) => {
      const [first, more] = [list.slice(0, LISTED), list.length - LISTED];
      return `${what} ${first.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
    });
  throw unrollError({
    code: "UNROLL_WEIGHTS",
    place,
    expected: `${expected.length} weights`,
    got: `${counts}: ${parts.join("; ")}`,
    cure,
    details: { ...problems },
  });
}

/** Checks the weights of a model: names, shapes, dtype. @throws UNROLL_WEIGHTS, UNROLL_DTYPE */
export function assertModelWeights(model: string, expected: readonly WeightSpec[], weights: WeightMap): void {
  assertWeights(
    `model "${model}"`,
    expected,
    weights,
    "weights have canonical names and layouts here, see fromTorch and fromKeras to convert",
  );
  for (const [name, weight] of Object.entries(weights)) {
    if (weight.dtype !== "float32") {
      throw unrollError({
        code: "UNROLL_DTYPE",
        place: `model "${model}" weight "${name}"`,
        expected: "float32",
        got: weight.dtype,
        cure: "convert it first",
        details: { name },
      });
    }
    const [expected, got] = tensorProblem(weight) ?? [];
    if (expected !== undefined)
      throw unrollError({
        code: "UNROLL_WEIGHTS",
        place: `model "${model}" weight "${name}"`,
        expected,
        got: got!,
        cure: "the data must fill the shape",
        details: { name },
      });
  }
}
