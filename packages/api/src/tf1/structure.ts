import { isRecord, kindOf } from "../contract/kind.js";
import { refuse } from "./refuse.js";

/** Values in an order, with names: TensorFlow's named tuples. Can be taken apart as a list. */
export abstract class NamedTuple<T> implements Iterable<unknown> {
  /** Its values, in order. */
  abstract values(): readonly unknown[];
  /** One of the same sort with other values. */
  abstract with(values: readonly unknown[]): NamedTuple<T>;

  /** So that `const [c, h] = state` reads as in Python. */
  [Symbol.iterator](): Iterator<unknown> {
    return this.values()[Symbol.iterator]();
  }
}

/**
 * State of an LSTM cell: (c, h), c first, as TensorFlow 1 has it. Keras, PyTorch and ONNX have h first.
 */
export class LSTMStateTuple<T> extends NamedTuple<T> {
  /** Cell state, [batch, units]. */
  readonly c: T;
  /** Hidden state, the output, [batch, units], or projected [batch, numProj]. */
  readonly h: T;

  /** In TensorFlow's order. */
  constructor(c: T, h: T) {
    super();
    this.c = c;
    this.h = h;
  }

  values(): readonly [T, T] {
    return [this.c, this.h];
  }

  with([c, h]: readonly unknown[]): LSTMStateTuple<T> {
    return new LSTMStateTuple(c as T, h as T);
  }
}

/** One value, or values in lists, tuples and objects: a state, what is fetched. */
export type Structure<T> =
  T | LSTMStateTuple<T> | NamedTuple<T> | readonly Structure<T>[] | { readonly [name: string]: Structure<T> };

/** How deep structures nest; what goes on is a circle. */
const DEEPEST = 32;

/** The values of a structure in order; `isLeaf` tells values from structures. @throws UNROLL_ARGUMENT */
export function flatten<T>(
  place: string,
  structure: unknown,
  isLeaf: (value: unknown) => value is T,
  depth = 0,
): T[] {
  if (isLeaf(structure)) return [structure];
  const within =
    structure instanceof NamedTuple
      ? structure.values()
      : Array.isArray(structure)
        ? (structure as unknown[])
        : isRecord(structure)
          ? Object.values(structure)
          : null;
  if (within === null || depth > DEEPEST)
    refuse(
      place,
      "tensors, or tensors in lists and tuples",
      within === null ? kindOf(structure) : "a structure without end",
      "e.g. [outputs, state]",
    );
  return within.flatMap((one) => flatten(place, one, isLeaf, depth + 1));
}

/**
 * What a structure has in the places of a form, in the form's order: list for list, records and named tuples
 * by their names, as `c` of one is never `h` of another whatever order they stand in.
 *
 * @param isLeaf tells the form's values from structures
 * @throws UNROLL_ARGUMENT for another form
 */
export function flattenLike(
  place: string,
  form: unknown,
  given: unknown,
  isLeaf: (value: unknown) => boolean,
): unknown[] {
  if (isLeaf(form)) return [given];
  const refuseForm = (expected: string): never =>
    refuse(place, expected, kindOf(given), "keep the form of the state, as zeroState(batchSize) has it");
  const each = (forms: readonly unknown[], values: readonly unknown[]): unknown[] =>
    forms.flatMap((one, k) => flattenLike(place, one, values[k], isLeaf));
  if (form instanceof NamedTuple) {
    const [forms, names] = [form.values(), Object.keys(form)];
    if (given instanceof NamedTuple && given.constructor === form.constructor)
      return each(forms, given.values());
    if (Array.isArray(given) && given.length === forms.length) return each(forms, given);
    const byName = isRecord(given) && sameNames(names, given) && names.length === forms.length;
    return byName
      ? each(
          names.map((name) => (form as unknown as Readonly<Record<string, unknown>>)[name]),
          names.map((name) => given[name]),
        )
      : refuseForm(`${kindOf(form)} (${names.join(", ")})`);
  }
  if (Array.isArray(form)) {
    const values: unknown = given instanceof NamedTuple ? [...given] : given;
    return Array.isArray(values) && values.length === form.length
      ? each(form, values)
      : refuseForm(`a list of ${form.length}`);
  }
  if (!isRecord(form)) return flatten(place, form, isLeaf as (value: unknown) => value is unknown);
  const names = Object.keys(form);
  return isRecord(given) && sameNames(names, given)
    ? each(
        Object.values(form),
        names.map((name) => given[name]),
      )
    : refuseForm(`an object of ${names.join(", ")}`);
}

const sameNames = (names: readonly string[], given: object): boolean =>
  Object.keys(given).length === names.length && names.every((name) => Object.hasOwn(given, name));

/** A structure with other values in the places of its own. */
export function filled<T, R>(
  structure: unknown,
  isLeaf: (value: unknown) => value is T,
  next: (leaf: T) => R,
): Structure<R> {
  if (isLeaf(structure)) return next(structure);
  const fill = (one: unknown): Structure<R> => filled(one, isLeaf, next);
  if (structure instanceof NamedTuple) return structure.with(structure.values().map(fill)) as Structure<R>;
  if (Array.isArray(structure)) return structure.map(fill);
  return Object.fromEntries(Object.entries(structure as object).map(([name, one]) => [name, fill(one)]));
}
