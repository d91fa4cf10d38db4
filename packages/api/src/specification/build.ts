import { knownOptions } from "../contract/known-options.js";
import { activationDefinition } from "../layers/activation.js";
import { attentionDefinition } from "../layers/attention.js";
import { bidirectionalDefinition } from "../layers/bidirectional.js";
import { denseDefinition } from "../layers/dense.js";
import type { Catalog } from "../layers/definition.js";
import { dropoutDefinition } from "../layers/dropout.js";
import { embeddingDefinition } from "../layers/embedding.js";
import type { DefaultRule, Fields, OptionsOf, ValueRef } from "../layers/fields.js";
import { gruDefinition } from "../layers/gru.js";
import { lstmDefinition } from "../layers/lstm.js";
import { mergeDefinition } from "../layers/merge.js";
import { recurrentDefinition } from "../layers/recurrent.js";
import { repeatDefinition } from "../layers/repeat.js";
import { simpleRnnDefinition } from "../layers/simple-rnn.js";
import { everything } from "./catalog.js";
import { checkSpec } from "./validate.js";
import {
  type ActivationSpec,
  type AttentionSpec,
  type BidirectionalSpec,
  type DenseSpec,
  type DropoutSpec,
  type EmbeddingSpec,
  type GruCellSpec,
  inputFields,
  type InputSpec,
  type LayerSpec,
  type LstmCellSpec,
  type MergeSpec,
  type RecurrentSpec,
  type RepeatSpec,
  type SimpleRnnCellSpec,
  type Spec,
} from "./types.js";

/**
 * Fills in defaults. An option that is left out or undefined takes its default; null stays null, for the check of the
 * spec to judge.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of
 */
function filled(place: string, fields: Fields, options: object): Record<string, unknown> {
  knownOptions(place, options, Object.keys(fields));
  const result: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(fields)) {
    const given = (options as Readonly<Record<string, unknown>>)[key];
    const usual = field.default;
    result[key] =
      given !== undefined ? given : typeof usual === "function" ? (usual as DefaultRule)(result) : usual;
  }
  return result;
}

const cell = <C>(kind: string, place: string, fields: Fields, options: object): C =>
  ({ kind, ...filled(place, fields, options) }) as C;
const layer = <L>({ type, fields }: { readonly type: string; readonly fields: Fields }, options: object): L =>
  ({ type, ...filled(type, fields, options) }) as L;

/** An Elman RNN. Defaults: tanh, one bias. */
export const simpleRnnCell = (options: OptionsOf<typeof simpleRnnDefinition.fields>): SimpleRnnCellSpec =>
  cell("simpleRnn", "simpleRnnCell", simpleRnnDefinition.fields, options);

/**
 * An LSTM. Defaults: tanh candidate, sigmoid gates, the output squashed by the candidate's activation, no projection, no
 * peepholes, one bias.
 */
export const lstmCell = (options: OptionsOf<typeof lstmDefinition.fields>): LstmCellSpec =>
  cell("lstm", "lstmCell", lstmDefinition.fields, options);

/** A GRU. Defaults: tanh candidate, sigmoid gates, reset after the product (as torch and Keras do), two biases. */
export const gruCell = (options: OptionsOf<typeof gruDefinition.fields>): GruCellSpec =>
  cell("gru", "gruCell", gruDefinition.fields, options);

/**
 * A recurrent layer. Defaults: forward, output in the input's time order, every step's output, zeros at masked steps
 * (the last output is held instead when only it is returned), initial state from the caller.
 */
export const recurrent = <const Direction extends "forward" | "backward" = "forward">(
  options: OptionsOf<typeof recurrentDefinition.fields> & { readonly direction?: Direction | undefined },
): RecurrentSpec & { readonly direction: Direction } => layer(recurrentDefinition, options);

/**
 * Two cells, one over the sequence as it is and one from its end. Defaults as {@link recurrent}, outputs concatenated,
 * both cells alike.
 */
export const bidirectional = (options: OptionsOf<typeof bidirectionalDefinition.fields>): BidirectionalSpec =>
  layer(bidirectionalDefinition, options);

/** A vector for each id. */
export const embedding = (options: OptionsOf<typeof embeddingDefinition.fields>): EmbeddingSpec =>
  layer(embeddingDefinition, options);

/** A fully connected layer. Defaults: linear, with bias. */
export const dense = (options: OptionsOf<typeof denseDefinition.fields>): DenseSpec =>
  layer(denseDefinition, options);

/** A function of every element, or softmax along the last axis. */
export const activation = (options: OptionsOf<typeof activationDefinition.fields>): ActivationSpec =>
  layer(activationDefinition, options);

/** Identity at inference. */
export const dropout = (options: OptionsOf<typeof dropoutDefinition.fields>): DropoutSpec =>
  layer(dropoutDefinition, options);

/** Several values made one. */
export const merge = (options: OptionsOf<typeof mergeDefinition.fields>): MergeSpec =>
  layer(mergeDefinition, options);

/** Attention. Defaults: `dot` scores, no scales, keys that are the values. */
export const attention = (options: OptionsOf<typeof attentionDefinition.fields>): AttentionSpec =>
  layer(attentionDefinition, options);

/** One vector a row repeated. Default: along `time`, so that it can be stepped. */
export const repeat = (options: OptionsOf<typeof repeatDefinition.fields>): RepeatSpec =>
  layer(repeatDefinition, options);

/** An input. Defaults: float32, a sequence along `time`. */
export const input = (options: OptionsOf<typeof inputFields>): InputSpec =>
  filled("input", inputFields, options) as unknown as InputSpec;

/** What {@link spec} is given. */
export interface SpecParts<Layers extends readonly LayerSpec[]> {
  /** For people: error texts. */
  readonly name: string;
  readonly inputs: readonly InputSpec[];
  /** In order of execution. */
  readonly layers: Layers;
  /** References of the values a run returns. Default: the last layer's output. */
  readonly outputs?: readonly ValueRef[] | undefined;
}

/** A spec from its parts, checked against a catalog. */
export function specIn<const Layers extends readonly LayerSpec[]>(
  catalog: Catalog,
  parts: SpecParts<Layers>,
): Omit<Spec, "layers"> & { readonly layers: Layers } {
  knownOptions("spec", parts, ["name", "inputs", "layers", "outputs"]);
  const last = parts.layers[parts.layers.length - 1];
  const complete = {
    format: "unroll.spec",
    version: 1,
    name: parts.name,
    inputs: parts.inputs,
    layers: parts.layers,
    outputs: parts.outputs ?? (last ? [last.name] : []),
  } as const;
  checkSpec(catalog, complete);
  return complete;
}

/**
 * A spec from its parts, validated. Outputs default to the last layer.
 *
 * @throws UNROLL_SPEC naming the path and the cure
 */
export const spec = <const Layers extends readonly LayerSpec[]>(
  parts: SpecParts<Layers>,
): Omit<Spec, "layers"> & { readonly layers: Layers } => specIn(everything, parts);
