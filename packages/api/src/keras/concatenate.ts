import { shown } from "../contract/shown.js";
import type { ValueInfo } from "../layers/value-info.js";
import { concatTime } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { axesText, type KerasTensor, type LayerOptions, type Mask, sameMask } from "./layer.js";
import { MergeLayer } from "./merge.js";

/** Options of `layers.concatenate`. */
export interface ConcatenateOptions extends LayerOptions {
  /**
   * The axis that is joined, the batch being 0: the last, -1, which is the default, or 1, the time of
   * sequences.
   */
  readonly axis?: number;
}

/** Inputs joined along their last axis, or sequences one after the other. */
export class ConcatenateLayer extends MergeLayer {
  private readonly axis: number;

  constructor(options: ConcatenateOptions) {
    super("concatenate", "concat", options, ["axis"]);
    const { axis = -1 } = options;
    if (!Number.isInteger(axis))
      this.refuse("UNROLL_ARGUMENT", "axis as a whole number", shown(axis), "-1 is the last, 1 is time");
    this.axis = axis;
  }

  /** Whether inputs are joined along time. @throws UNROLL_UNSUPPORTED for an axis that can't be joined */
  private overTime(form: ValueInfo): boolean {
    const time = form.axis === null ? 0 : 1;
    const rank = 1 + time + form.shape.length;
    const axis = this.axis < 0 ? this.axis + rank : this.axis;
    if (axis === rank - 1 && form.shape.length > 0) return false;
    if (axis === 1 && time === 1) return true;
    return this.refuse(
      "UNROLL_UNSUPPORTED",
      time === 1 ? "axis -1, the last, or 1, time" : "axis -1, the last",
      `${this.axis} of ${axesText(form)}`,
      "permute brings another axis to the end, and back again",
    );
  }

  override checkInputs(forms: readonly ValueInfo[]): void {
    const [first] = forms as readonly [ValueInfo];
    if (forms.length < 2 || !this.overTime(first)) return super.checkInputs(forms);
    const odd = forms.find(({ dtype, axis, shape }) => {
      return dtype !== "float32" || axis === null || shape.join() !== first.shape.join();
    });
    if (odd)
      this.refuse(
        "UNROLL_SHAPE",
        `float32 sequences of one shape, ${axesText(first)}`,
        `${odd.dtype} ${axesText(odd)}`,
        "only the number of steps may differ",
      );
  }

  override stepsOf(steps: readonly (number | null)[], [first]: readonly ValueInfo[]): number | null {
    if (!this.overTime(first!)) return steps[0]!;
    return steps.reduce((sum, one) => (sum === null || one === null ? null : sum + one));
  }

  override remakesTime([first]: readonly ValueInfo[]): boolean {
    return this.overTime(first!);
  }

  /** Keras joins masks as well, so that real steps may have gaps between them; see `concatTime`. */
  override outputMask(inputs: readonly KerasTensor[], given?: Mask | null): Mask | null {
    if (!this.overTime(inputs[0]!.form)) return super.outputMask(inputs);
    if ((given ?? null) !== null || inputs.some(({ mask }) => !sameMask(mask, null)))
      this.refuse(
        "UNROLL_UNSUPPORTED",
        "sequences without a mask, where they are joined along time",
        "one that is masked",
        "leave maskZero out, or use concatTime of the core, which joins what is real",
      );
    return null;
  }

  override toSpecs(
    name: string,
    inputs: readonly ValueRef[],
    [first]: readonly ValueInfo[] = [],
    _state: readonly ValueRef[] | null = null,
    axis = "",
  ): readonly LayerSpec[] {
    return first !== undefined && this.overTime(first)
      ? [concatTime({ name, inputs, axis, maskedSteps: "ignore" })]
      : super.toSpecs(name, inputs);
  }
}
