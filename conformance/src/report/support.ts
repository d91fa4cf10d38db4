import {
  type Activation,
  activation,
  type ActivationSpec,
  activationNames,
  type Adapter,
  attention,
  convolution,
  type ConvolutionSpec,
  pool,
  type PoolSpec,
  type AttentionSpec,
  batchNorm,
  bidirectional,
  type CellSpec,
  compile,
  concatTime,
  crf,
  cropTime,
  dense,
  embedding,
  groupNorm,
  gruCell,
  type HostTensor,
  input,
  isUnrollError,
  layerNorm,
  type LayerSpec,
  lower,
  lstmCell,
  merge,
  oneHot,
  pad,
  padTime,
  permute,
  pickStep,
  multiHeadAttention,
  positionalEmbedding,
  positionalEncoding,
  recurrent,
  reduce,
  reduceTime,
  repeat,
  reshape,
  rmsNorm,
  simpleRnnCell,
  slice,
  spec,
  type Spec,
  specWeights,
  stack,
  type SteppableModel,
  tensor,
  tile,
  toSequence,
  transposedConvolution,
  type TransposedConvolutionSpec,
  upsampleTime,
  whyNotSteppable,
} from "@unroll/api";
import { legalize } from "@unroll/api/adapter";
import { recurrentHighwayCell } from "@unroll/api/cells";
import { SOURCE } from "../cases/case.js";
import { stateShapes } from "../oracle/cell-equations.js";
import { deriveBounds, type DerivedBounds } from "../tolerance/bounds.js";
import { compareWithBound } from "../tolerance/compare.js";

/** How an engine runs a layer with an option. */
export interface SupportEntry {
  /** The layer or cell. */
  readonly layer: string;
  /** The option that it has beside its defaults. */
  readonly option: string;
  /** Whole sequences, or one step. */
  readonly mode: "sequence" | "step";
  /**
   * `own`: by operators or kernels of the engine or its adapter. `composed`: by the layer's decomposition, as
   * every custom cell. `refused`: with UNROLL_UNSUPPORTED, before the engine sees it. `wrong`: its result is
   * further from the truth than its bound, or it threw.
   */
  readonly how: "own" | "composed" | "refused" | "wrong";
  /** What is wrong. */
  readonly reason?: string;
}

interface Option {
  readonly layer: string;
  readonly option: string;
  readonly model: Spec;
  /** Of the axis `time`, or of a model with a memory, of the memory's. */
  readonly extent: "full" | "lengths" | "mask";
}

const [BATCH, TIME, SIZE, UNITS] = [3, 5, 3, 4];
const LENGTHS = [0, 2, TIME];
const MASK = [
  [1, 0, 1, 1, 0],
  [0, 0, 0, 0, 0],
  [1, 1, 1, 1, 1],
];

type CellOptions = {
  readonly activation?: Activation;
  readonly recurrentActivation?: Activation;
  readonly projection?: number;
  readonly peepholes?: boolean;
  readonly cellClip?: number;
  readonly bias?: "none" | "single" | "split";
};
type Cell = (options: CellOptions) => CellSpec;

/** Recurrent layers by the name that a report has for them. */
const cells: Readonly<Record<string, Cell>> = {
  "simple RNN": ({ activation: name, bias }) =>
    simpleRnnCell({
      inputSize: SIZE,
      units: UNITS,
      ...(name && { activation: name }),
      ...(bias && { bias }),
    }),
  LSTM: (options) => lstmCell({ inputSize: SIZE, units: UNITS, ...options }),
  "GRU, reset after": ({ projection: _p, peepholes: _q, cellClip: _c, ...options }) =>
    gruCell({ inputSize: SIZE, units: UNITS, ...options }),
  "GRU, reset before": ({ projection: _p, peepholes: _q, cellClip: _c, ...options }) =>
    gruCell({ inputSize: SIZE, units: UNITS, resetAfter: false, ...options }),
  "custom cell": () => recurrentHighwayCell({ inputSize: SIZE, units: UNITS, depth: 2 }),
};

const placed = { name: "layer", input: "x" } as const;
const single =
  (more: Partial<Parameters<typeof recurrent>[0]> = {}, cell: CellOptions = {}) =>
  (make: Cell): readonly LayerSpec[] => [recurrent({ ...placed, cell: make(cell), ...more })];
