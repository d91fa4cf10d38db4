import { limits } from "../contract/limits.js";
import { type LayerDefinition, only } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** int32 ids of any shape. */
  input: { kind: "value" },
  /** How many ids there are: valid ones are 0 to depth - 1. */
  depth: { kind: "count", most: limits.constants },
} as const satisfies Fields;

/** Each id as a vector that is 1 at its place and 0 elsewhere, semantics rule `one-hot`. */
export interface OneHotSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "oneHot";
}

/**
 * Each id as a vector that is 1 at its place and 0 elsewhere.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const oneHot = (options: OptionsOf<typeof fields>): OneHotSpec => layerOf(oneHotDefinition, options);

/** Definition of the one-hot layer, for a kit of `@unroll/api/core`. */
export const oneHotDefinition = {
  type: "oneHot",
  fields,
  wire({ input }, wiring) {
    const { dtype } = wiring.read(input, "input");
    if (dtype !== "int32") wiring.refuse("input", "int32 ids", dtype, "declare the input's dtype int32");
  },
  values({ input, depth }, around) {
    const { axis, shape } = around.value(input);
    return [["", { dtype: "float32", axis, shape: [...shape, depth] }]];
  },
  ids: ({ input, depth }) => ({ ref: input, rows: depth }),
  lower({ input, depth }, { b, read }) {
    const ids = read(input);
    const all = Array.from({ length: depth }, (_, k) => k);
    const places = b.constant(all, [depth], "int32");
    return only(b.cast(b.equal(b.expandDims(ids, ids.type.shape.length), places), "float32"));
  },
} as const satisfies LayerDefinition<OneHotSpec>;
