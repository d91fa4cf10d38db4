import { rows } from "../program/primitives/rows.js";
import { type LayerDefinition, only } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** int32 ids of any shape. */
  input: { kind: "value" },
  /** Rows of the table: valid ids are 0 to inputSize - 1. */
  inputSize: { kind: "count" },
  /** Size of each vector. */
  outputSize: { kind: "count" },
} as const satisfies Fields;

/** A vector for each id. Weight: `table` [inputSize, outputSize]. */
export interface EmbeddingSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "embedding";
}

/**
 * A vector for each id.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const embedding = (options: OptionsOf<typeof fields>): EmbeddingSpec =>
  layerOf(embeddingDefinition, options);

/** Definition of the embedding layer, for a kit of `@unroll/api/core`. */
export const embeddingDefinition = {
  type: "embedding",
  fields,
  wire({ input, inputSize }, wiring) {
    const { dtype, ids } = wiring.read(input, "input");
    if (dtype !== "int32") wiring.refuse("input", "int32 ids", dtype, "declare the input's dtype int32");
    if (ids !== undefined && ids > inputSize)
      wiring.refuse("inputSize", `at least ${ids}, as many ids as the input has`, inputSize, "add rows");
  },
  values({ input, outputSize }, around) {
    const { axis, shape } = around.value(input);
    return [["", { dtype: "float32", axis, shape: [...shape, outputSize] }]];
  },
  weights: ({ inputSize, outputSize }) => [{ name: "table", shape: [inputSize, outputSize] }],
  ids: ({ input, inputSize }) => ({ ref: input, rows: inputSize }),
  primitives: rows,
  lower: ({ input }, { b, weights, read }) => only(b.gather(weights["table"]!, read(input))),
} as const satisfies LayerDefinition<EmbeddingSpec>;
