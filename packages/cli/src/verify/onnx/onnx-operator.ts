import { unrollError } from "@unroll/api";
import {
  type OnnxActivation,
  onnxActivations,
  onnxDefaultActivations as usual,
  type OnnxOperator,
} from "@unroll/api/cells";
import { refusal } from "../recorded-tensors.js";
import type { OnnxEntry } from "./onnx-entry.js";

type OnnxOp = OnnxOperator["op"];

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
  checkOperands(entry, place);
  const direction = attributes.direction ?? "forward";
  return {
    op,
    inputSize: inputs.X[2]!,
    units: attributes.hidden_size,
    direction,
    activations: perDirection(
      op,
      direction,
      attributes.activations &&
        onnxActivations(attributes.activations, attributes.activation_alpha, attributes.activation_beta),
      place,
    ),
    bias: initializers["B"] !== undefined,
    peepholes: initializers["P"] !== undefined,
    linearBeforeReset: attributes.linear_before_reset === 1,
    inputForget: attributes.input_forget === 1,
    clip: attributes.clip,
  };
}

/** An operand that is not looked at would be one that is silently left out. */
function checkOperands({ inputs, initializers }: OnnxEntry, place: string): void {
  const known = {
    inputs: ["X", "sequence_lens", "initial_h", "initial_c"],
    initializers: ["W", "R", "B", "P"],
  };
  const unknown =
    Object.keys(inputs).find((operand) => !known.inputs.includes(operand)) ??
    Object.keys(initializers).find((operand) => !known.initializers.includes(operand));
  if (unknown !== undefined)
    throw refusal(
      place,
      `inputs ${known.inputs.join(", ")} and initializers ${known.initializers.join(", ")}`,
      unknown,
    );
  if (inputs["initial_c"] && !inputs["initial_h"])
    throw refusal(place, "initial_h beside initial_c", "none", "initial_h");
}

function perDirection(
  op: OnnxOp,
  direction: OnnxOperator["direction"],
  given: readonly OnnxActivation[] | undefined,
  place: string,
): (readonly OnnxActivation[])[] {
  const count = usual[op].length;
  const directions = direction === "bidirectional" ? 2 : 1;
  if (given && given.length !== count * directions)
    throw refusal(place, `${count * directions} activations`, String(given.length));
  return Array.from(
    { length: directions },
    (_, k) => given?.slice(k * count, (k + 1) * count) ?? usual[op].map((name) => ({ name })),
  );
}
