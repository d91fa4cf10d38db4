import { describe, expect, it } from "vitest";
import {
  builtin,
  compile,
  convolution,
  type HostTensor,
  input,
  isUnrollError,
  positionalEmbedding,
  type PositionalEmbeddingSpec,
  spec,
  type Spec,
  specWeights,
  tensor,
  whyNotSteppable,
} from "../index.js";
import { fromKeras, fromTf1, fromTorch } from "../weights.js";

type Options = Partial<Omit<PositionalEmbeddingSpec, "type">>;

const SIZE = 2;
const table = tensor([
  [1, 2],
  [10, 20],
  [100, 200],
  [1000, 2000],
]);
const model = (more: Options = {}, axis = "time"): Spec =>
  spec({
    name: "m",
    inputs: [input({ name: "x", shape: [SIZE], axis })],
    layers: [positionalEmbedding({ name: "at", input: "x", inputSize: SIZE, maxLength: 4, ...more })],
  });
const load = (of: Spec) => compile(of, { adapter: builtin(), weights: { "at.table": table } });
const zeros = (batch: number, time: number): HostTensor<"float32"> =>
  tensor(new Float32Array(batch * time * SIZE), [batch, time, SIZE]);
/** The first feature of every step, of each row. */
const firsts = ({ data, shape: [batch, time] }: HostTensor): number[][] =>
  Array.from({ length: batch! }, (_, row) =>
    Array.from({ length: time! }, (_unused, t) => data[(row * time! + t) * SIZE]!),
  );
const messageOf = async (run: () => Promise<unknown>): Promise<string> => {
  try {
    await run();
    return "none";
  } catch (error) {
    return isUnrollError(error) ? `${error.code} ${error.message}` : String(error);
  }
};

