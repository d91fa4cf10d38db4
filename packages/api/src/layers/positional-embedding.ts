import { along } from "../program/primitives/along.js";
import { rows } from "../program/primitives/rows.js";
import type { Block, NamedValues, Value } from "../program/builder.js";
import type { LayerDefinition, StatePart } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { cleared, lengthOf, stretched } from "./real-steps.js";
import { STEPS } from "./value-info.js";
import { wireSequence, wireSize } from "./wiring.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A sequence [batch, time, inputSize]. */
  input: { kind: "value" },
  /** Size of its vectors. */
  inputSize: { kind: "count" },
  /** Rows of the table: positions are 0 to maxLength - 1. */
  maxLength: { kind: "count" },
  /**
   * Steps that are masked or past a row's length. `skip`, the default: they have no position, and outputs at
   * them are zeros, so that a row is what it is alone. `ignore`: every step is real to the layer, so that
   * padding before a row moves its positions (KerasHub's `PositionEmbedding`, PyTorch's `arange`).
   */
  maskedSteps: { kind: "oneOf", of: ["skip", "ignore"], default: "skip" },
} as const satisfies Fields;

/**
 * Adds to every step a learned vector of its position, semantics rule `positional-embedding`: Gehring et al.
 * 2017, section 3.1. Weight: `table` [maxLength, inputSize]. The state is `position` int32 [], that of the
 * next step, so that a sequence may be fed in pieces or step by step.
 */
export interface PositionalEmbeddingSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "positionalEmbedding";
}

const parts: readonly StatePart[] = [{ part: "position", shape: [], dtype: "int32" }];

/** How many real steps stand before each of x [time, batch, ...], int32 [time, 1 or batch]. */
function ranksOf(b: Block, x: Value, { mask }: NamedValues): Value {
  if (!mask) return b.expandDims(b.iota(x, 0), 1);
  const upTo = b.cumsum(b.cast(mask, "float32"), 0);
  return b.cast(b.sub(upTo, b.cast(mask, "float32")), "int32");
}

/** How many real steps x [time, batch, ...] has, int32 [batch] or []. */
function countOf(b: Block, x: Value, { lengths, mask }: NamedValues): Value {
  if (lengths) return lengths;
  return mask ? b.cast(b.squeeze(b.sum(b.cast(mask, "float32"), 0), 0), "int32") : lengthOf(b, x, 0);
}

/** Rows of the table at int32 positions of any shape; NaN where there is none. */
function lookedUp(b: Block, table: Value, positions: Value): Value {
  const whole = (value: number): Value => b.constant(value, [], "int32");
  const last = whole((table.type.shape[0] as number) - 1);
  const inside = b.max(b.min(positions, last), whole(0));
  const found = b.expandDims(b.equal(inside, positions), positions.type.shape.length);
  return b.select(found, b.gather(table, inside), b.constant(NaN));
}

/**
 * Learned embedding of positions, added to its input. Default: steps that are not real have no position.
 *
 * A run refuses sequences that are longer than `maxLength` with UNROLL_SHAPE, where they run along the axis
 * of an input. A step whose position the table has no row for gets NaN: one after too many others, or of a
 * longer axis that a layer makes.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const positionalEmbedding = (options: OptionsOf<typeof fields>): PositionalEmbeddingSpec =>
  layerOf(positionalEmbeddingDefinition, options);

/** Definition of the positional embedding, for a kit of `@unroll/api/core`. */
export const positionalEmbeddingDefinition = {
  type: "positionalEmbedding",
  fields,
  primitives: { ...along, ...rows },
  wire({ input, inputSize }, wiring) {
    const info = wireSequence(input, wiring);
    wireSize(inputSize, info, wiring);
    if (info.shape.length !== 1)
      wiring.refuse("input", "a sequence of vectors", input, "reshape makes one vector of a step");
  },
  values: ({ input }, around) => [
    ["", around.value(input)],
    [".position", { dtype: "int32", axis: null, shape: [] }],
  ],
  weights: ({ inputSize, maxLength }) => [{ name: "table", shape: [maxLength, inputSize] }],
  state: () => parts,
  longest: ({ input, maxLength }) => ({ ref: input, steps: maxLength }),
  whyNotSteppable({ name, input }, around) {
    const { axis } = around.value(input);
    return axis === STEPS
      ? null
      : `positional embedding "${name}" runs along "${axis}", which is there as a whole`;
  },
  lower({ input, maskedSteps }, { b, read, weights, initial, value, extent, stepping }) {
    const [x, table, position] = [read(input), weights["table"]!, initial["position"]!];
    if (stepping)
      return {
        outputs: { "": b.add(x, lookedUp(b, table, position)) },
        state: { position: b.add(position, b.constant(1, [], "int32")) },
      };
    const ends = maskedSteps === "ignore" ? {} : extent(value(input).axis);
    const positions = b.add(ranksOf(b, x, ends), b.expandDims(position, 0));
    const y = b.add(x, lookedUp(b, table, positions));
    const { lengths, mask } = ends;
    const real = lengths
      ? cleared(b, y, lengths)
      : mask
        ? b.select(stretched(b, mask, 3), y, b.constant(0))
        : y;
    return { outputs: { "": real }, state: { position: b.add(position, countOf(b, x, ends)) } };
  },
} as const satisfies LayerDefinition<PositionalEmbeddingSpec>;
