import type { WeightMap } from "../contract/adapter.js";
import { UnrollError } from "../contract/error.js";
import { type HostTensor, sizeOf } from "../contract/tensor.js";
import { type AnyTensor, roundingError, toFloat32 } from "../formats/named-tensor.js";
import { assertSpecWeights, assertWeights, type WeightSpec } from "../spec/weights.js";
import type { Spec } from "../spec/types.js";
import { toCanonicalLayout, toForeignLayout } from "./layout.js";
import type { WeightRule } from "./rules.js";

/** Something that a conversion could not keep. The outputs of the model are the same up to rounding. */
export type WeightLoss =
  /** Two biases became their sum; converting back gives the sum and zeros. */
  | { readonly kind: "summed"; readonly from: readonly string[]; readonly to: string; readonly message: string }
  /** float64 values were rounded to float32; `maxError` is the largest change. */
  | { readonly kind: "rounded"; readonly from: string; readonly maxError: number; readonly message: string };

/** Weights after a conversion, and what it could not keep; empty when it is exact. */
export interface Converted<Weights> {
  readonly weights: Weights;
  readonly losses: readonly WeightLoss[];
}

/** Weights in another framework's names and layouts. */
export type ForeignWeights = Readonly<Record<string, HostTensor<"float32">>>;

/** The foreign tensors that rules speak of, each once. */
export function foreignWeights(rules: readonly WeightRule[]): WeightSpec[] {
  const parts = rules.flatMap((rule) => rule.foreign);
  return [...new Map(parts.map((part) => [part.key, { name: part.key, shape: part.shape }])).values()];
}

/**
 * Foreign tensors as float32, after one check of every name and shape.
 *
 * @throws UNROLL_WEIGHTS listing everything missing, unexpected and mis-shaped; UNROLL_DTYPE for integers
 */
export function readForeign(place: string, expected: readonly WeightSpec[], given: Readonly<Record<string, AnyTensor>>, cure: string): Converted<Record<string, HostTensor<"float32">>> {
  assertWeights(place, expected, given, cure);
  const losses: WeightLoss[] = [];
  const weights = Object.fromEntries(expected.map(({ name }) => {
    const maxError = roundingError(given[name]!);
    if (maxError > 0) losses.push({ kind: "rounded", from: name, maxError, message: `${name} was rounded from float64 to float32, by at most ${maxError}` });
    return [name, toFloat32(given[name]!, `${place} weight "${name}"`)];
  }));
  return { weights, losses };
}

function sum(place: string, rule: WeightRule, parts: readonly Float32Array[], from: readonly string[], to: string, losses: WeightLoss[]): Float32Array {
  const [first, second] = parts as [Float32Array, Float32Array];
  const bound = rule.unsummableFrom;
  if (second.every((value) => value === 0)) return first;
  if (bound !== null && second.some((value, k) => k >= bound && value !== 0)) {
    throw new UnrollError("UNROLL_WEIGHTS", `${place}: expected two biases for layer "${rule.layer}", got a place for one; with resetAfter the reset gate multiplies ${from[1]} alone, so set bias "split"`, { from, to });
  }
  losses.push({ kind: "summed", from, to, message: `${from.join(" and ")} were summed into ${to}` });
  return first.map((value, k) => value + second[k]!);
}

/** Foreign tensors, already checked, as canonical weights. */
export function importWeights(place: string, rules: readonly WeightRule[], foreign: ForeignWeights): Converted<WeightMap> {
  const weights: Record<string, HostTensor> = {};
  const losses: WeightLoss[] = [];
  for (const rule of rules) {
    const size = sizeOf(rule.shape);
    const parts = rule.foreign.map(({ key, row }) => {
      const data = foreign[key]!.data;
      return toCanonicalLayout(rule, row === null ? data : data.subarray(row * size, (row + 1) * size));
    });
    const keys = rule.foreign.map((part) => (part.row === null ? part.key : `${part.key}[${part.row}]`));
    const data = rule.canonical.length < parts.length ? [sum(place, rule, parts, keys, rule.canonical[0]!, losses)] : parts;
    rule.canonical.forEach((name, k) => {
      weights[name] = { dtype: "float32", shape: rule.shape, data: data[k] ?? new Float32Array(size) };
    });
  }
  return { weights, losses };
}

/** Canonical weights, checked here, as foreign tensors. */
export function exportWeights(place: string, spec: Spec, rules: readonly WeightRule[], weights: WeightMap): Converted<ForeignWeights> {
  assertSpecWeights(spec, weights);
  const made: Record<string, HostTensor<"float32">> = {};
  const losses: WeightLoss[] = [];
  for (const rule of rules) {
    const parts = rule.canonical.map((name) => weights[name]!.data as Float32Array);
    const data = rule.foreign.length < parts.length ? [sum(place, rule, parts, rule.canonical, rule.foreign[0]!.key, losses)] : parts;
    rule.foreign.forEach(({ key, shape, row }, k) => {
      const values = data[k] ? toForeignLayout(rule, data[k]) : new Float32Array(sizeOf(rule.shape));
      const target = (made[key] ??= { dtype: "float32", shape, data: new Float32Array(sizeOf(shape)) });
      const into = new Uint32Array(target.data.buffer);
      into.set(new Uint32Array(values.buffer, values.byteOffset, values.length), row === null ? 0 : row * values.length);
    });
  }
  return { weights: made, losses };
}
