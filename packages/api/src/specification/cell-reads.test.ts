import { compareWithBound, deriveBounds } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import { type HostTensor, tensor } from "../contract/tensor.js";
import { compile } from "../model/compile.js";
import { bidirectional, gruCell, input, recurrent, spec } from "./build.js";
import { customCell } from "./custom-cell.js";
import { validateSpec } from "./validate.js";
import { specWeights } from "./weights.js";

const [SIZE, MEMORY, UNITS] = [2, 3, 4];

/**
 * A decoder that looks at a memory with its state, and is fed what it saw last (Luong's input feeding): a
 * matrix that counts, and a number at each step beside the input, as further parts and reads.
 */
const decoder = customCell({
  name: "decoder",
  inputSize: SIZE,
  state: { h: UNITS, seen: MEMORY, count: [2, 2] },
  weights: {
    kernel: [SIZE + MEMORY, UNITS],
    recurrentKernel: [UNITS, UNITS],
    "attention.kernel": [UNITS, MEMORY],
  },
  reads: {
    memory: { along: "whole", shape: [MEMORY] },
    gain: { along: "steps", shape: [1] },
    start: { along: "none", shape: [UNITS] },
  },
  step(b, { x, state, weights, reads }) {
    const { value, mask } = reads.memory;
    const fed = b.matmul(b.concat([x, state.seen], 1), weights.kernel);
    const before = b.add(b.matmul(state.h, weights.recurrentKernel), reads.start);
    const h = b.tanh(b.mul(reads.gain, b.add(fed, before)));
    const query = b.matmul(h, weights["attention.kernel"]);
    // [batch, source]
    const fit = b.squeeze(b.sum(b.mul(value, b.expandDims(query, 1)), 2), 2);
    const shares = b.select(mask, b.exp(b.tanh(fit)), b.constant(0));
    const total = b.add(b.sum(shares, 1), b.constant(1e-6));
    const real = b.select(b.expandDims(mask, 2), value, b.constant(0));
    const seen = b.squeeze(b.sum(b.mul(real, b.expandDims(b.div(shares, total), 2)), 1), 1);
    return { state: { h, seen, count: b.add(state.count, b.constant(1)) }, output: b.concat([h, seen], 1) };
  },
});

const model = (extra: object = {}) =>
  spec({
    name: "looks",
    inputs: [
      input({ name: "x", shape: [SIZE] }),
      input({ name: "gain", shape: [1] }),
      input({ name: "source", axis: "source", shape: [MEMORY] }),
      input({ name: "start", axis: null, shape: [UNITS] }),
    ],
    layers: [
      recurrent({
        name: "decoder",
        input: "x",
        cell: decoder,
        reads: { memory: "source", gain: "gain", start: "start" },
        ...extra,
      }),
    ],
  });

const numbers = (shape: readonly number[], seed: number): HostTensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(seed + 1.7 * k)),
    shape,
  );
const weights = Object.fromEntries(
  specWeights(model()).map(({ name, shape }, k) => [name, numbers(shape, k)]),
);
const [BATCH, TIME, SOURCE] = [2, 3, 4];
const feeds = {
  x: numbers([BATCH, TIME, SIZE], 11),
  gain: numbers([BATCH, TIME, 1], 12),
  source: numbers([BATCH, SOURCE, MEMORY], 13),
  start: numbers([BATCH, UNITS], 14),
};

/** The decoder in float64, one row and one step after the other. */
function reference(lengths: readonly number[]): number[] {
  const at = (name: string, rows: number, columns: number): number[][] =>
    Array.from({ length: rows }, (_, r) => [...weights[name]!.data.slice(r * columns, (r + 1) * columns)]);
  const kernel = at("decoder.kernel", SIZE + MEMORY, UNITS);
  const recurrentKernel = at("decoder.recurrentKernel", UNITS, UNITS);
  const attention = at("decoder.attention.kernel", UNITS, MEMORY);
  const times = (v: readonly number[], w: readonly number[][]): number[] =>
    w[0]!.map((_, j) => v.reduce((sum, value, k) => sum + value * w[k]![j]!, 0));
  const result: number[] = [];
  for (let row = 0; row < BATCH; row++) {
    let h: number[] = new Array<number>(UNITS).fill(0);
    let seen: number[] = new Array<number>(MEMORY).fill(0);
    const memory = Array.from({ length: lengths[row]! }, (_, s) => {
      const from = (row * SOURCE + s) * MEMORY;
      return [...feeds.source.data.slice(from, from + MEMORY)];
    });
    for (let t = 0; t < TIME; t++) {
      const x = [...feeds.x.data.slice((row * TIME + t) * SIZE, (row * TIME + t + 1) * SIZE)];
      const fed = times([...x, ...seen], kernel);
      const own = times(h, recurrentKernel);
      const gain = feeds.gain.data[row * TIME + t]!;
      h = fed.map((value, k) => Math.tanh(gain * (value + own[k]! + feeds.start.data[row * UNITS + k]!)));
      const query = times(h, attention);
      const shares = memory.map((one) =>
        Math.exp(Math.tanh(one.reduce((sum, value, k) => sum + value * query[k]!, 0))),
      );
      const total = shares.reduce((a, b) => a + b, 1e-6);
      seen = query.map((_, k) => memory.reduce((sum, one, s) => sum + (shares[s]! / total) * one[k]!, 0));
      result.push(...h, ...seen);
    }
  }
  return result;
}

