import {
  bidirectional,
  convolution,
  dense,
  embedding,
  gruCell,
  input,
  isUnrollError,
  lower,
  lstmCell,
  recurrent,
  simpleRnnCell,
  spec,
  type Spec,
  specWeights,
  tensor,
} from "@unroll/api";
import { ProgramBuilder } from "@unroll/api/adapter";
import { recurrentHighwayCell } from "@unroll/api/cells";
import { compareWithBound, deriveBounds } from "@unroll/conformance";
import * as ortNode from "onnxruntime-node";
import * as ortWeb from "onnxruntime-web";
import { describe, expect, it } from "vitest";
import { onnxFile, type OnnxFile } from "../src/index.js";

ortWeb.env.wasm.numThreads = 1;
const runtimes = { "onnxruntime-web": ortWeb, "onnxruntime-node": ortNode as unknown as typeof ortWeb };

const numbers = (size: number, seed: number) =>
  Float32Array.from({ length: size }, (_, k) => Math.cos(3 * k + seed) / 2);
const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const weightsOf = (of: Spec) =>
  Object.fromEntries(
    specWeights(of).map(({ name, shape }, n) => [name, tensor(numbers(sizeOf(shape), n), shape)]),
  );

const x = input({ name: "x", shape: [3] });
const stacked = spec({
  name: "tagger",
  inputs: [input({ name: "ids", shape: [], dtype: "int32" })],
  layers: [
    embedding({ name: "words", input: "ids", inputSize: 11, outputSize: 3 }),
    recurrent({ name: "first", input: "words", cell: lstmCell({ inputSize: 3, units: 5 }) }),
    recurrent({ name: "second", input: "first", cell: gruCell({ inputSize: 5, units: 4 }) }),
    dense({ name: "tags", input: "second", inputSize: 4, units: 2 }),
  ],
});
const both = spec({
  name: "both ways",
  inputs: [x],
  layers: [bidirectional({ name: "two", input: "x", forward: lstmCell({ inputSize: 3, units: 4 }) })],
});
const highway = spec({
  name: "highway",
  inputs: [x],
  layers: [
    recurrent({ name: "cell", input: "x", cell: recurrentHighwayCell({ inputSize: 3, units: 4, depth: 2 }) }),
  ],
});
const windows = spec({
  name: "windows",
  inputs: [x],
  layers: [
    convolution({
      ...{ name: "thinned", input: "x", inputShape: [3], filters: 4, kernelSize: [3] },
      ...{ strides: [2], padding: "same", axis: "frames" },
    }),
    convolution({
      ...{ name: "apart", input: "thinned", inputShape: [4], filters: 2, kernelSize: [3] },
      ...{ dilations: [2], padding: "causal", bias: "none" },
    }),
  ],
});
const sizes = [
  [1, 1],
  [3, 7],
  [8, 1],
  [2, 50],
] as const;

const fed = (of: Spec, batch: number, time: number) => {
  const [{ dtype, shape }] = of.inputs as [Spec["inputs"][number]];
  const count = batch * time * sizeOf(shape);
  const data =
    dtype === "int32" ? Int32Array.from({ length: count }, (_, k) => (7 * k) % 11) : numbers(count, 0.3);
  return { dtype, data, shape: [batch, time, ...shape] };
};

const session = (ort: typeof ortWeb, bytes: Uint8Array) =>
  ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });

/** The states that a file is fed before there are any. */
const zerosFor = ({ inputs, states }: OnnxFile, batch: number, ort: typeof ortWeb) =>
  Object.fromEntries(
    states.map(({ input: name }) => {
      const [, ...shape] = inputs.find((one) => one.name === name)!.shape as number[];
      return [name, new ort.Tensor("float32", new Float32Array(batch * sizeOf(shape)), [batch, ...shape])];
    }),
  ) as Record<string, ortWeb.Tensor>;

