import {
  type Activation,
  activationNames,
  attention,
  bidirectional,
  type BidirectionalSpec,
  type CellSpec,
  concatTime,
  convolution,
  crf,
  cropTime,
  dense,
  embedding,
  gruCell,
  input,
  type LayerSpec,
  lstmCell,
  merge,
  pool,
  oneHot,
  padTime,
  pickStep,
  type PickStepSpec,
  recurrent,
  type RecurrentSpec,
  reduceTime,
  type ReduceTimeSpec,
  repeat,
  simpleRnnCell,
  spec,
  type Spec,
  stack,
  toSequence,
  transposedConvolution,
  upsampleTime,
} from "@unroll/api";
import * as fc from "fast-check";
import { outputSize, outputPart, stateShapes } from "../oracle/cell-equations.js";
import { SOURCE } from "./case.js";
import { customCells } from "./custom-cells.js";
import { following, others, usually } from "./following.js";
import type { LayerChoice } from "./layer-choice.js";
import {
  attending,
  attendingByHeads,
  type AttentionChoice,
  ENCODER,
  MOST_WINDOW,
  READER,
  reading,
  scoringOf,
  SELF,
} from "./looking.js";

/** What specs a property wants. */
export interface SpecWish {
  /** Only layers that see the past alone. */
  readonly steppable?: boolean;
  /** Exactly so many recurrent layers; otherwise 1 to 3. */
  readonly depth?: number;
  /** Only tanh and sigmoid: no activation that lets values grow without bound. */
  readonly bounded?: boolean;
  /** Whether custom cells are among them. Default true. */
  readonly custom?: boolean;
  /**
   * Whether some have a second time axis: a memory that they look at by attention, or a vector repeated.
   * Default true.
   */
  readonly axes?: boolean;
}

const known = ["simpleRnn", "lstm", "gru"] as const;

// The first of each list is what a counterexample shrinks to.
const windowSizes = [2, 3, MOST_WINDOW];
const units = fc.constantFrom(1, 2, 3, 4, 5, 8);
const sizes = fc.constantFrom(1, 2, 3, 4);

const layerChoice = ({
  steppable = false,
  bounded = false,
  custom = true,
}: SpecWish): fc.Arbitrary<LayerChoice> => {
  const act = (usual: Activation): fc.Arbitrary<Activation> =>
    bounded
      ? fc.constant(usual)
      : fc.oneof(
          { weight: 2, arbitrary: fc.constant(usual) },
          { weight: 1, arbitrary: fc.constantFrom(...activationNames) },
        );
  return fc.record({
    kind: fc.constantFrom(...known, ...known, ...(custom ? (["custom"] as const) : [])),
    units,
    custom: fc.constantFrom(...(Object.keys(customCells) as (keyof typeof customCells)[])),
    activation: act("tanh"),
    recurrentActivation: act("sigmoid"),
    outputActivation: act("tanh"),
    bias: fc.constantFrom("none", "single", "split"),
    resetAfter: fc.boolean(),
    projection: fc.constantFrom(null, null, null, 1, 2, 3),
    peepholes: fc.constantFrom(false, false, false, true),
    cellClip: fc.constantFrom(null, null, null, 0.375),
    form: steppable
      ? fc.constant("forward")
      : fc.constantFrom("forward", "forward", "backward", "bidirectional"),
    merge: fc.constantFrom("concat", "sum", "ave", "mul", "none"),
    outputOrder: fc.constantFrom("time", "processing"),
    maskedOutput: fc.constantFrom("zero", "hold"),
    heldStart: fc.constantFrom("zeros", "initialState"),
    after: fc.oneof(
      { withCrossShrink: true },
      { weight: 2, arbitrary: fc.constantFrom("nothing", "nothing", "nothing", "residual", ...usually) },
      { weight: 1, arbitrary: fc.constantFrom(...others) },
    ),
    reduction: fc.constantFrom("sum", "mean", "max"),
  });
};

interface TaggingChoice {
  /** Whether the first and last tag are scored too. */
  readonly boundaries: boolean;
  /** Whether ids that are read are judged as a path. */
  readonly judges: boolean;
}

