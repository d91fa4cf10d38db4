import { lower, specState } from "@unroll/api";
import { type GateNames, gates, onnxGates, onnxPeepholeGates, peepholeGates } from "@unroll/api/adapter";
import {
  onnxActivations,
  onnxDefaultActivations,
  type OnnxOperator,
  onnxOperatorSpec,
} from "@unroll/api/cells";
import { callProgram, cat, stack, type Tensor } from "@unroll/api/torch";
import type { NodeCall, Operator, Operators, Results } from "./node-call.js";
import { zerosOf } from "./tensors.js";

type Op = OnnxOperator["op"];

const cellOf: Readonly<Record<Op, keyof GateNames>> = { RNN: "simpleRnn", GRU: "gru", LSTM: "lstm" };
/** Operands in the order of the schema. */
const [SEQUENCE, W, R, B, LENGTHS, INITIAL_H, INITIAL_C, P] = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** The parts of an axis in another order. */
function ordered(x: Tensor, theirs: readonly string[], ours: readonly string[], axis: number): Tensor {
  if (theirs.join() === ours.join()) return x;
  const parts = x.chunk(theirs.length, axis);
  return cat(
    ours.map((gate) => parts[theirs.indexOf(gate)]!),
    axis,
  );
}

function operatorOf(call: NodeCall, op: Op): OnnxOperator {
  const [x, r] = [call.input(SEQUENCE), call.input(R)];
  const units = r.shape[2] ?? 0;
  if (x.shape.length !== 3 || call.int("hidden_size", units) !== units)
    call.refuse(
      "X of three axes, and R [directions, gates, hidden_size]",
      `[${x.shape.join(", ")}] and [${r.shape.join(", ")}]`,
      "export the model again",
    );
  const direction = call.text("direction", "forward");
  if (direction !== "forward" && direction !== "reverse" && direction !== "bidirectional")
    return call.refuse("direction forward, reverse or bidirectional", direction, "export the model again");
  const directions = direction === "bidirectional" ? 2 : 1;
  const usual = onnxDefaultActivations[op];
  const names = call.texts("activations") ?? Array.from({ length: directions }, () => usual).flat();
  if (names.length !== usual.length * directions)
    call.refuse(`${usual.length * directions} activations`, `${names.length}`, "export the model again");
  const all = onnxActivations(names, call.floats("activation_alpha"), call.floats("activation_beta"));
  const clip = call.node.attributes.has("clip") ? call.float("clip", 0) : undefined;
  const rows = onnxGates[cellOf[op]].length * units;
  const sizes: readonly (readonly [k: number, shape: readonly number[]])[] = [
    [W, [directions, rows, x.shape[2]!]],
    [R, [directions, rows, units]],
    [B, [directions, 2 * rows]],
    [P, [directions, 3 * units]],
  ];
  for (const [k, shape] of sizes)
    if (call.has(k) && call.input(k).shape.join() !== shape.join())
      call.refuse(
        `operand ${k} of [${shape.join(", ")}]`,
        `[${call.input(k).shape.join(", ")}]`,
        "export the model again",
      );
  return {
    op,
    inputSize: x.shape[2]!,
    units,
    direction,
    activations: Array.from({ length: directions }, (_, k) =>
      all.slice(k * usual.length, (k + 1) * usual.length),
    ),
    bias: call.has(B),
    peepholes: op === "LSTM" && call.has(P),
    linearBeforeReset: call.int("linear_before_reset", 0) === 1,
    inputForget: call.int("input_forget", 0) === 1,
    // As the operators do: 0 is none.
    clip: clip === 0 ? undefined : clip,
  };
}

/** Weights of one direction, in our order of gates, by their canonical names. */
function weightsOf(call: NodeCall, op: Op, direction: number): Record<string, Tensor> {
  const [theirs, ours] = [onnxGates[cellOf[op]], gates[cellOf[op]]];
  const matrix = (k: number): Tensor => ordered(call.input(k).select(0, direction), theirs, ours, 0).t();
  const biases = call.has(B) ? call.input(B).select(0, direction).chunk(2, 0) : [];
  const [ofInput, ofState] = biases.map((bias) => ordered(bias, theirs, ours, 0));
  return {
    kernel: matrix(W),
    recurrentKernel: matrix(R),
    ...(ofInput && ofState && { inputBias: ofInput, recurrentBias: ofState }),
    ...(op === "LSTM" &&
      call.has(P) && {
        peephole: ordered(call.input(P).select(0, direction), onnxPeepholeGates, peepholeGates, 0),
      }),
  };
}

function recurrent(call: NodeCall, op: Op): Results {
  // With layout 1 the batch comes first, in states too.
  const batchFirst = call.int("layout", 0) === 1;
  const turned = (x: Tensor): Tensor => (batchFirst ? x.transpose(0, 1) : x);
  const x = turned(call.input(SEQUENCE));
  const operator = operatorOf(call, op);
  const spec = onnxOperatorSpec(operator);
  const ragged = call.has(LENGTHS);
  const program = lower(spec, {
    mode: "sequence",
    timeMajor: true,
    ...(ragged && { extents: { time: "lengths" as const } }),
  });
  const { units, activations } = operator;
  const [directions, batch] = [activations.length, x.shape[1]!];
  const given: Record<string, Tensor> = { x, ...(ragged && { lengths: call.input(LENGTHS) }) };
  const initial = (k: number): Tensor =>
    call.has(k) ? turned(call.input(k)) : zerosOf("float32", [directions, batch, units]);
  const parts = specState(spec);
  const kinds = parts.length / directions;
  parts.forEach(({ layer, part }, k) => {
    given[`state.${layer}.${part}`] = initial(part.endsWith("c") ? INITIAL_C : INITIAL_H).select(
      0,
      Math.floor(k / kinds),
    );
  });
  for (let k = 0; k < directions; k++) {
    const prefix = directions === 1 ? "layer." : k === 0 ? "layer.forward." : "layer.backward.";
    for (const [name, weight] of Object.entries(weightsOf(call, op, k))) given[prefix + name] = weight;
  }
  const results = callProgram(program, given);
  const y = stack(
    spec.outputs.map((name) => results[name]!),
    1,
  );
  const last = (kind: string): Tensor =>
    turned(
      stack(
        parts.flatMap(({ layer, part }) => (part.endsWith(kind) ? [results[`state.${layer}.${part}`]!] : [])),
      ),
    );
  // Y [time, directions, batch, units] is [batch, time, directions, units] with the batch first.
  return [batchFirst ? y.permute(2, 0, 1, 3) : y, last("h"), ...(op === "LSTM" ? [last("c")] : [])];
}

const shared = [
  "activation_alpha",
  "activation_beta",
  "activations",
  "clip",
  "direction",
  "hidden_size",
  "layout",
];
const operator = (op: Op, own: readonly string[], outputs: number): Operator => ({
  attributes: [...shared, ...own],
  outputs,
  run: (call) => recurrent(call, op),
});

/** Recurrent operators, through the spec that says the same. */
export const recurrentOperators = (): Operators => ({
  RNN: operator("RNN", [], 2),
  GRU: operator("GRU", ["linear_before_reset"], 2),
  LSTM: operator("LSTM", ["input_forget"], 3),
});