describe("a positional embedding", () => {
  it("adds the row of each position, and counts on from its state", async () => {
    const at = await load(model());
    const { output, state } = await at.sequence(
      tensor([
        [
          [5, 5],
          [5, 5],
          [5, 5],
        ],
      ]),
    );
    expect(firsts(output)).toEqual([[6, 15, 105]]);
    expect((await state.toTypedArrays())["at"]!["position"]).toEqual(tensor([3], [1], "int32"));
    const { output: last } = await at.sequence(zeros(1, 1), { state });
    expect(firsts(last)).toEqual([[1000]]);
  });

  it("is by steps and in pieces what it is whole", async () => {
    const at = await load(model());
    let state = at.zeroState(2);
    const stepped: number[] = [];
    for (let t = 0; t < 4; t++) {
      const result = await at.step(tensor(new Float32Array(2 * SIZE), [2, SIZE]), state);
      state = result.state;
      stepped.push(result.output.data[0]!);
    }
    expect(firsts((await at.sequence(zeros(2, 4))).output)[1]).toEqual(stepped);
    expect(stepped).toEqual([1, 10, 100, 1000]);
  });

  it("gives steps that are not real no position, unless it is to ignore that", async () => {
    const lengths = [2, 0, 3];
    const skips = await load(model());
    const own = await skips.sequence(zeros(3, 3), { lengths });
    expect(firsts(own.output)).toEqual([
      [1, 10, 0],
      [0, 0, 0],
      [1, 10, 100],
    ]);
    expect(Array.from((await own.state.toTypedArrays())["at"]!["position"]!.data)).toEqual(lengths);
    const mask = [
      [0, 1, 1],
      [1, 0, 1],
    ];
    const gaps = await skips.sequence(zeros(2, 3), { mask });
    expect(firsts(gaps.output)).toEqual([
      [0, 1, 10],
      [1, 0, 10],
    ]);
    expect(Array.from((await gaps.state.toTypedArrays())["at"]!["position"]!.data)).toEqual([2, 2]);
    const ignores = await load(model({ maskedSteps: "ignore" }));
    const all = await ignores.sequence(zeros(2, 3), { mask });
    expect(firsts(all.output)).toEqual([
      [1, 10, 100],
      [1, 10, 100],
    ]);
    expect(Array.from((await all.state.toTypedArrays())["at"]!["position"]!.data)).toEqual([3, 3]);
  });

  it("refuses a sequence longer than its table, and gives steps past it NaN", async () => {
    const at = await load(model());
    expect(await messageOf(() => at.sequence(zeros(1, 5)))).toBe(
      'UNROLL_SHAPE program "m sequence" run: expected time to be at most 4, got 5; ' +
        "a layer has positions for so many steps; feed shorter sequences, or give it more",
    );
    expect(await messageOf(() => at.sequence(zeros(2, 5), { lengths: [1, 2] }))).toContain(
      "at most 4, got 5",
    );
    const { state } = await at.sequence(zeros(1, 3));
    expect(firsts((await at.sequence(zeros(1, 2), { state })).output)).toEqual([[1000, NaN]]);
    const before = { at: { position: tensor([-1], [1], "int32") } };
    expect(firsts((await at.sequence(zeros(1, 2), { state: before })).output)).toEqual([[NaN, 1]]);
    const after = { at: { position: tensor([4], [1], "int32") } };
    expect((await at.step(tensor([[0, 0]]), after)).output.data[0]).toBeNaN();
  });

  it("refuses by the shortest table along an axis, whichever value reads it", async () => {
    const two = spec({
      name: "two",
      inputs: [input({ name: "x", shape: [SIZE] }), input({ name: "y", shape: [SIZE], axis: "other" })],
      layers: [
        positionalEmbedding({ name: "long", input: "x", inputSize: SIZE, maxLength: 9 }),
        positionalEmbedding({ name: "short", input: "long", inputSize: SIZE, maxLength: 3 }),
      ],
      outputs: ["short"],
    });
    const weights = Object.fromEntries(
      specWeights(two).map(({ name, shape }) => [name, tensor(new Float32Array(shape[0]! * SIZE), shape)]),
    );
    const both = await compile(two, { adapter: builtin(), weights });
    expect(await messageOf(() => both.sequence({ x: zeros(1, 4), y: zeros(1, 2) }))).toContain(
      "time to be at most 3",
    );
    expect(await messageOf(() => both.sequence({ x: zeros(1, 3), y: zeros(1, 12) }))).toBe("none");
  });

  it("runs along an axis that a layer makes, NaN past its table", async () => {
    const frames = spec({
      name: "frames",
      inputs: [input({ name: "x", shape: [SIZE] })],
      layers: [
        convolution({
          name: "every",
          input: "x",
          inputShape: [SIZE],
          filters: SIZE,
          kernelSize: [1],
          strides: [2],
          axis: "frames",
        }),
        positionalEmbedding({ name: "at", input: "every", inputSize: SIZE, maxLength: 2 }),
      ],
    });
    const weights = {
      "every.kernel": tensor(new Float32Array(4), [1, 2, 2]),
      "every.bias": tensor([0, 0]),
      "at.table": tensor([
        [1, 2],
        [10, 20],
      ]),
    };
    const at = await compile(frames, { adapter: builtin(), weights });
    expect(firsts((await at.sequence(zeros(1, 5))).output)).toEqual([[1, 10, NaN]]);
  });

  it("says why it can't be stepped along another axis, and what it can't read", () => {
    expect(whyNotSteppable(model())).toBeNull();
    expect(whyNotSteppable(model({}, "words"))).toBe(
      'positional embedding "at" runs along "words", which is there as a whole',
    );
    expect(() => model({ inputSize: 3 })).toThrow("inputSize");
    expect(() => model({ maxLength: 0 })).toThrow("maxLength");
    expect(() => model({ maskedSteps: "zeros" as never })).toThrow("maskedSteps");
    const of = (more: object): Spec =>
      spec({
        name: "m",
        inputs: [input({ name: "x", shape: [3, SIZE], ...more })],
        layers: [positionalEmbedding({ name: "at", input: "x", inputSize: SIZE, maxLength: 4 })],
      });
    expect(() => of({})).toThrow("a sequence of vectors");
    expect(() => of({ axis: null, shape: [SIZE] })).toThrow("a float32 sequence");
  });

  it("has its table under the names of other frameworks", () => {
    const held = { dtype: "F32", shape: [4, SIZE], data: table.data } as const;
    expect(fromTorch(model(), { "at.weight": held }).weights["at.table"]!.data).toEqual(table.data);
    expect(fromKeras(model(), { "at/embeddings": held }).weights["at.table"]!.data).toEqual(table.data);
    expect(fromTf1(model(), { at: held }).weights["at.table"]!.data).toEqual(table.data);
  });
});