interface SpecChoice {
  readonly attention: AttentionChoice | null;
  readonly ids: boolean;
  readonly inputSize: number;
  readonly layers: readonly LayerChoice[];
  readonly last: boolean;
  readonly head: "none" | "dense" | "softmax" | "logSoftmax";
  /** What the last sequence is tagged with at the end; null for nothing. */
  readonly tagged: TaggingChoice | null;
  readonly states: boolean;
  readonly handedOver: boolean;
  /**
   * Whether a sequence after it reads the last output at every step, or a few of it as steps; or outputs
   * thinned out, or more of them.
   */
  readonly repeated: false | "again" | "apart";
  /** What of a sequence is left at the end: all of it, one step, or what is over all. */
  readonly left: "all" | PickStepSpec["step"] | `${ReduceTimeSpec["mode"]} ${ReduceTimeSpec["padding"]}`;
  /** Whether ids are looked up in a table, or made vectors of ones and zeros. */
  readonly looked: boolean;
}

/** A cell of every kind, for an input of some size. */
const cellsOf: {
  readonly [K in CellSpec["kind"]]: (choice: LayerChoice, inputSize: number) => CellSpec;
} = {
  simpleRnn: ({ units: size, activation: candidate, bias }, inputSize) =>
    simpleRnnCell({ inputSize, units: size, activation: candidate, bias }),
  lstm: (choice, inputSize) =>
    lstmCell({
      inputSize,
      units: choice.units,
      activation: choice.activation,
      recurrentActivation: choice.recurrentActivation,
      outputActivation: choice.outputActivation,
      projection: choice.projection,
      peepholes: choice.peepholes,
      cellClip: choice.cellClip,
      bias: choice.bias,
    }),
  gru: (choice, inputSize) =>
    gruCell({
      inputSize,
      units: choice.units,
      activation: choice.activation,
      recurrentActivation: choice.recurrentActivation,
      resetAfter: choice.resetAfter,
      bias: choice.bias,
    }),
  custom: ({ custom, units: size }, inputSize) => customCells[custom](inputSize, size),
};

const cellOf = (choice: LayerChoice, inputSize: number): CellSpec => cellsOf[choice.kind](choice, inputSize);

/** Name of the layer that reads a vector repeated. */
export const WRITER = "writer";

/** Rows of an embedding's table. */
export const IDS = 5;

/** Layers of a spec as far as it is drawn. */
interface Draft {
  readonly layers: LayerSpec[];
  /** The value that the next layer reads, and its size. */
  at: string;
  size: number;
  /** The layer before, where its state may be handed over. */
  before: { readonly name: string; readonly cell: CellSpec } | null;
}

/** The recurrent layer that is drawn, and where it stands. */
interface Place {
  readonly name: string;
  readonly choice: LayerChoice;
  readonly first: boolean;
  readonly final: boolean;
  readonly returns: "last" | "sequence";
}

function begun({ ids, inputSize, looked }: SpecChoice): Draft {
  if (!ids) return { layers: [], at: "x", size: inputSize, before: null };
  if (!looked)
    return {
      layers: [oneHot({ name: "embed", input: "x", depth: IDS })],
      at: "embed",
      size: IDS,
      before: null,
    };
  const table = embedding({ name: "embed", input: "x", inputSize: IDS, outputSize: inputSize });
  return { layers: [table], at: "embed", size: inputSize, before: null };
}

/** What a recurrent layer has in each form alike. */
function placedAt({ at }: Draft, { name, choice, returns }: Place, cell: CellSpec) {
  const { maskedOutput } = choice;
  // An output that is no part of the state has no initial value to hold.
  const heldStart = outputPart(cell) === null ? "zeros" : choice.heldStart;
  return { name, input: at, maskedOutput, heldStart, returns } as const;
}

function addBidirectional(draft: Draft, place: Place): void {
  const { name, choice, final } = place;
  const cell = cellOf(choice, draft.size);
  // What does not merge ends the model: two outputs, and nothing reads them.
  const how = choice.merge === "none" && !final ? "concat" : choice.merge;
  draft.layers.push(
    bidirectional({ ...placedAt(draft, place, cell), forward: cell, backward: cell, merge: how }),
  );
  draft.at = how === "none" ? `${name}.forward` : name;
  draft.size = how === "concat" ? 2 * outputSize(cell) : outputSize(cell);
  draft.before = null;
}

/** The state parts of the layer before that a cell starts from, as a decoder from its encoder's. */
function stateHandedOver({ before }: Draft, cell: CellSpec): Record<string, string> | null {
  if (!before || JSON.stringify(stateShapes(before.cell)) !== JSON.stringify(stateShapes(cell))) return null;
  return Object.fromEntries(Object.keys(stateShapes(cell)).map((part) => [part, `${before.name}.${part}`]));
}

