import type { HostTensor } from "@unroll/api";
import { type Case, runOf } from "../cases/case.js";
import { deriveBounds, type DerivedBounds } from "../tolerance/bounds.js";
import type { precisions } from "../tolerance/precision.js";

/** Cases kept; both forms of a property, and engines judged side by side at one seed, draw the same ones. */
const KEPT = 4096;
const kept = new Map<string, DerivedBounds>();
const named = new WeakMap<Case, string>();

/** Truth and bound of a case, worked out once for all that draw it. */
export function derived(given: Case, precision: keyof typeof precisions): DerivedBounds {
  let name = named.get(given);
  if (name === undefined) named.set(given, (name = contents(given)));
  return derivedAs(name, given, precision, 16);
}

/** As {@link derived}, of a case that is large and has a name which no other case has. */
export function derivedAs(
  name: string,
  given: Case,
  precision: keyof typeof precisions,
  samples: number,
): DerivedBounds {
  const key = precision + name;
  let found = kept.get(key);
  if (!found) {
    found = deriveBounds(given.spec, given.weights, runOf(given), { precision, samples });
    if (kept.size >= KEPT) kept.delete(kept.keys().next().value!);
    kept.set(key, found);
  }
  return found;
}

/** Everything that the truth depends on. */
const contents = ({ spec, weights, x, lengths, mask, memory, state }: Case): string =>
  JSON.stringify([spec, weights, x, lengths, mask, memory, state], (_, value: unknown) =>
    ArrayBuffer.isView(value) ? told(value as HostTensor["data"]) : value,
  );

/** JSON would make one of 0 and -0, and of NaN and the infinities. */
const told = (data: HostTensor["data"]): string =>
  Array.from(data, (value) => (Object.is(value, -0) ? "-0" : String(value))).join();
