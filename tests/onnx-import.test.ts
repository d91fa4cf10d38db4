import { readdirSync, readFileSync } from "node:fs";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { onnxFile } from "@unroll/adapter-onnx";
import {
  type Adapter,
  compile,
  dense,
  type HostTensor,
  input,
  isUnrollError,
  lower,
  lstmCell,
  recurrent,
  spec,
  specWeights,
  tensor,
} from "@unroll/api";
import { minimalGatedCell } from "@unroll/api/cells";
import { readSafetensors } from "@unroll/api/weights";
import { compareWithBound } from "@unroll/conformance";
import { importOnnx, onnxOperators, type OnnxModel, type OnnxTensors } from "@unroll/formats";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { deriveProgramBounds } from "../conformance/src/properties/hold-program.js";
import { type Attribute, encodeModel, type GraphProto } from "../packages/adapter-onnx/src/proto.js";
import { tensorOf } from "../packages/formats/src/onnx-initializers.js";
import { hostTensorOf } from "../packages/formats/src/onnx/tensors.js";
import { engines } from "./engines.js";

const folder = new URL("../fixtures/", import.meta.url);

/** A recorded case: what a file is fed, and what it has to give. */
interface Case {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly feeds: Record<string, HostTensor>;
  readonly want: Record<string, { shape: readonly number[]; data: ArrayLike<number> }>;
  readonly known?: readonly string[];
}

function attributeCases(): Case[] {
  const at = new URL("onnx-attr/", folder);
  const { cases } = JSON.parse(readFileSync(new URL("manifest.json", at), "utf8")) as {
    cases: { name: string; inputs: Record<string, number[]>; outputs: string[] }[];
  };
  return cases.map(({ name, inputs, outputs }) => {
    const { tensors } = readSafetensors(readFileSync(new URL(`${name}.safetensors`, at)));
    return {
      name,
      bytes: readFileSync(new URL(`${name}.onnx`, at)),
      feeds: Object.fromEntries(Object.keys(inputs).map((key) => [key, hostTensorOf(key, tensors[key]!)])),
      want: Object.fromEntries(outputs.map((key) => [key, tensors[`f64.${key}`]! as never])),
    };
  });
}

function nodeCases(): Case[] {
  const at = new URL("onnx-node/", folder);
  const { cases } = JSON.parse(readFileSync(new URL("manifest.json", at), "utf8")) as {
    cases: { name: string; node_inputs: string[]; node_outputs: string[]; files: Record<string, unknown> }[];
  };
  return cases.map(({ name, node_inputs, node_outputs }) => {
    const own = new URL(`${name}/test_data_set_0/`, at);
    const all = (kind: string): [string, HostTensor][] =>
      readdirSync(own)
        .filter((file) => file.startsWith(kind))
        .sort()
        .map((file) => {
          const [key, value] = tensorOf(new BinaryReader(readFileSync(new URL(file, own))));
          return [key, hostTensorOf(key, value)];
        });
    const [inputs, outputs] = [all("input"), all("output")];
    expect([inputs.length, outputs.length]).toEqual([
      node_inputs.filter((one) => one !== "").length,
      node_outputs.filter((one) => one !== "").length,
    ]);
    return {
      name,
      bytes: readFileSync(new URL(`${name}/model.onnx`, at)),
      feeds: Object.fromEntries(inputs),
      want: Object.fromEntries(outputs),
      ...(name === "test_loop11" && { known: ["trip_count", "cond"] }),
    };
  });
}

const recorded = [...attributeCases(), ...nodeCases()];

/** Distinct numbers from -0.9 to 0.9. */
function made(shape: readonly number[], seed = 1): HostTensor<"float32"> {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, k) => Math.sin(12.9898 * (k + seed)) * 0.9),
    shape,
  );
}

/** Compares within the bound of the model's own program, or so many times that. */
function expectWithin(
  model: OnnxModel,
  feeds: OnnxTensors,
  got: OnnxTensors,
  want: Case["want"],
  times = 1,
): void {
  const { program, weights, feeds: fed } = model.programOf(feeds);
  const given = { program, weights: weights as never, feeds: fed };
  const { bounds } = deriveProgramBounds(given, model.adapter.capabilities.precision);
  expect(Object.keys(got)).toEqual(model.outputs.map(({ name }) => name));
  model.outputs.forEach(({ name }, k) => {
    const { shape, data } = bounds[`output.${k}`]!;
    expect(got[name]!.shape, name).toEqual(want[name]!.shape);
    const exact = { shape: want[name]!.shape, data: Float64Array.from(want[name]!.data) };
    const bound = { shape, data: Float64Array.from(data, (one) => times * one) };
    expect(compareWithBound(got[name]!, exact, bound).errorOverBound, name).toBeLessThanOrEqual(1);
  });
}

