import { type Spec, unrollError, type WeightMap } from "@unroll/api";
import { type Evaluation, evaluate, type Float64Tensor, type Run } from "../oracle/evaluate.js";
import { noisy } from "./noisy.js";
import { precisions } from "./precision.js";

/** How {@link deriveBounds} works. */
export interface BoundOptions {
  /** Precision of the engine whose results will be compared. Default `f32`. */
  readonly precision?: keyof typeof precisions;
  /**
   * Noisy runs; default 4 to 16, fewer where there is more arithmetic, whose large vectors are samples
   * themselves.
   */
  readonly samples?: number;
  /** Of the noise; the same seed gives the same bound. Default 1. */
  readonly seed?: number;
}

/** The float64 result of a case and, element by element, how far an honest engine may be from it. */
export interface DerivedBounds {
  /** What is true. */
  readonly exact: Evaluation;
  /** How far from it an honest engine may be, element by element. */
  readonly bounds: Evaluation;
}

/**
 * Standard deviations of the modelled noise that a result may be off by. Chosen by measurement, see
 * docs/numerics.md: honest engines stay far below, planted faults far above.
 */
const DEVIATIONS = 12;

/** Share of a vector's common deviation that every element is allowed; its own may be small by chance. */
const COMMON = 0.5;

/**
 * Derives the bound of one case from its own sensitivity: the oracle is run again with every number and every
 * operation moved at random by the rounding of the precision, and the bound is a number of standard
 * deviations of what comes out.
 *
 * @param weights canonical weights
 * @returns tensors shaped as the run's results, outputs by reference and state by layer and part
 * @throws UNROLL_ARGUMENT for fewer than 2 samples
 */
export function deriveBounds(
  spec: Spec,
  weights: WeightMap,
  run: Run,
  options: BoundOptions = {},
): DerivedBounds {
  const { precision = "f32", seed = 1, samples = defaultSamples(spec, weights, run) } = options;
  if (!(samples >= 2))
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "deriveBounds",
      expected: "at least 2 samples",
      got: `${samples}`,
      cure: "leave it out for a default",
      details: { samples },
    });
  const exact = evaluate(spec, weights, run);
  const runs = Array.from({ length: samples }, (_, k) =>
    evaluate(spec, weights, run, noisy(precisions[precision], seed * 7919 + k)),
  );
  const bound = (pick: (from: Evaluation) => Float64Tensor): Float64Tensor =>
    boundOf(pick(exact), runs.map(pick), precisions[precision]);
  return {
    exact,
    bounds: {
      outputs: Object.fromEntries(
        Object.keys(exact.outputs).map((ref) => [
          ref,
          exact.margins?.[ref]
            ? decisionsOf(ref, exact, runs, precisions[precision])
            : bound((from) => from.outputs[ref]!),
        ]),
      ),
      state: Object.fromEntries(
        Object.entries(exact.state).map(([layer, parts]) => [
          layer,
          Object.fromEntries(
            Object.keys(parts).map((part) => [part, bound((from) => from.state[layer]![part]!)]),
          ),
        ]),
      ),
    },
  };
}

/**
 * Bounds of ids that a layer decides on: next to nothing where the margin is beyond what rounding does to it,
 * none where it is not, as an honest engine may then decide otherwise.
 */
function decisionsOf(
  ref: string,
  exact: Evaluation,
  samples: readonly Evaluation[],
  { smallest }: { smallest: number },
): Float64Tensor {
  const { shape, data } = exact.outputs[ref]!;
  const margins = exact.margins![ref]!.data;
  const bounds = data.map((id, k) => {
    const margin = margins[k]!;
    if (samples.some(({ outputs }) => outputs[ref]!.data[k] !== id)) return Infinity;
    // There is no other.
    if (margin === Infinity) return smallest;
    const square = samples.reduce((sum, one) => sum + (one.margins![ref]!.data[k]! - margin) ** 2, 0);
    return margin > DEVIATIONS * Math.sqrt(square / samples.length) ? smallest : Infinity;
  });
  return { shape, data: bounds };
}

/** Bounds without those of ids whose margin is no number: what is decided on by a NaN may be anything. */
export const withoutUndecided = (bounds: Evaluation, { margins = {} }: Evaluation): Evaluation => ({
  ...bounds,
  outputs: Object.fromEntries(
    Object.entries(bounds.outputs).map(([ref, { shape, data }]) => [
      ref,
      { shape, data: data.map((bound, k) => (Number.isNaN(margins[ref]?.data[k]) ? Infinity : bound)) },
    ]),
  ),
});

function defaultSamples(spec: Spec, weights: WeightMap, run: Run): number {
  const input = run.inputs[spec.inputs[0]!.name]!;
  const steps = input.shape[0]! * (input.shape[1] ?? 1);
  const work = steps * Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
  return work > 2e7 ? 4 : work > 2e6 ? 8 : 16;
}

function boundOf(
  exact: Float64Tensor,
  samples: readonly Float64Tensor[],
  { unit, smallest }: { unit: number; smallest: number },
): Float64Tensor {
  const { shape, data } = exact;
  const width = shape[shape.length - 1] ?? 1;
  const squares = Float64Array.from(
    data,
    (value, k) => samples.reduce((sum, sample) => sum + (sample.data[k]! - value) ** 2, 0) / samples.length,
  );
  const result = new Float64Array(data.length);
  for (let at = 0; at < data.length; at += width) {
    let common = 0;
    for (let k = at; k < at + width; k++) common += squares[k]! / width;
    for (let k = at; k < at + width; k++) {
      const deviation = Math.max(Math.sqrt(squares[k]!), COMMON * Math.sqrt(common));
      // A sample that is not a number says nothing: overflow is within reach.
      result[k] = Number.isNaN(deviation)
        ? Infinity
        : DEVIATIONS * deviation + unit * Math.abs(data[k]!) + smallest;
    }
  }
  return { shape, data: result };
}
