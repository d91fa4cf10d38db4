import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import {
  type DeviceTensor,
  isUnrollError,
  prepare,
  type Program,
  ProgramBuilder,
  tensor,
  type Value,
} from "@unroll/api/adapter";
import { compile, input, lstmCell, recurrent, spec, specWeights } from "@unroll/api";
import { deriveBounds } from "@unroll/conformance";
import { beforeEach, describe, expect, it } from "vitest";
import { tfjs, type TfjsOptions } from "../src/index.js";

setWasmPaths(
  dirname(
    createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.node.js"),
  ) + sep,
);
beforeEach(async () => {
  await tf.setBackend("cpu");
});

/** A program of one float input [batch, 2]. */
function program(build: (p: ProgramBuilder, x: Value) => void): Program {
  const p = new ProgramBuilder("small");
  build(p, p.input("x", { dtype: "float32", shape: ["batch", 2] }));
  return p.finish();
}
const ready = async (of: Program, options: TfjsOptions = { backend: "cpu" }, weights = {}) => {
  const adapter = tfjs(tf, options);
  return prepare(adapter, of, weights);
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

const chain = spec({
  name: "chain",
  inputs: [input({ name: "x", shape: [2] })],
  layers: [recurrent({ name: "lstm", input: "x", cell: lstmCell({ inputSize: 2, units: 3 }) })],
});
const weights = Object.fromEntries(
  specWeights(chain).map(({ name, shape }, n) => [
    name,
    tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.cos(3 * k + n)),
      shape,
    ),
  ]),
);