/** Merges that a bidirectional layer does not have. */
const besides = { sum: "sub", mean: "min", max: "max" } as const;

function addRecurrent(draft: Draft, place: Place, handedOver: boolean): void {
  const { name, choice, returns } = place;
  const { at, size } = draft;
  const cell = cellOf(choice, size);
  const { form: direction, outputOrder } = choice;
  if (direction === "bidirectional") return addBidirectional(draft, place);
  const initialState = handedOver ? stateHandedOver(draft, cell) : null;
  draft.layers.push(
    recurrent({ ...placedAt(draft, place, cell), cell, direction, outputOrder, initialState }),
  );
  draft.before = { name, cell };
  [draft.at, draft.size] = [name, outputSize(cell)];
  if (choice.after !== "residual" || size !== outputSize(cell) || returns !== "sequence") return;
  const mode = choice.merge === "none" ? besides[choice.reduction] : choice.merge;
  draft.at = `${name}_residual`;
  draft.layers.push(merge({ name: draft.at, inputs: [at, name], mode }));
  draft.size = mode === "concat" ? size + outputSize(cell) : size;
}

/** How a value and what it sees of itself are merged, by what is drawn for something else. */
const withSelf = { concat: "sum", sum: "sum", ave: "sub", mul: "max", none: "min" } as const;

/** Looks at the memory after the first layer, as a decoder looks at what its encoder has read. */
function addLook(draft: Draft, { choice, first, final, returns }: Place, look: AttentionChoice | null): void {
  const apart = choice.form === "bidirectional" && choice.merge === "none" && final;
  if (!look || !first || apart) return;
  const { at, size } = draft;
  // Only a sequence has steps before it.
  if (look.by === "layer" && (look.causal || (look.self && look.window !== null)) && returns === "sequence") {
    const { window } = look;
    const own = { name: SELF, query: at, value: at, inputSize: size, causal: true, window } as const;
    const self = attention({ ...own, ...scoringOf(look) });
    draft.layers.push(self, merge({ name: "with_self", inputs: [at, SELF], mode: withSelf[choice.merge] }));
    draft.at = "with_self";
    return;
  }
  if (look.by === "heads") {
    draft.layers.push(...attendingByHeads(at, size, look, look.self && returns === "sequence"));
    draft.at = draft.layers.at(-1)!.name;
    return;
  }
  // A sequence alone is read step by step.
  if (look.by === "cell" && returns === "sequence") {
    draft.layers.push(...reading(at, size, look));
    [draft.at, draft.size] = [READER, look.size];
  } else {
    draft.layers.push(...attending(at, size, look));
    [draft.at, draft.size] = ["seen", size + look.size];
  }
}

function addFollowing(draft: Draft, { name, choice, final }: Place): void {
  if (final || choice.after === "nothing" || choice.after === "residual") return;
  const own = `${name}_${choice.after}`;
  const [layers, left] = following[choice.after](own, draft.at, draft.size, choice);
  draft.layers.push(...[layers].flat());
  [draft.at, draft.size] = [own, left];
}

/** One step of the sequence at the end, or what is over all of them. */
function addLeft(draft: Draft, { left, last }: SpecChoice): void {
  if (left === "all" || last || draft.at.includes(".")) return;
  const [mode, padding] = left.split(" ") as [ReduceTimeSpec["mode"], ReduceTimeSpec["padding"]?];
  const placed = { name: "left", input: draft.at };
  draft.layers.push(
    padding === undefined
      ? pickStep({ ...placed, step: left as PickStepSpec["step"] })
      : reduceTime({ ...placed, mode, padding }),
  );
  draft.at = "left";
}

/** A sequence that reads the last output at every step. */
function addRepeat(draft: Draft, { repeated, last }: SpecChoice): void {
  if (!repeated || !last || draft.at.includes(".")) return;
  draft.layers.push(
    ...(repeated === "again"
      ? [repeat({ name: "again", input: draft.at, steps: 2, axis: "again" })]
      : [
          stack({ name: "both", inputs: [draft.at, draft.at] }),
          toSequence({ name: "again", input: "both", axis: "again" }),
        ]),
    recurrent({ name: WRITER, input: "again", cell: gruCell({ inputSize: draft.size, units: 2 }) }),
  );
  [draft.at, draft.size] = [WRITER, 2];
}

