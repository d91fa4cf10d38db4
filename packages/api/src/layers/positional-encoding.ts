import type { Block, Value } from "../program/builder.js";
import { type LayerDefinition, only } from "./definition.js";
import type { Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { STEPS } from "./value-info.js";
import { wireSize } from "./wiring.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A sequence [batch, time, inputSize]. */
  input: { kind: "value" },
  /** Size of its vectors. */
  inputSize: { kind: "count" },
} as const satisfies Fields;

/**
 * Adds to every step what tells its number, semantics rule `positional-encoding`: sines and cosines of it,
 * turn by turn (Vaswani et al. 2017, section 3.5).
 */
export interface PositionalEncodingSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "positionalEncoding";
}

/** The encoding of each step of x [time, batch, size], [time, 1, size]. */
function encoding(b: Block, x: Value, size: number): Value {
  const features = Array.from({ length: size }, (_, k) => k);
  const rates = features.map((k) => 10000 ** (-(k - (k % 2)) / size));
  const steps = b.expandDims(b.cast(b.iota(x, 0), "float32"), 1);
  const angles = b.mul(steps, b.constant(rates, [1, size]));
  const even = b.constant(
    features.map((k) => 1 - (k % 2)),
    [1, size],
    "bool",
  );
  return b.expandDims(b.select(even, b.sin(angles), b.cos(angles)), 1);
}

/**
 * Sinusoidal positional encoding, added to its input.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const positionalEncoding = (options: OptionsOf<typeof fields>): PositionalEncodingSpec =>
  layerOf(positionalEncodingDefinition, options);

/** Definition of the positional encoding, for a kit of `@unroll/api/core`. */
export const positionalEncodingDefinition = {
  type: "positionalEncoding",
  fields,
  wire({ input, inputSize }, wiring) {
    const info = wiring.read(input, "input");
    wireSize(inputSize, info, wiring);
    if (info.axis === null || info.shape.length !== 1)
      wiring.refuse("input", "a sequence of vectors", input, "only steps have numbers");
  },
  values: ({ input }, around) => [["", around.value(input)]],
  whyNotSteppable: ({ name, input }, around) =>
    around.value(input).axis === STEPS
      ? `positional encoding "${name}" counts the steps of "${STEPS}", which no state does for it`
      : null,
  lower: ({ input, inputSize }, { b, read }) => only(b.add(read(input), encoding(b, read(input), inputSize))),
} as const satisfies LayerDefinition<PositionalEncodingSpec>;