describe("a cell that reads a memory", () => {
  it("is what its equations say, over all of the memory and over its real steps", async () => {
    const compiled = await compile(model(), { adapter: builtin(), weights });
    for (const lengths of [undefined, [4, 2], [0, 1]]) {
      const options = lengths ? { lengths: { source: lengths } } : {};
      const { output, state } = await compiled.sequence(feeds, options);
      const wanted = reference(lengths ?? [SOURCE, SOURCE]);
      const { bounds } = deriveBounds(model(), weights, {
        inputs: feeds,
        ...(lengths && { along: { source: { lengths: tensor(lengths, [BATCH], "int32") } } }),
      });
      const { shape } = output;
      expect(
        compareWithBound(output, { shape, data: Float64Array.from(wanted) }, bounds.outputs["decoder"]!)
          .errorOverBound,
      ).toBeLessThan(1);
      const { count } = (await state.toTypedArrays())["decoder"]!;
      expect(count).toEqual(tensor(new Float32Array(8).fill(TIME), [BATCH, 2, 2]));
    }
  });

  it("gives the same step by step, with a masked memory that holds NaN where it is not real", async () => {
    const compiled = await compile(model(), { adapter: builtin(), weights });
    const source = { ...feeds.source, data: feeds.source.data.slice() };
    const mask = [
      [true, false, true, true],
      [false, true, false, true],
    ];
    mask.flat().forEach((real, k) => {
      if (!real) source.data.fill(NaN, k * MEMORY, (k + 1) * MEMORY);
    });
    const whole = await compiled.sequence({ ...feeds, source }, { mask: { source: mask } });
    let state = compiled.zeroState(BATCH);
    const width = UNITS + MEMORY;
    for (let t = 0; t < TIME; t++) {
      const element = (x: HostTensor, size: number): HostTensor =>
        tensor(
          [0, 1].flatMap((row) => [...x.data.slice((row * TIME + t) * size, (row * TIME + t + 1) * size)]),
          [BATCH, size],
        );
      const now = { ...feeds, source, x: element(feeds.x, SIZE), gain: element(feeds.gain, 1) };
      const step = await compiled.step(now, state, { mask: { source: mask } });
      expect(step.output).toEqual(element(whole.output, width));
      state = step.state;
    }
    expect(await state.toTypedArrays()).toEqual(await whole.state.toTypedArrays());
    expect(whole.output.data.every(Number.isFinite)).toBe(true);
  });

  it("keeps matrices of masked steps, and runs backward", async () => {
    const compiled = await compile(model({ direction: "backward" }), { adapter: builtin(), weights });
    const { state } = await compiled.sequence(feeds, { lengths: { time: [2, 0] } });
    const { count } = (await state.toTypedArrays())["decoder"]!;
    expect([...count!.data]).toEqual([2, 2, 2, 2, 0, 0, 0, 0]);
  });

  it.each<[string, () => unknown, string]>([
    [
      "a read that is not given",
      () => model({ reads: { memory: "source", gain: "gain" } }),
      'spec .layers[0].reads: expected values for memory, gain, start, got ["memory","gain"]',
    ],
    [
      "a value along another axis",
      () => model({ reads: { memory: "source", gain: "source", start: "start" } }),
      "spec .layers[0].reads.gain: expected a sequence along the layer's own axis of float32 [1], got " +
        '"source"',
    ],
    [
      "a sequence where one vector is read",
      () => model({ reads: { memory: "source", gain: "gain", start: "source" } }),
      "expected a value without time of float32 [4]",
    ],
    [
      "reads of a cell that has none",
      () => model({ cell: gruCell({ inputSize: SIZE, units: 2 }) }),
      "expected {}, as the cell reads nothing beside its input",
    ],
    [
      "a bidirectional layer of such cells",
      () =>
        spec({
          name: "both",
          inputs: [input({ name: "x", shape: [SIZE] })],
          layers: [bidirectional({ name: "bi", input: "x", forward: decoder })],
        }),
      "use two recurrent layers",
    ],
    [
      "a name that is taken",
      () =>
        customCell({
          name: "mine",
          inputSize: 1,
          state: { h: 1 },
          weights: {},
          reads: { h: { along: "none", shape: [1] } },
          step: (_b, { state }) => ({ state }),
        }),
      'program "mine": expected distinct input names, got "h" twice',
    ],
  ])("refuses %s", (_what, attempt, message) => {
    expect(attempt).toThrow(message);
  });

  it("can't be stepped where it looks at all of the axis of steps", async () => {
    const looking = spec({
      name: "all",
      inputs: model().inputs,
      layers: [
        recurrent({ name: "enc", input: "x", cell: gruCell({ inputSize: SIZE, units: MEMORY }) }),
        recurrent({
          name: "decoder",
          input: "x",
          cell: decoder,
          reads: { memory: "enc", gain: "gain", start: "start" },
        }),
      ],
    });
    const own = Object.fromEntries(
      specWeights(looking).map(({ name, shape }, k) => [name, numbers(shape, k)]),
    );
    const compiled = await compile(looking, { adapter: builtin(), weights: own });
    const all = { ...feeds };
    expect((await compiled.sequence(all, { lengths: { time: [3, 2] } })).output.shape).toEqual([2, 3, 7]);
    await expect(compiled.step({}, compiled.zeroState(2))).rejects.toThrow();
  });

  it("survives JSON", () => {
    const copy: unknown = JSON.parse(JSON.stringify(model()));
    expect(() => validateSpec(copy)).not.toThrow();
    expect(copy).toEqual(model());
  });
});