describe.each(Object.entries(engines))("importOnnx on %s", (_name, engine) => {
  it.each(recorded.map((one) => [one.name, one] as const))(
    "gives what was recorded of %s",
    async (_, one) => {
      const model = await importOnnx(one.bytes, {
        adapter: engine(),
        ...(one.known && { known: one.known }),
      });
      expectWithin(model, one.feeds, await model.run(one.feeds), one.want);
      model.dispose();
    },
  );

  it("steps through a file that has no states of its own, by those of its node", async () => {
    for (const { name, bytes, feeds, want } of recorded.filter(({ name }) => /^(00|04|05|06)/.test(name))) {
      const model = await importOnnx(bytes, { adapter: engine() });
      const [time, batch, features] = feeds["X"]!.shape as [number, number, number];
      let state: OnnxTensors = model.zeroState(batch);
      expect(Object.keys(state).length).toBe(name.includes("lstm") ? 2 : 1);
      const frames: number[] = [];
      for (let t = 0; t < time; t++) {
        const size = batch * features;
        const x = tensor(feeds["X"]!.data.slice(t * size, (t + 1) * size), [1, batch, features]);
        const result = await model.step({ X: x }, state);
        state = result.state;
        frames.push(...result.outputs["Y"]!.data);
      }
      const whole = await model.run(feeds);
      // Step by step an engine may round otherwise, by as much as a whole run may.
      const steps = { ...whole, Y: tensor(frames, whole["Y"]!.shape) };
      expectWithin(model, feeds, steps, want);
      model.dispose();
    }
  });

  it("gives of our own exports what the model gives, with the same states", async () => {
    const own = spec({
      name: "own",
      inputs: [input({ name: "x", shape: [3] })],
      layers: [
        recurrent({ name: "lstm", input: "x", cell: lstmCell({ inputSize: 3, units: 4 }) }),
        recurrent({ name: "mgu", input: "lstm", cell: minimalGatedCell({ inputSize: 4, units: 2 }) }),
        dense({ name: "out", input: "mgu", inputSize: 2, units: 5, activation: "softmax" }),
      ],
    });
    const weights = Object.fromEntries(
      specWeights(own).map(({ name, shape }, k) => [name, made(shape, k + 1)]),
    );
    const adapter: Adapter = engine();
    const compiled = await compile(own, { adapter, weights });
    const model = await importOnnx(onnxFile(lower(own, { mode: "sequence" }), weights).bytes, { adapter });
    expect(model.states.map(({ input }) => input)).toEqual(["state.lstm.h", "state.lstm.c", "state.mgu.h"]);
    for (const [batch, time] of [
      [1, 1],
      [3, 7],
    ] as const) {
      const x = made([batch, time, 3]);
      const { output, state } = await compiled.sequence(x);
      const feeds = { x, ...model.zeroState(batch) };
      const want = {
        out: output,
        "state.lstm.h.next": (await state.toTypedArrays())["lstm"]!["h"]!,
        "state.lstm.c.next": (await state.toTypedArrays())["lstm"]!["c"]!,
        "state.mgu.h.next": (await state.toTypedArrays())["mgu"]!["h"]!,
      };
      // Both are off.
      expectWithin(model, feeds, await model.run(feeds), want, 2);
    }
    const { outputs, state } = await model.step({ x: made([1, 2, 3]) }, model.zeroState(1));
    const again = await model.step({ x: made([1, 1, 3], 9) }, state);
    expect([outputs["out"]!.shape, again.outputs["out"]!.shape]).toEqual([
      [1, 2, 5],
      [1, 1, 5],
    ]);
    model.dispose();
    compiled.dispose();
  });
});

const words = (values: readonly number[]): HostTensor => tensor(values, [values.length], "int32");

