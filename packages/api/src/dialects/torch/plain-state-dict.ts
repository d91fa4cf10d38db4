import type { AnyTensor } from "../../formats/named-tensor.js";
import { type Reparametrisation, refuseParts, reparametrisations } from "./reparametrisations.js";
import type { TorchWeight } from "./rules.js";

type Given = Readonly<Record<string, AnyTensor>>;

/** Keys of a state dict by what a module calls them, of which each is taken once. */
class Keys {
  readonly #left: Map<string, AnyTensor>;
  readonly #spoken = new Map<string, string[]>();
  readonly #taken: ReadonlySet<string>;

  constructor(
    given: Given,
    expected: readonly TorchWeight[],
    readonly spoken: (name: string) => string,
  ) {
    this.#left = new Map(Object.entries(given));
    this.#taken = new Set(expected.map(({ name }) => spoken(name)));
    for (const key of this.#left.keys())
      this.#spoken.set(spoken(key), [...(this.#spoken.get(spoken(key)) ?? []), key]);
  }

  /** The key that a name is written as, but for one of several. */
  find(name: string): string | undefined {
    if (this.#left.has(name)) return name;
    const [key, ...more] = this.#spoken.get(this.spoken(name)) ?? [];
    return key !== undefined && more.length === 0 && this.#left.has(key) ? key : undefined;
  }

  /** The key of a part of a weight: none that is a weight of the module itself. */
  part(name: string): string | undefined {
    const key = this.find(name);
    return key === undefined || this.#taken.has(this.spoken(key)) ? undefined : key;
  }

  take(key: string): AnyTensor {
    const tensor = this.#left.get(key)!;
    this.#left.delete(key);
    return tensor;
  }

  drop(key: string | undefined): void {
    if (key !== undefined) this.#left.delete(key);
  }

  put(name: string, tensor: AnyTensor): void {
    this.#left.set(name, tensor);
  }

  rest(): Given {
    return Object.assign(Object.create(null) as Record<string, AnyTensor>, Object.fromEntries(this.#left));
  }
}

/** Keys of the parts that are there, by what each is, and how many there should be. */
function partsOf(
  keys: Keys,
  wanted: TorchWeight,
  { names }: Reparametrisation,
): { readonly there: readonly (readonly [part: string, key: string])[]; readonly all: readonly string[] } {
  const all = Object.entries(names(wanted.name));
  const there = all.flatMap(([part, name]) => {
    const key = keys.part(name);
    return key === undefined ? [] : [[part, key] as const];
  });
  return { there, all: all.map(([, name]) => name) };
}

/** Refuses some parts of a weight without the others. */
function assertNoHalf(place: string, keys: Keys, wanted: TorchWeight): void {
  const halves = reparametrisations.map((one) => partsOf(keys, wanted, one));
  const share = ({ there, all }: (typeof halves)[number]): number => there.length / all.length;
  const [most] = halves.filter(({ there }) => there.length > 0).sort((a, b) => share(b) - share(a));
  if (most)
    refuseParts(
      place,
      wanted.name,
      most.all.join(" and "),
      `${most.there.map(([, key]) => key).join(" and ")} alone`,
    );
}

/**
 * A `state_dict` with the weights that are expected in the place of what PyTorch computes them of: those of
 * weight norm and spectral norm, worked out in float64, and of weight-dropped LSTMs; and without the counters
 * of batch normalisation (`num_batches_tracked`), which only training reads.
 *
 * @param spoken what two names have in common that mean the same; by default they are equal
 * @throws UNROLL_WEIGHTS for parts of a weight that do not fit together, and for some without the others
 */
export function plainStateDict(
  place: string,
  expected: readonly TorchWeight[],
  given: Given,
  spoken: (name: string) => string = (name) => name,
): Given {
  const keys = new Keys(given, expected, spoken);
  for (const { name } of expected)
    if (/(^|\.)running_mean$/.test(name))
      keys.drop(keys.part(name.replace(/running_mean$/, "num_batches_tracked")));
  for (const wanted of expected) {
    const held = keys.find(wanted.name);
    const ways = held === undefined ? reparametrisations : reparametrisations.filter(({ first }) => first);
    const way = ways.find((one) => {
      const { there, all } = partsOf(keys, wanted, one);
      return all.length > 0 && there.length === all.length;
    });
    if (way) {
      const { there } = partsOf(keys, wanted, way);
      const parts = Object.fromEntries(there.map(([part, key]) => [part, keys.take(key)]));
      keys.drop(held);
      keys.put(wanted.name, way.weight(place, wanted, parts));
    } else if (held === undefined) assertNoHalf(place, keys, wanted);
  }
  return keys.rest();
}
