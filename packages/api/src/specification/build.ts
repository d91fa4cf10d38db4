import type { Activation } from "../layers/activations.js";
import type {
  ActivationSpec,
  AttentionSpec,
  BiasForm,
  BidirectionalSpec,
  CellSpec,
  DenseSpec,
  DropoutSpec,
  EmbeddingSpec,
  GruCellSpec,
  InputSpec,
  LayerSpec,
  LstmCellSpec,
  MergeSpec,
  RecurrentSpec,
  RepeatSpec,
  SimpleRnnCellSpec,
  Spec,
  ValueRef,
} from "./types.js";
import { knownOptions } from "../contract/known-options.js";
import { validateSpec } from "./validate.js";

/** Defaults: tanh, one bias. */
export function simpleRnnCell(options: {
  inputSize: number;
  units: number;
  activation?: Activation;
  bias?: BiasForm;
}): SimpleRnnCellSpec {
  knownOptions("simpleRnnCell", options, ["inputSize", "units", "activation", "bias"]);
  return {
    kind: "simpleRnn",
    inputSize: options.inputSize,
    units: options.units,
    activation: options.activation ?? "tanh",
    bias: options.bias ?? "single",
  };
}

/**
 * Defaults: tanh candidate, sigmoid gates, the output squashed by the candidate's activation, no projection,
 * no peepholes, one bias.
 */
export function lstmCell(options: {
  inputSize: number;
  units: number;
  activation?: Activation;
  recurrentActivation?: Activation;
  outputActivation?: Activation;
  projection?: number | null;
  peepholes?: boolean;
  bias?: BiasForm;
}): LstmCellSpec {
  knownOptions("lstmCell", options, [
    "inputSize",
    "units",
    "activation",
    "recurrentActivation",
    "outputActivation",
    "projection",
    "peepholes",
    "bias",
  ]);
  const activation = options.activation ?? "tanh";
  return {
    kind: "lstm",
    inputSize: options.inputSize,
    units: options.units,
    activation,
    recurrentActivation: options.recurrentActivation ?? "sigmoid",
    outputActivation: options.outputActivation ?? activation,
    projection: options.projection ?? null,
    peepholes: options.peepholes ?? false,
    bias: options.bias ?? "single",
  };
}

/** Defaults: tanh candidate, sigmoid gates, reset after the product (as torch and Keras do), two biases. */
export function gruCell(options: {
  inputSize: number;
  units: number;
  activation?: Activation;
  recurrentActivation?: Activation;
  resetAfter?: boolean;
  bias?: BiasForm;
}): GruCellSpec {
  knownOptions("gruCell", options, [
    "inputSize",
    "units",
    "activation",
    "recurrentActivation",
    "resetAfter",
    "bias",
  ]);
  const resetAfter = options.resetAfter ?? true;
  return {
    kind: "gru",
    inputSize: options.inputSize,
    units: options.units,
    activation: options.activation ?? "tanh",
    recurrentActivation: options.recurrentActivation ?? "sigmoid",
    resetAfter,
    bias: options.bias ?? (resetAfter ? "split" : "single"),
  };
}

type Wiring<Fixed extends string> = { name: string; input: ValueRef } & Record<Fixed, unknown>;

/**
 * A recurrent layer. Defaults: forward, output in the input's time order, every step's output, zeros at
 * masked steps (the last output is held instead when only it is returned), initial state from the caller.
 */
export function recurrent<const Direction extends "forward" | "backward" = "forward">(
  options: Wiring<never> & { cell: CellSpec; direction?: Direction } & Partial<
      Pick<RecurrentSpec, "outputOrder" | "returns" | "maskedOutput" | "heldStart" | "initialState">
    >,
): RecurrentSpec & { direction: Direction } {
  knownOptions("recurrent", options, [
    "name",
    "input",
    "cell",
    "direction",
    "outputOrder",
    "returns",
    "maskedOutput",
    "heldStart",
    "initialState",
  ]);
  const returns = options.returns ?? "sequence";
  return {
    type: "recurrent",
    name: options.name,
    input: options.input,
    cell: options.cell,
    direction: options.direction ?? ("forward" as Direction),
    outputOrder: options.outputOrder ?? "time",
    returns,
    maskedOutput: options.maskedOutput ?? (returns === "last" ? "hold" : "zero"),
    heldStart: options.heldStart ?? "zeros",
    initialState: options.initialState ?? null,
  };
}

/**
 * Two cells, one over the sequence as it is and one from its end. Defaults as {@link recurrent}, outputs
 * concatenated.
 */
