import {
  compile,
  type HostTensor,
  input,
  recurrent,
  spec,
  type Spec,
  State,
  tensor,
  type WeightMap,
} from "@unroll/api";
import { onnxCell, type OnnxActivation } from "@unroll/api/cells";
import { fromOnnx } from "@unroll/api/weights";
import { compareWithBound, deriveBounds } from "@unroll/conformance";
import { gruCell, lstmCell, simpleRnnCell } from "@unroll/api";
import * as fc from "fast-check";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { Graph } from "../packages/adapter-onnx/src/graph.js";
import { encodeModel } from "../packages/adapter-onnx/src/proto.js";
import { engines } from "./engines.js";

const number = fc.integer({ min: 1, max: 15 }).map((k) => k / 16);
const plain = fc
  .constantFrom("Tanh", "Sigmoid", "Relu", "Softsign")
  .map((name): OnnxActivation => ({ name }));
const withAlpha = fc.record({ name: fc.constantFrom("LeakyRelu", "Elu", "ThresholdedRelu"), alpha: number });
const withBoth = fc.record({
  name: fc.constantFrom("HardSigmoid", "Affine", "ScaledTanh"),
  alpha: number,
  beta: number,
});
const activation: fc.Arbitrary<OnnxActivation> = fc.oneof(plain, withAlpha, withBoth);
const gates = { LSTM: 4, GRU: 3, RNN: 1 } as const;
const counts = { LSTM: 3, GRU: 2, RNN: 1 } as const;

const operators = fc.record({
  op: fc.constantFrom("LSTM", "GRU", "RNN"),
  activations: fc.option(fc.tuple(activation, activation, activation), { nil: undefined }),
  clip: fc.option(fc.constantFrom(0.25, 0.5, 1), { nil: undefined }),
  inputForget: fc.boolean(),
  linearBeforeReset: fc.boolean(),
  peepholes: fc.boolean(),
  bias: fc.boolean(),
  hiddenSize: fc.integer({ min: 1, max: 4 }),
  inputSize: fc.integer({ min: 1, max: 3 }),
  batch: fc.integer({ min: 1, max: 3 }),
  time: fc.integer({ min: 1, max: 4 }),
  seed: fc.integer({ min: 1, max: 10_000 }),
});
type Operator = typeof operators extends fc.Arbitrary<infer T> ? T : never;

/** The operator's operands: distinct numbers. */
function operandsOf({
  op,
  hiddenSize: h,
  inputSize,
  batch,
  time,
  seed,
  bias,
  peepholes,
}: Operator): Record<string, HostTensor<"float32">> {
  let next = seed;
  const made = (...shape: number[]) =>
    tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.sin(12.9898 * next++) * 0.9),
      shape,
    );
  const rows = gates[op] * h;
  return {
    X: made(time, batch, inputSize),
    W: made(1, rows, inputSize),
    R: made(1, rows, h),
    ...(bias ? { B: made(1, 2 * rows) } : {}),
    initial_h: made(1, batch, h),
    ...(op === "LSTM" ? { initial_c: made(1, batch, h), ...(peepholes ? { P: made(1, 3 * h) } : {}) } : {}),
  };
}

/**
 * What ONNX Runtime gives for the operator alone: Y [time, batch, hidden] and the final states [batch,
 * hidden].
 */