interface Single {
  readonly inputs: readonly HostTensor[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Operands that are initializers of 64 bits: sizes, axes. */
  readonly integers?: readonly (readonly number[])[];
  readonly outputs?: number;
}

const int = (value: number): Attribute => ({ int: value });
const ints = (...values: number[]): Attribute => ({ ints: values });
const float = (value: number): Attribute => ({ float: value });
const string = (value: string): Attribute => ({ string: value });
const x = made([2, 3, 4]);
const y = made([3, 4], 5);
const flags = tensor([1, 0, 1, 1], [4], "bool");
const image = made([2, 4, 6, 5]);
const one = (attributes: Record<string, Attribute> = {}): Single => ({ inputs: [x], attributes });

/** Operators as onnxruntime-node carries them out, most with their attributes. */
const singles: readonly (readonly [op: string, given: Single])[] = [
  ...["Identity", "Abs", "Neg", "Exp", "Floor", "Ceil", "Round", "Sign", "Sin", "Cos", "Tanh", "Sigmoid"].map(
    (op) => [op, one()] as const,
  ),
  ...["Erf", "Relu", "Softplus", "Softsign", "HardSwish", "IsNaN", "IsInf", "Reciprocal"].map(
    (op) => [op, one()] as const,
  ),
  ...["Elu", "Celu", "LeakyRelu", "ThresholdedRelu", "Selu"].map(
    (op) => [op, one({ alpha: float(0.3) })] as const,
  ),
  ["HardSigmoid", one({ alpha: float(0.3), beta: float(0.4) })],
  ["Not", { inputs: [flags] }],
  ...["Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean", "Equal", "Less", "Greater", "PRelu"].map(
    (op) => [op, { inputs: [x, y] }] as const,
  ),
  ...["LessOrEqual", "GreaterOrEqual"].map((op) => [op, { inputs: [x, y] }] as const),
  ["Div", { inputs: [words([7, -7, 7, -7]), words([2, 2, -2, -2])] }],
  ["Mod", { inputs: [words([7, -7, 7, -7]), words([3, 3, -3, -3])] }],
  ["Pow", { inputs: [tensor([1, 2, 3], [3]), tensor([2.5], [1])] }],
  ...[2, 3].map((power) => ["Pow", { inputs: [x, tensor([power], [])] }] as const),
  ["And", { inputs: [flags, tensor([1, 1, 0, 1], [4], "bool")] }],
  ["Xor", { inputs: [flags, tensor([1, 1, 0, 1], [4], "bool")] }],
  ["Where", { inputs: [flags, x, y] }],
  ["Clip", { inputs: [x, tensor([-0.2], []), tensor([0.3], [])] }],
  ...[
    "ReduceMean",
    "ReduceMax",
    "ReduceMin",
    "ReduceProd",
    "ReduceL1",
    "ReduceL2",
    "ReduceSumSquare",
  ].flatMap((op) => [[op, one({ axes: ints(0, -1), keepdims: int(0) })] as const, [op, one()] as const]),
  ["ReduceSum", { inputs: [x], integers: [[1]], attributes: { keepdims: int(0) } }],
  ["ReduceLogSumExp", one({ axes: ints(1) })],
  ["ArgMax", one({ axis: int(-1), keepdims: int(0) })],
  ["ArgMin", one({ axis: int(1) })],
  ["CumSum", { inputs: [x, tensor([1], [], "int32")], attributes: { exclusive: int(1), reverse: int(1) } }],
  ["Softmax", one({ axis: int(1) })],
  ["LogSoftmax", one()],
  ["TopK", { inputs: [x], integers: [[2]], outputs: 2, attributes: { axis: int(1), largest: int(0) } }],
  ["MatMul", { inputs: [x, made([4, 5])] }],
  [
    "Gemm",
    {
      inputs: [made([4, 3]), made([5, 4]), made([5])],
      attributes: { transA: int(1), transB: int(1), alpha: float(0.5), beta: float(2) },
    },
  ],
  ["Einsum", { inputs: [x, made([2, 4, 5])], attributes: { equation: string("bij,bjk->bki") } }],
  ["Reshape", { inputs: [x], integers: [[0, -1]] }],
  ["Flatten", one({ axis: int(2) })],
  ["Squeeze", { inputs: [made([1, 3, 1])], integers: [[0, -1]] }],
  ["Unsqueeze", { inputs: [x], integers: [[0, -1]] }],
  ["Transpose", one({ perm: ints(2, 0, 1) })],
  ["Transpose", one()],
  ["Concat", { inputs: [x, made([2, 1, 4])], attributes: { axis: int(-2) } }],
  [
    "Slice",
    {
      inputs: [x],
      integers: [[0, -1], [2 ** 40, -(2 ** 40)].map((v) => Math.sign(v) * 2 ** 62), [1, 2], [2, -2]],
    },
  ],
  ["Slice", { inputs: [x], integers: [[1], [3], [-1]] }],
  ["Slice", { inputs: [made([2, 4])], integers: [[-9], [-9], [1], [-1]] }],
  ["Gather", { inputs: [x, tensor([0, -1, 1, 2], [2, 2], "int32")], attributes: { axis: int(1) } }],
  [
    "GatherElements",
    { inputs: [y, tensor([0, -1, 1, 2, 0, 0], [3, 2], "int32")], attributes: { axis: int(1) } },
  ],
  ["Split", { inputs: [x], integers: [[1, 3]], outputs: 2, attributes: { axis: int(2) } }],
  ["Expand", { inputs: [made([3, 1])], integers: [[2, 1, 4]] }],
  ["Tile", { inputs: [y], integers: [[2, 3]] }],
  ["Pad", { inputs: [x], integers: [[0, 1, 2, 0, -1, 1]] }],
  ...["reflect", "edge"].flatMap((mode) =>
    [
      [0, 0, 2, 0, 0, 1],
      [1, 2, 0, 0, 1, 3],
      [0, 2, 0, 0, 0, 0],
      [0, 1, -1, 0, 1, 1],
    ].map((pads) => ["Pad", { inputs: [x], integers: [pads], attributes: { mode: string(mode) } }] as const),
  ),
  ["Pad", { inputs: [image], integers: [[0, 0, 0, 3, 0, 0, 0, 2]], attributes: { mode: string("reflect") } }],
  ["Trilu", { inputs: [y], attributes: { upper: int(0) } }],
  ["Shape", one()],
  ["Size", one()],
  ["Cast", { inputs: [tensor([1.7, -1.7, 0], [3])], attributes: { to: int(6) } }],
  ["Cast", { inputs: [tensor([1.7, -1.7, 0], [3])], attributes: { to: int(9) } }],
  [
    "OneHot",
    {
      inputs: [tensor([0, 2, 1], [3], "int32"), tensor([3], [], "int32"), tensor([0.5, 2], [2])],
      attributes: { axis: int(0) },
    },
  ],
  [
    "BatchNormalization",
    { inputs: [image, ...[1, 2, 3].map((k) => made([4], k)), tensor([1, 2, 3, 4], [4])] },
  ],
  ["LayerNormalization", { inputs: [x, made([3, 4]), made([3, 4], 3)], attributes: { axis: int(1) } }],
  ["InstanceNormalization", { inputs: [image, made([4]), made([4], 3)] }],
  [
    "Conv",
    {
      inputs: [image, made([6, 2, 3, 2]), made([6])],
      attributes: { group: int(2), pads: ints(1, 0, 2, 1), strides: ints(2, 1), dilations: ints(1, 2) },
    },
  ],
  ["Conv", { inputs: [x, made([2, 3, 2])], attributes: { auto_pad: string("SAME_LOWER") } }],
  [
    "MaxPool",
    {
      inputs: [image],
      attributes: { kernel_shape: ints(3, 2), pads: ints(1, 0, 1, 1), strides: ints(2, 1) },
    },
  ],
  ["AveragePool", { inputs: [image], attributes: { kernel_shape: ints(3, 2), pads: ints(1, 0, 1, 1) } }],
  [
    "AveragePool",
    {
      inputs: [image],
      attributes: { kernel_shape: ints(3, 2), pads: ints(1, 0, 1, 1), count_include_pad: int(1) },
    },
  ],
  ["GlobalAveragePool", { inputs: [image] }],
  ["GlobalMaxPool", { inputs: [image] }],
  ["Dropout", one()],
  ["ThresholdedRelu", { inputs: [tensor([-Infinity, 0.2, 2], [3])], attributes: { alpha: float(0.3) } }],
  ...[1, 2].map(
    (p) =>
      [
        "LpNormalization",
        { inputs: [tensor([3, -4, 0, 0], [2, 2])], attributes: { p: int(p), axis: int(-1) } },
      ] as const,
  ),
  ["GatherND", { inputs: [x], integers: [[1, -1]] }],
  ["GatherND", { inputs: [y], integers: [[-3, -4]] }],
  ...["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"].flatMap((transform) => {
    const of = (scales: number[], attributes: Record<string, Attribute>) =>
      [
        "Resize",
        {
          inputs: [image, tensor(new Float32Array(0), [0]), tensor(scales, [4])],
          attributes: { coordinate_transformation_mode: string(transform), ...attributes },
        },
      ] as const;
    return [
      of([1, 1, 1.5, 2.2], { mode: string("linear") }),
      of([1, 1, 0.5, 0.7], { mode: string("linear") }),
      ...["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"].flatMap((rounding) => [
        of([1, 1, 2, 1.7], { nearest_mode: string(rounding) }),
        of([1, 1, 0.5, 1], { nearest_mode: string(rounding) }),
      ]),
    ];
  }),
  [
    "Resize",
    {
      inputs: [made([1, 2, 5]), tensor(new Float32Array(0), [0]), tensor(new Float32Array(0), [0])],
      integers: [[1, 2, 8]],
    },
  ],
];

/** Outputs that are of 64 bits in ONNX. */
const wide = ["ArgMax0", "ArgMin0", "Shape0", "Size0", "TopK1"];

/** A file of one operator. What sizes follow from is an initializer: of the same values, and known. */
function fileOf(op: string, single: Single, made?: Record<string, HostTensor>): Uint8Array {
  const { inputs, integers = [], attributes = {}, outputs = 1 } = single;
  const fed = ["CumSum", "OneHot", "Resize", "Pow"].includes(op) ? inputs.slice(0, 1) : inputs;
  const held = inputs.slice(fed.length);
  const results = Array.from({ length: outputs }, (_, k) => `out${k}`);
  const graph: GraphProto = {
    name: op,
    nodes: [
      {
        op,
        inputs: [...inputs.map((_, k) => `in${k}`), ...integers.map((_, k) => `list${k}`)],
        outputs: results,
        attributes,
      },
    ],
    initializers: [
      ...held.map(({ dtype, shape, data }, k) => ({
        name: `in${k + fed.length}`,
        type: dtype,
        shape,
        bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      })),
      ...integers.map((list, k) => ({
        name: `list${k}`,
        type: "int64" as const,
        shape: [list.length],
        bytes: new Uint8Array(BigInt64Array.from(list, BigInt).buffer),
      })),
    ],
    inputs: fed.map(({ dtype, shape }, k) => ({ name: `in${k}`, type: dtype, shape })),
    outputs: results.map((name, k) => ({
      name,
      type: wide.includes(`${op}${k}`) ? "int64" : (made?.[name]?.dtype ?? "float32"),
      shape: made?.[name]?.shape ?? [],
    })),
  };
  return encodeModel(graph);
}

/** What ONNX Runtime gives of a file, whose outputs it types itself. */
async function runtimeOf(bytes: Uint8Array, feeds: OnnxTensors): Promise<Case["want"]> {
  const session = await ort.InferenceSession.create(bytes);
  const tensors = Object.entries(feeds).map(
    ([name, { dtype, shape, data }]) => [name, new ort.Tensor(dtype, data as never, shape)] as const,
  );
  const results = await session.run(Object.fromEntries(tensors));
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { dims, data }]) => [
      name,
      { shape: dims, data: Array.from(data as ArrayLike<number | bigint>, Number) },
    ]),
  );
}

