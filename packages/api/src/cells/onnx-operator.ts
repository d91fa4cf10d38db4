import type { Activation } from "../layers/activations.js";
import {
  bidirectional,
  gruCell,
  input,
  lstmCell,
  recurrent,
  simpleRnnCell,
  spec,
} from "../specification/build.js";
import type { CellSpec, Spec } from "../specification/types.js";
import { type OnnxActivation, onnxCell } from "./onnx.js";

/** A recurrent operator: its attributes with their defaults, and which operands it has. */
export interface OnnxOperator {
  /** Which one. */
  readonly op: "RNN" | "GRU" | "LSTM";
  /** Features of the input. */
  readonly inputSize: number;
  /** Its `hidden_size`. */
  readonly units: number;
  /** Which way it runs, or both ways at once. */
  readonly direction: "forward" | "reverse" | "bidirectional";
  /** Activations of each direction, of which there are one or two. */
  readonly activations: readonly (readonly OnnxActivation[])[];
  /** Whether it has operand B. */
  readonly bias: boolean;
  /** Whether it has operand P. */
  readonly peepholes: boolean;
  /** Of a GRU: whether the state is multiplied before it is reset. */
  readonly linearBeforeReset: boolean;
  /** Of an LSTM: whether the forget gate is tied to the input gate. */
  readonly inputForget: boolean;
  /** The bound of the activations' arguments, if there is one. */
  readonly clip: number | undefined;
}

/** Activations of one direction of an operator that names none, in its order. */
export const onnxDefaultActivations: Readonly<Record<OnnxOperator["op"], readonly string[]>> = {
  RNN: ["Tanh"],
  GRU: ["Sigmoid", "Tanh"],
  LSTM: ["Sigmoid", "Tanh", "Tanh"],
};

const takingAlpha = ["Elu", "LeakyRelu", "HardSigmoid", "Affine", "ScaledTanh", "ThresholdedRelu"];
const takingBeta = ["HardSigmoid", "Affine", "ScaledTanh"];

/**
 * Activations by name with their parameters, which ONNX lists one after the other for the activations that
 * take one.
 */
export function onnxActivations(
  names: readonly string[],
  alphas: readonly number[] = [],
  betas: readonly number[] = [],
): OnnxActivation[] {
  const [a, b] = [[...alphas], [...betas]];
  return names.map((name) => {
    const alpha = takingAlpha.includes(name) ? a.shift() : undefined;
    const beta = takingBeta.includes(name) ? b.shift() : undefined;
    return { name, ...(alpha === undefined ? {} : { alpha }), ...(beta === undefined ? {} : { beta }) };
  });
}

const plain = new Map<string, Activation>([
  ["Tanh", "tanh"],
  ["Sigmoid", "sigmoid"],
  ["Relu", "relu"],
  ["Softsign", "softsign"],
  ["Softplus", "softplus"],
]);

/** Activations with a slope; one that is left out is the default, with which the first of a name is. */
const sloped: readonly { name: string; alpha: number; beta?: number; activation: Activation }[] = [
  { name: "Elu", alpha: 1, activation: "elu" },
  { name: "LeakyRelu", alpha: 0.01, activation: "leakyRelu" },
  { name: "HardSigmoid", alpha: 0.2, beta: 0.5, activation: "hardSigmoidFifth" },
  { name: "HardSigmoid", alpha: 1 / 6, beta: 0.5, activation: "hardSigmoidSixth" },
];

const close = (value: number | undefined, other: number): boolean =>
  value === undefined || Math.abs(value - other) < 1e-6;

/**
 * What an operator's activation is in the spec of a known cell; null where it has another slope, or no such
 * function.
 */
function knownActivation({ name, alpha, beta }: OnnxActivation): Activation | null {
  const slope = sloped.find(
    (one) =>
      one.name === name && close(alpha, one.alpha) && (one.beta === undefined || close(beta, one.beta)),
  );
  return plain.get(name) ?? slope?.activation ?? null;
}

type Activations = readonly OnnxActivation[];

/**
 * A model that is the operator alone: input "x" [batch, time, inputSize], layer "layer", whose outputs are
 * zero beyond the length of a row. A plain cell wherever one says it, as engines have kernels for these.
 *
 * @throws UNROLL_ARGUMENT for an activation that the operator does not have
 */
export const onnxOperatorSpec = (operator: OnnxOperator): Spec =>
  modelOf(operator, (activations) => operatorCell(operator, activations));

/** The same of plain cells, which have the operator's weights: the tables of `fromOnnx` know these. */
export const onnxWeightsSpec = (operator: OnnxOperator): Spec =>
  modelOf(operator, (activations) => plainCell(operator, activations.map(knownActivation)));

function modelOf(
  { inputSize, direction, activations }: OnnxOperator,
  cellOf: (activations: Activations) => CellSpec,
): Spec {
  const placed = { name: "layer", input: "x", maskedOutput: "zero" } as const;
  const [first, second] = activations.map(cellOf) as [CellSpec, CellSpec?];
  const layer = second
    ? bidirectional({ ...placed, forward: first, backward: second, merge: "none" })
    : recurrent({ ...placed, cell: first, direction: direction === "reverse" ? "backward" : "forward" });
  return spec({
    name: "operator",
    inputs: [input({ name: "x", shape: [inputSize] })],
    layers: [layer],
    ...(second ? { outputs: ["layer.forward", "layer.backward"] } : {}),
  });
}

/** What computes as the operator does: a plain cell, unless an attribute says otherwise. */
function operatorCell(operator: OnnxOperator, activations: Activations): CellSpec {
  const { op, inputSize, units, bias, peepholes, linearBeforeReset, inputForget, clip } = operator;
  const known = activations.map(knownActivation);
  if (!known.includes(null) && clip === undefined && !inputForget) return plainCell(operator, known);
  return onnxCell({
    op: op as "LSTM",
    inputSize,
    hiddenSize: units,
    activations,
    ...(clip !== undefined && { clip }),
    inputForget,
    linearBeforeReset,
    peepholes,
    bias,
  });
}

function plainCell(
  { op, inputSize, units, bias, peepholes, linearBeforeReset }: OnnxOperator,
  [first, second, third]: readonly (Activation | null)[],
): CellSpec {
  const common = { inputSize, units, bias: bias ? "split" : "none" } as const;
  const gated = { recurrentActivation: first ?? "sigmoid", activation: second ?? "tanh" } as const;
  switch (op) {
    case "RNN":
      return simpleRnnCell({ ...common, activation: first ?? "tanh" });
    case "GRU":
      return gruCell({ ...common, ...gated, resetAfter: linearBeforeReset });
    case "LSTM":
      return lstmCell({ ...common, ...gated, outputActivation: third ?? "tanh", peepholes });
    default:
      return op satisfies never;
  }
}
