import { unrollError } from "../contract/error.js";
import { knownOptions } from "../contract/known-options.js";
import { shown } from "../contract/shown.js";
import type { Block, Value } from "../program/builder.js";
import { checkedNumber } from "./numbers.js";
import { scalarSum } from "./scalar-sum.js";

/** How gradients are kept small: one of them. */
export type Clipping = ClippingByValue | ClippingByNorm;

/** Each number is kept within ± value: Keras's `clipvalue`, PyTorch's `clip_grad_value_`. */
export interface ClippingByValue {
  /** Number by number. */
  readonly by: "value";
  /** The largest that stays. */
  readonly value: number;
}

/** Gradients are scaled down to a Euclidean norm. */
export interface ClippingByNorm {
  /**
   * `norm`: each gradient by itself, Keras's `clipnorm`; `globalNorm`: all together, Keras's
   * `global_clipnorm`; `gradNorm`: all together by norm / (their norm + 1e-6), PyTorch's `clip_grad_norm_`.
   */
  readonly by: "norm" | "globalNorm" | "gradNorm";
  /** The largest norm that stays. */
  readonly norm: number;
}

function checkClipping(how: Clipping): void {
  const place = "clipping";
  const by: unknown = (how as Clipping | null)?.by;
  const ways: readonly Clipping["by"][] = ["value", "norm", "globalNorm", "gradNorm"];
  if (!ways.some((way) => way === by))
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: `by ${ways.join(", ")}`,
      got: shown(by),
      cure: 'e.g. { by: "globalNorm", norm: 1 }',
    });
  const bound = by === "value" ? "value" : "norm";
  knownOptions(place, how, ["by", bound]);
  checkedNumber(place, bound, (how as unknown as Readonly<Record<string, unknown>>)[bound]);
}

/** The Euclidean norm of values of any shapes, all together, []. */
export const normOf = (b: Block, values: readonly Value[]): Value =>
  b.sqrt(values.map((one) => scalarSum(b, b.mul(one, one))).reduce((sum, one) => b.add(sum, one)));

/**
 * Appends clipping.
 *
 * @returns the gradients, in order, in their shapes
 * @throws UNROLL_ARGUMENT for another way than there is, and for a bound that is no number above 0
 */
export function clipped(b: Block, gradients: readonly Value[], how: Clipping): Value[] {
  checkClipping(how);
  const scaled = (group: readonly Value[], norm: number): Value[] => {
    const size = normOf(b, group);
    // A norm of 0 would give 0 / 0 but for the larger of both.
    const scale = b.div(b.constant(norm), b.max(size, b.constant(norm)));
    return group.map((one) => b.mul(one, scale));
  };
  switch (how.by) {
    case "value":
      return gradients.map((one) => b.min(b.max(one, b.constant(-how.value)), b.constant(how.value)));
    case "norm":
      return gradients.flatMap((one) => scaled([one], how.norm));
    case "globalNorm":
      return scaled(gradients, how.norm);
    case "gradNorm": {
      const size = b.add(normOf(b, gradients), b.constant(1e-6));
      const scale = b.min(b.div(b.constant(how.norm), size), b.constant(1));
      return gradients.map((one) => b.mul(one, scale));
    }
    default:
      throw how satisfies never;
  }
}