describe("operators", () => {
  it.each(singles.map(([op, single], k) => [`${k} ${op}`, op, single] as const))(
    "are those of ONNX Runtime: %s",
    async (_, op, single) => {
      const ours = await importOnnx(fileOf(op, single));
      const feeds = Object.fromEntries(ours.inputs.map(({ name }, k) => [name, single.inputs[k]!] as const));
      const got = await ours.run(feeds);
      // With the types that ours has: ONNX Runtime refuses a file that says others than its own.
      expectWithin(ours, feeds, got, await runtimeOf(fileOf(op, single, got), feeds), 2);
      ours.dispose();
    },
  );

  it("GatherND takes places that are fed, from either end", async () => {
    const places = tensor([2, 3, -3, -4], [2, 2], "int32");
    const model = await importOnnx(fileOf("GatherND", { inputs: [y, places] }));
    const { out0 } = await model.run({ in0: y, in1: places });
    expect([...out0!.data]).toEqual([y.data[11], y.data[0]]);
    model.dispose();
  });

  it("each have a case", () => {
    const elsewhere = [
      "LSTM",
      "GRU",
      "RNN",
      "Scan",
      "Loop",
      "If",
      "Constant",
      "ConstantOfShape",
      "Range",
      "CastLike",
    ];
    // Of operator sets that no case here is of, or that sets before have no name for.
    const newer = [
      "Gelu",
      "Mish",
      "GroupNormalization",
      "RMSNormalization",
      "Upsample",
      "Or",
      "Log",
      "Sqrt",
      "ReduceLogSum",
    ];
    const cased = new Set([...singles.map(([op]) => op), ...elsewhere, ...newer]);
    expect(onnxOperators().filter((op) => !cased.has(op))).toEqual([]);
  });

  it("each stand in the page", () => {
    const page = readFileSync(new URL("../docs/files.md", folder), "utf8");
    const table = page.slice(page.indexOf("| recurrent |"), page.indexOf("Elements are float32"));
    expect([...table.matchAll(/`(\w+)`/g)].map(([, op]) => op!).sort()).toEqual(onnxOperators());
  });
});