const both =
  (how: "concat" | "sum" | "ave" | "mul" | "none") =>
  (make: Cell): readonly LayerSpec[] => [bidirectional({ ...placed, forward: make({}), merge: how })];

const recurrentOptions: Readonly<
  Record<string, readonly [layers: (make: Cell) => readonly LayerSpec[], extent?: Option["extent"]]>
> = {
  "as it is": [single()],
  "no bias": [single({}, { bias: "none" })],
  "one bias": [single({}, { bias: "single" })],
  "two biases": [single({}, { bias: "split" })],
  ...Object.fromEntries(
    activationNames
      .filter((name) => name !== "tanh")
      .map((name) => [`activation ${name}`, [single({}, { activation: name })] as const]),
  ),
  "gates by hardSigmoidSixth": [single({}, { recurrentActivation: "hardSigmoidSixth" })],
  "gates by hardSigmoidFifth": [single({}, { recurrentActivation: "hardSigmoidFifth" })],
  projection: [single({}, { projection: 2 })],
  peepholes: [single({}, { peepholes: true })],
  "clipped cell state": [single({}, { cellClip: 0.25 })],
  backward: [single({ direction: "backward" })],
  "backward, in the order of processing": [single({ direction: "backward", outputOrder: "processing" })],
  "bidirectional, concatenated": [both("concat")],
  "bidirectional, summed": [both("sum")],
  "bidirectional, averaged": [both("ave")],
  "bidirectional, multiplied": [both("mul")],
  "bidirectional, apart": [both("none")],
  "last output only": [single({ returns: "last" })],
  "from another layer's state": [
    (make) => {
      const cell = make({});
      const parts = Object.keys(stateShapes(cell));
      return [
        recurrent({ name: "encoder", input: "x", cell }),
        recurrent({
          ...placed,
          cell,
          initialState: Object.fromEntries(parts.map((part) => [part, `encoder.${part}`])),
        }),
      ];
    },
  ],
  lengths: [single(), "lengths"],
  "lengths, outputs held": [single({ maskedOutput: "hold" }), "lengths"],
  "lengths, outputs held from the initial state": [
    single({ maskedOutput: "hold", heldStart: "initialState" }),
    "lengths",
  ],
  "lengths, ignored": [single({ maskedOutput: "ignore" }), "lengths"],
  "lengths, backward": [single({ direction: "backward" }), "lengths"],
  "lengths, bidirectional": [both("concat"), "lengths"],
  "a mask with gaps": [single(), "mask"],
  "a mask with gaps, outputs held": [single({ maskedOutput: "hold" }), "mask"],
};

/** Options that choose among equations, which a custom cell brings along. */
const ofKnownCells = /^(no|one|two) bias|^activation |^gates /;

const floats = (layers: readonly LayerSpec[]): Spec => {
  const last = layers[layers.length - 1]!;
  return spec({
    name: "support",
    inputs: [input({ name: "x", shape: [SIZE] })],
    layers,
    ...(last.type === "bidirectional" && last.merge === "none"
      ? { outputs: ["layer.forward", "layer.backward"] }
      : {}),
  });
};
const looking = (one: Partial<AttentionSpec>): Spec =>
  spec({
    name: "support",
    inputs: [input({ name: "x", shape: [SIZE] }), input({ name: SOURCE, shape: [SIZE], axis: SOURCE })],
    layers: [attention({ name: "layer", query: "x", value: SOURCE, inputSize: SIZE, ...one })],
    outputs: ["layer", "layer.weights"],
  });
const ids = (layers: readonly LayerSpec[]): Spec =>
  spec({ name: "support", inputs: [input({ name: "x", dtype: "int32", shape: [] })], layers });

const images = (layers: readonly LayerSpec[]): Spec =>
  spec({ name: "support", inputs: [input({ name: "x", shape: [4, SIZE] })], layers });

const convolved = (more: Partial<ConvolutionSpec> = {}): ConvolutionSpec =>
  convolution({ ...placed, inputShape: [SIZE], filters: UNITS, kernelSize: [2], padding: "same", ...more });
const overFeatures = { inputShape: [4, SIZE], over: "features" } as const;
const framed = { strides: [2], axis: "frames" } as const;
const pooled = (more: Partial<PoolSpec> = {}): PoolSpec =>
  pool({ ...placed, kind: "max", kernelSize: [2], strides: [1], padding: "same", ...more });

