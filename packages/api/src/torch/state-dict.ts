import type { WeightMap } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import type { AnyTensor } from "../formats/named-tensor.js";
import type { WeightSpec } from "../specification/weights.js";
import type { Parameter } from "./parameter.js";

/** Weights by PyTorch's names: out of a safetensors file, or another module's `stateDict()`. */
export type StateDict = Readonly<Record<string, AnyTensor>>;

/** A weight of a module under its name in the state dict. */
export interface Owned {
  readonly parameter: Parameter;
  /** Whether it is no parameter in PyTorch: statistics of training. */
  readonly buffer: boolean;
  readonly weight: WeightSpec;
}

/** Refuses two values for one weight. @throws UNROLL_WEIGHTS */
export function assertTied(place: string, owned: readonly Owned[], weights: WeightMap): void {
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
export function renamed(place: string, expected: readonly WeightSpec[], given: StateDict): StateDict {
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
