import { boundedSize } from "../../contract/limits.js";
import { shown } from "../../contract/shown.js";
import { zeros as zerosOf } from "../../layers/zeros.js";
import type { Value } from "../../program/builder.js";
import { assertTensor, type Tensor } from "../graph.js";
import { refuseShape } from "../static-shapes.js";
import { dtypeOf, type TypeName } from "./dtypes.js";
import { assertDType, one, sizesOf } from "./operation.js";

/** The size of an axis, which a run may choose: what `shape(x)[0]` is. */
export class AxisSize {
  /** @internal Whose axis it is. */
  readonly of: Tensor;
  /** @internal Which. */
  readonly axis: number;

  /** @internal By {@link shape} alone. */
  constructor(of: Tensor, axis: number) {
    this.of = of;
    this.axis = axis;
  }

  /** @internal As far as it is known. */
  get known(): number | null {
    return this.of.shape[this.axis]!;
  }
}

/** A size: a number, or that of an axis of another tensor. */
export type SizeLike = number | AxisSize;

/** The sizes of a tensor's axes, to make others by: `tf.shape(x)[0]` is a size for `zeroState`. */
export const shape = (x: Tensor): AxisSize[] => {
  assertTensor("shape", x);
  return x.shape.map((_, axis) => new AxisSize(x, axis));
};

/** @internal Sizes when they are known: those of other tensors' axes come from the values that these have. */
export function resolved(sizes: readonly SizeLike[], others: readonly Value[]): number[] {
  let next = 0;
  return sizes.map((size) => (size instanceof AxisSize ? sizesOf(others[next++]!)[size.axis]! : size));
}

/** @internal Tensors whose axes sizes are of. */
export const sizeTensors = (sizes: readonly SizeLike[]): Tensor[] =>
  sizes.flatMap((size) => (size instanceof AxisSize ? [size.of] : []));

/** @internal Sizes as far as they are known before a run. */
export const knownSizes = (sizes: readonly SizeLike[]): (number | null)[] =>
  sizes.map((size) => (size instanceof AxisSize ? size.known : size));

/** Refuses sizes that are none; -1 is one where `open` says so. @throws UNROLL_SHAPE */
export function assertSizes(
  place: string,
  sizes: unknown,
  open = false,
): asserts sizes is readonly SizeLike[] {
  const fits = (size: unknown): boolean =>
    size instanceof AxisSize || (Number.isInteger(size) && ((size as number) >= 1 || (open && size === -1)));
  if (!Array.isArray(sizes) || !sizes.every(fits) || boundedSize(knownSizes(sizes).map(atLeast)) < 1)
    refuseShape(
      place,
      `sizes of at least 1 in a list${open ? ", one of which may be -1" : ""}`,
      Array.isArray(sizes)
        ? `[${sizes.map((one) => (one instanceof AxisSize ? "?" : shown(one))).join(", ")}]`
        : shown(sizes),
      "or of another tensor, shape(x)[0]",
    );
}

const atLeast = (size: number | null): number => (size === null || size === -1 ? 1 : size);

/** Zeros: `tf.zeros`. @param dtype default float32 @throws UNROLL_SHAPE, UNROLL_DTYPE */
export function zeros(sizes: readonly SizeLike[], dtype: TypeName = "float32"): Tensor {
  assertSizes("zeros", sizes);
  const to = dtypeOf("zeros", dtype);
  return one("Zeros", sizeTensors(sizes), to, knownSizes(sizes), (b, others) => {
    const made = zerosOf(b, resolved(sizes, others));
    return to === "float32" ? made : b.cast(made, to);
  });
}

/**
 * Which steps are before each length, [..., steps]: `tf.sequence_mask`.
 *
 * @param lengths int32
 * @param steps how many there are; TensorFlow's default, the largest length, is no size that is known
 * @param dtype of what it is; default bool
 * @throws UNROLL_DTYPE, UNROLL_SHAPE
 */
export function sequenceMask(lengths: Tensor, steps: SizeLike, dtype: TypeName = "bool"): Tensor {
  assertTensor("sequenceMask", lengths);
  assertDType("sequenceMask", [lengths], ["int32"]);
  assertSizes("sequenceMask", [steps]);
  const to = dtypeOf("sequenceMask", dtype);
  const [count] = knownSizes([steps]) as [number | null];
  const parts = [lengths, ...sizeTensors([steps])];
  return one("SequenceMask", parts, to, [...lengths.shape, count], (b, [own, ...others]) => {
    const [size] = resolved([steps], others) as [number];
    const mask = b.less(b.iota(zerosOf(b, [size]), 0), b.expandDims(own!, sizesOf(own!).length));
    return to === "bool" ? mask : b.cast(mask, to);
  });
}
