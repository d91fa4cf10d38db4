import type { PropertyName } from "../properties/index.js";

/**
 * For every property the faults, by their ids, that it must kill by itself: a property that checks nothing
 * any more would not. By type, so that a new property without one does not compile.
 */
export const mustKill: Readonly<Record<PropertyName, readonly [string, ...string[]]>> = {
  oracleSequence: ["output-activation-left-out"],
  oracleStep: ["state-of-the-step-before"],
  stepEqualsSequence: ["state-dropped-between-steps"],
  cutAnywhere: ["h-and-c-swapped-on-the-way-out"],
  zeroStateIsTheDefault: ["state-kept-across-runs"],
  lengthsEqualShorter: ["lengths-one-short"],
  paddingNeverMatters: ["padding-leaks-in"],
  maskedStepKeepsState: ["empty-row-zeroed"],
  rowsIndependent: ["rows-in-another-order"],
  permutedBatch: ["rows-mixed"],
  batchMayChange: ["batch-of-the-first-call-kept"],
  backwardIsReversedForward: ["reverse-not-flipped-back"],
  bidirectionalIsTwoRuns: ["halves-both-run-forward"],
  stackedIsComposed: ["layers-share-weights"],
  stateMoves: ["state-in-half-precision"],
  streamsDoNotMix: ["one-state-for-all-streams"],
  repeatable: ["not-the-same-twice"],
  resultsAreOwned: ["results-shared"],
  saturation: ["exponential-overflows"],
  nanPassesOn: ["nan-becomes-zero", "nan-spreads-over-the-batch"],
  weightsSurvive: ["layout-directions-exchanged"],
  useAfterDispose: ["disposed-can-be-read"],
  nothingStaysAlive: ["a-leak-per-step"],
  rebindEqualsCompile: ["rebind-only-for-new-sizes", "rebind-keeps-a-packed-weight"],
  unclaimedIsRefused: ["claims-what-it-refuses"],
  unknownIsExpanded: ["claims-what-it-has-not-heard-of"],
  programsEqualDefinitions: ["axis-is-the-first"],
  primitivesInEveryForm: ["reversed-scan-runs-forward", "stride-of-integers-from-the-start"],
  primitivesAtTheEdges: ["square-root-of-the-absolute"],
  scansInEveryForm: ["scan-puts-out-the-next-carry"],
  layersAtTheEdges: ["softmax-without-the-largest", "variance-as-a-difference-of-squares"],
  givenMeansTaken: ["byte-offset-ignored", "feeds-read-late"],
  everySize: ["ids-in-16-bits", "tail-of-a-tile-dropped"],
  everyPair: ["projection-rows-shifted"],
  synchronousPath: ["at-once-returns-zeros"],
  aWholeLife: ["runs-at-once-exchanged"],
};