describe("tfjs adapter", () => {
  it("leaves the library's current backend alone, with two of its own in turns", async () => {
    const models = await Promise.all(
      ["cpu", "wasm"].map((backend) => compile(chain, { adapter: tfjs(tf, { backend }), weights })),
    );
    expect(tf.getBackend()).toBe("cpu");
    let states = models.map((model) => model.zeroState(1));
    const three = tensor([...x.data, ...x.data, ...x.data], [1, 3, 2]);
    const { exact, bounds } = deriveBounds(chain, weights, { inputs: { x: three } });
    const [truth, bound] = [exact, bounds].map(({ outputs }) => outputs["lstm"]!.data) as [
      Float64Array,
      Float64Array,
    ];
    for (let step = 0; step < 3; step++) {
      const results = await Promise.all(models.map((model, k) => model.step(x, states[k]!)));
      expect(tf.getBackend()).toBe("cpu");
      states = results.map((result) => result.state);
      for (const { output } of results)
        output.data.forEach((value, k) =>
          expect(Math.abs(value - truth[3 * step + k]!)).toBeLessThan(bound[3 * step + k]!),
        );
    }
    for (const model of models) model.dispose();
  });

  it("takes the library's current backend when none is named", () => {
    expect(tfjs(tf).device).toBe("cpu");
  });

  it("results survive a tidy around the call", async () => {
    const executable = await ready(program((p, v) => p.output("y", p.block.tanh(v))));
    const promise = tf.tidy(() => {
      const made: { run?: Promise<Record<string, DeviceTensor>> } = { run: executable.run({ x }) };
      tf.scalar(1);
      const run = made.run!;
      delete made.run;
      return [run] as never;
    }) as unknown as [Promise<Record<string, DeviceTensor>>];
    const { y } = await promise[0];
    // The library's backend in plain JavaScript asks Math.tanh.
    expect((await y!.read()).data[0]).toBe(Math.fround(Math.tanh(1)));
    y!.dispose();
  });

  it("an output that is an input, a weight, a constant or another output is memory of its own", async () => {
    const p = new ProgramBuilder("aliases");
    const given = p.input("x", { dtype: "float32", shape: ["batch", 2] });
    p.output("same", given);
    p.output("again", given);
    p.output("weight", p.param("w", [2]));
    p.output("constant", p.block.constant([5, 6], [2]));
    p.output("reshaped", p.block.expandDims(given, 0));
    const executable = await ready(p.finish(), { backend: "cpu" }, { w: tensor([3, 4]) });
    const before = tf.memory().numTensors;
    const feed = tensor([[1, 2]]);
    const results = await executable.run({ x: feed });
    feed.data.fill(9);
    expect(tf.memory().numTensors).toBe(before + 5);
    results["same"]!.dispose();
    results["weight"]!.dispose();
    results["constant"]!.dispose();
    expect([...(await results["again"]!.read()).data]).toEqual([1, 2]);
    expect([...(await results["reshaped"]!.read()).data]).toEqual([1, 2]);
    const once = await executable.run({ x: feed });
    expect([...(await once["weight"]!.read()).data]).toEqual([3, 4]);
    expect([...(await once["constant"]!.read()).data]).toEqual([5, 6]);
    for (const result of [...Object.values(results), ...Object.values(once)]) result.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("a copy that was read belongs to the reader", async () => {
    const executable = await ready(program((p, v) => p.output("y", p.block.neg(v))));
    const { y } = await executable.run({ x });
    y!.readSync!().data.fill(0);
    expect([...(await y!.read()).data]).toEqual([-1, 2]);
  });

  it("use after dispose has its code", async () => {
    const executable = await ready(program((p, v) => p.output("y", p.block.neg(v))));
    const { y } = await executable.run({ x });
    y!.dispose();
    y!.dispose();
    expect(await code(() => y!.read())).toMatch(/^UNROLL_DISPOSED tfjs tensor/);
    expect(await code(() => executable.run({ x: y! }))).toMatch(/^UNROLL_DISPOSED tfjs tensor/);
    executable.dispose();
    executable.dispose();
    expect(await code(() => executable.run({ x }))).toMatch(/^UNROLL_DISPOSED program "small" run/);
  });

  it("names what is wrong with its options", async () => {
    expect(await code(() => tfjs(tf, { composites: ["lstn"] }))).toMatch(
      /^UNROLL_ARGUMENT tfjs: .*got "lstn"/,
    );
    expect(
      await code(() =>
        ready(
          program((p, v) => p.output("y", v)),
          { backend: "abacus" },
        ),
      ),
    ).toMatch(/^UNROLL_CONFIG .*"abacus".*import @tensorflow\/tfjs-backend-abacus/);
    expect(
      await code(() =>
        ready(
          program((p) => p.output("y", p.param("w", [2]))),
          { backend: "cpu" },
          { w: tensor([1, 2, 3]) },
        ),
      ),
    ).toMatch(/^UNROLL_WEIGHTS .*"w".*\[2\].*\[3\]/);
  });

  it("a failure of the library keeps its cause and no tensors", async () => {
    // Past the checks of the core, which would refuse it.
    const doubled = program((p, v) => p.output("y", p.block.add(v, v)));
    const executable = await tfjs(tf, { backend: "cpu" }).compile(doubled, {});
    const before = tf.memory().numTensors;
    const wrong = { dtype: "float32", shape: [3], data: new Float32Array(2) } as const;
    expect(await code(() => executable.run({ x: wrong }))).toMatch(/^UNROLL_ENGINE program "small" run/);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("runs a whole recurrence as one kernel, and without ours projects the input once", async () => {
    const kernels = async (hostKernels: boolean): Promise<string[]> => {
      const model = await compile(chain, { adapter: tfjs(tf, { backend: "cpu", hostKernels }), weights });
      const sequence = tensor(new Float32Array(2 * 5), [1, 5, 2]);
      await model.sequence(sequence);
      const { kernelNames, kernels: list } = await tf.profile(async () => {
        await model.sequence(sequence);
        return tf.scalar(0);
      });
      model.dispose();
      return kernelNames.length ? list.map((k) => k.name) : [];
    };
    const own = await kernels(true);
    expect(own.filter((name) => name === "UnrollRecurrence")).toHaveLength(1);
    expect(own).not.toContain("_FusedMatMul");
    const composed = await kernels(false);
    expect(composed.filter((name) => name === "_FusedMatMul")).toHaveLength(1 + 5);
    expect(composed).not.toContain("Unpack");
  });
});

describe("capabilities", () => {
  it("say that values have four axes at most on a GPU, and any number elsewhere", () => {
    const most = ["cpu", "wasm", "webgl", "webgpu"].map(
      (backend) => tfjs(tf, { backend }).capabilities.mostAxes,
    );
    expect(most).toEqual([undefined, undefined, 4, 4]);
  });
});
