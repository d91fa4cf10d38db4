import { legalize, ProgramBuilder, type Program } from "@unroll/api/adapter";
import {
  compile,
  dense,
  input,
  lower,
  lstmCell,
  recurrent,
  spec,
  specWeights,
  State,
  tensor,
} from "@unroll/api";
import * as ortNode from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { onnx } from "../src/index.js";
import { modelOf, sessionModelOf } from "../src/onnx-model.js";

const host = { host: true, weightInputs: false };
const lstm = (inputSize: number) => lstmCell({ inputSize, units: 4 });
const one = spec({
  name: "one",
  inputs: [input({ name: "x", shape: [3] })],
  layers: [recurrent({ name: "a", input: "x", cell: lstm(3) })],
});
const two = spec({
  name: "two",
  inputs: [input({ name: "x", shape: [3] })],
  layers: [
    recurrent({ name: "a", input: "x", cell: lstm(3) }),
    recurrent({ name: "b", input: "a", cell: lstm(4) }),
    dense({ name: "out", input: "b", inputSize: 4, units: 2 }),
  ],
});
const weightsOf = (of: typeof one | typeof two) =>
  Object.fromEntries(
    specWeights(of).map(({ name, shape }, n) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [
        name,
        tensor(
          Float32Array.from({ length: size }, (_, k) => Math.cos(3 * k + n)),
          shape,
        ),
      ];
    }),
  );
const stepOf = (of: typeof one | typeof two): Program =>
  legalize(lower(of, { mode: "step" }), onnx(ortNode, { device: "cpu" }));

/** The library, with what each session was asked to run and what tensors were made for it. */
function watched(): {
  ort: typeof ortNode;
  runs: { feeds: object; results: object }[];
  tensors: () => number;
} {
  const runs: { feeds: object; results: object }[] = [];
  let tensors = 0;
  class Tensor extends (ortNode.Tensor as unknown as new (...given: unknown[]) => object) {
    constructor(...given: unknown[]) {
      super(...given);
      tensors++;
    }
  }
  const create = async (model: Uint8Array, options: object): Promise<object> => {
    const session = await ortNode.InferenceSession.create(model, options);
    return {
      run: async (feeds: Record<string, ortNode.Tensor>) => {
        const results = await session.run(feeds);
        runs.push({ feeds, results });
        return results;
      },
      release: () => session.release(),
    };
  };
  const ort = { ...ortNode, Tensor, InferenceSession: { ...ortNode.InferenceSession, create } };
  return { ort: ort as never, runs, tensors: () => tensors };
}

describe("the model of a session", () => {
  it("of a step of an LSTM is its operator alone", () => {
    const [program, weights] = [stepOf(one), weightsOf(one)];
    expect(sessionModelOf(program, weights, "cpu", host).nodeCounts).toEqual({ LSTM: 1 });
    expect(modelOf(program, weights).nodeCounts).toEqual({ Identity: 1, LSTM: 1, Squeeze: 2, Unsqueeze: 3 });
  });

  it("has no axis added between two operators that the first has dropped", () => {
    const counts = sessionModelOf(stepOf(two), weightsOf(two), "cpu", host).nodeCounts;
    expect([counts["LSTM"], counts["Unsqueeze"], counts["Squeeze"]]).toEqual([2, undefined, 1]);
  });

  it("elsewhere than on the host has the program's own axes, and every output", () => {
    const own = sessionModelOf(stepOf(one), weightsOf(one), "webgpu", { ...host, host: false });
    expect(own.inputAxes.every((axis) => axis === undefined)).toBe(true);
    expect(own.sources).toEqual([0, 1, 2]);
  });

  it("leaves an input alone that somebody reads as it is, and an output that somebody reads", async () => {
    const p = new ProgramBuilder("edges");
    const x = p.input("x", { dtype: "float32", shape: ["batch", 2] });
    const [wide, other] = [p.block.expandDims(x, 0), p.input("z", { dtype: "float32", shape: ["batch", 2] })];
    p.output("wide", wide);
    p.output("x", x);
    const narrow = p.block.squeeze(p.block.neg(p.block.expandDims(other, 1)), 1);
    p.output("narrow", narrow);
    p.output("more", p.block.neg(narrow));
    const executable = await onnx(ortNode, { device: "cpu" }).compile(p.finish(), {});
    const results = await executable.run({ x: tensor([[1, 2]]), z: tensor([[3, 4]]) });
    const read = async (name: string): Promise<unknown> => {
      const { shape, data } = await results[name]!.read();
      return [shape, [...data]];
    };
    expect(await read("wide")).toEqual([
      [1, 1, 2],
      [1, 2],
    ]);
    expect(await read("x")).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(await read("narrow")).toEqual([
      [1, 2],
      [-3, -4],
    ]);
    expect(await read("more")).toEqual([
      [1, 2],
      [3, 4],
    ]);
    const again = await executable.run({ x: results["x"]!, z: results["narrow"]! });
    expect([...(await again["more"]!.read()).data]).toEqual([-3, -4]);
  });
});

describe("axes dropped and added between operators", () => {
  it("may be added again to what was added before", async () => {
    const b = new ProgramBuilder("again");
    const x = b.input("x", { dtype: "float32", shape: [1, 1, 2] });
    const { block } = b;
    let value = block.neg(x);
    for (let k = 0; k < 3; k++) value = block.expandDims(block.squeeze(value, 0), 0);
    b.output("y", block.neg(value));
    const adapter = onnx(ortNode, { device: "cpu" });
    const executable = await adapter.compile(legalize(b.finish(), adapter), {});
    const { y } = await executable.run({ x: tensor([[[1, 2]]]) });
    expect(await y!.read()).toMatchObject({ shape: [1, 1, 2], data: Float32Array.of(1, 2) });
    executable.dispose();
  });
});

describe("a step on a host's memory", () => {
  it("fetches each value once, and makes a tensor for each feed and for what is there twice", async () => {
    const { ort, runs, tensors } = watched();
    const model = await compile(one, { adapter: onnx(ort, { device: "cpu" }), weights: weightsOf(one) });
    let state = model.zeroState(2);
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    for (let n = 0; n < 3; n++) ({ state } = await model.step(x, state));
    expect(runs.map(({ results }) => Object.keys(results).length)).toEqual([2, 2, 2]);
    expect(tensors()).toBe(3 * (3 + 1));
    expect(state.onDevice).toBe(false);
  });

  it("gives the caller an output that no state is changed by, and keeps no copy of a state", async () => {
    const { ort, runs } = watched();
    const model = await compile(one, { adapter: onnx(ort, { device: "cpu" }), weights: weightsOf(one) });
    const x = tensor([[1, 2, 3]]);
    const first = await model.step(x, model.zeroState(1));
    const wanted = await first.state.toTypedArrays();
    first.output.data.fill(9);
    expect(await first.state.toTypedArrays()).toEqual(wanted);
    const expected = await model.step(x, first.state);
    const again = await model.step(x, State.fromTypedArrays(wanted));
    expect(again.output.data).toEqual(expected.output.data);
    const fed = runs[1]!.feeds as Record<string, { data: Float32Array }>;
    const made = runs[0]!.results as Record<string, { data: Float32Array }>;
    expect(fed["state.a.c"]!.data).toBe(made["state.a.c:out"]!.data);
  });
});
