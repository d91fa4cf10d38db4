import { unrollError } from "@unroll/api";
import type { OnnxActivation } from "@unroll/api/cells";
import { onnxActivations } from "./onnx-activations.js";
import type { OnnxAttributes, OnnxEntry } from "./onnx-entry.js";

export type OnnxOp = "RNN" | "GRU" | "LSTM";

/** A recurrent operator: its attributes with their defaults, and which operands it has. */
export interface OnnxOperator {
  readonly op: OnnxOp;
  readonly inputSize: number;
  readonly units: number;
  readonly direction: NonNullable<OnnxAttributes["direction"]>;
  /** Activations of each direction, of which there are one or two. */
  readonly activations: readonly (readonly OnnxActivation[])[];
  readonly bias: boolean;
  readonly peepholes: boolean;
  readonly linearBeforeReset: boolean;
  readonly inputForget: boolean;
  readonly clip: number | undefined;
}

const known: readonly string[] = [
  "hidden_size",
  "direction",
  "activations",
  "activation_alpha",
  "activation_beta",
  "linear_before_reset",
  "clip",
  "input_forget",
];

/** Activations of an operator that names none. */
const usual: Readonly<Record<OnnxOp, readonly string[]>> = {
  RNN: ["Tanh"],
  GRU: ["Sigmoid", "Tanh"],
  LSTM: ["Sigmoid", "Tanh", "Tanh"],
};
const isRecurrent = (op: string): op is OnnxOp => Object.hasOwn(usual, op);

/** @throws UNROLL_UNSUPPORTED for an operator or an attribute that a spec can't express */
export function onnxOperator(entry: OnnxEntry, place: string): OnnxOperator {
  const { op, attributes, inputs, initializers } = entry;
  const unknown = Object.keys(attributes).find((attribute) => !known.includes(attribute));
  if (unknown !== undefined)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place,
      expected: `attributes ${known.join(", ")}`,
      got: unknown,
      cure: "a spec has no such option",
      details: { attribute: unknown },
    });
  if (!isRecurrent(op))
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place,
      expected: "RNN, GRU or LSTM",
      got: op,
      cure: "record its parts one by one",
      details: { op },
    });
  const direction = attributes.direction ?? "forward";
  return {
    op,
    inputSize: inputs["X"]![2]!,
    units: attributes.hidden_size,
    direction,
    activations: perDirection(op, direction, onnxActivations(attributes)),
    bias: initializers["B"] !== undefined,
    peepholes: initializers["P"] !== undefined,
    linearBeforeReset: attributes.linear_before_reset === 1,
    inputForget: attributes.input_forget === 1,
    clip: attributes.clip,
  };
}

function perDirection(
  op: OnnxOp,
  direction: OnnxOperator["direction"],
  given: readonly OnnxActivation[] | undefined,
): (readonly OnnxActivation[])[] {
  const count = usual[op].length;
  return Array.from(
    { length: direction === "bidirectional" ? 2 : 1 },
    (_, k) => given?.slice(k * count, (k + 1) * count) ?? usual[op].map((name) => ({ name })),
  );
}
