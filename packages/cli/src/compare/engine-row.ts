import { compile, type HostTensor, type RunResult, type State, tensor, unrollError } from "@unroll/api";
import { compareWithBound, type Comparison, type DerivedBounds, worse } from "@unroll/conformance";
import type { NamedAdapter } from "../adapters.js";
import type { CharacterModel } from "../model/character-model.js";
import { median } from "../numbers.js";
import { logProbability } from "../sampling.js";

/** One engine in one mode. Times are in microseconds. */
export interface EngineRow {
  readonly engine: string;
  readonly device: string;
  readonly mode: "sequence" | "step";
  readonly maxError: number;
  readonly errorOverBound: number;
  readonly logLikelihood: number;
  readonly sequenceTime: number | null;
  readonly stepTime: number;
}

/** What every engine is given, and what it is compared with. */
export interface Passage {
  readonly model: CharacterModel;
  /** One more than `length`: each character is judged by the next. */
  readonly ids: Int32Array;
  readonly length: number;
  readonly truth: DerivedBounds;
}

type Results = Pick<RunResult, "output" | "state">;

/** The passage in one call. */
export async function wholeSequence(passage: Passage, engine: NamedAdapter): Promise<EngineRow> {
  const { model: given, ids, length } = passage;
  const model = await compile(given.spec, { adapter: engine.adapter, weights: given.weights });
  const x = tensor(ids.subarray(0, length), [1, length], "int32");
  const first = await model.sequence(x);
  const times: number[] = [];
  for (let n = 0; n < 3; n++) {
    const started = performance.now();
    const { state } = await model.sequence(x);
    times.push((performance.now() - started) * 1000);
    state.dispose();
  }
  const judged = await judge(passage, engine, first);
  model.dispose();
  const time = median(times);
  return rowOf(engine, "sequence", judged, { sequenceTime: time, stepTime: time / length });
}

/** The passage one character at a time, with the state in hand. */
export async function stepByStep(passage: Passage, engine: NamedAdapter): Promise<EngineRow> {
  const { model: given, ids, length } = passage;
  const model = await compile(given.spec, { adapter: engine.adapter, weights: given.weights });
  const chars = given.vocab.length;
  const logits = new Float32Array(length * chars);
  const times: number[] = [];
  let state: State = model.zeroState(1);
  for (let t = 0; t < length; t++) {
    const x = tensor([ids[t]!], [1], "int32");
    const started = performance.now();
    const result = await model.step(x, state);
    times.push((performance.now() - started) * 1000);
    ({ state } = result);
    logits.set(result.output.data, t * chars);
  }
  const output = tensor(logits, [1, length, chars]);
  const judged = await judge(passage, engine, { output, state });
  model.dispose();
  return rowOf(engine, "step", judged, { sequenceTime: null, stepTime: median(times) });
}

type Judged = Pick<EngineRow, "maxError" | "errorOverBound" | "logLikelihood">;

const rowOf = (
  { name, adapter: { device } }: NamedAdapter,
  mode: EngineRow["mode"],
  judged: Judged,
  times: Pick<EngineRow, "sequenceTime" | "stepTime">,
): EngineRow => ({ engine: name, device, mode, ...judged, ...times });

/** How far results are from float64, and what the passage is worth to the model. */
async function judge(
  { model: { vocab }, ids, length, truth: { exact, bounds } }: Passage,
  { name }: NamedAdapter,
  { output, state }: Results,
): Promise<Judged> {
  const chars = vocab.length;
  if (output.shape.join() !== `1,${length},${chars}`)
    throw unrollError({
      code: "UNROLL_ENGINE",
      place: "compare",
      expected: `logits [1, ${length}, ${chars}]`,
      got: `[${output.shape.join(", ")}] from ${name}`,
      cure: "report it",
    });
  let worst: Comparison = compareWithBound(output, exact.outputs["fc"]!, bounds.outputs["fc"]!);
  for (const [layer, parts] of Object.entries(await state.toTypedArrays()))
    for (const [part, got] of Object.entries(parts) as [string, HostTensor][])
      worst = worse(worst, compareWithBound(got, exact.state[layer]![part]!, bounds.state[layer]![part]!));
  let logLikelihood = 0;
  for (let t = 0; t < length; t++)
    logLikelihood += logProbability(output.data, t * chars, chars, ids[t + 1]!) / length;
  return { maxError: worst.maxError, errorOverBound: worst.errorOverBound, logLikelihood };
}
