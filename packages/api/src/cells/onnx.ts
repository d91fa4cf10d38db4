import { unrollError } from "../contract/error.js";
import { activate } from "../layers/activations.js";
import type { Block, Value } from "../program/builder.js";
import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";

/**
 * An activation of ONNX's LSTM, GRU and RNN, with its parameters; where they are left out, those of the
 * operator of its name.
 */
export interface OnnxActivation {
  /** As ONNX writes it: `Sigmoid`, `LeakyRelu`. */
  readonly name: string;
  /** First parameter, of those that have one. */
  readonly alpha?: number;
  /** Second parameter, of those that have two. */
  readonly beta?: number;
}

/** Options of {@link onnxCell}: the attributes of one direction of the operator. */
export interface OnnxCellOptions {
  /** Which operator. */
  readonly op: "LSTM" | "GRU" | "RNN";
  /** Size of x, the last axis of the operator's X. */
  readonly inputSize: number;
  /** The operator's `hidden_size`. */
  readonly hiddenSize: number;
  /**
   * f, g and h of an LSTM, f and g of a GRU, f of an RNN. Default Sigmoid, Tanh, Tanh; Sigmoid, Tanh; Tanh.
   */
  readonly activations?: readonly OnnxActivation[];
  /**
   * The arguments of all activations but the last of an LSTM are held between -clip and clip. Default: they
   * are not.
   */
  readonly clip?: number;
  /** LSTM: the forget gate is 1 - the input gate. Default false. */
  readonly inputForget?: boolean;
  /** GRU: the reset gate acts on h·U + bias. Default false. */
  readonly linearBeforeReset?: boolean;
  /** LSTM: i and f see the cell state before the step, o the one after it. Default false. */
  readonly peepholes?: boolean;
  /** Whether there are biases, one of the input and one of the state. Default true. */
  readonly bias?: boolean;
}

/**
 * What each name computes, with the defaults of its operator; null stands for a parameter that has none.
 * Source: ONNX operator schemas.
 */
const functions: Readonly<
  Record<
    string,
    {
      readonly alpha?: number | null;
      readonly beta?: number | null;
      apply(b: Block, x: Value, alpha: number, beta: number): Value;
    }
  >
> = {
  Tanh: { apply: (b, x) => b.tanh(x) },
  Sigmoid: { apply: (b, x) => b.sigmoid(x) },
  Relu: { apply: (b, x) => activate(b, "relu", x) },
  Softsign: { apply: (b, x) => activate(b, "softsign", x) },
  Softplus: { apply: (b, x) => activate(b, "softplus", x) },
  Affine: {
    alpha: null,
    beta: null,
    apply: (b, x, alpha, beta) => b.add(b.mul(x, b.constant(alpha)), b.constant(beta)),
  },
  ScaledTanh: {
    alpha: null,
    beta: null,
    apply: (b, x, alpha, beta) => b.mul(b.constant(alpha), b.tanh(b.mul(x, b.constant(beta)))),
  },
  HardSigmoid: {
    alpha: 0.2,
    beta: 0.5,
    apply: (b, x, alpha, beta) => held(b, b.add(b.mul(x, b.constant(alpha)), b.constant(beta)), 0, 1),
  },
  LeakyRelu: {
    alpha: 0.01,
    apply: (b, x, alpha) => b.select(b.less(x, b.constant(0)), b.mul(x, b.constant(alpha)), x),
  },
  ThresholdedRelu: {
    alpha: 1,
    apply: (b, x, alpha) => b.select(b.less(b.constant(alpha), x), x, b.constant(0)),
  },
  Elu: {
    alpha: 1,
    apply: (b, x, alpha) =>
      b.select(
        b.less(x, b.constant(0)),
        b.mul(b.constant(alpha), b.sub(b.exp(b.min(x, b.constant(0))), b.constant(1))),
        x,
      ),
  },
};

const held = (b: Block, x: Value, low: number, high: number): Value =>
  b.min(b.max(x, b.constant(low)), b.constant(high));

const usual = { LSTM: ["Sigmoid", "Tanh", "Tanh"], GRU: ["Sigmoid", "Tanh"], RNN: ["Tanh"] } as const;

function activationOf(place: string, { name, alpha, beta }: OnnxActivation): (b: Block, x: Value) => Value {
  const found = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (!found)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: place,
      expected: `an activation of ${Object.keys(functions).join(", ")}`,
      got: `"${name}"`,
      cure: "ONNX's recurrent operators have no other",
      details: { name },
    });
  const parameter = (what: "alpha" | "beta", given: number | undefined): number => {
    const otherwise = found[what];
    if (otherwise === undefined && given !== undefined)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: place,
        expected: `no ${what} of ${name}`,
        got: `${given}`,
        cure: `${name} takes none`,
        details: { name },
      });
    if (otherwise === null && given === undefined)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: place,
        expected: `${what} of ${name}`,
        got: "none",
        cure: `${name} has no default`,
        details: { name },
      });
    return given ?? otherwise ?? 0;
  };
  const [a, c] = [parameter("alpha", alpha), parameter("beta", beta)];
  return (b, x) => found.apply(b, x, a, c);
}

