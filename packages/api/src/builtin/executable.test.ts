import { describe, expect, it } from "vitest";
import type { Adapter } from "../contract/adapter.js";
import { isUnrollError } from "../contract/error.js";
import { type DeviceTensor, type HostTensor, tensor } from "../contract/tensor.js";
import { lstm, lstmStep } from "../layers/lstm.js";
import { softmax } from "../layers/softmax.js";
import { ProgramBuilder } from "../program/program-builder.js";
import { prepareSync } from "../program/prepare.js";
import type { Program } from "../contract/program.js";
import { builtin } from "./index.js";

const attrs = {
  activation: "tanh",
  recurrentActivation: "sigmoid",
  outputActivation: "tanh",
  resetAfter: true,
  reverse: false,
  maskedOutput: "hold",
  heldStart: "zeros",
} as const;
const random = (size: number): Float32Array => Float32Array.from({ length: size }, () => Math.random() - 0.5);
const f = (shape: readonly (number | string)[]) => ({ dtype: "float32", shape }) as const;

const [I, H] = [3, 6];
const weights = {
  kernel: tensor(random(I * 4 * H), [I, 4 * H]),
  recurrentKernel: tensor(random(H * 4 * H), [H, 4 * H]),
  bias: tensor(random(4 * H)),
  out: tensor(random(H * 2), [H, 2]),
};

function stepProgram(): Program {
  const p = new ProgramBuilder("step");
  const x = p.input("x", f(["batch", I])),
    h = p.input("h", f(["batch", H])),
    c = p.input("c", f(["batch", H]));
  const next = lstmStep(
    p.block,
    x,
    { h, c },
    {
      kernel: p.param("kernel", [I, 4 * H]),
      recurrentKernel: p.param("recurrentKernel", [H, 4 * H]),
      inputBias: p.param("bias", [4 * H]),
    },
    attrs,
  );
  p.output("y", softmax(p.block, p.block.matmul(next.h, p.param("out", [H, 2]))));
  p.output("h", next.h);
  p.output("c", next.c);
  return p.finish();
}

function sequenceProgram(): Program {
  const p = new ProgramBuilder("sequence");
  const x = p.input("x", f(["time", "batch", I])),
    h = p.input("h", f(["batch", H])),
    c = p.input("c", f(["batch", H]));
  const all = lstm(
    p.block,
    x,
    { h, c },
    {
      kernel: p.param("kernel", [I, 4 * H]),
      recurrentKernel: p.param("recurrentKernel", [H, 4 * H]),
      inputBias: p.param("bias", [4 * H]),
    },
    { lengths: p.input("lengths", { dtype: "int32", shape: ["batch"] }) },
    attrs,
  );
  p.output("y", softmax(p.block, p.block.matmul(all.y, p.param("out", [H, 2]))));
  p.output("h", all.h);
  p.output("c", all.c);
  return p.finish();
}

const adapters: readonly [string, Adapter][] = [
  ["fused, SIMD", builtin({ simd: true })],
  ["expanded, SIMD", builtin({ simd: true, composites: [] })],
  ["fused, loops", builtin({ simd: false })],
  ["expanded, loops", builtin({ simd: false, composites: [] })],
];
const codeOf = async (act: () => unknown): Promise<string> => {
  try {
    await act();
  } catch (error) {
    if (isUnrollError(error)) return error.code;
    throw error;
  }
  return "none";
};

