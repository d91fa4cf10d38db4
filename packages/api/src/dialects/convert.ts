import type { WeightMap } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import { type HostTensor, sizeOf } from "../contract/tensor.js";
import { type AnyTensor, roundingError, toFloat32 } from "../formats/named-tensor.js";
import type { Catalog } from "../layers/definition.js";
import { assertModelWeights } from "../program/expected-weights.js";
import { assertWeights, weightsIn, type WeightSpec } from "../specification/weights.js";
import type { Spec } from "../specification/types.js";
import { foreignSize, toCanonicalLayout, toForeignLayout } from "./layout.js";
import type { WeightRule } from "./rules.js";

/** Something that a conversion could not keep. The outputs of the model are the same up to rounding. */
export type WeightLoss =
  /** Two biases became their sum; converting back gives the sum and zeros. */
  | {
      /** Two became one. */
      readonly kind: "summed";
      /** Names of the two biases. */
      readonly from: readonly string[];
      /** Name of their sum. */
      readonly to: string;
      /** The same as a sentence. */
      readonly message: string;
    }
  /** A constant that one framework stores and the other adds at run time was added or taken away. */
  | {
      /** It was rounded by that. */
      readonly kind: "shifted";
      /** Name of the weight before. */
      readonly from: string;
      /** Name of the weight after. */
      readonly to: string;
      /** The constant, with its sign. */
      readonly by: number;
      /** The largest change by rounding. */
      readonly maxError: number;
      /** The same as a sentence. */
      readonly message: string;
    }
  /** float64 values were rounded to float32. */
  | {
      /** It had more bits than float32. */
      readonly kind: "rounded";
      /** Name of the tensor. */
      readonly from: string;
      /** The largest change. */
      readonly maxError: number;
      /** The same as a sentence. */
      readonly message: string;
    };

/** Weights after a conversion, and what it could not keep; empty when it is exact. */
export interface Converted<Weights> {
  /** The weights, by the names of where they went. */
  readonly weights: Weights;
  /** What could not be kept to the bit; empty where everything was. */
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
export function readForeign(
  place: string,
  expected: readonly WeightSpec[],
  given: Readonly<Record<string, AnyTensor>>,
  cure: string,
): Converted<Record<string, HostTensor<"float32">>> {
  assertWeights(place, expected, given, cure);
  const losses: WeightLoss[] = [];
  const weights = Object.fromEntries(
    expected.map(({ name }) => {
      const maxError = roundingError(given[name]!);
      if (maxError > 0)
        losses.push({
          kind: "rounded",
          from: name,
          maxError,
          message: `${name} was rounded from float64 to float32, by at most ${maxError}`,
        });
      return [name, toFloat32(given[name]!, `${place} weight "${name}"`)];
    }),
  );
  return { weights, losses };
}

function sum(
  place: string,
  rule: WeightRule,
  parts: readonly Float32Array[],
  from: readonly string[],
  to: string,
  losses: WeightLoss[],
): Float32Array {
  const [first, second] = parts as [Float32Array, Float32Array];
  const bound = rule.unsummableFrom;
  if (second.every((value) => value === 0)) return first;
  if (bound !== null && second.some((value, k) => k >= bound && value !== 0)) {
    throw unrollError({
      code: "UNROLL_WEIGHTS",
      place: place,
      expected: `two biases for layer "${rule.layer}"`,
      got: "a place for one",
      cure: `with resetAfter the reset gate multiplies ${from[1]} alone, so set bias "split"`,
      details: { from, to },
    });
  }
  losses.push({ kind: "summed", from, to, message: `${from.join(" and ")} were summed into ${to}` });
  return first.map((value, k) => value + second[k]!);
}

/** A weight with a constant added to one of its gates. */
function shifted(
  rule: WeightRule,
  data: Float32Array,
  by: number,
  from: string,
  to: string,
  losses: WeightLoss[],
): Float32Array {
  const units = data.length / (rule.ofGates ?? rule.gates.length);
  const first = rule.added!.gate * units;
  const made = data.slice();
  let maxError = 0;
  for (let k = first; k < first + units; k++) {
    made[k] = data[k]! + by;
    maxError = Math.max(maxError, Math.abs(made[k]! - (data[k]! + by)));
  }
  if (maxError > 0) {
    const how = by > 0 ? `${by} added` : `${-by} taken away`;
    losses.push({
      kind: "shifted",
      from,
      to,
      by,
      maxError,
      message: `${from} became ${to} with ${how} in one gate, rounded by at most ${maxError}`,
    });
  }
  return made;
}

/** Foreign tensors, already checked, as canonical weights. */
export function importWeights(
  place: string,
  rules: readonly WeightRule[],
  foreign: ForeignWeights,
): Converted<WeightMap> {
  const weights = Object.create(null) as Record<string, HostTensor>;
  const losses: WeightLoss[] = [];
  for (const rule of rules) {
    const parts = rule.foreign.map(({ key, row, offset }) => {
      const [data, size] = [foreign[key]!.data, foreignSize(rule)];
      const first = offset ?? (row ?? 0) * size;
      return toCanonicalLayout(rule, data.subarray(first, first + size));
    });
    const keys = rule.foreign.map((part) => (part.row === null ? part.key : `${part.key}[${part.row}]`));
    const data =
      rule.canonical.length < parts.length
        ? [sum(place, rule, parts, keys, rule.canonical[0]!, losses)]
        : parts;
    if (rule.added) data[0] = shifted(rule, data[0]!, rule.added.value, keys[0]!, rule.canonical[0]!, losses);
    rule.canonical.forEach((name, k) => {
      const known = weights[name]?.data as Float32Array | undefined;
      // Another rule may have brought the other gates.
      if (known && data[k]) toCanonicalLayout(rule, toForeignLayout(rule, data[k]), known);
      weights[name] ??= {
        dtype: "float32",
        shape: rule.shape,
        data: data[k] ?? new Float32Array(sizeOf(rule.shape)),
      };
    });
  }
  return { weights, losses };
}

/** Canonical weights of a spec whose layers a catalog has, checked here, as foreign tensors. */
export function exportWeights(
  catalog: Catalog,
  place: string,
  spec: Spec,
  rules: readonly WeightRule[],
  weights: WeightMap,
): Converted<ForeignWeights> {
  assertModelWeights(spec.name, weightsIn(catalog, spec), weights);
  const made = Object.create(null) as Record<string, HostTensor<"float32">>;
  const losses: WeightLoss[] = [];
  for (const rule of rules) {
    const parts = rule.canonical.map((name) => weights[name]!.data as Float32Array);
    const data =
      rule.foreign.length < parts.length
        ? [sum(place, rule, parts, rule.canonical, rule.foreign[0]!.key, losses)]
        : parts;
    if (rule.added)
      data[0] = shifted(rule, data[0]!, -rule.added.value, rule.canonical[0]!, rule.foreign[0]!.key, losses);
    rule.foreign.forEach(({ key, shape, row, offset }, k) => {
      const values = data[k] ? toForeignLayout(rule, data[k]) : new Float32Array(foreignSize(rule));
      const target = (made[key] ??= { dtype: "float32", shape, data: new Float32Array(sizeOf(shape)) });
      const into = new Uint32Array(target.data.buffer);
      into.set(
        new Uint32Array(values.buffer, values.byteOffset, values.length),
        offset ?? (row ?? 0) * values.length,
      );
    });
  }
  return { weights: made, losses };
}
