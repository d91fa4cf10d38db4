import { along } from "../program/primitives/along.js";
import { lengths } from "../program/primitives/lengths.js";
import { rows } from "../program/primitives/rows.js";
import type { Block, NamedValues, Value } from "../program/builder.js";
import type { LayerScope, StatePart, Surroundings, Wiring } from "./definition.js";
import type { ValueRef } from "./fields.js";
import { type Compacted, compacted, endOf, lengthOf, swapped } from "./real-steps.js";
import { STEPS, type ValueInfo } from "./value-info.js";

// Causal attention over the last `window` real steps. What a step still sees of those before it, keys and
// values, is state of a fixed size, so that a sequence may be run whole, in pieces or by steps. The whole
// gathers the window of every step, and looks at each as a step does: a matrix of all steps by all would
// multiply what lies outside of a window by 0, and let its NaN through.

/** Primitives that attention over a window has beside the common ones. */
export const windowPrimitives = /* @__PURE__ */ (() => ({ ...along, ...lengths, ...rows }))();

/** How a key's fit is computed; scores with weights of their own are applied before. */
export interface WindowScore {
  readonly score: "dot" | "scaledDot" | "additive";
  /** [] or [size] */
  readonly scale?: Value | undefined;
  /** [] */
  readonly innerScale?: Value | undefined;
}

/** What attention over a window looks with. */
export interface Looking extends WindowScore {
  /** Steps that each one sees, its own among them. */
  readonly window: number;
  /** How many heads stand side by side in the last axis of query, key and value. */
  readonly heads: number;
  /** [time, batch, heads x size] */
  readonly query: Value;
  readonly key: Value;
  /** [time, batch, heads x valueSize] */
  readonly value: Value;
  /** Whether the one step there is, of a run by steps, leaves no other to gather. */
  readonly stepping: boolean;
  /** `lengths` or `mask` of time, or neither. */
  readonly extent: NamedValues;
  /** The cache before: `key`, `value`, `count`. */
  readonly held: Readonly<Record<string, Value>>;
}

/** What attention over a window gives. Rows stand together, until `restore` has put them back. */
export interface Looked {
  /** [time, batch, heads x valueSize] */
  readonly y: Value;
  /** The mean over heads of what each looks at, [time, batch, window], the oldest step first. */
  shares(): Value;
  /** A value [time, batch, ...] with its steps where they are in the sequence, and zeros elsewhere. */
  restore(y: Value): Value;
  /** The cache after. */
  readonly state: Readonly<Record<string, Value>>;
}

/** A layer that may attend to a window. */
interface WindowedLayer {
  readonly name: string;
  readonly query: ValueRef;
  readonly key: ValueRef;
  readonly value: ValueRef;
  readonly causal: boolean;
  readonly window: number | null;
}

/** The cache of a layer: so many of the last real steps, none of them older than the window sees. */
export const cacheParts = (
  window: number | null,
  keySize: number,
  valueSize: number,
): readonly StatePart[] =>
  window === null
    ? []
    : [
        { part: "key", shape: [window - 1, keySize], dtype: "float32" },
        { part: "value", shape: [window - 1, valueSize], dtype: "float32" },
        { part: "count", shape: [], dtype: "int32" },
      ];

/** The parts of a cache as values of the spec. */
export const cacheValues = (parts: readonly StatePart[]): (readonly [suffix: string, info: ValueInfo])[] =>
  parts.map(({ part, shape, dtype }) => [`.${part}`, { dtype, axis: null, shape }]);

/** What the weights of attention are: over all of the key's steps, or of a window over its own. */
export const weightsInfo = (axis: string | null, window: number | null, over: string): ValueInfo =>
  window === null ? { dtype: "float32", axis, shape: [], over } : { dtype: "float32", axis, shape: [window] };

/** Checks what a layer says of its window. @throws UNROLL_SPEC */
export function wireWindow({ window, causal }: WindowedLayer, wiring: Wiring): void {
  if (window !== null && !causal)
    wiring.refuse("window", "null, as the layer is not causal", window, "say causal: true");
  if (window === 1)
    wiring.refuse("window", "2 steps at least", window, "a step that sees itself alone gets its own value");
}

/** Why a layer with a window can't be stepped; null where it can. */
export function whyNotWindowed({ name, key }: WindowedLayer, around: Surroundings): string | null {
  const { axis } = around.value(key);
  return axis === STEPS ? null : `attention "${name}" runs along "${axis}", which is there as a whole`;
}

/** x [time, batch, heads x size] as rows of their own, [time, batch x heads, size]. */
export function parted(b: Block, x: Value, heads: number): Value {
  if (heads === 1) return x;
  const size = (x.type.shape[2] as number) / heads;
  const like = b.constant(new Array<number>(heads * size).fill(0), [1, 1, heads, size]);
  return b.mergeAxes(b.splitAxis(x, like, 2, 2), 1, 2);
}

/** x [..., batch x heads] as [..., batch, heads], for as many rows as `like` [time, batch, ...] has. */
function apart(b: Block, x: Value, like: Value, heads: number): Value {
  const last = x.type.shape.length - 1;
  // [1, ..., batch, heads], of which only the last axes' lengths are of interest.
  let rowsOf = b.add(
    b.expandDims(b.iota(like, 1), 1),
    b.constant(new Array<number>(heads).fill(0), [1, heads], "int32"),
  );
  for (let axis = 0; axis < last; axis++) rowsOf = b.expandDims(rowsOf, 0);
  return b.splitAxis(x, rowsOf, last, 2);
}

