import type { Fault } from "./break.js";
import { aLeakPerStep } from "./a-leak-per-step.js";
import { attentionKeysForValues } from "./attention-keys-for-values.js";
import { attentionScaleIgnored } from "./attention-scale-ignored.js";
import { attentionScoreNotScaled } from "./attention-score-not-scaled.js";
import { attentionSeesThePadding } from "./attention-sees-the-padding.js";
import { averageIsASum } from "./average-is-a-sum.js";
import { batchOfTheFirstCallKept } from "./batch-of-the-first-call-kept.js";
import { biasesDoubled } from "./biases-doubled.js";
import { cClipped } from "./c-clipped.js";
import { candidateActivationIgnored } from "./candidate-activation-ignored.js";
import { capturesExchanged } from "./captures-exchanged.js";
import { cellClipIgnored } from "./cell-clip-ignored.js";
import { cellReadsExchanged } from "./cell-reads-exchanged.js";
import { claimsWhatItHasNotHeardOf } from "./claims-what-it-has-not-heard-of.js";
import { claimsWhatItRefuses } from "./claims-what-it-refuses.js";
import { crudeActivations } from "./crude-activations.js";
import { denseBiasDropped } from "./dense-bias-dropped.js";
import { disposedCanBeRead } from "./disposed-can-be-read.js";
import { embeddingOneRowOff } from "./embedding-one-row-off.js";
import { emptyRowZeroed } from "./empty-row-zeroed.js";
import { exponentialOverflows } from "./exponential-overflows.js";
import { feedsOverwritten } from "./feeds-overwritten.js";
import { finalStateOfTheLastStep } from "./final-state-of-the-last-step.js";
import { forgetBiasAddedTwice } from "./forget-bias-added-twice.js";
import { gateActivationIgnored } from "./gate-activation-ignored.js";
import { gruGatesRN } from "./gru-gates-r-n.js";
import { gruGatesZN } from "./gru-gates-z-n.js";
import { gruGatesZR } from "./gru-gates-z-r.js";
import { gruKeepsOneMinusZ } from "./gru-keeps-one-minus-z.js";
import { hAndCSwappedOnTheWayIn } from "./h-and-c-swapped-on-the-way-in.js";
import { hAndCSwappedOnTheWayOut } from "./h-and-c-swapped-on-the-way-out.js";
import { halfPrecisionInside } from "./half-precision-inside.js";
import { hardSigmoidIsSigmoid } from "./hard-sigmoid-is-sigmoid.js";
import { hardSigmoidOfTheOtherSlope } from "./hard-sigmoid-of-the-other-slope.js";
import { heldStartOfTheOtherKind } from "./held-start-of-the-other-kind.js";
import { initialStateIgnored } from "./initial-state-ignored.js";
import { inputBiasDropped } from "./input-bias-dropped.js";
import { lastUnitDropped } from "./last-unit-dropped.js";
import { layerNormDividesByOneLess } from "./layer-norm-divides-by-one-less.js";
import { layersShareWeights } from "./layers-share-weights.js";
import { layoutBiasesExchanged } from "./layout-biases-exchanged.js";
import { layoutDirectionsExchanged } from "./layout-directions-exchanged.js";
import { layoutGatesReadInAnotherOrder } from "./layout-gates-read-in-another-order.js";
import { layoutLossNotReported } from "./layout-loss-not-reported.js";
import { layoutRoundedOnTheWay } from "./layout-rounded-on-the-way.js";
import { layoutSecondBiasDropped } from "./layout-second-bias-dropped.js";
import { layoutTransposeForgottenWhenSquare } from "./layout-transpose-forgotten-when-square.js";
import { lengthsIgnored } from "./lengths-ignored.js";
import { lengthsOneShort } from "./lengths-one-short.js";
import { lstmGatesFG } from "./lstm-gates-f-g.js";
import { lstmGatesFO } from "./lstm-gates-f-o.js";
import { lstmGatesGO } from "./lstm-gates-g-o.js";
import { lstmGatesIF } from "./lstm-gates-i-f.js";
import { lstmGatesIG } from "./lstm-gates-i-g.js";
import { lstmGatesIO } from "./lstm-gates-i-o.js";
import { maskIgnored } from "./mask-ignored.js";
import { maskInverted } from "./mask-inverted.js";
import { maskedOutputHeld } from "./masked-output-held.js";
import { maskedOutputZeroed } from "./masked-output-zeroed.js";
import { nanBecomesZero } from "./nan-becomes-zero.js";
import { nanSpreadsOverTheBatch } from "./nan-spreads-over-the-batch.js";
import { notTheSameTwice } from "./not-the-same-twice.js";
import { oneUnitOff } from "./one-unit-off.js";
import { outputActivationLeftOut } from "./output-activation-left-out.js";
import { outputIsTheFirstCarry } from "./output-is-the-first-carry.js";
import { outputsConcatenatedTheOtherWay } from "./outputs-concatenated-the-other-way.js";
import { paddingLeaksIn } from "./padding-leaks-in.js";
import { peepholeGatesExchanged } from "./peephole-gates-exchanged.js";
import { peepholeOnTheWrongCellState } from "./peephole-on-the-wrong-cell-state.js";
import { peepholesIgnored } from "./peepholes-ignored.js";
import { projectionRowsShifted } from "./projection-rows-shifted.js";
import { recurrenceLeftOut } from "./recurrence-left-out.js";
import { recurrentBiasDropped } from "./recurrent-bias-dropped.js";
import { recurrentKernelTransposed } from "./recurrent-kernel-transposed.js";
import { resetOnTheWrongSide } from "./reset-on-the-wrong-side.js";
import { memoryOfAnotherRow } from "./memory-of-another-row.js";
import { rebindKeepsAPackedWeight } from "./rebind-keeps-a-packed-weight.js";
import { rebindOnlyForNewSizes } from "./rebind-only-for-new-sizes.js";
import { resultsShared } from "./results-shared.js";
import { reverseIgnored } from "./reverse-ignored.js";
import { reverseNotFlippedBack } from "./reverse-not-flipped-back.js";
import { reverseOverThePadding } from "./reverse-over-the-padding.js";
import { rowsInAnotherOrder } from "./rows-in-another-order.js";
import { rowsMixed } from "./rows-mixed.js";
import { stateDroppedBetweenSteps } from "./state-dropped-between-steps.js";
import { stateInHalfPrecision } from "./state-in-half-precision.js";
import { stateKeptAcrossRuns } from "./state-kept-across-runs.js";
import { stateOfTheStepBefore } from "./state-of-the-step-before.js";
import { weightsInBfloat16 } from "./weights-in-bfloat16.js";
import { weightsInHalfPrecision } from "./weights-in-half-precision.js";
import { wrongOnlyAtBatchOne } from "./wrong-only-at-batch-one.js";
import { wrongOnlyForLongSequences } from "./wrong-only-for-long-sequences.js";

