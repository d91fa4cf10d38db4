import {
  type Adapter,
  compile,
  type HostTensor,
  type PlainState,
  type RunResult,
  type State,
  type StateLike,
  type SteppableModel,
  tensor,
} from "@unroll/api";
import { type Case, inputsOf, memoryExtent, optionsOf, slice } from "../cases/case.js";
import type { Float64Tensor } from "../oracle/evaluate.js";
import type { DerivedBounds } from "../tolerance/bounds.js";
import { compareWithBound } from "../tolerance/compare.js";
import { precisions } from "../tolerance/precision.js";
import { expectArray } from "./promises.js";
import { Violation } from "./property.js";

/** Results in host memory: outputs by reference, and state as `layer.part`. */
export type Results = Readonly<Record<string, HostTensor>>;

const flat = ({ outputs, state }: DerivedBounds["exact"]): Record<string, Float64Tensor> => ({
  ...outputs,
  ...Object.fromEntries(
    Object.entries(state).flatMap(([layer, parts]) =>
      Object.entries(parts).map(([part, value]) => [`state ${layer}.${part}`, value]),
    ),
  ),
});

/**
 * A bound so wide that it proves nothing: over a share of the values themselves. Such a case is drawn again.
 */
const WIDE = 0.02;

/**
 * Whether a case can tell right from wrong; unbounded activations may make its values or its bound explode.
 */
export function informative({ exact, bounds }: DerivedBounds, precision: keyof typeof precisions): boolean {
  const limit = precision === "f32" ? WIDE : 0.5;
  const [values, allowed] = [flat(exact), flat(bounds)];
  return Object.entries(values).every(([name, { data }]) => {
    const scale = data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
    return scale < 1e6 && allowed[name]!.data.every((bound) => bound <= limit * scale);
  });
}

/** State parts as results are called. */
export const byPart = (state: PlainState): Results =>
  Object.fromEntries(
    Object.entries(state).flatMap(([layer, parts]) =>
      Object.entries(parts).map(([part, held]) => [`state ${layer}.${part}`, held]),
    ),
  );

/** Everything a run returned, read to host memory. The state is used up. */
export async function resultsOf({ outputs, state }: Pick<RunResult, "outputs" | "state">): Promise<Results> {
  const plain = await state.toTypedArrays();
  state.dispose();
  return {
    ...outputs,
    ...byPart(plain),
  };
}

/**
 * Holds results against the truth.
 *
 * @param factor of the bound
 * @returns worst error over bound
 * @throws Violation naming the result and its first element over the bound
 */
export function holdAgainst(
  place: string,
  results: Results,
  { exact, bounds }: DerivedBounds,
  factor = 1,
): number {
  const [truth, allowed] = [flat(exact), flat(bounds)];
  let worst = 0;
  for (const [name, want] of Object.entries(truth)) {
    const got = results[name];
    if (!got) throw new Violation(`${place}, ${name}`, "a result, got none");
    expectArray(`${place}, ${name}`, got);
    if (got.shape.join() !== want.shape.join())
      throw new Violation(
        `${place}, ${name}`,
        `shape [${want.shape.join(", ")}], got [${got.shape.join(", ")}]`,
      );
    const bound = { ...allowed[name]!, data: allowed[name]!.data.map((b) => b * factor) };
    const comparison = compareWithBound(got, want, bound);
    if (comparison.firstBadIndex >= 0)
      throw new Violation(
        `${place}, ${name}`,
        `${comparison.want} within ${comparison.bound?.toExponential(2)}`,
        {
          firstBadIndex: comparison.firstBadIndex,
          got: comparison.got!,
          want: comparison.want!,
          bound: comparison.bound!,
        },
      );
    worst = Math.max(worst, comparison.errorOverBound);
  }
  return worst;
}

/**
 * Holds two runs against each other: each may be off by its bound.
 *
 * @throws Violation
 */
export function holdTogether(place: string, one: Results, other: Results, given: DerivedBounds): number {
  const allowed = flat(given.bounds);
  let worst = 0;
  for (const [name, want] of Object.entries(other)) {
    const bound = allowed[name]
      ? { shape: want.shape, data: allowed[name].data.map((b) => 2 * b) }
      : { shape: want.shape, data: new Float64Array(want.data.length) };
    const comparison = compareWithBound(
      one[name]!,
      { shape: want.shape, data: Float64Array.from(want.data) },
      bound,
    );
    if (comparison.firstBadIndex >= 0)
      throw new Violation(
        `${place}, ${name}`,
        `${comparison.want} within ${comparison.bound?.toExponential(2)}`,
        {
          firstBadIndex: comparison.firstBadIndex,
          got: comparison.got!,
          want: comparison.want!,
          bound: comparison.bound!,
        },
      );
    worst = Math.max(worst, comparison.errorOverBound);
  }
  return worst;
}

