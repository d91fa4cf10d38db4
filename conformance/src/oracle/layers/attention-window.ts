import type { Context, LayerValues } from "./context.js";

/** A layer that attends to a window. */
interface Windowed {
  readonly name: string;
  readonly window: number;
}

/** What a step of a window sees, the oldest first and its own last. */
export interface Seen<V> {
  readonly keys: readonly V[];
  readonly values: readonly V[];
}

/** What a layer makes of one step: its output, and the share of each step that it sees. */
export interface Looked<V> {
  readonly y: V;
  readonly shares: V;
}

/** The sequences that a layer with a window looks over, as its cache has them. */
export interface Line<V> {
  readonly axis: string | null;
  /** Of each row and step, with the size of each. */
  readonly keys: readonly (readonly V[])[];
  readonly keySize: number;
  readonly values: readonly (readonly V[])[];
  readonly valueSize: number;
}

/**
 * Rule `attention-window`: each real step sees so many of the real steps up to its own, those of the state
 * before them among them. What a step that is not real gets is zeros.
 *
 * @param look what a step of a row makes of what it sees
 */
export function overWindow<V>(
  { name, window }: Windowed,
  { m, real, given, givenCount, record }: Context<V>,
  { axis, keys, keySize, values, valueSize }: Line<V>,
  outputSize: number,
  look: (seen: Seen<V>, row: number, t: number) => Looked<V>,
): LayerValues<V> {
  const held = window - 1;
  const slots = (part: string, row: number, size: number): V[] => {
    const all = given(name, part, row, held * size);
    return Array.from({ length: held }, (_, slot) => m.slice(all, slot * size, size));
  };
  const after: { key: V; value: V; count: V }[] = [];
  const rows = keys.map((steps, row) => {
    const before = { keys: slots("key", row, keySize), values: slots("value", row, valueSize) };
    const count = Math.min(Math.max(givenCount(name, "count", row), 0), held);
    const own = steps.map((_, t) => t).filter((t) => real(axis, row, t));
    const line = {
      keys: [...before.keys, ...own.map((t) => steps[t]!)],
      values: [...before.values, ...own.map((t) => values[row]![t]!)],
    };
    after.push({
      key: m.concat(line.keys.slice(-held)),
      value: m.concat(line.values.slice(-held)),
      count: m.constant(Math.min(count + own.length, held), 1),
    });
    return steps.map((_, t): Looked<V> => {
      const rank = own.indexOf(t);
      if (rank < 0) return { y: m.zeros(outputSize), shares: m.zeros(window) };
      // Slots of the cache that no step has filled come before those that one has.
      const from = Math.max(rank, held - count);
      const seen = {
        keys: line.keys.slice(from, held + rank + 1),
        values: line.values.slice(from, held + rank + 1),
      };
      const { y, shares } = look(seen, row, t);
      const unseen = window - seen.keys.length;
      return { y, shares: unseen === 0 ? shares : m.concat([m.zeros(unseen), shares]) };
    });
  });
  record(
    name,
    "key",
    [held, keySize],
    after.map(({ key }) => key),
  );
  record(
    name,
    "value",
    [held, valueSize],
    after.map(({ value }) => value),
  );
  record(
    name,
    "count",
    [],
    after.map(({ count }) => count),
  );
  const part = (shape: readonly number[], of: (one: (typeof after)[number]) => V) => ({
    axis: null,
    shape,
    rows: after.map((one) => [of(one)]),
  });
  return [
    [name, { axis, shape: [outputSize], rows: rows.map((row) => row.map(({ y }) => y)) }],
    [`${name}.weights`, { axis, shape: [window], rows: rows.map((row) => row.map(({ shares }) => shares)) }],
    [`${name}.key`, part([held, keySize], ({ key }) => key)],
    [`${name}.value`, part([held, valueSize], ({ value }) => value)],
    [`${name}.count`, part([], ({ count }) => count)],
  ];
}