/** Holds numbers to what is true of a spec, as near as float32 has to be. */
function expectWithin(
  { dims, data }: Pick<ortWeb.Tensor, "dims" | "data">,
  exact: { shape: readonly number[]; data: Float64Array },
  bound: { shape: readonly number[]; data: Float64Array },
): void {
  const { firstBadIndex, ...off } = compareWithBound(
    { shape: dims, data: data as Float32Array },
    exact,
    bound,
  );
  expect({ firstBadIndex, ...off }).toEqual({ firstBadIndex: -1, ...off });
}

describe.each(Object.entries(runtimes))("a file on %s", (_, ort) => {
  it.each([stacked, both, highway, windows].map((of) => [of.name, of] as const))(
    "of %s gives whole sequences of any size, and the state after them",
    async (_name, of) => {
      const weights = weightsOf(of);
      const file = onnxFile(lower(of, { mode: "sequence" }), weights);
      const running = await session(ort, file.bytes);
      const [ref] = of.outputs as [string];
      for (const [batch, time] of sizes) {
        const { dtype, data, shape } = fed(of, batch, time);
        const results = await running.run({
          ...zerosFor(file, batch, ort),
          [of.inputs[0]!.name]: new ort.Tensor(dtype, data, shape),
        });
        const inputs = { [of.inputs[0]!.name]: tensor(data, shape, dtype) };
        const { exact, bounds } = deriveBounds(of, weights, { inputs });
        expectWithin(results[ref]!, exact.outputs[ref]!, bounds.outputs[ref]!);
        for (const { input: name, output } of file.states) {
          const [, layer, ...part] = name.split(".") as [string, string, ...string[]];
          const at = part.join(".");
          expectWithin(results[output]!, exact.state[layer]![at]!, bounds.state[layer]![at]!);
        }
        expect(file.states.length).toBe(file.inputs.length - 1);
      }
      await running.release();
    },
  );

  it("of a step goes on from the state it put out, as the whole sequence does", async () => {
    const weights = weightsOf(stacked);
    const file = onnxFile(lower(stacked, { mode: "step" }), weights);
    expect(file.inputs.map(({ name }) => name)).toEqual([
      "ids",
      "state.first.h",
      "state.first.c",
      "state.second.h",
    ]);
    expect(file.states).toEqual(
      ["state.first.h", "state.first.c", "state.second.h"].map((name) => ({
        input: name,
        output: `${name}.next`,
      })),
    );
    const running = await session(ort, file.bytes);
    const [batch, time] = [2, 20];
    const { data, shape } = fed(stacked, batch, time);
    const inputs = { ids: tensor(data, shape, "int32") };
    const { exact, bounds } = deriveBounds(stacked, weights, { inputs });
    let feeds = zerosFor(file, batch, ort);
    for (let t = 0; t < time; t++) {
      const ids = Int32Array.from({ length: batch }, (_, row) => data[row * time + t]!);
      const results = await running.run({ ...feeds, ids: new ort.Tensor("int32", ids, [batch]) });
      feeds = Object.fromEntries(file.states.map(({ input: name, output }) => [name, results[output]!]));
      const at = ({ data: all }: { data: Float64Array }) => ({
        shape: [batch, 2],
        data: Float64Array.from(
          { length: batch * 2 },
          (_, k) => all[(Math.floor(k / 2) * time + t) * 2 + (k % 2)]!,
        ),
      });
      expectWithin(results["tags"]!, at(exact.outputs["tags"]!), at(bounds.outputs["tags"]!));
    }
    await running.release();
  });

  it("with zeros inside is fed what a classifier is fed, with lengths of rows", async () => {
    const last = spec({
      name: "last",
      inputs: [x],
      layers: [
        recurrent({
          name: "rnn",
          input: "x",
          cell: simpleRnnCell({ inputSize: 3, units: 2 }),
          returns: "last",
        }),
      ],
    });
    const weights = weightsOf(last);
    const program = lower(last, { mode: "sequence", extents: { time: "lengths" } });
    const file = onnxFile(program, weights, { states: "zeros", metadata: { author: "somebody" } });
    expect(file.inputs).toEqual([
      { name: "x", dtype: "float32", shape: ["batch", "time", 3] },
      { name: "lengths", dtype: "int32", shape: ["batch"] },
    ]);
    expect(file.outputs.map(({ name }) => name)).toEqual(["rnn"]);
    expect(file.states).toEqual([]);
    const running = await session(ort, file.bytes);
    const { data, shape } = fed(last, 2, 4);
    const lengths = Int32Array.of(4, 2);
    const results = await running.run({
      x: new ort.Tensor("float32", data as Float32Array, shape),
      lengths: new ort.Tensor("int32", lengths, [2]),
    });
    const { exact, bounds } = deriveBounds(last, weights, {
      inputs: { x: tensor(data, shape) },
      lengths: tensor(lengths, [2], "int32"),
    });
    expectWithin(results["rnn"]!, exact.outputs["rnn"]!, bounds.outputs["rnn"]!);
    await running.release();
  });
});

