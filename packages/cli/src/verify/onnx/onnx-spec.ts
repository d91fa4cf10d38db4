import {
  type Activation,
  bidirectional,
  type CellSpec,
  gruCell,
  input,
  lstmCell,
  recurrent,
  simpleRnnCell,
  spec,
  type Spec,
} from "@unroll/api";
import { type OnnxActivation, onnxCell } from "@unroll/api/cells";
import { knownActivation } from "./onnx-activations.js";
import type { OnnxOperator } from "./onnx-operator.js";

type Activations = readonly OnnxActivation[];

/** A model that is the operator alone: input "x", layer "layer". */
export const operatorSpec = (operator: OnnxOperator): Spec =>
  modelOf(operator, (activations) => operatorCell(operator, activations));

/** The same of plain cells, which have the operator's weights: the tables of ONNX's layouts know these. */
export const weightsSpec = (operator: OnnxOperator): Spec =>
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
    name: "case",
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
