import type { KerasTensor, Mask } from "../keras/layer.js";
import { MergeLayer } from "../keras/merge.js";

/**
 * A merge of values that nothing masks. TensorFlow.js 4.22 gives the merge of masked ones a mask of another
 * shape, or leaves out the last one's (`layers/merge.ts`), which nobody can mean.
 */
export class UnmaskedMerge extends MergeLayer {
  override outputMask(inputs: readonly KerasTensor[]): Mask | null {
    if (inputs.some(({ mask }) => mask !== null))
      this.refuse(
        "UNROLL_UNSUPPORTED",
        "inputs without a mask",
        "one that is masked",
        "@unroll/api/keras merges masks as Keras 3 does",
      );
    return null;
  }
}