/** @throws Violation unless every element has the same bits */
export function holdBitwise(place: string, one: Results, other: Results): void {
  for (const [name, want] of Object.entries(other)) {
    const got = one[name]!;
    if (got.shape.join() !== want.shape.join())
      throw new Violation(
        `${place}, ${name}`,
        `shape [${want.shape.join(", ")}], got [${got.shape.join(", ")}]`,
      );
    const at = want.data.findIndex((value: number, k: number) => !Object.is(got.data[k], value));
    if (at >= 0)
      throw new Violation(`${place}, ${name}`, `${want.data[at]}, bit for bit`, {
        firstBadIndex: at,
        got: got.data[at]!,
        want: want.data[at]!,
        bound: 0,
      });
  }
}

/**
 * Holds results against values that went into the engine and came out again: the same bits, or in an engine
 * of 16 bits the nearest numbers that it has.
 *
 * @throws Violation
 */
export function holdAsStored(
  place: string,
  results: Results,
  given: Results,
  precision: keyof typeof precisions,
): void {
  if (precision === "f32") return holdBitwise(place, results, given);
  const { unit, smallest } = precisions[precision];
  for (const [name, { shape, data }] of Object.entries(given)) {
    const want = { shape, data: Float64Array.from(data) };
    // Just over the rounding itself: at a bound's edge a result is no longer within it.
    const { firstBadIndex, got, bound } = compareWithBound(results[name]!, want, {
      shape,
      data: want.data.map((value) => 1.001 * unit * Math.abs(value) + smallest),
    });
    if (firstBadIndex >= 0)
      throw new Violation(`${place}, ${name}`, `${want.data[firstBadIndex]} as stored in ${precision}`, {
        firstBadIndex,
        got: got!,
        want: want.data[firstBadIndex]!,
        bound: bound!,
      });
  }
}

/** Compiles the case's model, works with it, and frees it. */
export async function withModel<T>(
  given: Case,
  adapter: Adapter,
  work: (model: SteppableModel) => Promise<T>,
): Promise<T> {
  const model = (await compile(given.spec, { adapter, weights: given.weights })) as SteppableModel;
  try {
    return await work(model);
  } finally {
    model.dispose();
  }
}

/** The whole sequence of a case. */
export const whole = async (model: SteppableModel, given: Case): Promise<Results> =>
  resultsOf(await model.sequence(inputsOf(given), optionsOf(given)));

/** Runs step `t`: elements [batch, ...], and the memory whole. */
export function stepOf(model: SteppableModel, given: Case, t: number, state: StateLike): Promise<RunResult> {
  const one = slice(given.x, 1, t, t + 1);
  return model.step(
    inputsOf(given, { ...one, shape: [given.batch, ...given.x.shape.slice(2)] }),
    state,
    memoryExtent(given),
  );
}

/** Which outputs of a case have a time axis. */
export const sequenceOutputs = (given: Case, exact: DerivedBounds["exact"]): ReadonlySet<string> =>
  new Set(
    given.spec.outputs.filter(
      (ref) => exact.outputs[ref]!.shape.length > 2 && exact.outputs[ref]!.shape[1] === given.time,
    ),
  );

/** Puts the outputs of consecutive chunks together along time; of outputs without time the last is kept. */
export function joinChunks(
  chunks: readonly { readonly results: Results; readonly time: number }[],
  sequences: ReadonlySet<string>,
): Results {
  const last = chunks[chunks.length - 1]!.results;
  return Object.fromEntries(
    Object.entries(last).map(([name, final]) => {
      if (!sequences.has(name)) return [name, final];
      const time = chunks.reduce((sum, chunk) => sum + chunk.time, 0);
      const [batch, , ...rest] = final.shape as [number, number, ...number[]];
      const size = rest.reduce((a, b) => a * b, 1);
      const made = tensor(new Float32Array(batch * time * size), [batch, time, ...rest]);
      let at = 0;
      for (const { results, time: own } of chunks) {
        for (let row = 0; row < batch; row++)
          made.data.set(
            (results[name]!.data as Float32Array).subarray(row * own * size, (row + 1) * own * size),
            (row * time + at) * size,
          );
        at += own;
      }
      return [name, made];
    }),
  );
}

/** Runs a case one step at a time; `between` may put another state in the place of the one carried on. */
export async function stepped(
  model: SteppableModel,
  given: Case,
  sequences: ReadonlySet<string>,
  between: (state: State, t: number) => Promise<State> = async (state) => state,
): Promise<Results> {
  const chunks: { results: Results; time: number }[] = [];
  let state: Parameters<SteppableModel["step"]>[1] = given.state ?? model.zeroState(given.batch);
  for (let t = 0; t < given.time; t++) {
    const result = await stepOf(model, given, t, state);
    const outputs = Object.fromEntries(
      Object.entries(result.outputs).map(([name, output]) => [
        name,
        sequences.has(name) ? { ...output, shape: [given.batch, 1, ...output.shape.slice(1)] } : output,
      ]),
    );
    if (t === given.time - 1)
      chunks.push({ results: await resultsOf({ outputs, state: result.state }), time: 1 });
    else {
      chunks.push({ results: outputs, time: 1 });
      state = await between(result.state, t);
    }
  }
  return joinChunks(chunks, sequences);
}