const value = (name: string, shape: readonly (number | string)[], type: "float32" | "int64" = "float32") => ({
  name,
  type,
  shape,
});
const node = (
  op: string,
  inputs: string[],
  outputs: string[],
  attributes: Record<string, Attribute> = {},
) => ({
  op,
  inputs,
  outputs,
  attributes,
});
const floats = (name: string, of: HostTensor) => ({
  name,
  type: "float32" as const,
  shape: of.shape,
  bytes: new Uint8Array(of.data.buffer),
});
const longs = (name: string, values: readonly number[], shape = [values.length]) => ({
  name,
  type: "int64" as const,
  shape,
  bytes: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});

/** What PyTorch exports of a batch-first LSTM with a linear layer: sizes follow from those of the input. */
const exported: GraphProto = {
  name: "exported",
  nodes: [
    node("Shape", ["x"], ["sizes"]),
    node("Gather", ["sizes", "zero"], ["batch"], { axis: int(0) }),
    node("Unsqueeze", ["batch", "axis0"], ["rows"]),
    node("Concat", ["one", "rows", "four"], ["state"], { axis: int(0) }),
    node("ConstantOfShape", ["state"], ["zeros"]),
    node("Transpose", ["x"], ["steps"], { perm: ints(1, 0, 2) }),
    node("LSTM", ["steps", "W", "R", "B", "", "zeros", "zeros"], ["Y", "h", ""], { hidden_size: int(4) }),
    node("Squeeze", ["Y", "axis1"], ["flat"]),
    node("Transpose", ["flat"], ["back"], { perm: ints(1, 0, 2) }),
    node("MatMul", ["back", "V"], ["scores"]),
    node("Slice", ["scores", "last", "end", "axis1"], ["picked"]),
    node("Softmax", ["picked"], ["out"], { axis: int(-1) }),
  ],
  initializers: [
    floats("W", made([1, 16, 3])),
    floats("R", made([1, 16, 4], 7)),
    floats("B", made([1, 32], 11)),
    floats("V", made([4, 2], 13)),
    longs("zero", [0], []),
    longs("axis0", [0]),
    longs("axis1", [1]),
    longs("one", [1]),
    longs("four", [4]),
    longs("last", [-1]),
    longs("end", [2 ** 62]),
  ],
  inputs: [value("x", ["batch", "time", 3])],
  outputs: [value("out", ["batch", 1, 2]), value("h", [1, "batch", 4])],
};

