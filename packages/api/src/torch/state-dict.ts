import type { WeightMap } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import { isRecord, kindOf } from "../contract/kind.js";
import { type HostTensor, isHostTensor } from "../contract/tensor.js";
import { foreignWeights, readForeign, type WeightLoss } from "../dialects/convert.js";
import { canonicalOfTorch, type TorchBinding } from "../dialects/torch/index.js";
import { plainStateDict } from "../dialects/torch/plain-state-dict.js";
import { torchRules, type TorchWeight } from "../dialects/torch/rules.js";
import type { AnyTensor } from "../formats/named-tensor.js";
import { built } from "../layers/built.js";
import type { Spec } from "../specification/types.js";
import type { WeightSpec } from "../specification/weights.js";
import { type Buffer, floatsOf } from "./buffer.js";
import type { Parameter } from "./parameter.js";

/** Weights by PyTorch's names: out of a safetensors file, or another module's `stateDict()`. */
export type StateDict = Readonly<Record<string, AnyTensor>>;

/** What `loadStateDict` met. The lists of keys are empty when `strict`. */
export interface LoadResult {
  /** Names that the module has and the dictionary has not; those weights stay as they were. */
  readonly missingKeys: readonly string[];
  /** Names that the dictionary has and the module has not. */
  readonly unexpectedKeys: readonly string[];
  /** Values that were rounded to float32. */
  readonly losses: readonly WeightLoss[];
}

/** A weight of a module under its name in the state dict. */
export interface Owned {
  readonly parameter: Parameter;
  /** Whether it is no parameter in PyTorch: statistics of training. */
  readonly buffer: boolean;
  readonly weight: TorchWeight;
}

/** Refuses two values for one weight. @throws UNROLL_WEIGHTS */
function assertTied(place: string, owned: readonly Owned[], weights: WeightMap): void {
  const first = new Map<Parameter, string>();
  for (const { parameter, weight } of owned) {
    const value = weights[weight.name];
    if (!value) continue;
    const other = first.get(parameter);
    first.set(parameter, weight.name);
    if (other !== undefined && value.data.some((one, k) => !Object.is(one, weights[other]!.data[k])))
      throw unrollError({
        code: "UNROLL_WEIGHTS",
        place,
        expected: "equal values for a weight that two names share",
        got: `others for ${other} and ${weight.name}`,
        cure: "don't tie them, or leave one out",
      });
  }
}

/** A name without what Python and JavaScript write differently. */
const spoken = (name: string): string => name.replaceAll("_", "").toLowerCase();

/**
 * A state dict whose names are those of the module: Python writes `word_embeddings.weight` for what is
 * `wordEmbeddings` here.
 *
 * @throws UNROLL_WEIGHTS where a name may be either of two
 */
function renamed(place: string, expected: readonly WeightSpec[], given: StateDict): StateDict {
  const names = new Set(expected.map(({ name }) => name));
  const open = new Map<string, string[]>();
  for (const name of names)
    if (!Object.hasOwn(given, name)) open.set(spoken(name), [...(open.get(spoken(name)) ?? []), name]);
  const others = Object.keys(given).filter((name) => !names.has(name));
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const fits = names.has(name) ? [] : (open.get(spoken(name)) ?? []);
      const rivals = others.filter((other) => spoken(other) === spoken(name));
      if (fits.length > 1 || (fits.length === 1 && rivals.length > 1))
        throw unrollError({
          code: "UNROLL_WEIGHTS",
          place,
          expected: `one name for ${rivals.join(" and ")}`,
          got: fits.join(" and "),
          cure: "rename the attributes so that they differ by more than letters' case and underscores",
        });
      return [fits[0] ?? name, value];
    }),
  );
}

/** What a state dict is for: weights, and persistent buffers by name. */
export interface Loadable {
  readonly weights: readonly Owned[];
  readonly buffers: readonly (readonly [name: string, buffer: Buffer])[];
}

