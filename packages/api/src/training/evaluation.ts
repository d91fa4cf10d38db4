import type { Adapter, Feed } from "../contract/adapter.js";
import { knownOptions } from "../contract/known-options.js";
import type { Program } from "../contract/program.js";
import type { HostTensor } from "../contract/tensor.js";
import { ProgramBuilder } from "../program/program-builder.js";
import { inline } from "../program/inline.js";
import type { Value } from "../program/builder.js";
import { prepare } from "../program/prepare.js";
import { outputName } from "./names.js";
import { type StepResult, stepResult } from "./step-result.js";
import { checkTargets } from "./targets.js";
import { lossProgram, type TrainProgramOptions } from "./train-program.js";

/** What an {@link evaluation} computes. */
export type EvaluationOptions = Pick<TrainProgramOptions, "objectives" | "penalties" | "outputs">;

/** A model's loss on an engine, whatever its weights are. */
export interface Evaluation {
  /**
   * Computes the loss of some rows.
   *
   * @param weights all of the model's, by name: of the host, or of the same engine
   * @param feeds the model's inputs, targets and shares
   */
  run(
    weights: Readonly<Record<string, Feed>>,
    feeds: Readonly<Record<string, HostTensor>>,
  ): Promise<StepResult>;
  /** Frees the engine's memory. */
  dispose(): void;
}

/**
 * Compiles the loss of a model's program, without a way back.
 *
 * @throws as `lossProgram` and `prepare`; a run throws UNROLL_ARGUMENT and UNROLL_SHAPE for feeds that don't
 *   fit
 */
export async function evaluation(
  adapter: Adapter,
  model: Program,
  options: EvaluationOptions,
): Promise<Evaluation> {
  knownOptions(`evaluation of program "${model.name}"`, options, ["objectives", "penalties", "outputs"]);
  const { objectives, penalties, outputs = [] } = options;
  const executable = await prepare(
    adapter,
    withOutputs(lossProgram(model, objectives, penalties), ["loss", ...outputs.map(outputName)]),
    {},
  );
  return {
    async run(weights, feeds) {
      checkTargets(model, objectives, feeds);
      return stepResult(Object.entries(await executable.run({ ...feeds, ...weights })));
    },
    dispose: () => executable.dispose(),
  };
}

/** A program with some of its outputs alone. */
function withOutputs(program: Program, names: readonly string[]): Program {
  const builder = new ProgramBuilder(program.name);
  const given: Record<string, Value> = Object.create(null) as Record<string, Value>;
  for (const { name, type } of program.inputs) given[name] = builder.input(name, type);
  const results = inline(builder.block, program, given);
  for (const name of names) builder.output(name, results[name]!);
  return builder.finish();
}
