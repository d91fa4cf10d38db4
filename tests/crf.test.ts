import {
  builtin,
  compile,
  crf,
  dense,
  embedding,
  type HostTensor,
  input,
  isUnrollError,
  type LayerSpec,
  lower,
  spec,
  type Spec,
  type SteppableModel,
  tensor,
  whyNotSteppable,
} from "@unroll/api";
import { fromTf1, fromTorch, toKeras, toTf1, toTorch } from "@unroll/api/weights";
import { describe, expect, it } from "vitest";
import { variants } from "./engines.js";

const tags = 3;
const model = (layers: readonly LayerSpec[], outputs: readonly string[]): Spec =>
  spec({
    name: "tagger",
    inputs: [input({ name: "x", shape: [tags] }), input({ name: "path", dtype: "int32", shape: [] })],
    layers,
    outputs,
  });
const own = crf({ name: "crf", input: "x", tags, path: "path" });
const outputs = ["crf", "crf.score", "crf.logPartition", "crf.logLikelihood"];

const numbers = (length: number, seed: number): Float32Array =>
  Float32Array.from({ length }, (_, k) => Math.fround(2 * Math.sin(12.9898 * k + 78.233 * seed)));
const weights = {
  "crf.transitions": tensor(numbers(9, 1), [tags, tags]),
  "crf.start": tensor(numbers(3, 2), [tags]),
  "crf.end": tensor(numbers(3, 3), [tags]),
};
const ints = (data: number[], shape: number[]): HostTensor<"int32"> => tensor(data, shape, "int32");

type Weights = Readonly<Record<keyof typeof weights, HostTensor>>;

/** What each path of every row of emissions scores, by adding up, best first. */
function every(row: ArrayLike<number>, steps: number, w: Weights): { path: number[]; score: number }[] {
  const [moves, start, end] = [w["crf.transitions"].data, w["crf.start"].data, w["crf.end"].data];
  const paths = Array.from({ length: tags ** steps }, (_, k) =>
    Array.from({ length: steps }, (_unused, t) => Math.floor(k / tags ** t) % tags),
  );
  const score = (path: readonly number[]): number =>
    path.reduce(
      (sum, tag, t) =>
        sum + row[t * tags + tag]! + (t === 0 ? start[tag]! : moves[path[t - 1]! * tags + tag]!),
      end[path[steps - 1]!]!,
    );
  return paths.map((path) => ({ path, score: score(path) })).sort((a, b) => b.score - a.score);
}

const logSum = (scores: readonly number[]): number => {
  const most = Math.max(...scores);
  return most + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - most), 0));
};

const rowOf = (x: HostTensor, row: number): ArrayLike<number> => {
  const size = x.data.length / x.shape[0]!;
  return x.data.subarray(row * size, (row + 1) * size);
};

const thrown = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (isUnrollError(error)) return error.message;
    throw error;
  }
  return "nothing thrown";
};

