import { nameOf, PickledObject, type PickledValue } from "./pickle-values.js";
import { View } from "./pytorch-tensors.js";
import { refuse } from "./refuse.js";

/** Values within values at most. */
const MOST_DEPTH = 100;
/** Values that are looked into, and what they hold together: a pickle may name one again and again. */
const MOST_VISITS = 2 ** 17;
const MOST_CHILDREN = 2 ** 22;
/** Letters of a name. */
const MOST_LETTERS = 1024;

/**
 * The tensors of what a pickle holds, by the names that `state_dict()` gives them: keys of dictionaries and
 * indices of lists joined by dots; of a module its parameters, its buffers that are saved, and its modules.
 *
 * @param add called with each, in the order of the file
 * @throws UNROLL_FORMAT for values that hold themselves, or too many within one another
 */
export function eachTensor(place: string, root: PickledValue, add: (name: string, view: View) => void): void {
  const path = new Set<PickledValue>();
  let [visits, seen] = [0, 0];
  const visit = (value: PickledValue, name: string, odd: string | null): void => {
    if (value instanceof View)
      return odd === null ? add(name, value) : refuse(`${place} "${name}"`, "tensors by name", odd, CURE);
    const inner = children(value);
    if (inner === null) return;
    if (path.has(value)) refuse(`${place} "${name}"`, "values within values", "one within itself", CURE);
    visits++;
    seen += inner.length;
    if (path.size >= MOST_DEPTH || visits > MOST_VISITS || seen > MOST_CHILDREN)
      refuse(
        `${place} "${name}"`,
        `at most ${MOST_DEPTH} values within one another, and ${MOST_VISITS} in all`,
        "more",
        CURE,
      );
    path.add(value);
    for (const { key, child, odd: own } of inner) visit(child, joinedName(place, name, key), odd ?? own);
    path.delete(value);
  };
  visit(root, "", null);
}

const CURE = "save the state dict alone: torch.save(model.state_dict(), path)";

function joinedName(place: string, name: string, key: string): string {
  if (name.length + key.length > MOST_LETTERS)
    refuse(place, `names of at most ${MOST_LETTERS} letters`, `"${name}.${key}"`, CURE);
  return name === "" ? key : `${name}.${key}`;
}

/** A value within another. */
interface Child {
  readonly key: string;
  readonly child: PickledValue;
  /** Why its key is no part of a tensor's name; null where it is. */
  readonly odd: string | null;
}

/** What a value holds; null for what holds nothing. */
function children(value: PickledValue): readonly Child[] | null {
  if (Array.isArray(value)) return listed(value);
  if (value instanceof Map) return entries(value);
  if (value instanceof Set) return listed([...value]).map((one) => ({ ...one, odd: "one in a set" }));
  if (!(value instanceof PickledObject)) return null;
  const { state, args, items, elements } = value;
  return [...listed(args), ...attributes(state), ...(items ? entries(items) : []), ...listed(elements)];
}

const listed = (values: readonly PickledValue[]): readonly Child[] =>
  values.map((child, k) => ({ key: `${k}`, child, odd: null }));

const entries = (map: ReadonlyMap<PickledValue, PickledValue>): readonly Child[] =>
  [...map].map(([key, child]) => {
    const named = typeof key === "string" || typeof key === "number" || typeof key === "bigint";
    return { key: named ? `${key}` : "?", child, odd: named ? null : `one whose key is ${nameOf(key)}` };
  });

/** An object's attributes: a dictionary, one with another of slots, or what its class gives for them. */
function attributes(state: PickledValue): readonly Child[] {
  const parts = Array.isArray(state) ? state : [state];
  return parts.flatMap((part, k) =>
    part instanceof Map ? moduleEntries(part) : listed([part]).map((one) => ({ ...one, key: `${k}` })),
  );
}

/** Attributes of an object; of a module, only what its state dict has. */
function moduleEntries(attributes: ReadonlyMap<PickledValue, PickledValue>): readonly Child[] {
  const [parameters, buffers, modules] = ["_parameters", "_buffers", "_modules"].map((key) => {
    const value = attributes.get(key);
    return value instanceof Map ? value : null;
  });
  if (!parameters && !modules) return entries(attributes);
  const passing = attributes.get("_non_persistent_buffers_set");
  const saved = (key: string): boolean => !(passing instanceof Set && passing.has(key));
  return [
    ...(parameters ? entries(parameters) : []),
    ...(buffers ? entries(buffers).filter(({ key }) => saved(key)) : []),
    ...(modules ? entries(modules) : []),
  ];
}

/**
 * A value within a checkpoint, by the keys up to it with dots between: `model.encoder`.
 *
 * @throws UNROLL_FORMAT listing the keys that there are
 */
export function selected(place: string, root: PickledValue, select: string): PickledValue {
  let value = root;
  let left = select;
  while (left !== "") {
    const all = children(value) ?? [];
    // A key may itself have dots.
    const found = all.find(({ key }) => key === left) ?? all.find(({ key }) => left.startsWith(`${key}.`));
    if (!found)
      return refuse(
        place,
        `"${select}" in it`,
        all.length > 0 ? all.map(({ key }) => key).join(", ") : nameOf(value),
        "select one of them",
      );
    value = found.child;
    left = left.slice(found.key.length + 1);
  }
  return value;
}