/**
 * A cell of ONNX's LSTM, GRU or RNN with any of their attributes, for models that `lstmCell`, `gruCell` and
 * `simpleRnnCell` have no words for: clipped gates, activations with parameters, a forget gate tied to the
 * input gate. Those run faster where they suffice.
 *
 * The weights are named and laid out as theirs, `split` biases and `peephole` included, so that `fromOnnx` of
 * a spec with such a cell in this one's place gives them.
 *
 * Source: ONNX operator schemas LSTM, GRU and RNN (`onnx/defs/rnn/defs.cc`).
 *
 * @throws UNROLL_ARGUMENT for an activation, number of activations or clip that the operator does not have
 */
export function onnxCell(options: OnnxCellOptions): CustomCellSpec {
  const {
    op,
    inputSize,
    hiddenSize: n,
    clip,
    inputForget = false,
    linearBeforeReset = false,
    peepholes = false,
    bias = true,
  } = options;
  const place = `onnxCell ${op}`;
  const named = options.activations ?? usual[op].map((name) => ({ name }));
  if (named.length !== usual[op].length)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: place,
      expected: `${usual[op].length} activations`,
      got: `${named.length}`,
      cure: "they are those of one direction",
      details: { got: named.length },
    });
  if (clip !== undefined && !(clip > 0))
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: place,
      expected: "a clip above 0",
      got: `${clip}`,
      cure: "leave it out for none",
      details: { clip },
    });
  const [f, g, h] = named.map((one) => activationOf(place, one)) as [
    (b: Block, x: Value) => Value,
    (b: Block, x: Value) => Value,
    (b: Block, x: Value) => Value,
  ];
  const gates = { LSTM: 4, GRU: 3, RNN: 1 }[op];
  const shapes: Record<string, readonly number[]> = {
    kernel: [inputSize, gates * n],
    recurrentKernel: [n, gates * n],
    ...(bias ? { inputBias: [gates * n], recurrentBias: [gates * n] } : {}),
    ...(peepholes && op === "LSTM" ? { peephole: [3 * n] } : {}),
  };
  return customCell<Record<string, number>, Record<string, readonly number[]>>({
    name: `onnx${op}`,
    inputSize,
    state: op === "LSTM" ? { h: n, c: n } : { h: n },
    weights: shapes,
    step(b, { x, state, weights: w }) {
      const before = state["h"]!;
      const clipped = (v: Value): Value => (clip === undefined ? v : held(b, v, -clip, clip));
      const gate = (v: Value, k: number, count = 1): Value =>
        b.slice(v, v.type.shape.length - 1, k * n, count * n);
      const biased = (v: Value, name: string, from = 0, count: number = gates): Value =>
        w[name] ? b.add(v, gate(w[name]!, from, count)) : v;
      const fromInput = biased(b.matmul(x, w["kernel"]!), "inputBias");
      const fromState = (state: Value, from = 0, count: number = gates): Value =>
        biased(
          b.matmul(state, count === gates ? w["recurrentKernel"]! : gate(w["recurrentKernel"]!, from, count)),
          "recurrentBias",
          from,
          count,
        );

      if (op === "RNN") return { state: { h: f(b, clipped(b.add(fromInput, fromState(before)))) } };
      if (op === "GRU") {
        const zr = b.add(gate(fromInput, 0, 2), fromState(before, 0, 2));
        const [z, r] = [f(b, clipped(gate(zr, 0))), f(b, clipped(gate(zr, 1)))];
        const recurrent = linearBeforeReset
          ? b.mul(r, fromState(before, 2, 1))
          : fromState(b.mul(r, before), 2, 1);
        const candidate = g(b, clipped(b.add(gate(fromInput, 2), recurrent)));
        return { state: { h: b.add(b.mul(z, before), b.mul(b.sub(b.constant(1), z), candidate)) } };
      }
      const pre = b.add(fromInput, fromState(before));
      const c = state["c"]!;
      const seeing = (k: number, of: Value, p: number): Value =>
        w["peephole"] ? b.add(gate(pre, k), b.mul(of, gate(w["peephole"]!, p))) : gate(pre, k);
      const i = f(b, clipped(seeing(0, c, 0)));
      const forget = inputForget ? b.sub(b.constant(1), i) : f(b, clipped(seeing(1, c, 1)));
      const next = b.add(b.mul(forget, c), b.mul(i, g(b, clipped(gate(pre, 2)))));
      const o = f(b, clipped(seeing(3, next, 2)));
      return { state: { h: b.mul(o, h(b, next)), c: next } };
    },
  });
}
