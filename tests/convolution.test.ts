import {
  builtin,
  compile,
  convolution,
  input,
  lstmCell,
  pool,
  recurrent,
  dense,
  spec,
  specWeights,
  State,
  type SteppableModel,
  tensor,
} from "@unroll/api";
import { describe, expect, it } from "vitest";
import { engines } from "./engines.js";

const numbers = (shape: readonly number[], seed = 1) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(k * 1.7 + seed)),
    shape,
  );

/** Frames of 64 channels out of samples, then a recurrent layer and how likely speech is. */
const detector = () =>
  spec({
    name: "detector",
    inputs: [input({ name: "samples", shape: [1] })],
    layers: [
      convolution({
        name: "front",
        input: "samples",
        inputShape: [1],
        filters: 8,
        kernelSize: [16],
        strides: [4],
        padding: "causal",
        axis: "frames",
        activation: "relu",
      }),
      convolution({
        name: "second",
        input: "front",
        inputShape: [8],
        filters: 6,
        kernelSize: [3],
        strides: [2],
        padding: "causal",
        axis: "slow",
        activation: "relu",
      }),
      recurrent({ name: "lstm", input: "second", cell: lstmCell({ inputSize: 6, units: 5 }) }),
      dense({ name: "speech", input: "lstm", inputSize: 5, units: 1, activation: "sigmoid" }),
    ],
  });

const weightsOf = (model: ReturnType<typeof detector>) =>
  Object.fromEntries(
    specWeights(model).map(({ name, shape }, k) => {
      const weight = numbers(shape, k);
      return [name, { ...weight, data: weight.data.map((value: number) => value / 4) }];
    }),
  );

describe("a sequence shorter than a window", () => {
  const conv = (more: Partial<Parameters<typeof convolution>[0]>) =>
    convolution({ name: "c", input: "x", inputShape: [2], filters: 2, kernelSize: [3], axis: "f", ...more });
  const reflected = conv({ padding: [[2, 2]], paddingMode: "reflect" });
  const before = conv({ padding: [[2, 0]], paddingMode: "reflect", axis: null });
  const around = conv({ padding: [[2, 2]], paddingMode: "circular" });
  const largest = pool({ name: "c", input: "x", kind: "max", kernelSize: [3], axis: "f" });

  it.each(Object.keys(engines))(
    "is refused before the engine, which might cut it off, on %s",
    async (name) => {
      for (const [layer, time, message] of [
        [conv({}), 2, "expected time - 2 to be at least 1, got 0 with batch 1, time 2; feed a longer one"],
        [reflected, 2, "expected time to be at least 3, got 2 with batch 1, time 2; feed a longer one"],
        [before, 2, "expected time to be at least 3, got 2 with batch 1, time 2; feed a longer one"],
        [around, 1, "expected time to be at least 2, got 1 with batch 1, time 1; feed a longer one"],
        [largest, 2, "expected floor((time) / 3) to be at least 1, got 0 with batch 1, time 2"],
      ] as const) {
        const model = spec({ name: "short", inputs: [input({ name: "x", shape: [2] })], layers: [layer] });
        const weights = Object.fromEntries(specWeights(model).map((one) => [one.name, numbers(one.shape)]));
        const compiled = await compile(model, { adapter: engines[name]!(), weights });
        await expect(compiled.sequence(numbers([1, time, 2]))).rejects.toThrow(message);
        compiled.dispose();
      }
    },
  );
});

describe("a stride along another axis than the steps'", () => {
  it("lets a sequence be cut anywhere", async () => {
    const model = spec({
      name: "looking",
      inputs: [input({ name: "x", shape: [2] }), input({ name: "source", axis: "source", shape: [2] })],
      layers: [
        convolution({
          name: "thin",
          input: "source",
          inputShape: [2],
          filters: 2,
          kernelSize: [2],
          strides: [2],
          axis: "thinned",
        }),
        recurrent({ name: "lstm", input: "x", cell: lstmCell({ inputSize: 2, units: 2 }) }),
      ],
      outputs: ["lstm", "thin"],
    });
    const weights = Object.fromEntries(specWeights(model).map(({ name, shape }) => [name, numbers(shape)]));
    const compiled = await compile(model, { adapter: builtin(), weights });
    const run = (state?: State) =>
      compiled.sequence({ x: numbers([1, 3, 2]), source: numbers([1, 4, 2]) }, state && { state });
    const { state } = await run();
    await expect(run(state)).resolves.toMatchObject({ output: { shape: [1, 3, 2] } });
  });
});

describe("a detector with strided causal convolutions", () => {
  const model = detector();
  const weights = weightsOf(model);
  const x = numbers([2, 64, 1]);
  const part = (from: number, to: number) =>
    tensor(Float32Array.from([0, 1].flatMap((row) => [...x.data.slice(row * 64 + from, row * 64 + to)])), [
      2,
      to - from,
      1,
    ]);

  it.each(Object.keys(engines))("fed in pieces equals the whole, on %s", async (name) => {
    const compiled = await compile(model, { adapter: engines[name]!(), weights });
    const whole = await compiled.sequence(x);
    expect(whole.output.shape).toEqual([2, 8, 1]);
    let state: State | undefined;
    const rows: number[][] = [[], []];
    for (const [from, to] of [
      [0, 16],
      [16, 24],
      [24, 56],
      [56, 64],
    ] as const) {
      const { output, state: next } = await compiled.sequence(part(from, to), state && { state });
      const steps = output.shape[1]!;
      rows.forEach((row, k) => row.push(...output.data.slice(k * steps, (k + 1) * steps)));
      state = next;
    }
    rows.flat().forEach((value, k) => expect(value).toBeCloseTo(whole.output.data[k]!, 6));
    compiled.dispose();
  });

  it("refuses a state from within a stride, and to be stepped", async () => {
    const compiled = await compile(model, { adapter: builtin(), weights });
    const { state } = await compiled.sequence(part(0, 18));
    await expect(compiled.sequence(part(18, 26), { state })).rejects.toThrow(
      "got one of others, cut within 8 steps, so feed pieces of a multiple of 8",
    );
    const ended = await compiled.sequence(part(0, 16), { lengths: [16, 12] });
    await expect(compiled.sequence(part(16, 24), { state: ended.state })).rejects.toThrow("multiple of 8");
    const even = await compiled.sequence(part(0, 16), { lengths: [16, 8] });
    await compiled.sequence(part(16, 24), { state: even.state });
    await expect(
      (compiled as unknown as SteppableModel).step(numbers([2, 1]) as never, compiled.zeroState(2)),
    ).rejects.toThrow('layer "front" gives one step for 4 of its input');
  });
});