describe.each(Object.entries(variants))("crf on %s", (_engine, make) => {
  it("is what adding up every path gives", async () => {
    const x = tensor(numbers(3 * 5 * tags, 4), [3, 5, tags]);
    const path = ints([0, 1, 2, 2, 1, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2], [3, 5]);
    const lengths = [5, 1, 3];
    const compiled = await compile(model([own], outputs), { adapter: make(), weights });
    const { output, outputs: got } = await compiled.sequence({ x, path }, { lengths });
    expect([output.dtype, output.shape]).toEqual(["int32", [3, 5]]);
    lengths.forEach((steps, row) => {
      const all = every(rowOf(x, row), steps, weights);
      const padding = new Array<number>(5 - steps).fill(0);
      expect(Array.from(rowOf(output, row))).toEqual([...all[0]!.path, ...padding]);
      expect(got["crf.score"]!.data[row]).toBeCloseTo(all[0]!.score, 4);
      const whole = logSum(all.map(({ score }) => score));
      expect(got["crf.logPartition"]!.data[row]).toBeCloseTo(whole, 4);
      const given = Array.from(rowOf(path, row)).slice(0, steps);
      const judged = all.find((one) => one.path.join() === given.join())!.score;
      expect(got["crf.logLikelihood"]!.data[row]).toBeCloseTo(judged - whole, 4);
    });
    compiled.dispose();
  });

  it("leaves gaps out, whatever they hold: a masked row is that of its real steps", async () => {
    const x = tensor(numbers(6 * tags, 5), [1, 6, tags]);
    const mask = [0, 1, 0, 1, 1, 0];
    const spoilt = { ...x, data: x.data.map((value, k) => (mask[Math.floor(k / tags)] ? value : NaN)) };
    const real = mask.flatMap((one, t) => (one ? [t] : []));
    const short = tensor(
      real.flatMap((t) => Array.from(x.data.subarray(t * tags, (t + 1) * tags))),
      [1, 3, tags],
    );
    const compiled = await compile(model([own], outputs), { adapter: make(), weights });
    const path = ints([2, 0, 1, 1, 2, 0], [1, 6]);
    const gaps = await compiled.sequence({ x: spoilt, path }, { mask: tensor(mask, [1, 6], "bool") });
    const dense = await compiled.sequence({ x: short, path: ints([0, 1, 2], [1, 3]) });
    expect(real.map((t) => gaps.output.data[t])).toEqual(Array.from(dense.output.data));
    expect(mask.flatMap((one, t) => (one ? [] : [gaps.output.data[t]]))).toEqual([0, 0, 0]);
    for (const name of outputs.slice(1))
      expect(gaps.outputs[name]!.data[0]).toBeCloseTo(dense.outputs[name]!.data[0]!, 5);
    compiled.dispose();
  });

  it("takes the first of equals, and zeros for a row without a step", async () => {
    const flat = Object.fromEntries(
      Object.entries(weights).map(([name, { shape, data }]) => [
        name,
        tensor(
          data.map(() => 0),
          shape,
        ),
      ]),
    );
    const compiled = await compile(model([own], outputs), { adapter: make(), weights: flat });
    const x = tensor([0, 1, 1, 2, 2, 0, 1, 1, 1, 5, 5, 5, 5, 5, 5, 5, 5, 5], [2, 3, tags]);
    const { output, outputs: got } = await compiled.sequence(
      { x, path: ints([1, 1, 1, 2, 2, 2], [2, 3]) },
      { lengths: [3, 0] },
    );
    expect(Array.from(output.data)).toEqual([1, 0, 0, 0, 0, 0]);
    expect(got["crf.score"]!.data[0]).toBe(4);
    for (const name of outputs.slice(1)) expect(got[name]!.data[1], name).toBe(0);
    compiled.dispose();
  });

  it("never takes what -Infinity forbids, and counts it for nothing", async () => {
    const moves = weights["crf.transitions"].data.map((value, k) => (k === 0 || k === 5 ? -Infinity : value));
    const start = weights["crf.start"].data.map((value, k) => (k === 2 ? -Infinity : value));
    const forbidding: Weights = {
      ...weights,
      "crf.transitions": tensor(moves, [tags, tags]),
      "crf.start": tensor(start, [tags]),
    };
    const x = tensor(numbers(5 * tags, 6), [1, 5, tags]);
    const compiled = await compile(model([own], outputs), { adapter: make(), weights: forbidding });
    const { output, outputs: got } = await compiled.sequence({ x, path: ints([0, 0, 1, 1, 1], [1, 5]) });
    const all = every(x.data, 5, forbidding);
    expect(Array.from(output.data)).toEqual(all[0]!.path);
    expect(got["crf.logPartition"]!.data[0]).toBeCloseTo(logSum(all.map(({ score }) => score)), 4);
    expect(got["crf.logLikelihood"]!.data[0]).toBe(-Infinity);
    compiled.dispose();
  });

  it("stays exact where e^score overflows", async () => {
    const x = tensor(
      numbers(4 * tags, 7).map((value) => value * 1000),
      [1, 4, tags],
    );
    const compiled = await compile(model([own], outputs), { adapter: make(), weights });
    const { outputs: got } = await compiled.sequence({ x, path: ints([0, 0, 0, 0], [1, 4]) });
    expect(got["crf.logPartition"]!.data[0]).toBeCloseTo(every(x.data, 4, weights)[0]!.score, 2);
    compiled.dispose();
  });
});