/** Every planted fault. CI demands that each is killed by a property. */
export const faults: readonly Fault[] = [
  lstmGatesIF,
  lstmGatesIG,
  lstmGatesIO,
  lstmGatesFG,
  lstmGatesFO,
  lstmGatesGO,
  gruGatesZR,
  gruGatesZN,
  gruGatesRN,
  gruKeepsOneMinusZ,
  recurrentBiasDropped,
  inputBiasDropped,
  biasesDoubled,
  forgetBiasAddedTwice,
  recurrentKernelTransposed,
  weightsInHalfPrecision,
  weightsInBfloat16,
  peepholesIgnored,
  peepholeOnTheWrongCellState,
  peepholeGatesExchanged,
  cellClipIgnored,
  projectionRowsShifted,
  oneUnitOff,
  lastUnitDropped,
  recurrenceLeftOut,
  layersShareWeights,
  capturesExchanged,
  outputIsTheFirstCarry,
  cellReadsExchanged,
  memoryOfAnotherRow,
  embeddingOneRowOff,
  denseBiasDropped,
  layerNormDividesByOneLess,
  attentionSeesThePadding,
  attentionKeysForValues,
  attentionScoreNotScaled,
  attentionScaleIgnored,
  resetOnTheWrongSide,
  hardSigmoidOfTheOtherSlope,
  hardSigmoidIsSigmoid,
  candidateActivationIgnored,
  gateActivationIgnored,
  outputActivationLeftOut,
  maskedOutputZeroed,
  maskedOutputHeld,
  heldStartOfTheOtherKind,
  reverseIgnored,
  reverseNotFlippedBack,
  reverseOverThePadding,
  lengthsIgnored,
  maskIgnored,
  maskInverted,
  lengthsOneShort,
  emptyRowZeroed,
  paddingLeaksIn,
  finalStateOfTheLastStep,
  initialStateIgnored,
  stateDroppedBetweenSteps,
  hAndCSwappedOnTheWayIn,
  hAndCSwappedOnTheWayOut,
  stateKeptAcrossRuns,
  stateOfTheStepBefore,
  stateInHalfPrecision,
  cClipped,
  rowsMixed,
  rowsInAnotherOrder,
  wrongOnlyAtBatchOne,
  wrongOnlyForLongSequences,
  batchOfTheFirstCallKept,
  feedsOverwritten,
  resultsShared,
  notTheSameTwice,
  halfPrecisionInside,
  crudeActivations,
  outputsConcatenatedTheOtherWay,
  averageIsASum,
  aLeakPerStep,
  disposedCanBeRead,
  claimsWhatItRefuses,
  claimsWhatItHasNotHeardOf,
  rebindKeepsAPackedWeight,
  rebindOnlyForNewSizes,
  nanBecomesZero,
  nanSpreadsOverTheBatch,
  exponentialOverflows,
  layoutGatesReadInAnotherOrder,
  layoutTransposeForgottenWhenSquare,
  layoutSecondBiasDropped,
  layoutBiasesExchanged,
  layoutDirectionsExchanged,
  layoutRoundedOnTheWay,
  layoutLossNotReported,
];