describe("a file", () => {
  const program = lower(both, { mode: "sequence" });
  const weights = weightsOf(both);
  const refused = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      if (isUnrollError(error)) return `${error.code} ${error.message}`;
      throw error;
    }
    return "nothing";
  };

  it("says in its metadata which output is which state", () => {
    const { bytes } = onnxFile(program, weights, { metadata: { author: "somebody" } });
    const text = new TextDecoder("latin1").decode(bytes);
    expect(text).toContain("author");
    expect(text).toContain('[{"input":"state.two.forward.h","output":"state.two.forward.h.next"}');
  });

  it.each([
    ["weights", () => onnxFile(program, {}), /UNROLL_WEIGHTS .*"two\.forward\.kernel"/],
    [
      "options it does not have",
      () => onnxFile(program, weights, { state: "zeros" } as object),
      /UNROLL_ARGUMENT onnxFile: .* nearest is "states"/,
    ],
    [
      "another way with states",
      () => onnxFile(program, weights, { states: "none" as "zeros" }),
      /expected "inputs" or "zeros", got "none"/,
    ],
    ["no program", () => onnxFile(both as never, weights), /expected a program, got a spec; lower\(spec/],
    ["no weights", () => onnxFile(program, null as never), /weights: expected tensors by name, got null/],
    ["no options", () => onnxFile(program, weights, null as never), /options: expected an object, got null/],
    [
      "a list of metadata",
      () => onnxFile(program, weights, { metadata: ["a"] as never }),
      /metadata: expected texts by name, got a list/,
    ],
    [
      "zeros of a size that nobody knows",
      () => {
        const b = new ProgramBuilder("alone");
        b.output("state.h", b.block.neg(b.input("state.h", { dtype: "float32", shape: ["batch", 2] })));
        return onnxFile(b.finish(), {}, { states: "zeros" });
      },
      /state "state\.h": expected an input with axis "batch".*, got no input but states/,
    ],
    [
      "metadata that is no text",
      () => onnxFile(program, weights, { metadata: { version: 2 as unknown as string } }),
      /metadata "version": expected text, got number/,
    ],
    [
      "metadata in place of its own",
      () => onnxFile(program, weights, { metadata: { "unroll.states": "[]" } }),
      /expected a name of your own/,
    ],
  ])("refuses wrong %s", (_, work, message) => {
    expect(refused(work)).toMatch(message);
  });

  it("has one Conv for a convolution, whatever reads it", () => {
    const file = onnxFile(lower(windows, { mode: "sequence" }), weightsOf(windows));
    expect(file.nodeCounts["Conv"]).toBe(2);
  });

  it("keeps the names of outputs but of those that are inputs, and takes none twice", () => {
    const twice = spec({
      name: "twice",
      inputs: [x],
      layers: [recurrent({ name: "rnn", input: "x", cell: simpleRnnCell({ inputSize: 3, units: 2 }) })],
      outputs: ["x", "rnn"],
    });
    const { outputs, states } = onnxFile(lower(twice, { mode: "sequence" }), weightsOf(twice));
    expect(outputs.map(({ name }) => name)).toEqual(["x.next", "rnn", "state.rnn.h.next"]);
    expect(states).toEqual([{ input: "state.rnn.h", output: "state.rnn.h.next" }]);
  });
});
