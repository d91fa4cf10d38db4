import { boundedSize } from "../../contract/limits.js";
import { shown } from "../../contract/shown.js";
import { zeros as zerosOf } from "../../layers/zeros.js";
import type { Value } from "../../program/builder.js";
import { assertTensor, type Tensor } from "../graph.js";
import { refuseShape } from "../static-shapes.js";
import { one, sizesOf } from "./operation.js";

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

/** @internal Sizes when they are known: those of other tensors' axes come from the values that these have by then. */
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

/** Zeros of float32: `tf.zeros`. */
export function zeros(sizes: readonly SizeLike[]): Tensor {
  const known = knownSizes(sizes);
  if (boundedSize(known.map((size) => size ?? 1)) < 1)
    refuseShape("zeros", "sizes of at least 1", shown(known), "or of another tensor, shape(x)[0]");
  return one("Zeros", sizeTensors(sizes), "float32", known, (b, others) =>
    zerosOf(b, resolved(sizes, others)),
  );
}

/** Which steps are before each length, bool [..., steps]: `tf.sequence_mask`. */
export function sequenceMask(lengths: Tensor, steps: SizeLike): Tensor {
  assertTensor("sequenceMask", lengths);
  const [count] = knownSizes([steps]) as [number | null];
  const parts = [lengths, ...sizeTensors([steps])];
  return one("SequenceMask", parts, "bool", [...lengths.shape, count], (b, [own, ...others]) => {
    const [size] = resolved([steps], others) as [number];
    return b.less(b.iota(zerosOf(b, [size]), 0), b.expandDims(own!, sizesOf(own!).length));
  });
}