describe.each(adapters)("builtin executable, %s", (_name, adapter) => {
  it("steps in place to where the whole sequence ends", async () => {
    for (const [time, batch] of [
      [1, 1],
      [5, 1],
      [5, 3],
    ] as const) {
      const x = random(time * batch * I),
        h = random(batch * H),
        c = random(batch * H);
      const whole = await adapter.compileSync!(sequenceProgram(), weights).run({
        x: tensor(x, [time, batch, I]),
        h: tensor(h, [batch, H]),
        c: tensor(c, [batch, H]),
        lengths: tensor(Array<number>(batch).fill(time), [batch], "int32"),
      });
      const step = adapter.compileSync!(stepProgram(), weights);
      const y = new Float32Array(batch * 2);
      for (let t = 0; t < time; t++) {
        step.runInto([x.slice(t * batch * I, (t + 1) * batch * I), h, c], [y, h, c], { batch });
        const expected = (await whole["y"]!.read()).data.slice(t * batch * 2, (t + 1) * batch * 2);
        // Both forms compute a row by the same operations in the same order.
        expect(y).toEqual(expected);
      }
      const end = await whole["h"]!.read();
      expect(h).toEqual(end.data);
    }
  });

  it("serves many sizes in any order, with the same results each time", async () => {
    const executable = adapter.compileSync!(sequenceProgram(), weights);
    const known = new Map<string, number[]>();
    for (let round = 0; round < 3; round++)
      for (const time of [1, 2, 7, 3, 30])
        for (const batch of [1, 4]) {
          const data = Float32Array.from({ length: time * batch * I }, (_, k) => Math.sin(k));
          const feeds = {
            x: tensor(data, [time, batch, I]),
            h: tensor(new Float32Array(batch * H), [batch, H]),
            c: tensor(new Float32Array(batch * H), [batch, H]),
            lengths: tensor(
              Array.from({ length: batch }, (_, b) => b),
              [batch],
              "int32",
            ),
          };
          const got = [...(await (await executable.run(feeds))["y"]!.read()).data];
          const key = `${time} ${batch}`;
          expect(got).toEqual(known.get(key) ?? got);
          known.set(key, got);
        }
  });

  it("hands out results that are nobody else's memory", async () => {
    const executable = adapter.compileSync!(stepProgram(), weights);
    const feeds: Record<string, HostTensor> = {
      x: tensor(random(I), [1, I]),
      h: tensor(random(H), [1, H]),
      c: tensor(random(H), [1, H]),
    };
    const first = await executable.run(feeds);
    const before = await first["h"]!.read();
    before.data.fill(9);
    const copy = first["h"]!.readSync!();
    expect(copy.data).not.toEqual(before.data);
    await executable.run({ ...first, x: feeds["x"]! });
    expect(first["h"]!.readSync!()).toEqual(copy);
    executable.dispose();
    expect(first["h"]!.readSync!()).toEqual(copy);
  });

  it("takes a copy of the weights", async () => {
    const own = { ...weights, bias: tensor(random(4 * H)) };
    const executable = adapter.compileSync!(stepProgram(), own);
    const feeds = {
      x: tensor(random(I), [1, I]),
      h: tensor(random(H), [1, H]),
      c: tensor(random(H), [1, H]),
    };
    const first = (await executable.run(feeds))["h"]!.readSync!();
    own.bias.data.fill(7);
    expect((await executable.run(feeds))["h"]!.readSync!()).toEqual(first);
  });

  it("leaves a state untouched when an array does not fit", async () => {
    const executable = adapter.compileSync!(stepProgram(), weights);
    const [x, h, c] = [random(I), random(H), random(H)];
    const before = h.slice();
    expect(
      await codeOf(() =>
        executable.runInto([x, h, c], [new Float32Array(2), h, new Float32Array(1)], { batch: 1 }),
      ),
    ).toBe("UNROLL_SHAPE");
    expect(await codeOf(() => executable.runInto([x, h], [new Float32Array(2), h, c], { batch: 1 }))).toBe(
      "UNROLL_SHAPE",
    );
    expect(await codeOf(() => executable.runInto([x, h, c], [new Float32Array(2), h, c], {}))).toBe(
      "UNROLL_ARGUMENT",
    );
    expect(h).toEqual(before);
  });

  it("refuses what is disposed", async () => {
    const executable = adapter.compileSync!(stepProgram(), weights);
    const feeds = {
      x: tensor(random(I), [1, I]),
      h: tensor(random(H), [1, H]),
      c: tensor(random(H), [1, H]),
    };
    const first = await executable.run(feeds);
    first["h"]!.dispose();
    first["h"]!.dispose();
    expect(await codeOf(() => first["h"]!.read())).toBe("UNROLL_DISPOSED");
    expect(await codeOf(() => executable.run({ ...feeds, h: first["h"]! }))).toBe("UNROLL_DISPOSED");
    executable.dispose();
    executable.dispose();
    expect(await codeOf(() => executable.run(feeds))).toBe("UNROLL_DISPOSED");
    expect(await codeOf(() => executable.runInto([], [], { batch: 1 }))).toBe("UNROLL_DISPOSED");
  });

  it("reads another engine's tensor at once or says that it can't", async () => {
    const executable = adapter.compileSync!(stepProgram(), weights);
    const x = tensor(random(I), [1, I]);
    const feeds = { x, h: tensor(random(H), [1, H]), c: tensor(random(H), [1, H]) };
    const foreign: DeviceTensor = {
      dtype: "float32",
      shape: [1, I],
      read: async () => x,
      dispose: () => undefined,
    };
    const want = (await executable.run(feeds))["h"]!.readSync!();
    expect(
      (await executable.run({ ...feeds, x: { ...foreign, readSync: () => x } }))["h"]!.readSync!(),
    ).toEqual(want);
    expect(await codeOf(() => executable.run({ ...feeds, x: foreign }))).toBe("UNROLL_ENGINE");
    expect(await codeOf(() => prepareSync(adapter, stepProgram(), weights).run({ x }))).toBe(
      "UNROLL_ARGUMENT",
    );
  });
});

describe("builtin", () => {
  it("refuses a composite it has no kernel for, and incomplete weights", async () => {
    expect(await codeOf(() => builtin({ composites: ["conv"] }))).toBe("UNROLL_ARGUMENT");
    const short = { ...weights, bias: tensor([1]) };
    expect(await codeOf(() => prepareSync(builtin(), stepProgram(), short))).toBe("UNROLL_WEIGHTS");
  });

  it("swaps carries, passes inputs through and yields one value twice", async () => {
    const p = new ProgramBuilder("carries");
    const [xs, a, b] = [p.input("xs", f(["time", 2])), p.input("a", f([2])), p.input("b", f([2]))];
    const { carries, stacked } = p.block.scan(
      { carries: [a, b], sequences: [xs], captures: [b], reverse: true },
      (k, [u, v], [x], [w]) => ({ carries: [v!, u!], stacked: [k.add(u!, x!), w!] }),
    );
    p.output("first", carries[0]!);
    p.output("second", carries[1]!);
    p.output("sums", stacked[0]!);
    p.output("captured", stacked[1]!);
    p.output("again", p.block.expandDims(a, 0));
    p.output("input", a);
    const results = await builtin().compileSync!(p.finish(), {}).run({
      xs: tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      a: tensor([10, 20]),
      b: tensor([-1, -2]),
    });
    const read = Object.fromEntries(
      Object.entries(results).map(([name, result]) => [name, [...result.readSync!().data]]),
    );
    expect(read).toEqual({
      first: [-1, -2],
      second: [10, 20],
      sums: [11, 22, 2, 2, 15, 26],
      captured: [-1, -2, -1, -2, -1, -2],
      again: [10, 20],
      input: [10, 20],
    });
  });
});
