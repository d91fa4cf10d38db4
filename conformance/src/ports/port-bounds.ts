import type { HostTensor } from "@unroll/api";
import { tensor, type nn, type Tensor } from "@unroll/api/torch";
import { deriveProgramBounds } from "../properties/hold-program.js";
import type { Float64Tensor } from "../oracle/evaluate.js";
import { precisions } from "../tolerance/precision.js";
import type { RecordedCall } from "./port-record.js";
import { argumentsOf, type Leaf, leavesOf, OtherForm, tensorsOf } from "./port-values.js";

/** What a result is in float64, and how far an honest engine may be from it. */
export interface LeafTruth {
  readonly exact: Float64Tensor;
  readonly bound: Float64Tensor;
}

type PrecisionName = keyof typeof precisions;

/**
 * What a function of a module comes to in float64 by the definitions of its operations, and how far an engine
 * of a precision may be from it.
 *
 * @param given tensors that `compute` takes
 * @param compute calls the module, and returns tensors
 * @throws UNROLL_UNSUPPORTED for what a trace can't hold
 */
export function boundsOfModule(
  module: nn.Module,
  given: readonly HostTensor[],
  compute: (...tensors: Tensor[]) => readonly HostTensor[],
): (precision: PrecisionName) => readonly LeafTruth[] {
  const { program, weights, captured } = module.programOf(given, compute);
  const feeds: Record<string, HostTensor> = Object.create(null) as Record<string, HostTensor>;
  given.forEach((one, k) => (feeds[`argument.${k}`] = one));
  for (const { name, tensor: held } of captured) feeds[name] = held;
  const derived = new Map<PrecisionName, readonly LeafTruth[]>();
  return (precision) => {
    const known = derived.get(precision);
    if (known) return known;
    const { exact, bounds } = deriveProgramBounds({ program, weights: weights as never, feeds }, precision);
    const all = Object.keys(exact).map((_, k) => ({
      exact: exact[`result.${k}`]!,
      bound: bounds[`result.${k}`]!,
    }));
    derived.set(precision, all);
    return all;
  };
}

/**
 * The same of calls one after the other, as one program: what a later one takes of an earlier one's result
 * carries its rounding. A list of results for each call.
 *
 * @throws UNROLL_UNSUPPORTED for what a trace can't hold, and what the port throws
 */
export function boundsOfCalls(
  module: nn.Module,
  calls: readonly RecordedCall[],
): (precision: PrecisionName) => readonly (readonly LeafTruth[])[] {
  const given = tensorsOf(calls);
  const counts: number[] = [];
  const derive = boundsOfModule(module, given, (...traced) => {
    const places = new Map(given.map((one, k) => [one, traced[k]!]));
    const results: unknown[] = [];
    counts.length = 0;
    return calls.flatMap((call) => {
      const result: unknown = module.call(
        ...(argumentsOf(call, results, (one) => places.get(one)!) as never[]),
      );
      results.push(result);
      const leaves = leavesOf(call.result, result, tensor);
      // Of another form there is nothing to compare; whoever compares says so.
      const tensors = leaves instanceof OtherForm ? [] : leaves.map(({ got }) => got);
      counts.push(tensors.length);
      return tensors;
    });
  });
  return (precision) => {
    const all = derive(precision);
    let next = 0;
    return counts.map((count) => all.slice(next, (next += count)));
  };
}

/**
 * How far a result may be from PyTorch's where there is no program to derive that from: twelve times as far
 * as PyTorch's own float32 is from its float64, an element or all of a result on average, and what functions
 * are approximated by. Twelve is what derived bounds take too, of deviations that they sample many times
 * (`properties/hold-program.ts`); here there is one sample, so reports call these bounds recorded. Null where
 * float64 was not recorded.
 */
export function recordedBound({ want, float64 }: Leaf): Float64Tensor | null {
  const { shape, data } = want;
  if (want.dtype !== "float32") return { shape, data: new Float64Array(data.length) };
  if (!float64) return null;
  const { unit, activation, smallest } = precisions.f32;
  const off = Float64Array.from(data, (value, k) => finite(Math.abs(value - float64[k]!)));
  const common = Math.sqrt(off.reduce((sum, one) => sum + one * one, 0) / Math.max(1, off.length));
  return {
    shape,
    data: off.map((own, k) => {
      const size = finite(Math.abs(float64[k]!));
      return 12 * Math.max(own, common) + unit * size + activation * Math.max(1, size) + smallest;
    }),
  };
}

/** What is infinite, or no number, is the same in both or nothing to measure by. */
const finite = (value: number): number => (Number.isFinite(value) ? value : 0);
