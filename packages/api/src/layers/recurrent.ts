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
import type { LayerDefinition } from "./definition.js";
import type { CellField, Fields, FilledOf, OptionsOf } from "./fields.js";
import { layerOf } from "./fill.js";

const fields = {
  /** Name of the layer, of its output, and the first part of its weights' names. Unique in the spec. */
  name: { kind: "name" },
  /** A sequence [batch, time, inputSize]. */
  input: { kind: "value" },
  /** What one step computes: `lstmCell`, `gruCell`, `simpleRnnCell` or a `customCell`. */
  cell: { kind: "cell" } as CellField<CellSpec>,
  /** `backward` runs from the last step to the first. Default `forward`. */
  direction: { kind: "oneOf", of: ["forward", "backward"], default: "forward" },
  /**
   * Order of a backward layer's output sequence: the input's `time` (torch, ONNX; the default) or the order
   * of `processing` (Keras `go_backwards`).
   */
  outputOrder: { kind: "oneOf", of: ["time", "processing"], default: "time" },
  /** `sequence`, the default: the output of every step. `last`: that of the step processed last. */
  returns: { kind: "oneOf", of: ["sequence", "last"], default: "sequence" },
  /**
   * Output at steps that are masked or past a row's length. `zero`: zeros (torch, ONNX, TensorFlow 1), the
   * default for sequences. `hold`: the output of the step before (Keras), the default where only the last
   * is returned. `ignore`: masks and lengths don't concern the layer, every step is real to it (Keras 3,
   * where a layer is given its initial state).
   */
  maskedOutput: {
    kind: "oneOf",
    of: ["zero", "hold", "ignore"],
    default: ({ returns }: { returns?: unknown }) => (returns === "last" ? "hold" : "zero"),
  },
  /**
   * What is held before the first real step: `zeros`, the default, or the output of the initial state.
   * Without effect on `zero`.
   */
  heldStart: { kind: "oneOf", of: ["zeros", "initialState"], default: "zeros" },
  /**
   * Where the initial state comes from: null, the default, the caller (zeros if not given); or other values
   * of the spec, by part.
   */
  initialState: { kind: "valuesByName", nullable: true, default: null },
  /**
   * Values that a custom cell reads beside its input, by its names for them, e.g. `{ memory: "encoder" }`.
   * Default none.
   */
  reads: { kind: "valuesByName", default: () => ({}) },
} as const satisfies Fields;

/**
 * A cell folded over a sequence. Its final state is there as `name.h`, `name.c`, or as a custom cell calls
 * its parts.
 */
export interface RecurrentSpec extends FilledOf<typeof fields> {
  /** Which layer it is. */
  readonly type: "recurrent";
}

/** Output at steps that are masked or past a row's length. */
export type MaskingSpec = Pick<RecurrentSpec, "maskedOutput" | "heldStart">;

const passes = ({ cell, direction }: RecurrentSpec): readonly Pass[] => [
  { key: "cell", cell, prefix: "", reverse: direction === "backward" },
];

/**
 * A recurrent layer. Defaults: forward, output in the input's time order, every step's output, zeros at
 * masked steps (the last output is held instead when only it is returned), initial state from the caller.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of; its values are checked by `spec`
 */
export const recurrent = <const Direction extends "forward" | "backward" = "forward">(
  options: OptionsOf<typeof fields> & { readonly direction?: Direction | undefined },
): RecurrentSpec & { readonly direction: Direction } =>
  layerOf<RecurrentSpec>(recurrentDefinition, options) as RecurrentSpec & { readonly direction: Direction };

/** Definition of the recurrent layer, for a kit of `@unroll/api/core`. */
export const recurrentDefinition = {
  type: "recurrent",
  fields,
  wire: (layer, wiring) => wirePasses(layer, passes(layer), wiring),
  values: (layer, around) => [
    ["", passOutput(layer, around.cell(layer.cell).outputSize(layer.cell), around)],
    ...stateValues(passState(passes(layer), around)),
  ],
  weights: (layer, around) => passWeights(passes(layer), around),
  state: (layer, around) => passState(passes(layer), around),
  initialState: ({ initialState }) => initialState,
  whyNotSteppable(layer, around) {
    const along = whyNotAlongSteps(layer, around);
    if (along !== null) return along;
    if (layer.direction === "backward")
      return `layer "${layer.name}" runs backward and needs the whole sequence`;
    const looks = around.cell(layer.cell).reads?.whyNotSteppable(layer, layer.cell, around) ?? null;
    if (looks !== null || layer.initialState === null) return looks;
    const reason = "so its state can't be carried from step to step";
    return `layer "${layer.name}" starts from other values of the model, ${reason}`;
  },
  lower(layer, scope) {
    const { b } = scope;
    if (scope.stepping) {
      const definition = scope.cell(layer.cell);
      const reads = definition.reads?.values(layer, layer.cell, scope) ?? {};
      const own = { b, weights: scope.weights, state: scope.initial, reads };
      const { output, state } = definition.step(layer.cell, scope.read(layer.input), own);
      return { outputs: { "": output }, state };
    }
    const [pass] = passes(layer) as [Pass];
    const { y, state } = foldPass(layer, pass, scope);
    const turned = pass.reverse && layer.outputOrder === "processing" && layer.returns === "sequence";
    return { outputs: { "": turned ? b.reverse(y, 0) : y }, state };
  },
} as const satisfies LayerDefinition<RecurrentSpec>;
