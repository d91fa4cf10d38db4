import { tensor, unrollError } from "@unroll/api";
import { deriveBounds } from "@unroll/conformance";
import { adaptersOf, listed, type NamedAdapter } from "../adapters.js";
import type { AddCommand } from "../command.js";
import {
  comparisonText,
  type ComparisonReport,
  failedRows,
  failureOf,
} from "../compare/comparison-report.js";
import { type EngineRow, type Passage, stepByStep, wholeSequence } from "../compare/engine-row.js";
import { jsonLine } from "../escaped.js";
import type { Io } from "../io.js";
import type { CharacterModel } from "../model/character-model.js";
import { loadModel } from "../model/load-model.js";
import { lengthOption } from "../numbers.js";
import { withProgress } from "../progress.js";

interface Options {
  readonly model: string;
  readonly adapters?: readonly string[];
  readonly length?: string;
  readonly json?: boolean;
}

/** `unroll compare`: one passage, every engine, whole and step by step, beside float64. */
export const compareCommand: AddCommand = (program, io, end) => {
  program
    .command("compare")
    .description("Run one passage on several engines, whole and step by step, beside float64")
    .requiredOption("--model <dir>", "folder with NAME.json and NAME.safetensors")
    .option("--adapters <list>", "e.g. builtin,tfjs:wasm,onnx (default: configuration, then builtin)", listed)
    .option("--length <n>", "characters of the passage (default: all)")
    .option("--json", "print one JSON object")
    .action(async (options: Options) => {
      const limit = options.length === undefined ? Infinity : lengthOption(options.length);
      const model = await loadModel(io, options.model);
      const adapters = await adaptersOf(options.adapters ?? [], io);
      const ids = idsOfPassage(model);
      const length = Math.min(limit, ids.length - 1);
      const rows = await compareEngines(io, model, ids, length, adapters);
      const report: ComparisonReport = {
        model: model.name,
        characters: length,
        recordedLogLikelihood: length === ids.length - 1 ? model.recorded : null,
        rows,
      };
      const failed = failedRows(report);
      io.out(options.json ? jsonLine({ ...report, failed: failed.length }) : comparisonText(report));
      for (const row of failed) io.err(`unroll: ${failureOf(row, report.recordedLogLikelihood)}\n`);
      if (failed.length > 0) end(1);
    });
};

function idsOfPassage(model: CharacterModel): Int32Array {
  const place = `passage of model "${model.name}"`;
  const ids = model.idsOf(model.passage, place);
  if (ids.length >= 2) return ids;
  throw unrollError({
    code: "UNROLL_FORMAT",
    place,
    expected: "at least 2 characters",
    got: String(ids.length),
    cure: "each character is judged by the next",
  });
}

function compareEngines(
  io: Io,
  model: CharacterModel,
  ids: Int32Array,
  length: number,
  adapters: readonly NamedAdapter[],
): Promise<EngineRow[]> {
  return withProgress(io, 1 + 2 * adapters.length, async (step) => {
    step("float64 and its bound");
    const inputs = { ids: tensor(ids.subarray(0, length), [1, length], "int32") };
    const truth = deriveBounds(model.spec, model.weights, { inputs });
    const passage: Passage = { model, ids, length, truth };
    const rows: EngineRow[] = [];
    for (const engine of adapters) {
      step(`${engine.name}, whole sequence`);
      rows.push(await wholeSequence(passage, engine));
      step(`${engine.name}, step by step`);
      rows.push(await stepByStep(passage, engine));
    }
    return rows;
  });
}