/** @throws UNROLL_ARGUMENT for what are no tensors by name */
function assertStateDict(place: string, given: unknown): void {
  const odd = isRecord(given) ? Object.entries(given).find(([, one]) => !isHostTensor(one)) : ["", given];
  if (odd)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: "tensors by name",
      got: odd[0] === "" ? kindOf(odd[1]) : `${kindOf(odd[1])} as ${odd[0] as string}`,
      cure: "e.g. readSafetensors(bytes).tensors, or stateDict() of another module",
    });
}

/**
 * Gives weights and buffers other values. With `strict`, missing or unexpected keys are an error that lists
 * them all.
 *
 * @throws UNROLL_ARGUMENT for what is no state dict; UNROLL_WEIGHTS, UNROLL_DTYPE for one that does not fit
 */
export function loadState(
  place: string,
  { weights: owners, buffers }: Loadable,
  given: StateDict,
  strict: boolean,
): LoadResult {
  assertStateDict(place, given);
  const kept = buffers.map(([name, { shape }]) => ({ name, shape, outputAxis: 0 }));
  const expected = [...owners.map((owner) => owner.weight), ...kept];
  const stateDict = renamed(place, expected, plainStateDict(place, expected, given, spoken));
  const known = new Set(expected.map((weight) => weight.name));
  const there = (name: string): boolean => Object.hasOwn(stateDict, name);
  // A weight that two names share may come under either.
  const met = new Set(owners.filter(({ weight }) => there(weight.name)).map(({ parameter }) => parameter));
  const missing = owners.filter(({ parameter, weight }) => !there(weight.name) && !met.has(parameter));
  const missingKeys = [
    ...missing.map(({ weight }) => weight),
    ...kept.filter(({ name }) => !there(name)),
  ].map(({ name }) => name);
  const unexpectedKeys = Object.keys(stateDict).filter((name) => !known.has(name));
  const wanted = [
    ...owners
      .filter(({ parameter, weight }) => there(weight.name) || (strict && !met.has(parameter)))
      .map(({ weight }) => weight),
    ...kept.filter(({ name }) => strict || there(name)),
  ];
  const taken = Object.fromEntries(
    strict ? Object.entries(stateDict) : wanted.map(({ name }) => [name, stateDict[name]!]),
  );
  for (const { name } of kept)
    if (there(name)) taken[name] = floatsOf(`${place} buffer "${name}"`, taken[name]!);
  const { weights, losses } = readForeign(
    place,
    wanted,
    taken,
    "compare attribute names, sizes and options with the Python module",
  );
  assertTied(place, owners, weights);
  for (const { parameter, weight } of owners) {
    const value = weights[weight.name];
    if (value) parameter.load(value.data);
  }
  for (const [name, buffer] of buffers) if (weights[name]) buffer.load(weights[name].data);
  return { missingKeys: strict ? [] : missingKeys, unexpectedKeys: strict ? [] : unexpectedKeys, losses };
}

/**
 * The weights of a spec that a module described, under canonical names.
 *
 * @throws UNROLL_WEIGHTS for those that were never loaded
 */
export function weightsFor(
  place: string,
  owners: readonly Owned[],
  spec: Spec,
  bindings: readonly TorchBinding[],
): WeightMap {
  const used = spec.layers.flatMap((layer) =>
    bindings
      .filter((b) => b.layer === layer.name)
      .flatMap((b) => foreignWeights(torchRules(built, layer, b))),
  );
  const all: Record<string, HostTensor<"float32">> = Object.fromEntries(
    owners.flatMap(({ parameter, weight }) => (parameter.loaded ? [[weight.name, parameter]] : [])),
  );
  const missing = [...new Set(used.map((weight) => weight.name).filter((name) => !Object.hasOwn(all, name)))];
  if (missing.length > 0)
    throw unrollError({
      code: "UNROLL_WEIGHTS",
      place,
      expected: "weights",
      got: `none for ${missing.join(", ")}`,
      cure: "call loadStateDict first",
      details: { missing },
    });
  return canonicalOfTorch(built, spec, all, bindings);
}