const windowOptions: Readonly<
  Record<string, readonly [layer: ConvolutionSpec | PoolSpec, extent?: Option["extent"]]>
> = {
  "same padding": [convolved()],
  "causal padding": [convolved({ padding: "causal" })],
  "padding in steps": [convolved({ padding: [[0, 1]] })],
  "padding that mirrors": [convolved({ padding: [[1, 0]], paddingMode: "reflect" })],
  "padding that repeats": [convolved({ padding: [[1, 0]], paddingMode: "replicate" })],
  "padding from the other end": [convolved({ padding: [[1, 0]], paddingMode: "circular" })],
  stride: [convolved(framed)],
  dilation: [convolved({ dilations: [2] })],
  groups: [convolved({ groups: SIZE, filters: 2 * SIZE })],
  depthwise: [convolved({ groups: SIZE, filters: SIZE })],
  "no bias": [convolved({ bias: "none" })],
  "over features": [convolved(overFeatures)],
  "over time and features": [
    convolved({
      inputShape: [4, SIZE],
      over: "timeAndFeatures",
      kernelSize: [2, 2],
      strides: [1, 2],
      dilations: [1, 1],
    }),
  ],
  lengths: [convolved(), "lengths"],
  "lengths, stride": [convolved(framed), "lengths"],
  "lengths, ignored": [convolved({ maskedSteps: "ignore" }), "lengths"],
  "a mask with gaps": [convolved({ padding: "causal" }), "mask"],
  "a mask with gaps, stride": [convolved(framed), "mask"],
  max: [pooled()],
  "max, stride": [pooled(framed)],
  "max over features": [pooled({ over: "features" })],
  average: [pooled({ kind: "average" })],
  "average that counts padding": [pooled({ kind: "average", countPadding: true })],
  "max, lengths": [pooled(), "lengths"],
  "average, a mask with gaps": [pooled({ kind: "average" }), "mask"],
};

const heads: readonly ActivationSpec["activation"][] = [
  ...activationNames,
  "softmax",
  "logSoftmax",
  "relu6",
  "silu",
  "hardSilu",
  "mish",
];

const norm = { ...placed, inputSize: SIZE, epsilon: 0.125 } as const;

/** Normalisations other than that of a layer, by option. */
const normalisations: readonly Option[] = (
  [
    ["batch normalisation", "as it is", [batchNorm(norm)]],
    ["batch normalisation", "no scale", [batchNorm({ ...norm, scale: false })]],
    ["batch normalisation", "no centre", [batchNorm({ ...norm, center: false })]],
    ["RMS normalisation", "as it is", [rmsNorm(norm)]],
    ["RMS normalisation", "no scale", [rmsNorm({ ...norm, scale: false })]],
    ["group normalisation", "one group", [groupNorm({ ...norm, groups: 1 })]],
    ["group normalisation", "a group each", [groupNorm({ ...norm, groups: SIZE })]],
    [
      "group normalisation",
      "over several axes",
      [
        stack({ name: "both", inputs: ["x", "x"] }),
        groupNorm({ ...norm, input: "both", groups: SIZE, scale: false, center: false }),
      ],
    ],
  ] as const
).map(([layer, option, layers]) => ({ layer, option, model: floats(layers), extent: "full" }));

/** Two feature axes of one. */
const parted = reshape({ name: "parted", input: "x", shape: [1, SIZE] });
const onParted = { name: "layer", input: "parted" } as const;

