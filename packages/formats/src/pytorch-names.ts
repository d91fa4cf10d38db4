import { nameOf, PickledObject, type PickledValue } from "./pickle.js";
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
  const visit = (value: PickledValue, name: string): void => {
    if (value instanceof View) return add(name, value);
    if (!(Array.isArray(value) || value instanceof Map || value instanceof PickledObject)) return;
    if (path.has(value)) refuse(`${place} "${name}"`, "values within values", "one within itself", CURE);
    const inner = children(value);
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
    for (const [key, child] of inner) visit(child, joinedName(place, name, key));
    path.delete(value);
  };
  visit(root, "");
}

const CURE = "save the state dict alone: torch.save(model.state_dict(), path)";

function joinedName(place: string, name: string, key: string): string {
  if (name.length + key.length > MOST_LETTERS)
    refuse(place, `names of at most ${MOST_LETTERS} letters`, `"${name}.${key}"`, CURE);
  return name === "" ? key : `${name}.${key}`;
}

type Children = readonly (readonly [key: string, child: PickledValue])[];

function children(value: PickledValue): Children {
  if (Array.isArray(value)) return value.map((child, k) => [`${k}`, child] as const);
  if (value instanceof Map) return entries(value);
  if (!(value instanceof PickledObject)) return [];
  const state = value.state;
  const attributes = Array.isArray(state) ? state.filter((part) => part instanceof Map) : [state];
  const own: Children = attributes.flatMap((part) => (part instanceof Map ? moduleEntries(part) : []));
  return [
    ...own,
    ...(value.items ? entries(value.items) : []),
    ...value.elements.map((child, k) => [`${k}`, child] as const),
  ];
}

const entries = (map: ReadonlyMap<PickledValue, PickledValue>): Children =>
  [...map].flatMap(([key, child]) =>
    typeof key === "string" || typeof key === "number" ? [[`${key}`, child] as const] : [],
  );

/** Attributes of an object; of a module, only what its state dict has. */
function moduleEntries(attributes: ReadonlyMap<PickledValue, PickledValue>): Children {
  const [parameters, buffers, modules] = ["_parameters", "_buffers", "_modules"].map((key) => {
    const value = attributes.get(key);
    return value instanceof Map ? value : null;
  });
  if (!parameters && !modules) return entries(attributes);
  const passing = attributes.get("_non_persistent_buffers_set");
  const saved = (key: string): boolean => !(passing instanceof Set && passing.has(key));
  return [
    ...(parameters ? entries(parameters) : []),
    ...(buffers ? entries(buffers).filter(([key]) => saved(key)) : []),
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
    const all = children(value);
    // A key may itself have dots.
    const found = all.find(([key]) => key === left) ?? all.find(([key]) => left.startsWith(`${key}.`));
    if (!found)
      return refuse(
        place,
        `"${select}" in it`,
        all.length > 0 ? all.map(([key]) => key).join(", ") : nameOf(value),
        "select one of them",
      );
    value = found[1];
    left = left.slice(found[0].length + 1);
  }
  return value;
}
