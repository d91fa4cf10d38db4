/**
 * Training of programs: losses, optimisers and steps of both, which are programs too and run on every engine.
 *
 * @module @unroll/api/training
 */
export { adadelta, type AdadeltaOptions } from "./adadelta.js";
export { adamax } from "./adamax.js";
export * from "./adaptive.js";
export { clipped, type Clipping, type ClippingByNorm, type ClippingByValue, normOf } from "./clipping.js";
export * from "./losses.js";
export { sgd, type SgdOptions } from "./sgd.js";
export { outputName, scalarName, shareName, slotName, targetName } from "./names.js";
export {
  lossProgram,
  type Objective,
  type Penalty,
  trainProgram,
  type TrainProgramOptions,
  updateProgram,
} from "./train-program.js";
export { evaluation, type Evaluation, type EvaluationOptions } from "./evaluation.js";
export type { StepResult } from "./step-result.js";
export { Trainer, type TrainerState } from "./trainer.js";
export type { Framework, UpdateRule, UpdateStep, Values } from "./update-rule.js";