/** Layers that move features and steps, choose among them, or bring them together, by option. */
const shapes: readonly Option[] = (
  [
    ["reshape", "as it is", [reshape({ ...placed, shape: [SIZE, 1] })]],
    ["permute", "as it is", [parted, permute({ ...onParted, order: [1, 0] })]],
    ["slice", "neighbours", [slice({ ...placed, axis: 0, start: 1, length: 2 })]],
    ["slice", "every other", [slice({ ...placed, axis: 0, start: 0, length: 2, step: 2 })]],
    ["pad", "with zeros", [pad({ ...placed, axis: 0, before: 1, after: 2 })]],
    ["pad", "with a number", [parted, pad({ ...onParted, axis: 0, before: 1, value: 0.5 })]],
    ["tile", "elements", [tile({ ...placed, axis: 0, times: 2 })]],
    ["tile", "blocks", [tile({ ...placed, axis: 0, times: 2, order: "blocks" })]],
    ["stack", "as it is", [stack({ name: "layer", inputs: ["x", "x"], axis: 1 })]],
    ...(["sum", "mean", "max"] as const).map(
      (mode) => ["reduce", mode, [parted, reduce({ ...onParted, axis: 1, mode })]] as const,
    ),
    ...(["sum", "mean", "max"] as const).flatMap((mode) => [
      ["reduce over time", `${mode}, lengths`, [reduceTime({ ...placed, mode })], "lengths"] as const,
      ["reduce over time", `${mode}, a mask`, [reduceTime({ ...placed, mode })], "mask"] as const,
      [
        "reduce over time",
        `${mode}, padding included`,
        [reduceTime({ ...placed, mode, padding: "include" })],
        "lengths",
      ] as const,
    ]),
    ["one step", "first", [pickStep({ ...placed, step: "first" })]],
    ["one step", "last", [pickStep({ ...placed, step: "last" })]],
    ["one step", "last real, lengths", [pickStep({ ...placed, step: "lastReal" })], "lengths"],
    ["one step", "last real, a mask", [pickStep({ ...placed, step: "lastReal" })], "mask"],
  ] as readonly (readonly [string, string, readonly LayerSpec[], Option["extent"]?])[]
)
  .map(([layer, option, layers, extent = "full"]): Option => ({
    layer,
    option,
    model: floats(layers),
    extent,
  }))
  .concat([
    {
      layer: "one-hot",
      option: "as it is",
      model: ids([oneHot({ ...placed, depth: 5 })]),
      extent: "full",
    },
    {
      layer: "features as steps",
      option: "as it is",
      extent: "full",
      model: spec({
        name: "support",
        inputs: [input({ name: "x", shape: [SIZE], axis: null })],
        layers: [toSequence({ ...placed, axis: "columns" })],
      }),
    },
  ]);

const transposed = (more: Partial<TransposedConvolutionSpec>): TransposedConvolutionSpec =>
  transposedConvolution({
    ...placed,
    axis: "frames",
    inputSize: SIZE,
    filters: UNITS,
    kernelSize: 3,
    ...more,
  });

/** Layers that make a sequence longer or shorter, by option. */
const ownTimes: readonly Option[] = (
  [
    ["padding over time", padTime({ ...placed, axis: "frames", before: 1, after: 2 })],
    ["cropping over time", cropTime({ ...placed, axis: "frames", before: 1, after: 2 })],
    ["upsampling over time", upsampleTime({ ...placed, axis: "frames", times: 2 })],
    ["joining over time", concatTime({ name: "layer", inputs: ["x", "x"], axis: "frames" })],
    ["transposed convolution", transposed({ stride: 2 })],
  ] as const
)
  .flatMap(([layer, own]) =>
    (["as it is", "lengths", "lengths, ignored", "a mask with gaps"] as const).map((option): Option => ({
      layer,
      option,
      model: floats([option === "lengths, ignored" ? { ...own, maskedSteps: "ignore" } : own]),
      extent: option === "as it is" ? "full" : option === "a mask with gaps" ? "mask" : "lengths",
    })),
  )
  .concat(
    (
      [
        ["padding", { stride: 2, padding: [1, 0], outputPadding: 1 }],
        ["dilation", { dilation: 2 }],
        ["groups", { groups: SIZE, filters: 2 * SIZE }],
        ["no bias", { bias: "none" }],
        ["as long as its input", { padding: [1, 1], axis: null }],
      ] as const
    ).map(([option, more]): Option => ({
      layer: "transposed convolution",
      option,
      model: floats([transposed(more)]),
      extent: "full",
    })),
  );

