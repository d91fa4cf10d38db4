import { type Adapter, type Spec, type WeightMap, whyNotSteppable } from "@unroll/api";
import { deriveBounds, evaluate, type Float64Tensor, type Run } from "@unroll/conformance";
import type { Mode, RecordedCase } from "./recorded.js";
import type { CoreResults, NamedResults } from "./results.js";
import { runSteps } from "./run-steps.js";

/** What a case computes, in the core's words: a model, and the runs whose results were recorded. */
export interface CoreCase {
  readonly spec: Spec;
  readonly weights: WeightMap;
  readonly runs: readonly NamedRun[];
}

/** A run of the core. */
export interface NamedRun {
  readonly run: Run;
  /** Its results as the recording has them: names, axes and layout of the framework. */
  named(results: CoreResults): NamedResults;
}

/** What the oracle says of a case, and its bound, in the names of the recording. */
export function truthOf({ spec, weights, runs }: CoreCase): Pick<RecordedCase, "exact" | "bounds"> {
  const exact: Record<string, Float64Tensor> = {};
  const bounds: Record<string, Float64Tensor> = {};
  for (const { run, named } of runs) {
    const derived = deriveBounds(spec, weights, run);
    Object.assign(exact, float64s(named(derived.exact)));
    Object.assign(bounds, float64s(named(derived.bounds)));
  }
  return { exact, bounds };
}

const float64s = (results: NamedResults): Record<string, Float64Tensor> =>
  Object.fromEntries(
    Object.entries(results).map(([name, { shape, data }]) => [
      name,
      { shape, data: Float64Array.from(data) },
    ]),
  );

/**
 * The case one step at a time with the state in hand; none where that can't be: a layer looks ahead, or a row
 * is padded.
 */
export function stepModes({ spec, weights, runs }: CoreCase): Mode[] {
  if (whyNotSteppable(spec) !== null || runs.some(({ run }) => run.lengths || run.mask)) return [];
  const run = async (adapter: Adapter): Promise<NamedResults> => {
    const results: Record<string, NamedResults[string]> = {};
    for (const { run: one, named } of runs) {
      const shapes = evaluate(spec, weights, one);
      Object.assign(results, named(await runSteps(spec, weights, one, adapter, shapes)));
    }
    return results;
  };
  return [{ mode: "step", run }];
}
