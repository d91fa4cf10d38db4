import type { Attrs } from "../contract/program.js";
import type { Block, NamedValues, Value } from "../program/builder.js";
import type { CompositeDefinition, CompositeInput } from "../program/composite-definition.js";
import { activate, type Activation } from "./activations.js";
import {
  attentionComposite,
  type AttentionAttrs,
  attentionDefinition,
  attentionScores,
} from "./attention.js";
import { convolutionComposite, type ConvolutionAttrs } from "./convolution.js";
import { crfDecode, crfPartition, crfPathScore } from "./crf-recursions.js";
import { gru, type GruAttrs, gruDefinition, gruStep } from "./gru.js";
import { layerNormDefinition, normalised } from "./layer-norm.js";
import { batchNormalised, batchNormDefinition } from "./batch-norm.js";
import { rmsNormalised, rmsNormDefinition } from "./rms-norm.js";
import { lstm, type LstmAttrs, lstmDefinition, lstmStep } from "./lstm.js";
import { recurrentDefinition } from "./recurrent.js";
import { MOST_SEEN } from "./windows.js";
import { simpleRnn, type SimpleRnnAttrs, simpleRnnDefinition, simpleRnnStep } from "./simple-rnn.js";
import { logSoftmax, softmax } from "./softmax.js";

/** Name of a composite that the library makes. */
export type CompositeName =
  | Exclude<Activation, "linear" | "tanh" | "sigmoid">
  | "softmax"
  | "logSoftmax"
  | "layerNorm"
  | "batchNorm"
  | "rmsNorm"
  | "attention"
  | "convolution"
  | "crfDecode"
  | "crfPartition"
  | "crfPathScore"
  | `${"simpleRnn" | "gru" | "lstm"}${"" | "Cell"}`;

const float = (...axes: readonly string[]): CompositeInput => ({ dtype: "float32", axes: [axes] });
const maybe = (input: CompositeInput): CompositeInput => ({ ...input, optional: true });
const bool = (...axes: readonly string[]): CompositeInput => ({
  dtype: "bool",
  axes: [axes],
  optional: true,
});

const named = (values: object): { readonly [name: string]: Value } => values as { [name: string]: Value };

const activationOf = (name: Activation): CompositeDefinition => ({
  inputs: { x: float("...") },
  attrs: {},
  build: (b, inputs) => activate(b, name, named(inputs)["x"]!),
});

const rows = (build: typeof softmax): CompositeDefinition => ({
  inputs: { x: float("...") },
  attrs: {},
  build: (b, inputs) => build(b, named(inputs)["x"]!),
});

const weights = (gates: number, size: string): CompositeDefinition["inputs"] => ({
  kernel: float("inputSize", `${gates} units`),
  recurrentKernel: float(size, `${gates} units`),
  inputBias: maybe(float(`${gates} units`)),
  recurrentBias: maybe(float(`${gates} units`)),
});

/** Lengths or a mask, of a sequence. */
const extent = { lengths: maybe({ dtype: "int32", axes: [["batch"]] }), mask: bool("time", "batch") };
const oneExtent = (inputs: ReadonlySet<string>): string | null =>
  inputs.has("lengths") && inputs.has("mask") ? "lengths or a mask, and not both" : null;

const trueOrFalse = { kind: "oneOf", of: [true, false] } as const;
const time: CompositeDefinition["attrs"] = {
  reverse: trueOrFalse,
  // A layer that ignores masks is a composite without one.
  maskedOutput: { kind: "oneOf", of: ["zero", "hold"] },
  heldStart: recurrentDefinition.fields.heldStart,
};

const hidden = { h: float("batch", "units") };

const rnn = { activation: simpleRnnDefinition.fields.activation };

const { activation, recurrentActivation, resetAfter } = gruDefinition.fields;
const gated = { activation, recurrentActivation, resetAfter };

const longShort = {
  activation: lstmDefinition.fields.activation,
  recurrentActivation: lstmDefinition.fields.recurrentActivation,
  outputActivation: lstmDefinition.fields.outputActivation,
  cellClip: lstmDefinition.fields.cellClip,
};
const lstmInputs: CompositeDefinition["inputs"] = {
  c: float("batch", "units"),
  h: float("batch", "size"),
  ...weights(4, "size"),
  peephole: maybe(float("3 units")),
  projectionKernel: maybe(float("units", "size")),
};
const projected: NonNullable<CompositeDefinition["refuse"]> = (inputs, _attrs, sizes) =>
  !inputs.has("projectionKernel") && sizes.get("size") !== sizes.get("units")
    ? "an h of as many units as c, as there is no projectionKernel"
    : null;

const chain: CompositeDefinition["inputs"] = {
  emissions: float("time", "batch", "tags"),
  transitions: float("tags", "tags"),
  start: maybe(float("tags")),
  end: maybe(float("tags")),
  ...extent,
};
const tagging = (
  build: (b: Block, emissions: Value, given: NamedValues) => unknown,
): CompositeDefinition => ({
  inputs: chain,
  attrs: {},
  refuse: oneExtent,
  build(b, inputs) {
    const { emissions, ...given } = named(inputs);
    return build(b, emissions!, given);
  },
});

/**
 * Every composite that the library makes, by the definitions that lowering uses: what a program from outside
 * is held against.
 */