const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error: unknown) => (isUnrollError(error) ? `${error.code} ${error.message}` : String(error)),
  );

describe("importOnnx", () => {
  it("steps where nothing looks along time, and refuses to where something might", async () => {
    const lstm = node("LSTM", ["x", "W", "R", "B"], ["Y"], { hidden_size: int(4) });
    const of = (...rest: GraphProto["nodes"]): Uint8Array =>
      encodeModel({
        ...exported,
        nodes: [
          lstm,
          node("Squeeze", ["Y", "axis1"], ["flat"]),
          node("MatMul", ["flat", "V"], ["scores"]),
          ...rest,
        ],
        initializers: [
          ...exported.initializers,
          floats("bias", made([2])),
          floats("places", made([6, 1, 2])),
        ],
        inputs: [value("x", [6, 2, 3])],
        outputs: [value("out", [6, 2, 2])],
      });
    const model = await importOnnx(of(node("Add", ["scores", "bias"], ["out"])));
    const x = made([6, 2, 3]);
    const { out } = await model.run({ x });
    const first = await model.step({ x: tensor(x.data.slice(0, 24), [4, 2, 3]) }, model.zeroState(2));
    const second = await model.step({ x: tensor(x.data.slice(24), [2, 2, 3]) }, first.state);
    expect([...first.outputs["out"]!.data, ...second.outputs["out"]!.data]).toEqual([...out!.data]);
    for (const other of [
      node("Add", ["scores", "places"], ["out"]),
      node("CumSum", ["scores", "zero"], ["out"]),
    ])
      expect((await importOnnx(of(other))).states).toEqual([]);
  });

  it("folds what follows from sizes, for any batch and time", async () => {
    const bytes = encodeModel(exported);
    const model = await importOnnx(bytes);
    for (const shape of [
      [1, 1, 3],
      [3, 7, 3],
    ]) {
      const feeds = { x: made(shape) };
      expectWithin(model, feeds, await model.run(feeds), await runtimeOf(bytes, feeds), 2);
      expect(model.programOf(feeds).program.nodes.length).toBeLessThan(30);
    }
  });

  it("lists everything that is not supported, once", async () => {
    const bytes = encodeModel({
      ...exported,
      nodes: [
        node("NonZero", ["x"], ["places"]),
        node("LSTM", ["x", "W", "R"], ["y"], { hidden_size: int(4), output_sequence: int(1) }),
        node("MaxPool", ["y"], ["out", "h"], { kernel_shape: ints(2), ceil_mode: int(1) }),
      ],
    });
    const text = await codeOf(importOnnx(bytes));
    for (const part of [
      "operator NonZero",
      "attribute output_sequence of LSTM",
      "ceil_mode 1 of MaxPool",
      "output 1 of MaxPool",
    ])
      expect(text).toContain(part);
    expect(text).toMatch(/^UNROLL_UNSUPPORTED .*4 others/);
  });

  it("refuses an operand that its operator does not look at, and dropout in training", async () => {
    const run = async (op: string, inputs: string[]): Promise<void> => {
      const graph = { ...exported, nodes: [node(op, inputs, ["out"])], outputs: [value("out", [1])] };
      await (await importOnnx(encodeModel(graph))).run({ x: made([1, 2, 3]) });
    };
    expect(await codeOf(run("Abs", ["x", "W"]))).toMatch(/^UNROLL_UNSUPPORTED .*operand 1 too/);
    expect(await codeOf(run("Dropout", ["x", "", "one"]))).toMatch(/^UNROLL_UNSUPPORTED .*training_mode/);
    expect(await codeOf(run("Dropout", ["x", "", "zero"]))).toBe("none");
  });

  it("joins what is empty, and parts a value in as many as it has names for", async () => {
    const run = async (nodes: GraphProto["nodes"], out: number[]): Promise<HostTensor> => {
      const initializers = [
        ...exported.initializers,
        longs("none", [], [2, 0]),
        longs("nothing", [], [3, 0]),
        longs("two", [1, 1]),
      ];
      const graph = { ...exported, nodes, initializers, outputs: [value("out", out)] };
      return (await (await importOnnx(encodeModel(graph))).run({ x: made([1, 2, 3]) }))["out"]!;
    };
    const joined = node("Concat", ["none", "nothing"], ["all"], { axis: int(0) });
    const sizes = [
      joined,
      node("Shape", ["all"], ["sizes"]),
      node("Cast", ["sizes"], ["out"], { to: int(1) }),
    ];
    expect([...(await run(sizes, [2])).data]).toEqual([5, 0]);
    const parted = node("Split", ["x", "two"], ["out"], { axis: int(1) });
    expect(await codeOf(run([parted], [1, 1, 3]))).toMatch(/^UNROLL_UNSUPPORTED .*1 parts.*got 2/);
  });

  it("refuses what is no graph, and feeds and options that there are none of", async () => {
    const cyclic = {
      ...exported,
      nodes: [node("Add", ["x", "out"], ["h"]), node("Add", ["x", "h"], ["out"])],
    };
    const twice = {
      ...exported,
      nodes: [node("Abs", ["x"], ["out"]), node("Abs", ["x"], ["out"]), node("Abs", ["x"], ["h"])],
    };
    const feeds = { x: made([1, 2, 3]) };
    const runOf = async (graph: GraphProto) => (await importOnnx(encodeModel(graph))).run(feeds);
    expect(await codeOf(runOf(cyclic))).toMatch(/^UNROLL_FORMAT .*cycles/);
    expect(await codeOf(runOf(twice))).toMatch(/^UNROLL_FORMAT .*twice/);
    const inputs = [value("x", [1, 2, 3]), value("x", [1, 2, 3])];
    expect(await codeOf(runOf({ ...exported, inputs }))).toMatch(/^UNROLL_FORMAT .*"x" twice/);
    const model = await importOnnx(encodeModel(exported));
    expect(await codeOf(model.run({}))).toMatch(/^UNROLL_ARGUMENT onnx input "x"/);
    expect(await codeOf(model.run({ ...feeds, z: feeds.x }))).toMatch(/^UNROLL_ARGUMENT .*"z" too/);
    expect(await codeOf(model.run({ x: made([1, 2, 4]) }))).toMatch(/^UNROLL_SHAPE/);
    expect(await codeOf(model.run({ x: tensor([1, 2, 3], [1, 1, 3], "int32") }))).toMatch(/^UNROLL_DTYPE/);
    expect(await codeOf(importOnnx(encodeModel(exported), { engine: 1 } as never))).toMatch(
      /^UNROLL_ARGUMENT/,
    );
    expect(
      await codeOf(importOnnx(encodeModel(exported), { states: [{ input: "q", output: "h" }] })),
    ).toMatch(/^UNROLL_ARGUMENT .*q/);
    expect(await codeOf(importOnnx(encodeModel(exported), { known: ["__proto__"] }))).toMatch(
      /^UNROLL_ARGUMENT/,
    );
    expect(await codeOf(importOnnx(new Uint8Array(0)))).toMatch(/^UNROLL_FORMAT/);
    // Its states are zeros that it makes itself.
    expect(await codeOf(model.step(feeds, {}))).toMatch(/^UNROLL_UNSUPPORTED .*states/);
    model.dispose();
    model.dispose();
    expect(await codeOf(model.run(feeds))).toMatch(/^UNROLL_DISPOSED/);
  });

  it("takes names of any kind, and touches no prototype", async () => {
    const bytes = encodeModel({
      name: "names",
      nodes: [node("Abs", ["constructor"], ["__proto__"])],
      initializers: [],
      inputs: [value("constructor", [2])],
      outputs: [value("__proto__", [2])],
    });
    const model = await importOnnx(bytes);
    const results = await model.run({ constructor: tensor([-1, 2], [2]) } as never);
    expect(Object.keys(results)).toEqual(["__proto__"]);
    expect(Array.from(results["__proto__"]!.data)).toEqual([1, 2]);
  });

  it("bounds what a small file may ask for", async () => {
    const grown = (nodes: GraphProto["nodes"], sizes: number[]): Uint8Array =>
      encodeModel({
        name: "grown",
        nodes,
        initializers: [
          longs("sizes", sizes),
          floats("column", made([8192, 1])),
          floats("row", made([1, 8192])),
        ],
        inputs: [value("x", [1])],
        outputs: [value("out", [1])],
      });
    const files = [
      grown([node("ConstantOfShape", ["sizes"], ["out"])], [2 ** 15, 2 ** 15]),
      grown([node("Expand", ["x", "sizes"], ["out"])], [2 ** 15, 2 ** 15]),
      grown([node("Mul", ["column", "row"], ["out"])], [1]),
      grown([node("Gather", ["column", "sizes"], ["out"]), node("Gather", ["row", "sizes"], ["h"])], [9000]),
    ];
    for (const bytes of files) {
      const model = await importOnnx(bytes);
      expect(await codeOf(model.run({ x: made([1]) }))).toMatch(/^UNROLL_(UNSUPPORTED|FORMAT|SHAPE)/);
    }
  });
});
