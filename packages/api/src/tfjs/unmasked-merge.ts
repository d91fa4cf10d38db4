import { ConcatenateLayer } from "../keras/concatenate.js";
import type { KerasTensor, Mask } from "../keras/layer.js";
import { MergeLayer } from "../keras/merge.js";

const isMasked = ({ mask }: KerasTensor): boolean => mask !== null;

/** What is expected, what came, and the cure. */
const unmasked = [
  "inputs without a mask",
  "one that is masked",
  "@unroll/api/keras merges masks as Keras 3 does",
] as const;

/**
 * A merge of values that nothing masks. TensorFlow.js 4.22 gives the merge of masked ones a mask of another
 * shape, or leaves out the last one's (`layers/merge.ts`), which nobody can mean.
 */
export class UnmaskedMerge extends MergeLayer {
  override outputMask(inputs: readonly KerasTensor[]): Mask | null {
    if (inputs.some(isMasked)) this.refuse("UNROLL_UNSUPPORTED", ...unmasked);
    return null;
  }
}

/** The same, of values that are joined. */
export class UnmaskedConcatenate extends ConcatenateLayer {
  override outputMask(inputs: readonly KerasTensor[]): Mask | null {
    if (inputs.some(isMasked)) this.refuse("UNROLL_UNSUPPORTED", ...unmasked);
    return null;
  }
}
