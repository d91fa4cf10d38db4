import { type Activation, type Adapter, bidirectional, compile, gruCell, type HostTensor, input, lstmCell, recurrent, simpleRnnCell, spec as makeSpec, specState, tensor, UnrollError } from "@unroll/api";
import { type AnyTensor, fromOnnx, toFloat32 } from "@unroll/api/weights";
import { evaluate, type Run } from "@unroll/conformance";
import { swapped, swappedFloats } from "./axes.js";
import { canStep, type CoreResults, float64, type NamedResults, type RecordedCase, steps, type Tensors, truthOf } from "./recorded.js";

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

/** What an operator's activation is here, by the values of its alpha and beta; defaults as in the operator schemas. */
function activationOf(place: string, name: string, alpha: number | undefined, beta: number | undefined): Activation {
  const close = (value: number | undefined, other: number, otherwise: number): boolean => Math.abs((value ?? otherwise) - other) < 1e-6;
  switch (name) {
    case "Tanh": return "tanh";
    case "Sigmoid": return "sigmoid";
    case "Relu": return "relu";
    case "Softsign": return "softsign";
    case "Softplus": return "softplus";
    case "Elu": if (close(alpha, 1, 1)) return "elu"; break;
    case "LeakyRelu": if (close(alpha, 0.01, 0.01)) return "leakyRelu"; break;
    case "HardSigmoid":
      if (close(alpha, 0.2, 0.2) && close(beta, 0.5, 0.5)) return "hardSigmoidFifth";
      if (close(alpha, 1 / 6, 0.2) && close(beta, 0.5, 0.5)) return "hardSigmoidSixth";
      break;
    default:
  }
  throw new UnrollError("UNROLL_UNSUPPORTED", `${place}: expected an activation of activationNames, got ${name} with alpha ${alpha}, beta ${beta}; a spec has no such function`, { name });
}

const takingAlpha = ["Elu", "LeakyRelu", "HardSigmoid", "Affine", "ScaledTanh", "ThresholdedRelu"];
const takingBeta = ["HardSigmoid", "Affine", "ScaledTanh"];

const known: readonly string[] = ["hidden_size", "direction", "activations", "activation_alpha", "activation_beta", "linear_before_reset"];

/**
 * Makes a case ready.
 *
 * @throws UNROLL_UNSUPPORTED when a spec can't express the operator, UNROLL_FORMAT when the file is not as it says
 */
export function onnxCase({ name, op, attributes, inputs, initializers, outputs }: OnnxEntry, tensors: Tensors, weightsOfFile: Readonly<Record<string, AnyTensor>>): RecordedCase {
  const place = `case "${name}"`;
  const unknown = Object.keys(attributes).find((attribute) => !known.includes(attribute));
  if (unknown !== undefined) throw new UnrollError("UNROLL_UNSUPPORTED", `${place}: expected attributes ${known.join(", ")}, got ${unknown}; a spec has no such option`, { attribute: unknown });

  const direction = attributes["direction"] ?? "forward";
  const directions = direction === "bidirectional" ? 2 : 1;
  const units = attributes["hidden_size"] as number;
  const inputSize = inputs["X"]![2]!;
  const [given, alphas, betas] = [attributes["activations"] as readonly string[] | undefined, [...((attributes["activation_alpha"] ?? []) as readonly number[])], [...((attributes["activation_beta"] ?? []) as readonly number[])]];
  // Alphas and betas are listed one after the other for the activations that take one.
  const activations = given?.map((one) => activationOf(place, one, takingAlpha.includes(one) ? alphas.shift() : undefined, takingBeta.includes(one) ? betas.shift() : undefined));
  const cell = (k: number) => {
    const common = { inputSize, units, bias: initializers["B"] ? "split" : "none" } as const;
    const at = (n: number, count: number, otherwise: Activation): Activation => activations?.[k * count + n] ?? otherwise;
    switch (op) {
      case "RNN": return simpleRnnCell({ ...common, activation: at(0, 1, "tanh") });
      case "GRU": return gruCell({ ...common, recurrentActivation: at(0, 2, "sigmoid"), activation: at(1, 2, "tanh"), resetAfter: attributes["linear_before_reset"] === 1 });
      case "LSTM": return lstmCell({ ...common, recurrentActivation: at(0, 3, "sigmoid"), activation: at(1, 3, "tanh"), outputActivation: at(2, 3, "tanh"), peepholes: initializers["P"] !== undefined });
      default: throw new UnrollError("UNROLL_UNSUPPORTED", `${place}: expected RNN, GRU or LSTM, got ${op}; record its parts one by one`, { op });
    }
  };
  const placed = { name: "layer", input: "x", maskedOutput: "zero" } as const;
  const layer = directions === 2 ? bidirectional({ ...placed, forward: cell(0), backward: cell(1), merge: "none" }) : recurrent({ ...placed, cell: cell(0), direction: direction === "reverse" ? "backward" : "forward" });
  const model = makeSpec({ name: "case", inputs: [input({ name: "x", shape: [inputSize] })], layers: [layer], ...(directions === 2 ? { outputs: ["layer.forward", "layer.backward"] } : {}) });
  const { weights } = fromOnnx(model, weightsOfFile, [{ layer: "layer", names: { W: "W", R: "R", B: "B", P: "P" } }]);

  const load = (operand: string): Floats => toFloat32(tensors[operand]!, `${place} tensor "${operand}"`);
  const [time, batch] = inputs["X"] as [number, number, number];
  const parts = specState(model);
  const run: Run = {
    inputs: { x: swappedFloats(load("X")) },
    lengths: inputs["sequence_lens"] && tensor(Array.from(tensors["sequence_lens"]!.data as ArrayLike<number>), [batch], "int32"),
    state: inputs["initial_h"] && { layer: Object.fromEntries(parts.map(({ part }, k) => {
      const kinds = op === "LSTM" ? 2 : 1;
      const all = load(part.endsWith("c") ? "initial_c" : "initial_h");
      const size = batch * units;
      return [part, tensor(all.data.slice(Math.floor(k / kinds) * size, (Math.floor(k / kinds) + 1) * size), [batch, units])];
    })) },
  };

  /** Core results as the operator returns them: Y [time, directions, batch, units], Y_h and Y_c [directions, batch, units]. */
  const named = (results: CoreResults): NamedResults => {
    const sequences = model.outputs.map((ref) => swapped(results.outputs[ref]!, (size) => new Float64Array(size)));
    const frames = Array.from({ length: time }, (_, t) => sequences.flatMap(({ data }) => Array.from({ length: batch * units }, (_unused, k) => data[t * batch * units + k]!)));
    const states = (kind: string): NamedResults[string] => ({ shape: [directions, batch, units], data: parts.filter(({ part }) => part.endsWith(kind)).flatMap(({ layer: owner, part }) => Array.from(results.state[owner]![part]!.data)) });
    return { Y: { shape: [time, directions, batch, units], data: frames.flat() }, Y_h: states("h"), ...(op === "LSTM" ? { Y_c: states("c") } : {}) };
  };

  const whole = async (adapter: Adapter): Promise<NamedResults> => {
    const compiled = await compile(model, { adapter, weights });
    const { outputs: made, state } = await compiled.sequence(run.inputs["x"]!, { ...(run.lengths && { lengths: Array.from(run.lengths.data) }), ...(run.state && { state: run.state as Record<string, Record<string, HostTensor>> }) });
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
      ...(canStep(model, run) ? [{ mode: "step" as const, run: async (adapter: Adapter) => named(await steps(model, weights, run, adapter, evaluate(model, weights, run))) }] : []),
    ],
  };
}