/** Every layer with every option that a report has a line for. */
const options: readonly Option[] = [
  ...Object.entries(cells).flatMap(([layer, make]) =>
    Object.entries(recurrentOptions)
      .filter(
        ([option]) =>
          !(layer === "simple RNN" && option.startsWith("gates")) &&
          (layer === "LSTM" || !["projection", "peepholes", "clipped cell state"].includes(option)) &&
          !(layer === "custom cell" && ofKnownCells.test(option)),
      )
      .map(([option, [layers, extent = "full"]]): Option => ({
        layer,
        option,
        model: floats(layers(make)),
        extent,
      })),
  ),
  {
    layer: "embedding",
    option: "as it is",
    model: ids([embedding({ ...placed, inputSize: 5, outputSize: SIZE })]),
    extent: "full",
  },
  {
    layer: "dense",
    option: "no bias",
    model: floats([dense({ ...placed, inputSize: SIZE, units: UNITS, bias: "none" })]),
    extent: "full",
  },
  ...heads.map((name): Option => ({
    layer: "dense",
    option: `activation ${name}`,
    model: floats([dense({ ...placed, inputSize: SIZE, units: UNITS, activation: name })]),
    extent: "full",
  })),
  ...heads.map((name): Option => ({
    layer: "activation",
    option: name,
    model: floats([activation({ ...placed, activation: name })]),
    extent: "full",
  })),
  {
    layer: "activation",
    option: "a slope of one's own",
    model: floats([activation({ ...placed, activation: "leakyRelu", slope: 0.25 })]),
    extent: "full",
  },
  ...(["as it is", "no scale", "no centre"] as const).map((option): Option => ({
    layer: "layer normalisation",
    option,
    model: floats([
      layerNorm({
        ...placed,
        inputSize: SIZE,
        epsilon: 0.125,
        scale: option !== "no scale",
        center: option !== "no centre",
      }),
    ]),
    extent: "full",
  })),
  ...(["dot", "scaledDot", "additive", "general"] as const).map((score): Option => ({
    layer: "attention",
    option: `score ${score}`,
    model: looking({ score }),
    extent: "full",
  })),
  { layer: "attention", option: "score dot, one scale", model: looking({ scale: "scalar" }), extent: "full" },
  {
    layer: "attention",
    option: "score additive, a scale each",
    model: looking({ score: "additive", scale: "vector" }),
    extent: "full",
  },
  {
    layer: "attention",
    option: "score concat",
    model: looking({ score: "concat", scoreSize: UNITS }),
    extent: "full",
  },
  {
    layer: "attention",
    option: "causal",
    model: floats([attention({ name: "layer", query: "x", value: "x", inputSize: SIZE, causal: true })]),
    extent: "full",
  },
  {
    layer: "attention",
    option: "the mean where all is masked",
    model: looking({ emptyRows: "mean" }),
    extent: "mask",
  },
  { layer: "attention", option: "lengths of what is looked at", model: looking({}), extent: "lengths" },
  { layer: "attention", option: "a mask over what is looked at", model: looking({}), extent: "mask" },
  ...Object.entries(windowOptions).map(([option, [layer, extent = "full"]]): Option => ({
    layer: layer.type === "pool" ? "pool" : "convolution",
    option,
    model: layer.over === "time" ? floats([layer]) : images([layer]),
    extent,
  })),
  {
    layer: "positional encoding",
    option: "sinusoidal",
    model: floats([positionalEncoding({ ...placed, inputSize: SIZE })]),
    extent: "full",
  },
  ...(["as it is", "lengths", "a mask with gaps", "lengths, ignored"] as const).map((option): Option => ({
    layer: "positional embedding",
    option,
    model: floats([
      positionalEmbedding({
        ...placed,
        inputSize: SIZE,
        maxLength: TIME + 1,
        maskedSteps: option === "lengths, ignored" ? "ignore" : "skip",
      }),
    ]),
    extent: option === "as it is" ? "full" : option === "a mask with gaps" ? "mask" : "lengths",
  })),
  ...(["as it is", "no bias", "sizes of its own", "the mean where all is masked"] as const).map(
    (option): Option => ({
      layer: "multi-head attention",
      option,
      model: spec({
        name: "support",
        inputs: [input({ name: "x", shape: [SIZE] }), input({ name: SOURCE, shape: [SIZE], axis: SOURCE })],
        layers: [
          multiHeadAttention({
            name: "layer",
            query: "x",
            value: SOURCE,
            inputSize: SIZE,
            heads: 2,
            headSize: 2,
            ...(option === "no bias" && { bias: "none" }),
            ...(option === "sizes of its own" && { valueHeadSize: 3, outputSize: 5 }),
            ...(option === "the mean where all is masked" && { emptyRows: "mean" }),
          }),
        ],
        outputs: ["layer", "layer.weights"],
      }),
      extent: option === "the mean where all is masked" ? "mask" : "full",
    }),
  ),
  ...(["full", "lengths"] as const).map((extent): Option => ({
    layer: "multi-head attention",
    option: extent === "full" ? "causal" : "causal, lengths",
    model: floats([
      multiHeadAttention({
        name: "layer",
        query: "x",
        value: "x",
        inputSize: SIZE,
        heads: 2,
        headSize: 2,
        causal: true,
      }),
    ]),
    extent,
  })),
  ...(["full", "lengths", "mask"] as const).flatMap((extent): readonly Option[] => {
    const own = { name: "layer", query: "x", value: "x", inputSize: SIZE, causal: true, window: 3 } as const;
    const ends = { full: "", lengths: ", lengths", mask: ", a mask" };
    const option = `a window of steps${ends[extent]}`;
    return [
      { layer: "attention", option, model: floats([attention(own)]), extent },
      {
        layer: "multi-head attention",
        option,
        model: floats([multiHeadAttention({ ...own, heads: 2, headSize: 2 })]),
        extent,
      },
    ];
  }),
  ...(["as it is", "transitions alone", "lengths", "a mask with gaps"] as const).map((option): Option => ({
    layer: "conditional random field",
    option,
    model: spec({
      name: "support",
      inputs: [input({ name: "x", shape: [SIZE] })],
      layers: [crf({ ...placed, tags: SIZE, boundaries: option !== "transitions alone" })],
      outputs: ["layer", "layer.score", "layer.logPartition"],
    }),
    extent: option === "lengths" ? "lengths" : option === "a mask with gaps" ? "mask" : "full",
  })),
  {
    layer: "conditional random field",
    option: "the likelihood of a path",
    model: spec({
      name: "support",
      inputs: [input({ name: "x", dtype: "int32", shape: [] })],
      layers: [
        embedding({ name: "scores", input: "x", inputSize: 5, outputSize: 5 }),
        crf({ ...placed, input: "scores", tags: 5, path: "x" }),
      ],
      outputs: ["layer.logLikelihood"],
    }),
    extent: "full",
  },
  {
    layer: "repeat",
    option: "as it is",
    extent: "full",
    model: spec({
      name: "support",
      inputs: [input({ name: "x", shape: [SIZE], axis: null })],
      layers: [repeat({ ...placed, steps: 1 })],
    }),
  },
  ...(["concat", "sum", "ave", "mul", "sub", "max", "min"] as const).map((mode): Option => ({
    layer: "merge",
    option: mode,
    // Two values that differ: x less x is 0 on an engine that computes anything.
    model: floats([
      activation({ name: "other", input: "x", activation: "tanh" }),
      merge({ name: "layer", inputs: ["x", "other"], mode }),
    ]),
    extent: "full",
  })),
  ...normalisations,
  ...shapes,
  ...ownTimes,
];