export function bidirectional(
  options: Wiring<never> & { forward: CellSpec; backward?: CellSpec } & Partial<
      Pick<BidirectionalSpec, "merge" | "returns" | "maskedOutput" | "heldStart" | "initialState">
    >,
): BidirectionalSpec {
  knownOptions("bidirectional", options, [
    "name",
    "input",
    "forward",
    "backward",
    "merge",
    "returns",
    "maskedOutput",
    "heldStart",
    "initialState",
  ]);
  const returns = options.returns ?? "sequence";
  return {
    type: "bidirectional",
    name: options.name,
    input: options.input,
    forward: options.forward,
    backward: options.backward ?? options.forward,
    merge: options.merge ?? "concat",
    returns,
    maskedOutput: options.maskedOutput ?? (returns === "last" ? "hold" : "zero"),
    heldStart: options.heldStart ?? "zeros",
    initialState: options.initialState ?? null,
  };
}

export function embedding(options: Wiring<never> & { inputSize: number; outputSize: number }): EmbeddingSpec {
  knownOptions("embedding", options, ["name", "input", "inputSize", "outputSize"]);
  return {
    type: "embedding",
    name: options.name,
    input: options.input,
    inputSize: options.inputSize,
    outputSize: options.outputSize,
  };
}

/** Defaults: linear, with bias. */
export function dense(
  options: Wiring<never> & {
    inputSize: number;
    units: number;
    activation?: DenseSpec["activation"];
    bias?: DenseSpec["bias"];
  },
): DenseSpec {
  knownOptions("dense", options, ["name", "input", "inputSize", "units", "activation", "bias"]);
  return {
    type: "dense",
    name: options.name,
    input: options.input,
    inputSize: options.inputSize,
    units: options.units,
    activation: options.activation ?? "linear",
    bias: options.bias ?? "single",
  };
}

export function activation(
  options: Wiring<never> & { activation: ActivationSpec["activation"] },
): ActivationSpec {
  knownOptions("activation", options, ["name", "input", "activation"]);
  return { type: "activation", name: options.name, input: options.input, activation: options.activation };
}

export function dropout(options: Wiring<never> & { rate: number }): DropoutSpec {
  knownOptions("dropout", options, ["name", "input", "rate"]);
  return { type: "dropout", name: options.name, input: options.input, rate: options.rate };
}

export function merge(options: {
  name: string;
  inputs: readonly ValueRef[];
  mode: MergeSpec["mode"];
}): MergeSpec {
  knownOptions("merge", options, ["name", "inputs", "mode"]);
  return { type: "merge", name: options.name, inputs: options.inputs, mode: options.mode };
}

/** Attention. Defaults: the values are their own keys, plain dot product, no weights. */
export function attention(
  options: { name: string; query: ValueRef; value: ValueRef; key?: ValueRef; inputSize: number } & Partial<
    Pick<AttentionSpec, "score" | "scale" | "innerScale">
  >,
): AttentionSpec {
  knownOptions("attention", options, [
    "name",
    "query",
    "key",
    "value",
    "inputSize",
    "score",
    "scale",
    "innerScale",
  ]);
  return {
    type: "attention",
    name: options.name,
    query: options.query,
    key: options.key ?? options.value,
    value: options.value,
    inputSize: options.inputSize,
    score: options.score ?? "dot",
    scale: options.scale ?? "none",
    innerScale: options.innerScale ?? "none",
  };
}

/** One vector a row repeated. Default: along `time`, so that it can be stepped. */
export function repeat(options: Wiring<never> & { steps: number; axis?: string }): RepeatSpec {
  knownOptions("repeat", options, ["name", "input", "steps", "axis"]);
  return {
    type: "repeat",
    name: options.name,
    input: options.input,
    steps: options.steps,
    axis: options.axis ?? "time",
  };
}

/** An input. Defaults: float32, a sequence along `time`. */
export function input(options: {
  name: string;
  shape: readonly number[];
  dtype?: InputSpec["dtype"];
  axis?: string | null;
}): InputSpec {
  knownOptions("input", options, ["name", "shape", "dtype", "axis"]);
  return {
    name: options.name,
    dtype: options.dtype ?? "float32",
    axis: options.axis === undefined ? "time" : options.axis,
    shape: options.shape,
  };
}

/**
 * A spec from its parts, validated. Outputs default to the last layer.
 *
 * @throws UNROLL_SPEC naming the path and the cure
 */
export function spec<const Layers extends readonly LayerSpec[]>(parts: {
  name: string;
  inputs: readonly InputSpec[];
  layers: Layers;
  outputs?: readonly ValueRef[];
}): Omit<Spec, "layers"> & { readonly layers: Layers } {
  knownOptions("spec", parts, ["name", "inputs", "layers", "outputs"]);
  const last = parts.layers[parts.layers.length - 1];
  const made = {
    format: "unroll.spec",
    version: 1,
    name: parts.name,
    inputs: parts.inputs,
    layers: parts.layers,
    outputs: parts.outputs ?? (last ? [last.name] : []),
  } as const;
  validateSpec(made);
  return made;
}
