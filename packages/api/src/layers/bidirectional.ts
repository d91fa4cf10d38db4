import type { CellSpec } from "./cells.js";
import {
  foldPass,
  type Pass,
  passOutput,
  passState,
  passWeights,
  stateValues,
  whyNotAlongSteps,
  wirePasses,
} from "./cell-pass.js";
import { lengths } from "../program/primitives/lengths.js";
import type { LayerDefinition } from "./definition.js";
import type { CellField, Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";
import { mergeValues } from "./merge.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A sequence [batch, time, inputSize]. */
  input: { kind: "value" },
  /** The cell that runs from the first step to the last. */
  forward: { kind: "cell" } as CellField<CellSpec>,
  /** Default: as `forward`, with weights of its own. */
  backward: {
    kind: "cell",
    default: ({ forward }: { forward?: unknown }) => forward,
  } as CellField<CellSpec> & { readonly default: unknown },
  /**
   * How the two outputs become one, `concat` by default; `none` leaves `name.forward` and `name.backward`.
   */
  merge: { kind: "oneOf", of: ["concat", "sum", "ave", "mul", "none"], default: "concat" },
  /**
   * `sequence`, the default: the outputs of every step, both in the input's time order. `last`: each
   * direction's output at the step it processed last, that is at the end forward and at the start backward.
   */
  returns: { kind: "oneOf", of: ["sequence", "last"], default: "sequence" },
  /**
   * Output at steps that are masked or past a row's length: `zero`, the default for sequences, or `hold`,
   * that of the step before it, the default where only the last is returned; or `ignore`, where every step
   * is real to the layer.
   */
  maskedOutput: {
    kind: "oneOf",
    of: ["zero", "hold", "ignore"],
    default: ({ returns }: { returns?: unknown }) => (returns === "last" ? "hold" : "zero"),
  },
  /** What is held before the first real step: `zeros`, the default, or the output of the initial state. */
  heldStart: { kind: "oneOf", of: ["zeros", "initialState"], default: "zeros" },
  /**
   * Values that the state starts from, by part: `forward.h`, `backward.h`, ... Null, the default: what the
   * caller gives, or zeros.
   */
  initialState: { kind: "valuesByName", nullable: true, default: null },
} as const satisfies Fields;

/** Two cells, one over the sequence as it is and one from its end. */
export interface BidirectionalSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "bidirectional";
}

const passes = ({ forward, backward }: BidirectionalSpec): readonly [Pass, Pass] => [
  { key: "forward", cell: forward, prefix: "forward.", reverse: false },
  { key: "backward", cell: backward, prefix: "backward.", reverse: true },
];

/**
 * Two cells, one over the sequence as it is and one from its end. Defaults as {@link recurrent}, outputs
 * concatenated, both cells alike.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const bidirectional = (options: OptionsOf<typeof fields>): BidirectionalSpec =>
  layerOf(bidirectionalDefinition, options);

/** Definition of the bidirectional layer, for a kit of `@unroll/api/core`. */
export const bidirectionalDefinition = {
  type: "bidirectional",
  fields,
  primitives: lengths,
  wire(layer, wiring) {
    const [forward, backward] = [layer.forward, layer.backward];
    wirePasses(layer, passes(layer), wiring);
    const differ = wiring.cell(forward).outputSize(forward) !== wiring.cell(backward).outputSize(backward);
    if (differ && layer.merge !== "concat" && layer.merge !== "none")
      wiring.refuse(
        "merge",
        "concat or none, as the directions differ in size",
        layer.merge,
        "only those join different sizes",
      );
  },
  values(layer, around) {
    const [forward, backward] = passes(layer).map(({ cell }) => around.cell(cell).outputSize(cell)) as [
      number,
      number,
    ];
    const state = stateValues(passState(passes(layer), around));
    if (layer.merge === "none")
      return [
        [".forward", passOutput(layer, forward, around)],
        [".backward", passOutput(layer, backward, around)],
        ...state,
      ];
    const size = layer.merge === "concat" ? forward + backward : forward;
    return [["", passOutput(layer, size, around)], ...state];
  },
  weights: (layer, around) => passWeights(passes(layer), around),
  state: (layer, around) => passState(passes(layer), around),
  initialState: ({ initialState }) => initialState,
  whyNotSteppable: (layer, around) =>
    whyNotAlongSteps(layer, around) ?? `bidirectional "${layer.name}" needs the whole sequence`,
  lower(layer, scope) {
    const [forward, backward] = passes(layer).map((pass) => foldPass(layer, pass, scope)) as [
      ReturnType<typeof foldPass>,
      ReturnType<typeof foldPass>,
    ];
    const state = Object.fromEntries([
      ...Object.entries(forward.state).map(([part, value]) => [`forward.${part}`, value]),
      ...Object.entries(backward.state).map(([part, value]) => [`backward.${part}`, value]),
    ]);
    const outputs =
      layer.merge === "none"
        ? { ".forward": forward.y, ".backward": backward.y }
        : { "": mergeValues(scope.b, layer.merge, [forward.y, backward.y]) };
    return { outputs, state };
  },
} as const satisfies LayerDefinition<BidirectionalSpec>;