export const composites: Readonly<Record<CompositeName, CompositeDefinition>> = {
  relu: activationOf("relu"),
  hardSigmoidSixth: activationOf("hardSigmoidSixth"),
  hardSigmoidFifth: activationOf("hardSigmoidFifth"),
  softsign: activationOf("softsign"),
  softplus: activationOf("softplus"),
  elu: activationOf("elu"),
  leakyRelu: activationOf("leakyRelu"),
  softmax: rows(softmax),
  logSoftmax: rows(logSoftmax),
  layerNorm: {
    inputs: { x: float("...", "size"), gamma: maybe(float("size")), beta: maybe(float("size")) },
    attrs: { epsilon: layerNormDefinition.fields.epsilon },
    build(b, inputs, attrs) {
      const { x, ...given } = named(inputs);
      return normalised(b, x!, given, attrs as Attrs & { epsilon: number });
    },
  },
  batchNorm: {
    inputs: {
      x: float("...", "size"),
      movingMean: float("size"),
      movingVariance: float("size"),
      gamma: maybe(float("size")),
      beta: maybe(float("size")),
    },
    attrs: { epsilon: batchNormDefinition.fields.epsilon },
    build(b, inputs, attrs) {
      const { x, ...given } = named(inputs);
      return batchNormalised(b, x!, given, attrs as Attrs & { epsilon: number });
    },
  },
  rmsNorm: {
    inputs: { x: float("...", "size"), gamma: maybe(float("size")) },
    attrs: { epsilon: rmsNormDefinition.fields.epsilon },
    build(b, inputs, attrs) {
      const { x, ...given } = named(inputs);
      return rmsNormalised(b, x!, given, attrs as Attrs & { epsilon: number });
    },
  },
  attention: {
    inputs: {
      query: float("time", "batch", "inputSize"),
      key: float("source", "batch", "inputSize"),
      value: float("source", "batch", "size"),
      keyMask: bool("source", "batch"),
      queryMask: bool("time", "batch"),
      scale: { dtype: "float32", axes: [[], ["inputSize"]], optional: true },
      innerScale: maybe(float()),
    },
    attrs: {
      score: { kind: "oneOf", of: attentionScores },
      causal: trueOrFalse,
      emptyRows: attentionDefinition.fields.emptyRows,
    },
    refuse: (inputs, { score }) =>
      inputs.has("innerScale") && score !== "additive" ? "innerScale with the score additive alone" : null,
    build(b, inputs, attrs) {
      const { query, key, value, ...rest } = named(inputs);
      return attentionComposite(b, query!, key!, value!, rest, attrs as AttentionAttrs);
    },
  },
  convolution: {
    inputs: {
      x: float("time", "batch", "channels"),
      kernel: float("size", "channels", "filters"),
      bias: maybe(float("filters")),
    },
    attrs: { stride: { kind: "count" }, dilation: { kind: "count" } },
    refuse: (_inputs, _attrs, sizes) =>
      Number(sizes.get("size")) > MOST_SEEN ? `a kernel of at most ${MOST_SEEN} steps` : null,
    build(b, inputs, attrs) {
      const { x, ...given } = named(inputs);
      return convolutionComposite(b, x!, given, attrs as ConvolutionAttrs);
    },
  },
  crfDecode: tagging(crfDecode),
  crfPartition: tagging(crfPartition),
  crfPathScore: {
    inputs: { ...chain, path: { dtype: "int32", axes: [["time", "batch"]] } },
    attrs: {},
    refuse: oneExtent,
    build(b, inputs) {
      const { emissions, path, ...given } = named(inputs);
      return crfPathScore(b, emissions!, path!, given);
    },
  },
  simpleRnn: {
    inputs: { x: float("time", "batch", "inputSize"), ...hidden, ...weights(1, "units"), ...extent },
    attrs: { ...time, ...rnn },
    refuse: oneExtent,
    build(b, inputs, attrs) {
      const { x, h, lengths, mask, ...given } = named(inputs);
      return simpleRnn(b, x!, { h: h! }, given, { lengths, mask }, attrs as SimpleRnnAttrs);
    },
  },
  simpleRnnCell: {
    inputs: { x: float("batch", "inputSize"), ...hidden, ...weights(1, "units") },
    attrs: rnn,
    build(b, inputs, attrs) {
      const { x, h, ...given } = named(inputs);
      return simpleRnnStep(b, x!, { h: h! }, given, attrs as SimpleRnnAttrs);
    },
  },
  gru: {
    inputs: { x: float("time", "batch", "inputSize"), ...hidden, ...weights(3, "units"), ...extent },
    attrs: { ...time, ...gated },
    refuse: oneExtent,
    build(b, inputs, attrs) {
      const { x, h, lengths, mask, ...given } = named(inputs);
      return gru(b, x!, { h: h! }, given, { lengths, mask }, attrs as GruAttrs);
    },
  },
  gruCell: {
    inputs: { x: float("batch", "inputSize"), ...hidden, ...weights(3, "units") },
    attrs: gated,
    build(b, inputs, attrs) {
      const { x, h, ...given } = named(inputs);
      return gruStep(b, x!, { h: h! }, given, attrs as GruAttrs);
    },
  },
  lstm: {
    inputs: { x: float("time", "batch", "inputSize"), ...lstmInputs, ...extent },
    attrs: { ...time, ...longShort },
    refuse: (inputs, attrs, sizes) => oneExtent(inputs) ?? projected(inputs, attrs, sizes),
    build(b, inputs, attrs) {
      const { x, h, c, lengths, mask, ...given } = named(inputs);
      return lstm(b, x!, { h: h!, c: c! }, given, { lengths, mask }, attrs as LstmAttrs);
    },
  },
  lstmCell: {
    inputs: { x: float("batch", "inputSize"), ...lstmInputs },
    attrs: longShort,
    refuse: projected,
    build(b, inputs, attrs) {
      const { x, h, c, ...given } = named(inputs);
      return lstmStep(b, x!, { h: h!, c: c! }, given, attrs as LstmAttrs);
    },
  },
};