async function runtime(
  operator: Operator,
  operands: Readonly<Record<string, HostTensor>>,
): Promise<Record<string, HostTensor>> {
  const { op, activations, clip, hiddenSize, inputForget, linearBeforeReset, batch, time } = operator;
  const names = ["X", "W", "R", "B", "", "initial_h", ...(op === "LSTM" ? ["initial_c", "P"] : [])].map(
    (name) => (name in operands ? name : ""),
  );
  while (names[names.length - 1] === "") names.pop();
  const used = activations?.slice(0, counts[op]);
  const list = (key: "alpha" | "beta") =>
    used?.flatMap((one) => (one[key] === undefined ? [] : [one[key]])) ?? [];
  const g = Graph.outermost(new Set(Object.keys(operands)), "cpu");
  const results = g.nodeOf(
    op,
    names,
    {
      hidden_size: { int: hiddenSize },
      ...(clip === undefined ? {} : { clip: { float: clip } }),
      ...(used
        ? {
            activations: { strings: used.map(({ name }) => name) },
            ...(list("alpha").length > 0 ? { activation_alpha: { floats: list("alpha") } } : {}),
            ...(list("beta").length > 0 ? { activation_beta: { floats: list("beta") } } : {}),
          }
        : {}),
      ...(op === "LSTM" && inputForget ? { input_forget: { int: 1 } } : {}),
      ...(op === "GRU" && linearBeforeReset ? { linear_before_reset: { int: 1 } } : {}),
    },
    op === "LSTM" ? 3 : 2,
  );
  const info = (name: string, rank: number) => ({
    name,
    type: "float32" as const,
    shape: Array.from({ length: rank }, (_, k) => `${name}${k}`),
  });
  const graph = g.finish(
    "one",
    Object.entries(operands).map(([name, { shape }]) => info(name, shape.length)),
    ["Y", "Y_h", "Y_c"]
      .slice(0, results.length)
      .map((name, k) => ({ ...info(name, k === 0 ? 4 : 3), from: results[k]! })),
    true,
  );
  const session = await ort.InferenceSession.create(encodeModel(graph), {
    executionProviders: ["cpu"],
    intraOpNumThreads: 1,
  });
  const out = await session.run(
    Object.fromEntries(
      Object.entries(operands).map(([name, { data, shape }]) => [
        name,
        new ort.Tensor("float32", data as Float32Array, shape),
      ]),
    ),
  );
  await session.release();
  return Object.fromEntries(
    Object.entries(out).map(([name, { data }]) => [
      name,
      tensor(data as Float32Array, name === "Y" ? [time, batch, hiddenSize] : [batch, hiddenSize]),
    ]),
  );
}

/** The same in a spec: batch-major, with the state given. */
function portOf(
  operator: Operator,
  operands: Readonly<Record<string, HostTensor>>,
): {
  model: Spec;
  weights: WeightMap;
  x: HostTensor<"float32">;
  state: Record<string, HostTensor<"float32">>;
} {
  const {
    op,
    activations,
    clip,
    hiddenSize,
    inputSize,
    inputForget,
    linearBeforeReset,
    peepholes,
    bias,
    batch,
    time,
  } = operator;
  const modelOf = (cell: Parameters<typeof recurrent>[0]["cell"]): Spec =>
    spec({
      name: "one",
      inputs: [input({ name: "x", shape: [inputSize] })],
      layers: [recurrent({ name: "layer", input: "x", cell })],
    });
  const known = { inputSize, units: hiddenSize, bias: bias ? "split" : "none" } as const;
  const twin = modelOf(
    op === "LSTM" ? lstmCell({ ...known, peepholes }) : op === "GRU" ? gruCell(known) : simpleRnnCell(known),
  );
  const { W, R, B, P } = operands;
  const { weights } = fromOnnx(twin, { W: W!, R: R!, ...(B && { B }), ...(P && { P }) }, [
    { layer: "layer", names: { W: "W", R: "R", B: "B", P: "P" } },
  ]);
  const cell = onnxCell({
    op,
    inputSize,
    hiddenSize,
    ...(activations && { activations: activations.slice(0, counts[op]) }),
    ...(clip !== undefined && { clip }),
    inputForget,
    linearBeforeReset,
    peepholes,
    bias,
  });
  const x = Float32Array.from(
    { length: batch * time * inputSize },
    (_, k) =>
      operands["X"]!.data[
        ((Math.floor(k / inputSize) % time) * batch + Math.floor(k / inputSize / time)) * inputSize +
          (k % inputSize)
      ]!,
  );
  const part = (name: string) => tensor(operands[name]!.data as Float32Array, [batch, hiddenSize]);
  return {
    model: modelOf(cell),
    weights,
    x: tensor(x, [batch, time, inputSize]),
    state: { h: part("initial_h"), ...(op === "LSTM" ? { c: part("initial_c") } : {}) },
  };
}

