import { lengths } from "../program/primitives/lengths.js";
import { type LayerDefinition, only } from "./definition.js";
import { leadingAxes, whole, wireAxis, withSize } from "./feature-axes.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";

/** Each time is an operand of a node. */
const MOST = 1024;

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A float32 value. */
  input: { kind: "value" },
  /** Which feature axis, from 0; batch and time do not count. */
  axis: whole,
  /** How often. */
  times: { kind: "count", most: MOST },
  /**
   * What is repeated: each of its `elements`, a a b b (upsampling by the nearest, NumPy's `repeat`), or all
   * of them as `blocks`, a b a b (NumPy's `tile`). Default `elements`.
   */
  order: { kind: "oneOf", of: ["elements", "blocks"], default: "elements" },
} as const satisfies Fields;

/** A feature axis several times, semantics rule `tile`. */
export interface TileSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "tile";
}

/**
 * A feature axis several times. Default: element by element.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const tile = (options: OptionsOf<typeof fields>): TileSpec => layerOf(tileDefinition, options);

/** Definition of the tile layer, for a kit of `@unroll/api/core`. */
export const tileDefinition = {
  type: "tile",
  fields,
  primitives: lengths,
  wire: ({ input, axis }, wiring) => void wireAxis(input, axis, wiring),
  values({ input, axis, times }, around) {
    const info = around.value(input);
    return [["", { ...info, shape: withSize(info.shape, axis, info.shape[axis]! * times) }]];
  },
  lower({ input, axis, times, order }, { b, read, value }) {
    const x = read(input);
    const at = leadingAxes(x, value(input)) + axis;
    if (times === 1) return only(x);
    const again = (one: typeof x, along: number): typeof x =>
      b.concat(
        Array.from({ length: times }, () => one),
        along,
      );
    return only(
      order === "blocks" ? again(x, at) : b.mergeAxes(again(b.expandDims(x, at + 1), at + 1), at, 2),
    );
  },
} as const satisfies LayerDefinition<TileSpec>;
