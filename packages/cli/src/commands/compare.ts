import { compile, type HostTensor, type RunResult, type State, tensor, unrollError } from "@unroll/api";
import {
  compareWithBound,
  type Comparison,
  deriveBounds,
  type DerivedBounds,
  worse,
} from "@unroll/conformance";
import { adaptersOf, listed, type NamedAdapter } from "../adapters.js";
import { type CharacterModel, loadModel } from "../model-directory.js";
import { duration, isCount, median, numberOption, short } from "../numbers.js";
import { progress } from "../progress.js";
import type { AddCommand } from "../command.js";
import { logProbability } from "../sampling.js";
import { table } from "../table.js";

interface Options {
  readonly model: string;
  readonly adapters: readonly string[];
  readonly length?: string;
  readonly json?: boolean;
}

/** One engine in one mode. Times are in microseconds. */
interface Row {
  readonly engine: string;
  readonly device: string;
  readonly mode: "sequence" | "step";
  readonly maxError: number;
  readonly errorOverBound: number;
  readonly logLikelihood: number;
  readonly sequenceTime: number | null;
  readonly stepTime: number;
}

/** How far a mean log-likelihood may be from the recorded one, in nats per character. */
const LIKELIHOOD_LIMIT = 1e-5;

/** `unroll compare`: one passage, every engine, whole and step by step, beside float64. */
export const compareCommand: AddCommand = (program, io, end) => {
  program
    .command("compare")
    .description("Run one passage on several engines, whole and step by step, beside float64")
    .requiredOption("--model <dir>", "folder with NAME.json and NAME.safetensors")
    .option(
      "--adapters <list>",
      "e.g. builtin,tfjs:wasm,onnx (default: configuration, then builtin)",
      listed,
      [],
    )
    .option("--length <n>", "characters of the passage (default: all)")
    .option("--json", "print one JSON object")
    .action(async (options: Options) => {
      const given = await loadModel(io, options.model);
      const adapters = await adaptersOf(options.adapters, io);
      const ids = given.idsOf(given.passage, `passage of model "${given.name}"`);
      const length =
        options.length === undefined
          ? ids.length - 1
          : Math.min(
              numberOption("length", options.length, isCount, "a whole number of at least 1"),
              ids.length - 1,
            );
      const bar = progress(io, 1 + 2 * adapters.length);

      bar.step("float64 and its bound");
      const truth = deriveBounds(given.spec, given.weights, {
        inputs: { ids: tensor(ids.subarray(0, length), [1, length], "int32") },
      });
      const rows: Row[] = [];
      for (const engine of adapters) {
        bar.step(`${engine.name}, whole sequence`);
        rows.push(await wholeSequence(given, engine, ids, length, truth));
        bar.step(`${engine.name}, step by step`);
        rows.push(await stepByStep(given, engine, ids, length, truth));
      }
      bar.stop();

      const recorded = length === ids.length - 1 ? given.recorded : null;
      const failed = rows.filter(
        (row) =>
          !(row.errorOverBound < 1) ||
          (recorded !== null && !(Math.abs(row.logLikelihood - recorded) < LIKELIHOOD_LIMIT)),
      );
      if (options.json) {
        const report = { model: given.name, characters: length, recordedLogLikelihood: recorded, rows };
        io.out(`${JSON.stringify({ ...report, failed: failed.length })}\n`);
      } else {
        io.out(`${given.name}: ${length} characters, float32 results beside float64; `);
        io.out("an error below its bound is rounding\n\n");
        io.out(
          table(
            [
              "engine",
              "device",
              "mode",
              "max error",
              "error/bound",
              "log-likelihood/char",
              "time, sequence",
              "time/step",
            ],
            rows.map((row) => [
              row.engine,
              row.device,
              row.mode,
              short(row.maxError),
              short(row.errorOverBound),
              row.logLikelihood.toFixed(7),
              row.sequenceTime === null ? "" : duration(row.sequenceTime),
              duration(row.stepTime),
            ]),
            [3, 4, 5, 6, 7],
          ),
        );
        if (recorded !== null)
          io.out(`\nrecorded log-likelihood: ${recorded.toFixed(7)} nats per character\n`);
      }
      const likelihood =
        recorded === null ? "" : ` and a log-likelihood within ${LIKELIHOOD_LIMIT} of ${recorded.toFixed(7)}`;
      for (const { engine, mode, errorOverBound, logLikelihood } of failed) {
        const got = `${short(errorOverBound)} and ${logLikelihood.toFixed(7)}`;
        io.err(
          `unroll: ${engine} ${mode}: expected error/bound below 1${likelihood}, got ${got}; ` +
            "this engine computes something else\n",
        );
      }
      if (failed.length > 0) end(1);
    });
};

async function wholeSequence(
  given: CharacterModel,
  { name, adapter }: NamedAdapter,
  ids: Int32Array,
  length: number,
  truth: DerivedBounds,
): Promise<Row> {
  const model = await compile(given.spec, { adapter, weights: given.weights });
  const x = tensor(ids.subarray(0, length), [1, length], "int32");
  const first = await model.sequence(x);
  const times: number[] = [];
  for (let n = 0; n < 3; n++) {
    const started = performance.now();
    const { state } = await model.sequence(x);
    times.push((performance.now() - started) * 1000);
    state.dispose();
  }
  const row = await rowOf(given, name, adapter.device, "sequence", first, ids, length, truth);
  model.dispose();
  return { ...row, sequenceTime: median(times), stepTime: median(times) / length };
}

async function stepByStep(
  given: CharacterModel,
  { name, adapter }: NamedAdapter,
  ids: Int32Array,
  length: number,
  truth: DerivedBounds,
): Promise<Row> {
  const model = await compile(given.spec, { adapter, weights: given.weights });
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
  const row = await rowOf(
    given,
    name,
    adapter.device,
    "step",
    { output: tensor(logits, [1, length, chars]), state },
    ids,
    length,
    truth,
  );
  model.dispose();
  return { ...row, sequenceTime: null, stepTime: median(times) };
}

async function rowOf(
  given: CharacterModel,
  engine: string,
  device: string,
  mode: Row["mode"],
  { output, state }: Pick<RunResult, "output" | "state">,
  ids: Int32Array,
  length: number,
  { exact, bounds }: DerivedBounds,
): Promise<Omit<Row, "sequenceTime" | "stepTime">> {
  const chars = given.vocab.length;
  let comparison: Comparison = compareWithBound(output, exact.outputs["fc"]!, bounds.outputs["fc"]!);
  for (const [layer, parts] of Object.entries(await state.toTypedArrays())) {
    for (const [part, got] of Object.entries(parts) as [string, HostTensor][])
      comparison = worse(
        comparison,
        compareWithBound(got, exact.state[layer]![part]!, bounds.state[layer]![part]!),
      );
  }
  if (output.shape.join() !== `1,${length},${chars}`)
    throw unrollError({
      code: "UNROLL_ENGINE",
      place: "compare",
      expected: `logits [1, ${length}, ${chars}]`,
      got: `[${output.shape.join(", ")}] from ${engine}`,
      cure: "report it",
    });
  let logLikelihood = 0;
  for (let t = 0; t < length; t++)
    logLikelihood += logProbability(output.data, t * chars, chars, ids[t + 1]!) / length;
  return {
    engine,
    device,
    mode,
    maxError: comparison.maxError,
    errorOverBound: comparison.errorOverBound,
    logLikelihood,
  };
}
