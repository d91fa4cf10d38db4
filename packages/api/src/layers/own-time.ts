import { lengths } from "../program/primitives/lengths.js";
import { along } from "../program/primitives/along.js";
import { rows } from "../program/primitives/rows.js";
import type { Block, Value } from "../program/builder.js";
import { type LayerScope, type Lowered, only, type Surroundings, type Wiring } from "./definition.js";
import type { Field, ValueRef } from "./fields.js";
import { cleared, compacted } from "./real-steps.js";
import { STEPS } from "./value-info.js";

// Layers that make a sequence longer or shorter, whose output so has a time axis of its own.

/** @internal Fields that layers with a time axis of their own share. */
export const ownTimeFields = {
  /**
   * Name of the output's time axis where it is not as long as the input's, in which case it has to be given;
   * null, the default, where it is.
   */
  axis: { kind: "axis", nullable: true, default: null },
  /**
   * Steps that are masked or past a row's length. `skip`, the default: they are not there, so that a row is
   * what it is alone. `ignore`: every step is real to the layer (Keras, which lets go of masks here).
   */
  maskedSteps: { kind: "oneOf", of: ["skip", "ignore"], default: "skip" },
} as const satisfies Readonly<Record<string, Field>>;

/** What a layer with a time axis of its own holds of it. */
export interface OwnTime {
  readonly name: string;
  readonly axis: string | null;
  readonly maskedSteps: "skip" | "ignore";
}

/** Primitives by which steps are moved. */
export const ownTimePrimitives = { ...along, ...lengths, ...rows };

/**
 * Checks that a layer names its output's time axis where that is not as long as the input's.
 *
 * @param keeps what keeps the length, for the cure
 * @throws UNROLL_SPEC
 */
export function wireOwnTime(axis: string | null, changes: boolean, keeps: string, wiring: Wiring): void {
  if (changes && axis === null)
    wiring.refuse(
      "axis",
      "a name for the output's time axis, which is not as long as the input's",
      axis,
      `e.g. "frames"; ${keeps}`,
    );
  if (!changes && axis !== null)
    wiring.refuse("axis", "null, as the output is as long as the input", axis, "leave it out");
}

/**
 * What a layer along time is lowered to: its output, zeros past each row's end, and how long rows are along
 * it.
 *
 * @param change makes of x [time, batch, ...], whose rows have their real steps first and zeros after them,
 *   the output
 * @param count makes of the numbers of real steps, int32 [batch], those of the output
 */
export function remade(
  layer: OwnTime & { readonly input: ValueRef },
  { b, read, value, extent }: LayerScope,
  change: (b: Block, x: Value) => Value,
  count: (b: Block, lengths: Value) => Value,
): Lowered {
  const { axis } = value(layer.input);
  const real = compacted(b, read(layer.input), layer.maskedSteps === "ignore" ? {} : extent(axis));
  const y = change(b, real.x);
  if (!real.lengths) return only(y);
  if (layer.axis === null) return only(real.restore(y));
  const ends = count(b, real.lengths);
  return { ...only(cleared(b, y, ends)), extent: [layer.axis, { lengths: ends }] };
}

/** An int32 value and a whole number. */
export const plus = (b: Block, x: Value, more: number): Value =>
  more === 0 ? x : b.add(x, b.constant(more, [], "int32"));

/**
 * Why a layer with a time axis of its own can't be stepped; null where it can.
 *
 * @param inputs what it reads
 * @param reason what it does that no step can do, and the cure
 * @param does whether it does that. Default: where its output is not as long as its input
 */
export function whyNotRemade(
  { name, axis }: OwnTime,
  inputs: readonly ValueRef[],
  around: Surroundings,
  reason: string,
  does = axis !== null,
): string | null {
  const is = `layer "${name}"`;
  if (does && inputs.some((ref) => around.value(ref).axis === STEPS)) return `${is} ${reason}`;
  // Where nothing of it comes step by step, it is there as a whole, which no step is.
  return axis === STEPS ? `${is} has all of "${STEPS}" at once; name its axis otherwise` : null;
}
