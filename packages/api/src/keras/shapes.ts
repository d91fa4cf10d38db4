import { sizeOf } from "../contract/tensor.js";
import { shown } from "../contract/shown.js";
import type { ValueInfo } from "../layers/value-info.js";
import { permute, reshape, toSequence } from "../specification/build.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { axesText, Layer, type LayerOptions, type Mask } from "./layer.js";
import { layerOptions } from "./training-options.js";

/** Options of `layers.reshape`. */
export interface ReshapeOptions extends LayerOptions {
  /**
   * Axes after the batch, one of which may be -1 for what is left. Of two axes or more the first is time; for
   * an input that has time it is -1, as its length is not known.
   */
  readonly targetShape: readonly number[];
}

/** Options of `layers.permute`. */
export interface PermuteOptions extends LayerOptions {
  /** Which axis stands at each place after the batch, counted from 1; time stays the first. */
  readonly dims: readonly number[];
}

/** Options of `layers.flatten`. */
export interface FlattenOptions extends LayerOptions {
  /** Only `channels_last`, the default: channels are the last axis. */
  readonly dataFormat?: "channels_last" | null;
}

const TIME = "time is of any length here; timeDistributed works on each step by itself";

/** All features of one vector. */
export class FlattenLayer extends Layer {
  readonly kind = "flatten";

  constructor(options: FlattenOptions) {
    super(options);
    layerOptions(this.kind, options, ["dataFormat"]);
  }

  override checkInputs([form]: readonly ValueInfo[]): void {
    if (form!.axis !== null)
      this.refuse("UNROLL_UNSUPPORTED", "an input without time", axesText(form!), TIME);
  }

  override checkStep([form]: readonly ValueInfo[]): void {
    this.checkInputs([{ ...form!, axis: null }]);
  }

  toSpecs(name: string, [input]: readonly ValueRef[], [form]: readonly ValueInfo[]): readonly LayerSpec[] {
    return [reshape({ name, input: input!, shape: [sizeOf(form!.shape)] })];
  }
}

/** Features under other axes. */
export class ReshapeLayer extends Layer {
  readonly kind = "reshape";

  constructor(private readonly options: ReshapeOptions) {
    super(options);
    layerOptions(this.kind, options, ["targetShape"]);
    const { targetShape: target } = options;
    const fits = (size: unknown): boolean => Number.isInteger(size) && ((size as number) > 0 || size === -1);
    if (!Array.isArray(target) || !target.every(fits) || target.filter((size) => size === -1).length > 1)
      this.refuse(
        "UNROLL_ARGUMENT",
        "targetShape as sizes of at least 1, one of which may be -1",
        shown(target),
        "e.g. [5, 3]; the batch does not count",
      );
  }

  override checkInputs([form]: readonly ValueInfo[]): void {
    const { targetShape: target } = this.options;
    if (form!.axis !== null && target[0] !== -1)
      this.refuse(
        "UNROLL_UNSUPPORTED",
        "targetShape with -1 first, for time",
        `[${target.join(", ")}]`,
        TIME,
      );
    this.shapeOf(form!);
  }

  override checkStep([form]: readonly ValueInfo[]): void {
    this.shapeOf({ ...form!, axis: null });
  }

  override stepsOf([steps = null]: readonly (number | null)[], [form]: readonly ValueInfo[]): number | null {
    return form!.axis === null ? this.shapeOf(form!)[0]! : steps;
  }

  /** Keras's layer does not support masks. */
  override outputMask(): Mask | null {
    return null;
  }

  /** The new axes with their sizes; without time for an input that has it. */
  private shapeOf({ axis, shape, ...info }: ValueInfo): readonly number[] {
    const target = axis === null ? this.options.targetShape : this.options.targetShape.slice(1);
    const known = sizeOf(target.filter((size) => size !== -1));
    const whole = target.map((size) => (size === -1 ? sizeOf(shape) / known : size));
    if (info.dtype !== "float32" || !whole.every(Number.isInteger) || sizeOf(whole) !== sizeOf(shape))
      this.refuse(
        "UNROLL_SHAPE",
        `float32 features of as many elements as [${target.join(", ")}]`,
        `${info.dtype} ${axesText({ axis, shape, ...info })}`,
        "features are neither added nor dropped",
      );
    return whole;
  }

  toSpecs(
    name: string,
    [input]: readonly ValueRef[],
    [form]: readonly ValueInfo[],
    _initialState: readonly ValueRef[] | null,
    axis: string,
  ): readonly LayerSpec[] {
    const shape = this.shapeOf(form!);
    // Within timeDistributed there is no axis to name, as there is no sequence to make.
    if (form!.axis !== null || shape.length < 2 || axis === "")
      return [reshape({ name, input: input!, shape })];
    return [
      reshape({ name: `${name}/steps`, input: input!, shape }),
      toSequence({ name, input: `${name}/steps`, axis }),
    ];
  }
}

/** Axes in another order. */
export class PermuteLayer extends Layer {
  readonly kind = "permute";

  constructor(private readonly options: PermuteOptions) {
    super(options);
    layerOptions(this.kind, options, ["dims"]);
    const { dims } = options;
    const found = new Set<unknown>(Array.isArray(dims) ? dims : []);
    if (found.size === 0 || found.size !== dims.length || !dims.every((_, k) => found.has(k + 1)))
      this.refuse(
        "UNROLL_ARGUMENT",
        "dims with each axis after the batch once, from 1 on",
        shown(dims),
        "e.g. [1, 3, 2]",
      );
  }

  override checkInputs([form]: readonly ValueInfo[]): void {
    if (form!.axis !== null && this.options.dims[0] !== 1)
      this.refuse(
        "UNROLL_UNSUPPORTED",
        "dims with 1 first, as time stays where it is",
        `[${this.options.dims.join(", ")}]`,
        TIME,
      );
    this.orderOf(form!);
  }

  override checkStep([form]: readonly ValueInfo[]): void {
    this.orderOf({ ...form!, axis: null });
  }

  /** Keras's layer does not support masks. */
  override outputMask(): Mask | null {
    return null;
  }

  /** Feature axes in their new order, from 0 on. */
  private orderOf(form: ValueInfo): readonly number[] {
    const [dims, before] = form.axis === null ? [this.options.dims, 1] : [this.options.dims.slice(1), 2];
    if (dims.length !== form.shape.length || form.dtype !== "float32")
      this.refuse(
        "UNROLL_SHAPE",
        `a float32 input of ${this.options.dims.length} axes after the batch`,
        `${form.dtype} ${axesText(form)}`,
        "name each axis once",
      );
    return dims.map((dim) => dim - before);
  }

  toSpecs(name: string, [input]: readonly ValueRef[], [form]: readonly ValueInfo[]): readonly LayerSpec[] {
    const order = this.orderOf(form!);
    return [
      order.length === 0
        ? reshape({ name, input: input!, shape: [] })
        : permute({ name, input: input!, order }),
    ];
  }
}