/**
 * What an engine runs, and how. With `run`, the default, each entry is run and held against the oracle;
 * without, it follows from the claims alone.
 */
export async function supportOf(
  adapter: Adapter,
  { run = true }: { readonly run?: boolean } = {},
): Promise<SupportEntry[]> {
  const entries: SupportEntry[] = [];
  for (const option of options) {
    const steppable = option.extent === "full" && whyNotSteppable(option.model) === null;
    for (const mode of steppable ? (["sequence", "step"] as const) : (["sequence"] as const))
      entries.push(await entryOf(adapter, option, mode, run));
  }
  return entries;
}

async function entryOf(
  adapter: Adapter,
  { layer, option, model, extent }: Option,
  mode: SupportEntry["mode"],
  run: boolean,
): Promise<SupportEntry> {
  const about = { layer, option, mode };
  const program = lower(
    model,
    mode === "step" || extent === "full" ? { mode } : { mode, extents: { [along(model)]: extent } },
  );
  let how: "own" | "composed";
  try {
    const legal = legalize(program, adapter);
    // A model is compiled for whole sequences whatever is asked of it later.
    if (mode === "step") legalize(lower(model, { mode: "sequence" }), adapter);
    const kept = new Set(legal.nodes.map((node) => (node.kind === "composite" ? node.outputs[0]!.id : null)));
    how =
      layer !== "custom cell" &&
      program.nodes.every((node) => node.kind !== "composite" || kept.has(node.outputs[0]!.id))
        ? "own"
        : "composed";
  } catch (error) {
    if (isUnrollError(error) && error.code === "UNROLL_UNSUPPORTED") return { ...about, how: "refused" };
    throw error;
  }
  if (!run) return { ...about, how };
  try {
    const off = await ratioOf(adapter, model, extent, mode);
    return off < 1
      ? { ...about, how }
      : { ...about, how: "wrong", reason: `an element is ${off.toPrecision(3)} times its bound off` };
  } catch (error) {
    return { ...about, how: "wrong", reason: error instanceof Error ? error.message : String(error) };
  }
}

