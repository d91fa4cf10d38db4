import {
  type DeviceTensor,
  isUnrollError,
  legalize,
  prepare,
  type Program,
  ProgramBuilder,
  tensor,
  type Value,
} from "@unroll/api/adapter";
import {
  bidirectional,
  compile,
  gruCell,
  input,
  lower,
  lstmCell,
  recurrent,
  simpleRnnCell,
  spec,
  type Spec,
  specWeights,
} from "@unroll/api";
import * as ortNode from "onnxruntime-node";
import * as ortWeb from "onnxruntime-web";
import { describe, expect, it } from "vitest";
import { modelOf, onnx, type OnnxOptions } from "../src/index.js";

ortWeb.env.wasm.numThreads = 1;
const runtimes = [
  ["onnxruntime-web", ortWeb, "wasm"],
  ["onnxruntime-node", ortNode, "cpu"],
] as const;

const small = (build: (p: ProgramBuilder, x: Value) => void): Program => {
  const p = new ProgramBuilder("small");
  build(p, p.input("x", { dtype: "float32", shape: ["batch", 2] }));
  return p.finish();
};
const x = tensor([[1, -2]]);
const code = async (work: () => unknown): Promise<string> => {
  try {
    await work();
  } catch (error) {
    if (isUnrollError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "no error";
};
const weightsOf = (of: Spec) =>
  Object.fromEntries(
    specWeights(of).map(({ name, shape }, n) => [
      name,
      tensor(
        Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.cos(3 * k + n)),
        shape,
      ),
    ]),
  );

const cells = {
  lstm: lstmCell({ inputSize: 3, units: 4 }),
  gru: gruCell({ inputSize: 3, units: 4 }),
  simpleRnn: simpleRnnCell({ inputSize: 3, units: 4 }),
};
const operators = { lstm: "LSTM", gru: "GRU", simpleRnn: "RNN" } as const;

/** How many operators of each type the model of a spec has. */
function counts(
  of: Spec,
  mode: Parameters<typeof lower>[1],
  composites?: readonly string[],
): Record<string, number> {
  const adapter = onnx(ortNode, { device: "cpu", ...(composites ? { composites } : {}) });
  return modelOf(legalize(lower(of, mode), adapter), weightsOf(of)).nodeCounts;
}

describe("onnx models", () => {
  it("have Conv where it is tried and no slower, or where it is asked for", () => {
    const claims = (options: OnnxOptions) => Object.keys(onnx(ortWeb, options).capabilities.composites);
    for (const device of ["wasm", "webgpu", "webnn"]) expect(claims({ device })).not.toContain("convolution");
    expect(claims({ device: "cpu" })).toContain("convolution");
    expect(claims({ device: "wasm", composites: ["convolution"] })).toEqual(["convolution"]);
  });

  it.each(Object.keys(cells) as (keyof typeof cells)[])(
    "a %s layer is one operator, for a sequence and for a step",
    (kind) => {
      const cell = cells[kind];
      const one = spec({
        name: "one",
        inputs: [input({ name: "x", shape: [3] })],
        layers: [recurrent({ name: "a", input: "x", cell })],
      });
      const two = spec({
        name: "two",
        inputs: [input({ name: "x", shape: [3] })],
        layers: [
          bidirectional({ name: "a", input: "x", forward: cell, backward: cell }),
          recurrent({ name: "b", input: "a", cell: { ...cell, inputSize: 8 } }),
        ],
      });
      const op = operators[kind];
      for (const extent of ["full", "lengths"] as const) {
        expect(
          counts(one, { mode: "sequence", extents: extent === "full" ? {} : { time: extent } })[op],
        ).toBe(1);
        expect(
          counts(two, { mode: "sequence", extents: extent === "full" ? {} : { time: extent } })[op],
        ).toBe(2);
      }
      expect(counts(one, { mode: "step" })[op]).toBe(1);
      const expanded = counts(two, { mode: "sequence" }, []);
      expect(expanded[op]).toBeUndefined();
      expect(expanded["Scan"]).toBe(3);
      expect(counts(one, { mode: "sequence", extents: { time: "mask" } })["Scan"]).toBe(1);
    },
  );

  it("hold their weights once", () => {
    const lstm = spec({
      name: "one",
      inputs: [input({ name: "x", shape: [3] })],
      layers: [recurrent({ name: "a", input: "x", cell: lstmCell({ inputSize: 3, units: 40 }) })],
    });
    const size = specWeights(lstm).reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
    const { bytes } = modelOf(legalize(lower(lstm, { mode: "sequence" }), onnx(ortNode)), weightsOf(lstm));
    // The second bias that ONNX always wants, and a few hundred bytes of graph.
    expect(bytes.length).toBeLessThan(size + 4 * 160 + 1500);
  });
});

describe.each(runtimes)("onnx adapter on %s", (_name, ort, device) => {
  const ready = async (of: Program, options: OnnxOptions = {}, weights = {}) => {
    const adapter = onnx(ort, { device, ...options });
    return prepare(adapter, of, weights);
  };

  it("queues runs of one session, each with the feed it was given", async () => {
    const executable = await ready(small((p, v) => p.output("y", p.block.neg(v))));
    const feed = tensor([[0, 0]]);
    const running: Promise<Record<string, DeviceTensor>>[] = [];
    for (let n = 0; n < 20; n++) {
      feed.data.fill(n);
      running.push(executable.run({ x: feed }));
    }
    const values = await Promise.all(
      (await Promise.all(running)).map(async ({ y }) => (await y!.read()).data[0]),
    );
    expect(values).toEqual(Array.from({ length: 20 }, (_, n) => -n));
  });

  it("a failed run neither blocks nor breaks those behind it", async () => {
    // Past the checks of the core, which would refuse it.
    const negated = small((p, v) => p.output("y", p.block.neg(v)));
    const executable = await onnx(ort, { device }).compile(negated, {});
    const wrong = tensor([[1, 2, 3]]);
    const [first, second] = await Promise.allSettled([executable.run({ x: wrong }), executable.run({ x })]);
    expect(first!.status).toBe("rejected");
    expect(await code(() => executable.run({ x: wrong }))).toMatch(/^UNROLL_ENGINE program "small" run: /);
    expect(second!.status).toBe("fulfilled");
  });

  it("an output that is an input, a weight, a constant or another output is memory of its own", async () => {
    const p = new ProgramBuilder("aliases");
    const given = p.input("x", { dtype: "float32", shape: ["batch", 2] });
    p.output("x", given);
    p.output("again", given);
    p.output("weight", p.param("w", [2]));
    p.output("constant", p.block.constant([5, 6], [2]));
    const executable = await ready(p.finish(), {}, { w: tensor([3, 4]) });
    const results = await executable.run({ x });
    for (const result of Object.values(results)) result.readSync!().data.fill(0);
    results["x"]!.dispose();
    results["weight"]!.dispose();
    expect([...(await results["again"]!.read()).data]).toEqual([1, -2]);
    const once = await executable.run({ x });
    expect([...(await once["weight"]!.read()).data]).toEqual([3, 4]);
    expect([...(await once["constant"]!.read()).data]).toEqual([5, 6]);
    expect([...x.data]).toEqual([1, -2]);
  });

  it("inputs and outputs may have any name, those of the model's own values too", async () => {
    for (const name of ["v0", "v1", "v2", "y:out", "y:out:out", "body", "a/b"]) {
      const p = new ProgramBuilder("names");
      const given = p.input(name, { dtype: "float32", shape: ["batch", 2] });
      p.output("y", p.block.add(p.block.mul(given, p.block.constant(2)), p.block.constant(1)));
      p.output("y:out", p.block.neg(given));
      const { y, "y:out": negative } = await (await ready(p.finish())).run({ [name]: x });
      expect([...(await y!.read()).data, ...(await negative!.read()).data], name).toEqual([3, -3, -1, 2]);
    }
  });

  it("a result fed to a run that waits its turn may be disposed at once", async () => {
    const executable = await ready(small((p, v) => p.output("y", p.block.neg(v))));
    const { y } = await executable.run({ x });
    const [running, waiting] = [executable.run({ x }), executable.run({ x: y! })];
    y!.dispose();
    expect(await code(() => y!.read())).toMatch(/^UNROLL_DISPOSED onnx tensor/);
    expect(await code(() => executable.run({ x: y! }))).toMatch(/^UNROLL_DISPOSED onnx tensor/);
    await running;
    expect([...(await (await waiting)["y"]!.read()).data]).toEqual([1, -2]);
  });

  it("one session serves every batch and length", async () => {
    const gru = spec({
      name: "gru",
      inputs: [input({ name: "x", shape: [3] })],
      layers: [recurrent({ name: "a", input: "x", cell: cells.gru })],
    });
    const model = await compile(gru, { adapter: onnx(ort, { device }), weights: weightsOf(gru) });
    for (const [batch, time] of [
      [1, 1],
      [3, 5],
      [64, 4],
    ] as const) {
      const { output } = await model.sequence(tensor(new Float32Array(batch * time * 3), [batch, time, 3]));
      expect(output.shape).toEqual([batch, time, 4]);
    }
    model.dispose();
  });

  it("use after dispose has its code, and dispose waits for what runs", async () => {
    const executable = await ready(small((p, v) => p.output("y", p.block.neg(v))));
    const running = [executable.run({ x }), executable.run({ x })];
    executable.dispose();
    executable.dispose();
    expect(await code(() => executable.run({ x }))).toMatch(/^UNROLL_DISPOSED program "small" run/);
    const { y } = (await Promise.all(running))[0]!;
    expect([...(await y!.read()).data]).toEqual([-1, 2]);
    y!.dispose();
    y!.dispose();
    expect(await code(() => y!.read())).toMatch(/^UNROLL_DISPOSED onnx tensor/);
  });

  it("names what is wrong with its options, weights and device", async () => {
    expect(await code(() => onnx(ort, { composites: ["lstn"] }))).toMatch(
      /^UNROLL_ARGUMENT onnx: .*got "lstn"/,
    );
    expect(
      await code(() =>
        ready(
          small((p) => p.output("y", p.param("w", [2]))),
          {},
          { w: tensor([1, 2, 3]) },
        ),
      ),
    ).toMatch(/^UNROLL_WEIGHTS .*"w".*\[2\].*\[3\]/);
    expect(
      await code(() =>
        ready(
          small((p, v) => p.output("y", v)),
          { device: "abacus" },
        ),
      ),
    ).toMatch(/^UNROLL_ENGINE onnx compile: .*abacus/);
  });
});

describe("options of a session", () => {
  /** The real library, and what its sessions were made with. */
  const watched = (made: object[]): typeof ortNode => ({
    ...ortNode,
    InferenceSession: {
      ...ortNode.InferenceSession,
      create: ((model: Uint8Array, options: object) => {
        made.push(options);
        return ortNode.InferenceSession.create(model, options);
      }) as typeof ortNode.InferenceSession.create,
    },
  });
  const program = small((p, value) => p.output("y", p.block.tanh(value)));

  it("log errors alone, and what the caller says otherwise", async () => {
    const made: object[] = [];
    for (const sessionOptions of [{}, { logSeverityLevel: 2 }]) {
      const adapter = onnx(watched(made), { device: "cpu", sessionOptions });
      (await prepare(adapter, program, {})).dispose();
    }
    expect(made.filter((options) => "logSeverityLevel" in options)).toMatchObject([
      { executionProviders: ["cpu"], logSeverityLevel: 3 },
      { executionProviders: ["cpu"], logSeverityLevel: 2 },
    ]);
  });

  it("write no node that no result needs", () => {
    const unread = small((p, value) => {
      p.block.exp(value);
      p.output("y", p.block.tanh(value));
    });
    expect(modelOf(unread, {}).bytes.length).toBe(modelOf(program, {}).bytes.length);
  });
});
