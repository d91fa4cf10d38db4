import {
  type Activation,
  type Adapter,
  bidirectional,
  type CellSpec,
  compile,
  gruCell,
  type HostTensor,
  input,
  lstmCell,
  recurrent,
  simpleRnnCell,
  spec as makeSpec,
  type Spec,
  specState,
  tensor,
  unrollError,
} from "@unroll/api";
import { type OnnxActivation, onnxCell } from "@unroll/api/cells";
import { type AnyTensor, fromOnnx, toFloat32 } from "@unroll/api/weights";
import { evaluate, type Run } from "@unroll/conformance";
import { swapped, swappedFloats } from "./axes.js";
import {
  canStep,
  type CoreResults,
  float64,
  type NamedResults,
  type RecordedCase,
  steps,
  type Tensors,
  truthOf,
} from "./recorded.js";

/** A case of a manifest of single ONNX operators, `NAME.onnx` beside `NAME.safetensors`. */
export interface OnnxEntry {
  readonly name: string;
  readonly op: string;
  readonly attributes: Readonly<Record<string, number | string | readonly number[] | readonly string[]>>;
  /** Shapes of the graph's inputs and of its initializers, by operand. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly initializers: Readonly<Record<string, readonly number[]>>;
  readonly outputs: readonly string[];
}

type Floats = HostTensor<"float32">;

/**
 * What an operator's activation is in the spec of a known cell; null where it has another slope, or no such
 * function.
 */
function activationOf({ name, alpha, beta }: OnnxActivation): Activation | null {
  const close = (value: number | undefined, other: number): boolean =>
    value === undefined || Math.abs(value - other) < 1e-6;
  switch (name) {
    case "Tanh":
      return "tanh";
    case "Sigmoid":
      return "sigmoid";
    case "Relu":
      return "relu";
    case "Softsign":
      return "softsign";
    case "Softplus":
      return "softplus";
    case "Elu":
      return close(alpha, 1) ? "elu" : null;
    case "LeakyRelu":
      return close(alpha, 0.01) ? "leakyRelu" : null;
    case "HardSigmoid":
      return !close(beta, 0.5)
        ? null
        : close(alpha, 0.2)
          ? "hardSigmoidFifth"
          : close(alpha, 1 / 6)
            ? "hardSigmoidSixth"
            : null;
    default:
      return null;
  }
}

const takingAlpha = ["Elu", "LeakyRelu", "HardSigmoid", "Affine", "ScaledTanh", "ThresholdedRelu"];
const takingBeta = ["HardSigmoid", "Affine", "ScaledTanh"];

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
const usual: Readonly<Record<string, readonly string[]>> = {
  RNN: ["Tanh"],
  GRU: ["Sigmoid", "Tanh"],
  LSTM: ["Sigmoid", "Tanh", "Tanh"],
};

/**
 * Makes a case ready.
 *
 * @throws UNROLL_UNSUPPORTED when a spec can't express the operator, UNROLL_FORMAT when the file is not as it
 *   says
 */
export function onnxCase(
  { name, op, attributes, inputs, initializers, outputs }: OnnxEntry,
  tensors: Tensors,
  weightsOfFile: Readonly<Record<string, AnyTensor>>,
): RecordedCase {
  const place = `case "${name}"`;
  const unknown = Object.keys(attributes).find((attribute) => !known.includes(attribute));
  if (unknown !== undefined)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: place,
      expected: `attributes ${known.join(", ")}`,
      got: unknown,
      cure: "a spec has no such option",
      details: { attribute: unknown },
    });

  const direction = attributes["direction"] ?? "forward";
  const directions = direction === "bidirectional" ? 2 : 1;
  const units = attributes["hidden_size"] as number;
  const inputSize = inputs["X"]![2]!;
  const perDirection = usual[op];
  if (!perDirection)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: place,
      expected: "RNN, GRU or LSTM",
      got: op,
      cure: "record its parts one by one",
      details: { op },
    });
  const [given, alphas, betas] = [
    attributes["activations"] as readonly string[] | undefined,
    [...((attributes["activation_alpha"] ?? []) as readonly number[])],
    [...((attributes["activation_beta"] ?? []) as readonly number[])],
  ];
  // Alphas and betas are listed one after the other for the activations that take one.
  const parameter = (name: "alpha" | "beta", value: number | undefined): { alpha?: number; beta?: number } =>
    value === undefined ? {} : { [name]: value };
  const activations = given?.map((one): OnnxActivation => ({
    name: one,
    ...(takingAlpha.includes(one) ? parameter("alpha", alphas.shift()) : {}),
    ...(takingBeta.includes(one) ? parameter("beta", betas.shift()) : {}),
  }));
  const bias = initializers["B"] !== undefined;
  const peepholes = initializers["P"] !== undefined;
  const linearBeforeReset = attributes["linear_before_reset"] === 1;
  /**
   * The cell that has the operator's weights; it also computes what the operator does, unless an attribute
   * says otherwise.
   */
  const plain = ([first, second, third]: readonly (Activation | null)[]): CellSpec => {
    const common = { inputSize, units, bias: bias ? "split" : "none" } as const;
    switch (op) {
      case "RNN":
        return simpleRnnCell({ ...common, activation: first ?? "tanh" });
      case "GRU":
        return gruCell({
          ...common,
          recurrentActivation: first ?? "sigmoid",
          activation: second ?? "tanh",
          resetAfter: linearBeforeReset,
        });
      default:
        return lstmCell({
          ...common,
          recurrentActivation: first ?? "sigmoid",
          activation: second ?? "tanh",
          outputActivation: third ?? "tanh",
          peepholes,
        });
    }
  };
  const cells = Array.from({ length: directions }, (_, k) => {
    const own =
      activations?.slice(k * perDirection.length, (k + 1) * perDirection.length) ??
      perDirection.map((one): OnnxActivation => ({ name: one }));
    const ours = own.map(activationOf);
    const { clip, input_forget: inputForget } = attributes as {
      readonly clip?: number;
      readonly input_forget?: number;
    };
    const exact = !ours.includes(null) && clip === undefined && inputForget !== 1;
    return {
      plain: plain(ours),
      cell: exact
        ? plain(ours)
        : onnxCell({
            op: op as "LSTM",
            inputSize,
            hiddenSize: units,
            activations: own,
            ...(clip !== undefined && { clip }),
            inputForget: inputForget === 1,
            linearBeforeReset,
            peepholes,
            bias,
          }),
    };
  });
  const modelOf = (kind: "plain" | "cell"): Spec => {
    const placed = { name: "layer", input: "x", maskedOutput: "zero" } as const;
    const [first, second] = cells.map((one) => one[kind]) as [CellSpec, CellSpec?];
    const layer = second
      ? bidirectional({ ...placed, forward: first, backward: second, merge: "none" })
      : recurrent({ ...placed, cell: first, direction: direction === "reverse" ? "backward" : "forward" });
    return makeSpec({
      name: "case",
      inputs: [input({ name: "x", shape: [inputSize] })],
      layers: [layer],
      ...(second ? { outputs: ["layer.forward", "layer.backward"] } : {}),
    });
  };
  const model = modelOf("cell");
  const { weights } = fromOnnx(modelOf("plain"), weightsOfFile, [
    { layer: "layer", names: { W: "W", R: "R", B: "B", P: "P" } },
  ]);

  const load = (operand: string): Floats => toFloat32(tensors[operand]!, `${place} tensor "${operand}"`);
  const [time, batch] = inputs["X"] as [number, number, number];
  const parts = specState(model);
  const run: Run = {
    inputs: { x: swappedFloats(load("X")) },
    lengths:
      inputs["sequence_lens"] &&
      tensor(Array.from(tensors["sequence_lens"]!.data as ArrayLike<number>), [batch], "int32"),
    state: inputs["initial_h"] && {
      layer: Object.fromEntries(
        parts.map(({ part }, k) => {
          const kinds = op === "LSTM" ? 2 : 1;
          const all = load(part.endsWith("c") ? "initial_c" : "initial_h");
          const size = batch * units;
          return [
            part,
            tensor(all.data.slice(Math.floor(k / kinds) * size, (Math.floor(k / kinds) + 1) * size), [
              batch,
              units,
            ]),
          ];
        }),
      ),
    },
  };

  /**
   * Core results as the operator returns them: Y [time, directions, batch, units], Y_h and Y_c [directions,
   * batch, units].
   */
  const named = (results: CoreResults): NamedResults => {
    const sequences = model.outputs.map((ref) =>
      swapped(results.outputs[ref]!, (size) => new Float64Array(size)),
    );
    const frames = Array.from({ length: time }, (_, t) =>
      sequences.flatMap(({ data }) =>
        Array.from({ length: batch * units }, (_unused, k) => data[t * batch * units + k]!),
      ),
    );
    const states = (kind: string): NamedResults[string] => ({
      shape: [directions, batch, units],
      data: parts
        .filter(({ part }) => part.endsWith(kind))
        .flatMap(({ layer: owner, part }) => Array.from(results.state[owner]![part]!.data)),
    });
    return {
      Y: { shape: [time, directions, batch, units], data: frames.flat() },
      Y_h: states("h"),
      ...(op === "LSTM" ? { Y_c: states("c") } : {}),
    };
  };

  const whole = async (adapter: Adapter): Promise<NamedResults> => {
    const compiled = await compile(model, { adapter, weights });
    const { outputs: made, state } = await compiled.sequence(run.inputs["x"]!, {
      ...(run.lengths && { lengths: Array.from(run.lengths.data) }),
      ...(run.state && { state: run.state as Record<string, Record<string, HostTensor>> }),
    });
    const plain = await state.toTypedArrays();
    compiled.dispose();
    return named({ outputs: made, state: plain });
  };
  return {
    name,
    want: Object.fromEntries(outputs.map((output) => [output, float64(tensors, `f64.${output}`, place)])),
    ...truthOf(model, weights, run, named),
    modes: [
      { mode: "sequence", run: whole },
      ...(canStep(model, run)
        ? [
            {
              mode: "step" as const,
              run: async (adapter: Adapter) =>
                named(await steps(model, weights, run, adapter, evaluate(model, weights, run))),
            },
          ]
        : []),
    ],
  };
}
