import { unrollError } from "../contract/error.js";
import type { HostTensor } from "../contract/tensor.js";
import { noMore, optionsOf } from "./arguments.js";
import { ones } from "./tensor/creation.js";
import { shownShape } from "./tensor/sizes.js";
import { type Tensor, tensorOf } from "./tensor/tensor.js";

/** Flags of what is not looked at, or floats that are added to the scores. */
export type Mask = Tensor | HostTensor;

/** Options of `F.scaledDotProductAttention`, with PyTorch's defaults. */
export interface AttentionOptions {
  /** Flags of what is looked at, or floats that are added to the scores; stretched to them. */
  readonly attnMask?: Mask | null;
  /** Share of weights that training drops; identity here. */
  readonly dropoutP?: number;
  /** Whether no step sees a later one. Default false. */
  readonly isCausal?: boolean;
  /** What the scores are multiplied with. Default 1 / √ of the last axis. */
  readonly scale?: number | null;
}

/** Flags of what is after each step, which causal attention does not see: [target, source]. */
export const later = (target: number, source: number): Tensor =>
  ones(target, source, { dtype: "bool" }).triu(1);

/**
 * softmax(scale · q kᵀ + masks) v, and the softmax.
 *
 * @param masks flags of what is not looked at, or floats that are added
 * @param safe whether a row that looks at nothing gives zeros, rather than what is no number
 */
export function attended(
  [query, key, value]: readonly [Tensor, Tensor, Tensor],
  masks: readonly Tensor[],
  scale: number,
  safe: boolean,
): [output: Tensor, weights: Tensor] {
  const scores = masks.reduce<Tensor>(
    (sum, mask) => (mask.dtype === "bool" ? sum.maskedFill(mask, -Infinity) : sum.add(mask)),
    query.mul(scale).matmul(key.mT),
  );
  const shares = scores.softmax(-1);
  const weights =
    safe && masks.length > 0 ? shares.maskedFill(scores.amax(-1, true).eq(-Infinity), 0) : shares;
  return [weights.matmul(value), weights];
}

/**
 * softmax(q kᵀ / √d + mask) v over the last two axes: [..., target, d], [..., source, d] and [..., source,
 * e] to [..., target, e]. A row that looks at nothing gives zeros.
 *
 * @param options see {@link AttentionOptions}
 * @throws UNROLL_ARGUMENT for a mask beside `isCausal`, as in PyTorch
 */
export function scaledDotProductAttention(
  query: Tensor | HostTensor,
  key: Tensor | HostTensor,
  value: Tensor | HostTensor,
  options?: AttentionOptions,
  ...rest: never[]
): Tensor {
  const place = "F.scaledDotProductAttention";
  noMore(place, rest);
  const known = ["attnMask", "dropoutP", "isCausal", "scale"];
  const { attnMask, isCausal = false, scale } = optionsOf<AttentionOptions>(place, options, known);
  const all = [query, key, value].map((one) => tensorOf(place, one)) as [Tensor, Tensor, Tensor];
  const [q, k, v] = all;
  if (q.dim() < 2 || k.dim() < 2 || v.dim() < 2 || q.size(-1) !== k.size(-1) || k.size(-2) !== v.size(-2))
    throw unrollError({
      code: "UNROLL_SHAPE",
      place,
      expected: "[..., target, d], [..., source, d] and [..., source, e]",
      got: all.map(({ shape }) => shownShape(shape)).join(", "),
      cure: "query and key have one size, key and value one length",
    });
  const masked = attnMask !== null && attnMask !== undefined;
  if (masked && isCausal)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: "attnMask or isCausal",
      got: "both",
      cure: "make the mask causal itself",
    });
  const mask = masked ? tensorOf(place, attnMask) : null;
  const masks = mask ? [mask.dtype === "bool" ? mask.logicalNot() : mask] : [];
  const causal = isCausal ? [later(q.size(-2), k.size(-2))] : masks;
  return attended(all, causal, scale ?? 1 / Math.sqrt(q.size(-1)), true)[0];
}