/** Name of the time axis that is thinned out, or made longer. */
const FRAMES = "frames";

/** The output made longer or shorter. */
function remade({ at, size }: Draft, { states, handedOver, looked }: SpecChoice): LayerSpec[] {
  const own = { name: FRAMES, input: at, axis: FRAMES } as const;
  if (states && handedOver) return [concatTime({ name: FRAMES, inputs: [at, at], axis: FRAMES })];
  if (states) return [padTime({ ...own, before: 1, after: 2 })];
  if (handedOver) return [upsampleTime({ ...own, times: 2 })];
  if (!looked)
    return [transposedConvolution({ ...own, inputSize: size, filters: size, kernelSize: 3, stride: 2 })];
  // One step is never too few to be cropped where two are put before it.
  return [
    padTime({ ...own, name: "padded", axis: "padded", before: 2 }),
    cropTime({ ...own, input: "padded", before: 1, after: 1 }),
  ];
}

/**
 * Every second step of the output, with what stands beside it, or more steps than it has; and a sequence that
 * reads these.
 */
function addFrames(draft: Draft, choice: SpecChoice): void {
  const { repeated, last, states, handedOver } = choice;
  if (!repeated || last || draft.at.includes(".")) return;
  const { at, size } = draft;
  const windows = {
    name: FRAMES,
    input: at,
    axis: FRAMES,
    kernelSize: [3],
    strides: [2],
    padding: "same",
  } as const;
  draft.layers.push(
    ...(repeated === "apart"
      ? remade(draft, choice)
      : states
        ? [pool({ ...windows, kind: handedOver ? "max" : "average" })]
        : [convolution({ ...windows, inputShape: [size], filters: size })]),
    recurrent({ name: WRITER, input: FRAMES, cell: gruCell({ inputSize: size, units: 2 }) }),
  );
  [draft.at, draft.size] = [WRITER, 2];
}

function addHead(draft: Draft, { head }: SpecChoice): void {
  if (head === "none") return;
  const { at, size } = draft;
  const name = head === "dense" ? "linear" : head;
  draft.layers.push(dense({ name: "head", input: at, inputSize: size, units: 3, activation: name }));
  [draft.at, draft.size] = ["head", 3];
}

/** Name of the conditional random field at the end. */
const TAGGER = "tagger";

/** Tags for the last value, where it is a sequence. */
function addTagger(draft: Draft, { tagged, ids, last }: SpecChoice): void {
  const has = (layer: string): boolean => draft.layers.some(({ name }) => name === layer);
  const again = has("again");
  if (!tagged || draft.at.includes(".") || (last && !again) || has("left")) return;
  const path = tagged.judges && ids && !again && !has(FRAMES) ? "x" : null;
  const tags = path === null ? 3 : IDS;
  draft.layers.push(
    dense({ name: "scores", input: draft.at, inputSize: draft.size, units: tags }),
    crf({ name: TAGGER, input: "scores", tags, boundaries: tagged.boundaries, path }),
  );
  draft.at = TAGGER;
}

/** The values that the model gives: the last one, and what else is drawn. */
function outputsOf({ layers, at }: Draft, { states, attention: look }: SpecChoice): string[] {
  const last = [...layers]
    .reverse()
    .find(
      (layer) => (layer.type === "recurrent" || layer.type === "bidirectional") && layer.name !== ENCODER,
    ) as RecurrentSpec | BidirectionalSpec;
  const other = last.type === "bidirectional" && last.merge === "none" ? [`${last.name}.backward`] : [];
  const final = states && last.type === "recurrent" ? [`${last.name}.h`] : [];
  const looks = layers.find(({ name }) => name === "look" || name === SELF);
  const shown = looks && look!.shown ? [`${looks.name}.weights`] : [];
  const judged = layers.some((layer) => layer.type === "crf" && layer.path !== null);
  const scored =
    at === TAGGER
      ? [`${TAGGER}.score`, `${TAGGER}.logPartition`, ...(judged ? [`${TAGGER}.logLikelihood`] : [])]
      : [];
  return [at, ...other, ...final, ...shown, ...scored];
}