/** Query, key and value with each row's real steps moved to the front, by one move of the three. */
function together(b: Block, { query, key, value, extent }: Looking): Compacted & { parts: readonly Value[] } {
  const parts = [query, key, value];
  if (!extent["lengths"] && !extent["mask"]) return { ...compacted(b, query, {}), parts };
  const moved = compacted(b, b.concat(parts, 2), extent);
  let from = 0;
  const own = parts.map(({ type }) => {
    const size = type.shape[2] as number;
    from += size;
    return b.slice(moved.x, 2, from - size, size);
  });
  return { ...moved, parts: own };
}

/** How well each key of a window fits, [time, window, rows, 1]: of q [time, 1, rows, size] and keys. */
function fitOf(b: Block, q: Value, keys: Value, { score, scale, innerScale }: WindowScore): Value {
  if (score === "additive") {
    const sum = b.add(q, keys);
    const terms = b.tanh(innerScale ? b.mul(sum, innerScale) : sum);
    return b.sum(scale ? b.mul(terms, scale) : terms, 3);
  }
  const product = b.sum(b.mul(q, keys), 3);
  const size = q.type.shape[3] as number;
  const fit = score === "dot" ? product : b.div(product, b.constant(Math.sqrt(size)));
  return scale ? b.mul(fit, scale) : fit;
}

/**
 * Softmax of fits [time, window, rows, 1] over what is seen of the window. Its last step, the own one, always
 * is: so its fit may stand for those that are not, which then change no maximum.
 */
function sharesOf(b: Block, fit: Value, seen: Value, window: number): Value {
  const known = b.select(seen, fit, b.slice(fit, 1, window - 1, 1));
  const e = b.select(seen, b.exp(b.sub(known, b.reduceMax(known, 1))), b.constant(0));
  // Once more after the division: a NaN among what is seen spoils the sum, and no other share.
  return b.select(seen, b.div(e, b.sum(e, 1)), b.constant(0));
}

/** Causal attention over a window, semantics rule `attention-window`. */
export function lookedAtWindow(b: Block, looking: Looking): Looked {
  const { window, heads, stepping, held } = looking;
  const { restore, lengths: real, parts } = together(b, looking);
  const [q, k, v] = parts as readonly [Value, Value, Value];
  const most = b.constant(window - 1, [], "int32");
  const none = b.constant(0, [], "int32");
  const count = b.max(b.min(held["count"]!, most), none);
  const joined = (part: string, x: Value): Value => b.concat([swapped(b, held[part]!), x], 0);
  // [window - 1 + time, batch, ...]
  const [keys, values] = [joined("key", k), joined("value", v)];

  const slots = b.constant(
    Array.from({ length: window }, (_, slot) => slot),
    [1, window],
    "int32",
  );
  // Where in keys and values the window of each step is, [time, window].
  const places = stepping ? slots : b.add(b.expandDims(b.iota(q, 0), 1), slots);
  const banded = (x: Value): Value => {
    const rowsOf = parted(b, x, heads);
    return stepping ? b.expandDims(rowsOf, 0) : b.gather(rowsOf, places);
  };
  const filled = b.less(
    b.expandDims(b.sub(b.sub(most, count), b.constant(1, [], "int32")), 0),
    b.expandDims(places, 2),
  );
  const every = b.constant(new Array<number>(heads).fill(1), [1, 1, 1, heads], "bool");
  const each = heads === 1 ? filled : b.mergeAxes(b.and(b.expandDims(filled, 3), every), 2, 2);
  const seen = b.expandDims(each, 3);

  const fit = fitOf(b, b.expandDims(parted(b, q, heads), 1), banded(keys), looking);
  const shares = sharesOf(b, fit, seen, window);
  const sum = b.sum(b.mul(shares, b.select(seen, banded(values), b.constant(0))), 1);
  const y = b.squeeze(sum, 1);
  return {
    y: heads === 1 ? y : joinedHeads(b, y, q, heads),
    shares() {
      const own = b.squeeze(shares, 3);
      const mean =
        heads === 1 ? own : b.squeeze(b.div(b.sum(apart(b, own, q, heads), 3), b.constant(heads)), 3);
      return b.transpose(mean, [0, 2, 1]);
    },
    restore,
    state: {
      key: swapped(b, endOf(b, keys, window - 1, real)),
      value: swapped(b, endOf(b, values, window - 1, real)),
      count: b.min(b.add(count, real ?? lengthOf(b, k, 0)), most),
    },
  };
}

/** y [time, batch x heads, size] as [time, batch, heads x size]. */
function joinedHeads(b: Block, y: Value, like: Value, heads: number): Value {
  // [1, batch, heads, 1]
  const rowsOf = b.expandDims(
    b.expandDims(
      b.add(
        b.expandDims(b.iota(like, 1), 1),
        b.constant(new Array<number>(heads).fill(0), [1, heads], "int32"),
      ),
      0,
    ),
    3,
  );
  return b.mergeAxes(b.splitAxis(y, rowsOf, 1, 2), 2, 2);
}

/** The layer's query, key and value with a time axis, and how to take that away from what has it. */
export function withTime(
  { b, read, value, stepping }: LayerScope,
  { query, key, value: valueRef }: WindowedLayer,
): { given: readonly [Value, Value, Value]; stepping: boolean; out: (x: Value) => Value } {
  const lone = stepping && value(query).axis === STEPS;
  const whole = (ref: ValueRef): Value => (lone ? b.expandDims(read(ref), 0) : read(ref));
  return {
    given: [whole(query), whole(key), whole(valueRef)],
    stepping: lone,
    out: (x) => (lone ? b.squeeze(x, 0) : x),
  };
}