describe("crf", () => {
  it("computes only what is read", () => {
    const composites = (given: readonly string[]): string[] =>
      lower(model([own], given), { mode: "sequence" }).nodes.flatMap((node) =>
        node.kind === "composite" ? [node.op] : [],
      );
    expect(composites(["crf"])).toEqual(["crfDecode"]);
    expect(composites(["crf.logPartition"])).toEqual(["crfPartition"]);
    expect(composites(["crf.logLikelihood"])).toEqual(["crfPartition", "crfPathScore"]);
  });

  it("has no step along the axis that it looks at, and one along another", async () => {
    expect(whyNotSteppable(model([own], ["crf"]))).toBe('crf "crf" looks at all of "time"');
    const other = spec({
      name: "tagger",
      inputs: [input({ name: "x", shape: [2] }), input({ name: "words", shape: [tags], axis: "words" })],
      layers: [
        dense({ name: "y", input: "x", inputSize: 2, units: 1 }),
        crf({ name: "crf", input: "words", tags }),
      ],
      outputs: ["y", "crf"],
    });
    const compiled = (await compile(other, {
      adapter: builtin(),
      weights: { ...weights, "y.kernel": tensor([1, 1], [2, 1]), "y.bias": tensor([0], [1]) },
    })) as unknown as SteppableModel;
    const words = tensor(numbers(4 * tags, 8), [1, 4, tags]);
    const { outputs: got } = await compiled.step(
      { x: tensor([1, 2], [1, 2]), words },
      compiled.zeroState(1),
      { lengths: { words: [3] } },
    );
    expect(Array.from(got["crf"]!.data)).toEqual([...every(words.data, 3, weights)[0]!.path, 0]);
    compiled.dispose();
  });

  it("makes ids that an embedding reads", async () => {
    const read = model(
      [own, embedding({ name: "names", input: "crf", inputSize: tags, outputSize: 1 })],
      ["crf", "names"],
    );
    const compiled = await compile(read, {
      adapter: builtin(),
      weights: { ...weights, "names.table": tensor([10, 11, 12], [tags, 1]) },
    });
    const x = tensor(numbers(4 * tags, 9), [1, 4, tags]);
    const { outputs: got } = await compiled.sequence({ x, path: ints([0, 0, 0, 0], [1, 4]) });
    expect(Array.from(got["names"]!.data)).toEqual(Array.from(got["crf"]!.data, (tag) => tag + 10));
    compiled.dispose();
    const small = embedding({ name: "names", input: "crf", inputSize: 2, outputSize: 1 });
    expect(thrown(() => model([own, small], ["names"]))).toBe(
      "spec .layers[1].inputSize: expected at least 3, as many ids as the input has, got 2; add rows",
    );
  });

  it.each([
    [
      { input: "path" },
      "spec .layers[0].input: expected a float32 sequence of 3 scores, one for each of the layer's tags, " +
        'got "path"; a dense layer makes them',
    ],
    [
      { path: "x" },
      'spec .layers[0].path: expected int32 tags along "time", one a step, got "x"; ' +
        "declare an input int32 of shape []",
    ],
    [{ tags: 4 }, "spec .layers[0].input: expected a float32 sequence of 4 scores"],
  ])("is refused with %j", (wrong, message) => {
    expect(thrown(() => model([{ ...own, ...wrong }], ["crf"]))).toContain(message);
  });

  it("refuses a path with tags that there are none of", async () => {
    const compiled = await compile(model([own], outputs), { adapter: builtin(), weights });
    const x = tensor(numbers(2 * tags, 1), [1, 2, tags]);
    await expect(compiled.sequence({ x, path: ints([0, 3], [1, 2]) })).rejects.toThrow("3");
    compiled.dispose();
  });

  it("has the names of pytorch-crf, of TensorFlow Addons and of TensorFlow 1", () => {
    const whole = model([own], ["crf"]);
    const torch = toTorch(whole, weights).weights;
    expect(Object.keys(torch).sort()).toEqual([
      "crf.end_transitions",
      "crf.start_transitions",
      "crf.transitions",
    ]);
    expect(fromTorch(whole, torch).weights).toEqual(weights);
    expect(Object.keys(toKeras(whole, weights).weights).map((key) => key.split("/").pop())).toEqual([
      "chain_kernel",
      "left_boundary",
      "right_boundary",
    ]);
    const alone = model([{ ...own, boundaries: false }], ["crf"]);
    const { "crf.transitions": transitions } = weights;
    const tf1 = toTf1(alone, { "crf.transitions": transitions }).weights;
    expect(Object.keys(tf1)).toEqual(["crf/transitions"]);
    expect(fromTf1(alone, tf1).weights).toEqual({ "crf.transitions": transitions });
    expect(thrown(() => toTf1(whole, weights))).toContain("the CRF of TensorFlow 1 has transitions alone");
    expect(thrown(() => toTorch(alone, { "crf.transitions": transitions }))).toContain(
      "pytorch-crf always has them",
    );
  });
});