function build(choice: SpecChoice): Spec {
  const { ids, inputSize, layers, last, handedOver, attention: look } = choice;
  const draft = begun(choice);
  layers.forEach((one, k) => {
    const final = k === layers.length - 1;
    const returns = final && last ? "last" : "sequence";
    const place: Place = { name: `layer${k}`, choice: one, first: k === 0, final, returns };
    addRecurrent(draft, place, handedOver);
    addLook(draft, place, look);
    addFollowing(draft, place);
  });
  addRepeat(draft, choice);
  addFrames(draft, choice);
  addLeft(draft, choice);
  addHead(draft, choice);
  addTagger(draft, choice);
  const x = input(ids ? { name: "x", dtype: "int32", shape: [] } : { name: "x", shape: [inputSize] });
  const looked = draft.layers.some(({ name }) => name === "look" || name === READER);
  return spec({
    name: "case",
    layers: draft.layers,
    inputs: looked ? [x, input({ name: SOURCE, shape: [look!.size], axis: SOURCE })] : [x],
    outputs: outputsOf(draft, choice),
  });
}

/** Specs over the whole space of options; they shrink to one simple RNN of one unit. */
export function specs(wish: SpecWish = {}): fc.Arbitrary<Spec> {
  const { depth, steppable = false, axes = true, custom = true } = wish;
  const looking = fc.record({
    score: fc.constantFrom("dot", "scaledDot", "additive", "additive", "general", "general", "concat"),
    causal: steppable ? fc.constant(false as const) : fc.constantFrom(false, false, true),
    emptyRows: fc.constantFrom("zeros", "zeros", "mean"),
    by: custom
      ? fc.constantFrom("layer", "layer", "layer", "heads", "heads", "cell", "cell", "cell", "cell")
      : fc.constantFrom("layer", "layer", "heads"),
    scale: fc.constantFrom("none", "scalar", "vector"),
    innerScale: fc.constantFrom("none", "scalar"),
    size: sizes,
    encoder: steppable ? fc.constant("none" as const) : fc.constantFrom("none", "forward", "backward"),
    ownKeys: fc.boolean(),
    self: fc.boolean(),
    // What can be stepped holds no more of the past than a window.
    window: fc.constantFrom(...(steppable ? [] : [null, null]), ...windowSizes),
    shown: fc.boolean(),
  });
  return fc
    .record({
      attention: axes
        ? fc.oneof(
            { withCrossShrink: true },
            { weight: 3, arbitrary: fc.constant(null) },
            { weight: 1, arbitrary: looking },
          )
        : fc.constant(null),
      ids: fc.constantFrom(false, false, true),
      inputSize: sizes,
      layers: fc.array(layerChoice(wish), { minLength: depth ?? 1, maxLength: depth ?? 3 }),
      last: fc.boolean(),
      head: fc.constantFrom("none", "none", "dense", "softmax", "logSoftmax"),
      states: fc.boolean(),
      tagged: steppable
        ? fc.constant(null)
        : fc.oneof(
            { withCrossShrink: true },
            { weight: 5, arbitrary: fc.constant(null) },
            {
              weight: 1,
              arbitrary: fc.record({
                boundaries: fc.boolean(),
                judges: fc.constantFrom(true, true, false),
              }),
            },
          ),
      repeated:
        axes && !steppable
          ? fc.constantFrom(...([false, false, false, false, "again", "apart"] as const))
          : fc.constant(false as const),
      left: fc.oneof(
        { withCrossShrink: true },
        { weight: 4, arbitrary: fc.constant("all" as const) },
        {
          weight: 1,
          arbitrary: steppable
            ? fc.constantFrom("last", "lastReal")
            : fc.constantFrom(
                ...(["first", "last", "last", "lastReal", "lastReal"] as const),
                ...(["sum skip", "mean skip", "max skip"] as const),
                ...(["sum include", "mean include", "max include"] as const),
              ),
        },
      ),
      looked: fc.constantFrom(true, true, false),
      handedOver: steppable ? fc.constant(false) : fc.boolean(),
    })
    .map(build);
}

const unbounded: readonly string[] = ["linear", "relu", "softplus", "elu", "leakyRelu"];

/** Whether some activation of a spec lets values grow without bound. */
export function mayGrow(of: Spec): boolean {
  return of.layers.some((layer) => {
    const cells =
      layer.type === "recurrent"
        ? [layer.cell]
        : layer.type === "bidirectional"
          ? [layer.forward, layer.backward]
          : [];
    return cells.some(
      (cell) =>
        cell.kind !== "custom" &&
        (unbounded.includes(cell.activation) ||
          (cell.kind !== "simpleRnn" && unbounded.includes(cell.recurrentActivation))),
    );
  });
}
