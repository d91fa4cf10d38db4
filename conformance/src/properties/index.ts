import { aWholeLife } from "./a-whole-life.js";
import { backwardIsReversedForward } from "./backward-is-reversed-forward.js";
import { batchMayChange } from "./batch-may-change.js";
import { bidirectionalIsTwoRuns } from "./bidirectional-is-two-runs.js";
import { cutAnywhere } from "./cut-anywhere.js";
import { everyPair } from "./every-pair.js";
import { everySize } from "./every-size.js";
import { givenMeansTaken } from "./given-means-taken.js";
import { gradientsEqualDualNumbers } from "./gradients-equal-dual-numbers.js";
import { layersAtTheEdges } from "./layers-at-the-edges.js";
import { layersInEveryForm } from "./layers-in-every-form.js";
import { lengthsEqualShorter } from "./lengths-equal-shorter.js";
import { maskedStepKeepsState } from "./masked-step-keeps-state.js";
import { nanPassesOn } from "./nan-passes-on.js";
import { nothingStaysAlive } from "./nothing-stays-alive.js";
import { oracleSequence } from "./oracle-sequence.js";
import { oracleStep } from "./oracle-step.js";
import { paddingHasNoGradient } from "./padding-has-no-gradient.js";
import { paddingNeverMatters } from "./padding-never-matters.js";
import { permutedBatch } from "./permuted-batch.js";
import { primitivesAtTheEdges } from "./primitives-at-the-edges.js";
import { primitivesInEveryForm } from "./primitives-in-every-form.js";
import { programsEqualDefinitions } from "./programs-equal-definitions.js";
import type { Property } from "./property.js";
import { rebindEqualsCompile } from "./rebind-equals-compile.js";
import { repeatable } from "./repeatable.js";
import { resultsAreOwned } from "./results-are-owned.js";
import { rowsIndependent } from "./rows-independent.js";
import { saturation } from "./saturation.js";
import { scansInEveryForm } from "./scans-in-every-form.js";
import { stackedIsComposed } from "./stacked-is-composed.js";
import { stateMoves } from "./state-moves.js";
import { stepEqualsSequence } from "./step-equals-sequence.js";
import { streamsDoNotMix } from "./streams-do-not-mix.js";
import { synchronousPath } from "./synchronous-path.js";
import { timeInEveryForm } from "./time-in-every-form.js";
import { unclaimedIsRefused } from "./unclaimed-is-refused.js";
import { unknownIsExpanded } from "./unknown-is-expanded.js";
import { useAfterDispose } from "./use-after-dispose.js";
import { weightsSurvive } from "./weights-survive.js";
import { windowsInEveryForm } from "./windows-in-every-form.js";
import { zeroStateIsTheDefault } from "./zero-state-is-the-default.js";

const byName = {
  oracleSequence,
  oracleStep,
  stepEqualsSequence,
  cutAnywhere,
  zeroStateIsTheDefault,
  lengthsEqualShorter,
  paddingNeverMatters,
  maskedStepKeepsState,
  rowsIndependent,
  permutedBatch,
  batchMayChange,
  backwardIsReversedForward,
  bidirectionalIsTwoRuns,
  stackedIsComposed,
  stateMoves,
  streamsDoNotMix,
  repeatable,
  resultsAreOwned,
  givenMeansTaken,
  saturation,
  nanPassesOn,
  weightsSurvive,
  useAfterDispose,
  nothingStaysAlive,
  rebindEqualsCompile,
  unclaimedIsRefused,
  unknownIsExpanded,
  programsEqualDefinitions,
  primitivesInEveryForm,
  primitivesAtTheEdges,
  scansInEveryForm,
  layersAtTheEdges,
  layersInEveryForm,
  everySize,
  everyPair,
  windowsInEveryForm,
  timeInEveryForm,
  synchronousPath,
  aWholeLife,
  gradientsEqualDualNumbers,
  paddingHasNoGradient,
};

/** Names of the properties in code; what is said of each is a record of these. */
export type PropertyName = keyof typeof byName;

/** Every property by its name in code. */
export const namedProperties = byName as unknown as Readonly<Record<PropertyName, Property>>;

/** Every property, those first that tell most when they fail. */
export const properties: readonly Property[] = Object.values(namedProperties);