/** The time axis that lengths and masks of a model are of. */
const along = ({ inputs }: Spec): string => inputs[inputs.length - 1]!.axis!;

/** As long as every other sequence, so that one mask does for all. */
const memory = (): HostTensor =>
  tensor(
    Float32Array.from({ length: BATCH * TIME * SIZE }, (_, k) => Math.sin(3 * k)),
    [BATCH, TIME, SIZE],
  );

/** Fixed weights, other ones for each name. */
const weightsOf = (model: Spec): Record<string, HostTensor> =>
  Object.fromEntries(
    specWeights(model).map(({ name, shape }, n) => [
      name,
      tensor(
        Float32Array.from({ length: sizeOf(shape) }, (_, k) => {
          const value = Math.sin(5 * k + n);
          // No variance is less than nothing.
          return name.endsWith(".movingVariance") ? Math.abs(value) : value;
        }),
        shape,
      ),
    ]),
  );

/** A fixed input `x`; a step's has a time axis of length 1. */
function xOf({ inputs }: Spec, mode: SupportEntry["mode"]): HostTensor {
  const { dtype, shape: element, axis } = inputs[0]!;
  const shape = [...(axis === null ? [BATCH] : [BATCH, mode === "step" ? 1 : TIME]), ...element];
  const length = sizeOf(shape);
  return dtype === "int32"
    ? tensor(
        Int32Array.from({ length }, (_, k) => k % 5),
        shape,
        "int32",
      )
    : tensor(
        Float32Array.from({ length }, (_, k) => Math.cos(k)),
        shape,
      );
}

/** Runs an option with fixed numbers. @returns the worst error over its bound among the outputs */
async function ratioOf(
  adapter: Adapter,
  model: Spec,
  extent: Option["extent"],
  mode: SupportEntry["mode"],
): Promise<number> {
  const weights = weightsOf(model);
  const axis = along(model);
  const inputs = { x: xOf(model, mode), ...(axis === SOURCE && { [SOURCE]: memory() }) };
  const lengths = extent === "lengths" ? tensor(LENGTHS, [BATCH], "int32") : undefined;
  const mask = extent === "mask" ? tensor(MASK, [BATCH, TIME], "bool") : undefined;
  const truth = deriveBounds(
    model,
    weights,
    { inputs, ...(axis === SOURCE ? { along: { [SOURCE]: { lengths, mask } } } : { lengths, mask }) },
    { precision: adapter.capabilities.precision },
  );
  const compiled = (await compile(model, { adapter, weights })) as SteppableModel;
  try {
    const result =
      mode === "step"
        ? await compiled.step({ ...inputs, x: elementOf(model, inputs.x) }, compiled.zeroState(BATCH))
        : await compiled.sequence(inputs, {
            ...(lengths && { lengths: { [axis]: LENGTHS } }),
            ...(mask && { mask: { [axis]: mask } }),
          });
    result.state.dispose();
    return worstOf(result.outputs, truth, mode);
  } finally {
    compiled.dispose();
  }
}

/** An input as a step takes it: without a time axis. */
const elementOf = ({ inputs }: Spec, x: HostTensor): HostTensor =>
  ({ ...x, shape: [BATCH, ...inputs[0]!.shape] }) as HostTensor;

/** The worst error over its bound among outputs; a step's have no time axis. */
const worstOf = (
  outputs: Readonly<Record<string, HostTensor>>,
  { exact, bounds }: DerivedBounds,
  mode: SupportEntry["mode"],
): number =>
  Math.max(
    ...Object.entries(exact.outputs).map(([ref, want]) => {
      const got = outputs[ref]!;
      const shaped = mode === "step" ? { ...got, shape: want.shape } : got;
      return compareWithBound(shaped, want, bounds.outputs[ref]!).errorOverBound;
    }),
  );

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