describe("cells with any attribute of ONNX's recurrent operators", () => {
  it("compute what ONNX Runtime computes, each within the other's bound", async () => {
    const drawn = new Set<string>();
    await fc.assert(
      fc.asyncProperty(operators, async (operator) => {
        const operands = operandsOf(operator);
        const want = await runtime(operator, operands);
        const { model, weights, x, state } = portOf(operator, operands);
        const { exact, bounds } = deriveBounds(model, weights, { inputs: { x }, state: { layer: state } });
        // Gates that are not bounded may grow until the bound says nothing.
        const scale = Math.max(1, ...exact.outputs["layer"]!.data.map(Math.abs));
        fc.pre(scale < 1e3 && bounds.outputs["layer"]!.data.every((bound) => bound < 1e-3 * scale));
        const { op, batch, time, hiddenSize } = operator;
        const y = Float32Array.from(
          { length: batch * time * hiddenSize },
          (_, k) =>
            want["Y"]!.data[
              ((Math.floor(k / hiddenSize) % time) * batch + Math.floor(k / hiddenSize / time)) * hiddenSize +
                (k % hiddenSize)
            ]!,
        );
        expect(
          compareWithBound(
            tensor(y, [batch, time, hiddenSize]),
            exact.outputs["layer"]!,
            bounds.outputs["layer"]!,
          ).errorOverBound,
        ).toBeLessThan(1);
        expect(
          compareWithBound(want["Y_h"]!, exact.state["layer"]!["h"]!, bounds.state["layer"]!["h"]!)
            .errorOverBound,
        ).toBeLessThan(1);
        if (op === "LSTM")
          expect(
            compareWithBound(want["Y_c"]!, exact.state["layer"]!["c"]!, bounds.state["layer"]!["c"]!)
              .errorOverBound,
          ).toBeLessThan(1);

        const compiled = await compile(model, { adapter: engines["builtin"]!(), weights });
        const { output } = await compiled.sequence(x, { state: State.fromTypedArrays({ layer: state }) });
        expect(
          compareWithBound(output, exact.outputs["layer"]!, bounds.outputs["layer"]!).errorOverBound,
        ).toBeLessThan(1);
        compiled.dispose();
        for (const { name } of operator.activations?.slice(0, counts[op]) ?? []) drawn.add(name);
        for (const key of ["clip", "inputForget", "linearBeforeReset", "peepholes"] as const)
          if (operator[key]) drawn.add(`${op} ${key}`);
      }),
      { seed: 7, numRuns: Number(process.env["UNROLL_RUNS"] ?? 150) },
    );
    for (const name of [
      "Tanh",
      "Sigmoid",
      "Relu",
      "Softsign",
      "LeakyRelu",
      "Elu",
      "ThresholdedRelu",
      "HardSigmoid",
      "Affine",
      "ScaledTanh",
      "LSTM clip",
      "GRU clip",
      "RNN clip",
      "LSTM inputForget",
      "GRU linearBeforeReset",
      "LSTM peepholes",
    ])
      expect([...drawn]).toContain(name);
  });

  it.each<[string, Parameters<typeof onnxCell>[0], RegExp]>([
    [
      "an activation it does not know",
      { op: "RNN", inputSize: 1, hiddenSize: 1, activations: [{ name: "Gelu" }] },
      /onnxCell RNN: expected an activation of Tanh, .*, got "Gelu"/,
    ],
    [
      "too few activations",
      { op: "LSTM", inputSize: 1, hiddenSize: 1, activations: [{ name: "Tanh" }] },
      /expected 3 activations, got 1/,
    ],
    ["a clip of 0", { op: "GRU", inputSize: 1, hiddenSize: 1, clip: 0 }, /expected a clip above 0, got 0/],
    [
      "a parameter that is needed",
      { op: "RNN", inputSize: 1, hiddenSize: 1, activations: [{ name: "Affine", alpha: 1 }] },
      /expected beta of Affine, got none/,
    ],
    [
      "a parameter that is not taken",
      { op: "RNN", inputSize: 1, hiddenSize: 1, activations: [{ name: "Tanh", alpha: 1 }] },
      /expected no alpha of Tanh, got 1/,
    ],
  ])("refuse %s", (_what, options, message) => {
    expect(() => onnxCell(options)).toThrow(message);
  });
});
