import { describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import { isUnrollError } from "../contract/error.js";
import { tensor } from "../contract/tensor.js";
import { compile } from "../model/compile.js";
import {
  concatTime,
  cropTime,
  gruCell,
  input,
  padTime,
  pickStep,
  recurrent,
  reduceTime,
  repeat,
  spec,
  upsampleTime,
} from "../specification/build.js";
import { whyNotSteppable } from "../specification/state.js";
import type { LayerSpec, Spec } from "../specification/types.js";

const numbers = input({ name: "x", shape: [] });
const at = { name: "out", input: "x" } as const;
const own = { ...at, axis: "frames" } as const;
const of = (layer: LayerSpec | readonly LayerSpec[], x = numbers): Spec =>
  spec({ name: "one", inputs: [x], layers: [layer].flat() });

const pad = padTime({ ...own, before: 1, after: 2 });
const crop = cropTime({ ...own, before: 1, after: 1 });
const twice = upsampleTime({ ...own, times: 2 });
const joined = concatTime({ name: "out", inputs: ["x", "x"], axis: "frames" });
const mean = reduceTime({ name: "mean", input: "out", mode: "mean" });

const [LENGTHS, MASK] = [{ lengths: [3, 1] }, { mask: tensor([0, 1, 1, 1, 0, 0], [2, 3], "bool") }];

/** What layers make of two rows of numbers, 1 2 3 and 4 5 6. */
async function made(layers: LayerSpec | readonly LayerSpec[], how: object = {}): Promise<number[][]> {
  const model = await compile(of(layers), { adapter: builtin(), weights: {} });
  const { output } = await model.sequence({ x: tensor([1, 2, 3, 4, 5, 6], [2, 3]) }, how);
  const half = output.data.length / 2;
  return [[...output.data.slice(0, half)], [...output.data.slice(half)]];
}

describe("layers with a time axis of their own", () => {
  it.each<[string, LayerSpec, number[][]]>([
    [
      "pad",
      pad,
      [
        [0, 1, 2, 3, 0, 0],
        [0, 4, 5, 6, 0, 0],
      ],
    ],
    ["crop", crop, [[2], [5]]],
    [
      "upsample",
      twice,
      [
        [1, 1, 2, 2, 3, 3],
        [4, 4, 5, 5, 6, 6],
      ],
    ],
    [
      "join",
      joined,
      [
        [1, 2, 3, 1, 2, 3],
        [4, 5, 6, 4, 5, 6],
      ],
    ],
  ])("%s every step that is there", async (_name, layer, rows) => {
    expect(await made(layer)).toEqual(rows);
    expect(await made({ ...layer, maskedSteps: "ignore" } as LayerSpec, LENGTHS)).toEqual(rows);
  });

  it.each<[string, LayerSpec, number[][], number[][]]>([
    [
      "pad",
      pad,
      [
        [0, 1, 2, 3, 0, 0],
        [0, 4, 0, 0, 0, 0],
      ],
      [
        [0, 2, 3, 0, 0, 0],
        [0, 4, 0, 0, 0, 0],
      ],
    ],
    ["crop", crop, [[2], [0]], [[0], [0]]],
    [
      "upsample",
      twice,
      [
        [1, 1, 2, 2, 3, 3],
        [4, 4, 0, 0, 0, 0],
      ],
      [
        [2, 2, 3, 3, 0, 0],
        [4, 4, 0, 0, 0, 0],
      ],
    ],
    [
      "join",
      joined,
      [
        [1, 2, 3, 1, 2, 3],
        [4, 4, 0, 0, 0, 0],
      ],
      [
        [2, 3, 2, 3, 0, 0],
        [4, 4, 0, 0, 0, 0],
      ],
    ],
  ])("%s a row as if it were alone", async (_name, layer, byLengths, byMask) => {
    expect(await made(layer, LENGTHS)).toEqual(byLengths);
    expect(await made(layer, MASK)).toEqual(byMask);
  });

  it("say to what follows where their rows end", async () => {
    expect(await made([pad, mean], LENGTHS)).toEqual([[1], [1]]);
    expect(await made([crop, mean], LENGTHS)).toEqual([[2], [0]]);
    expect(await made([twice, mean], MASK)).toEqual([[2.5], [4]]);
    expect(await made([joined, mean], MASK)).toEqual([[2.5], [4]]);
    const kept = [{ ...pad, maskedSteps: "ignore" }, mean] as const;
    expect(await made(kept, LENGTHS)).toEqual([[1], [2.5]]);
  });

  it("join sequences of different times, each with ends of its own", async () => {
    const model = await compile(
      spec({
        name: "two",
        inputs: [numbers, input({ name: "words", shape: [], axis: "words" })],
        layers: [
          concatTime({ name: "out", inputs: ["words", "x"], axis: "both" }),
          pickStep({ name: "last", input: "out", step: "lastReal" }),
        ],
        outputs: ["out", "last"],
      }),
      { adapter: builtin(), weights: {} },
    );
    const feeds = { x: tensor([1, 2, 3, 4, 5, 6], [2, 3]), words: tensor([7, 8, 9, 10], [2, 2]) };
    const { outputs } = await model.sequence(feeds, { lengths: { words: [1, 0], time: [2, 3] } });
    expect([...outputs["out"]!.data]).toEqual([7, 1, 2, 0, 0, 4, 5, 6, 0, 0]);
    expect([...outputs["last"]!.data]).toEqual([2, 6]);
    const some = await model.sequence(feeds, { lengths: { time: [1, 2] } });
    expect([...some.outputs["out"]!.data]).toEqual([7, 8, 1, 0, 0, 9, 10, 4, 5, 0]);
  });

  it("leave a sequence as it is where nothing is to be done, in the same time", async () => {
    for (const layer of [padTime(at), cropTime(at), upsampleTime({ ...at, times: 1 })]) {
      expect(await made(layer)).toEqual([
        [1, 2, 3],
        [4, 5, 6],
      ]);
      expect(await made(layer, MASK)).toEqual([
        [0, 2, 3],
        [4, 0, 0],
      ]);
      expect(whyNotSteppable(of(layer))).toBeNull();
    }
  });

  it("refuse a sequence of which nothing would be left, before the engine", async () => {
    let error: unknown;
    try {
      await made(cropTime({ ...own, before: 2, after: 1 }));
    } catch (thrown) {
      error = thrown;
    }
    expect(isUnrollError(error) && error.code).toBe("UNROLL_SHAPE");
    expect((error as Error).message).toContain(
      "expected time - 3 to be at least 1, got 0 with batch 2, time 3; feed a longer one",
    );
  });

  it.each<[string, () => Spec, string]>([
    [
      "padding without a name for its time",
      () => of(padTime({ ...at, after: 1 })),
      "layers[0].axis: expected a name",
    ],
    ["a name for the time that stays", () => of(padTime(own)), "expected null, as the output is as long"],
    ["no times", () => of(upsampleTime({ ...own, times: 0 })), "a whole number of at least 1"],
    ["too many times", () => of(upsampleTime({ ...own, times: 2 ** 20 + 1 })), "of at most 1048576"],
    ["a negative crop", () => of(cropTime({ ...own, before: -1 })), "expected a whole number from 0"],
    [
      "the input's time",
      () => of(padTime({ ...own, axis: "time", after: 1 })),
      "a time axis that is not there yet",
    ],
    [
      "what has no time",
      () => of(pad, input({ name: "x", shape: [2], axis: null })),
      "expected a float32 sequence",
    ],
    [
      "ids",
      () => of(joined, input({ name: "x", dtype: "int32", shape: [] })),
      "float32 sequences of equal features",
    ],
    [
      "a sequence and a vector in turn",
      () =>
        of([
          reduceTime({ name: "mean", input: "x", mode: "mean" }),
          concatTime({ name: "out", inputs: ["x", "mean"], axis: "frames" }),
        ]),
      'got ["float32 time []","float32 []"]; repeat makes a sequence',
    ],
  ])("refuse %s", (_name, build, text) => {
    let error: unknown;
    try {
      build();
    } catch (thrown) {
      error = thrown;
    }
    expect(isUnrollError(error) && error.code).toBe("UNROLL_SPEC");
    expect((error as Error).message).toContain(text);
  });

  it("say why they can't be stepped, and can be along what is there as a whole", () => {
    expect(whyNotSteppable(of(pad))).toBe(
      'layer "out" gives steps that its input has none for; leave it out and feed the zeros yourself',
    );
    expect(whyNotSteppable(of(crop))).toContain("drop those outputs yourself");
    expect(whyNotSteppable(of(twice))).toContain("gives 2 steps for each of its input");
    expect(whyNotSteppable(of(joined))).toContain("puts sequences one after the other");
    const words = input({ name: "x", shape: [], axis: "words" });
    for (const layer of [pad, crop, twice, joined]) {
      expect(whyNotSteppable(of(layer, words))).toBeNull();
      expect(whyNotSteppable(of({ ...layer, axis: "time" } as LayerSpec, words))).toContain(
        'has all of "time" at once',
      );
    }
  });

  it("can be read whole by what is stepped", async () => {
    const steps = spec({
      name: "beside",
      inputs: [input({ name: "x", shape: [1] }), input({ name: "words", shape: [1], axis: "words" })],
      layers: [
        padTime({ name: "padded", input: "words", axis: "padded", after: 1 }),
        pickStep({ name: "first", input: "padded", step: "first" }),
        repeat({ name: "again", input: "first", steps: 3 + 1, axis: "again" }),
        upsampleTime({ name: "more", input: "again", axis: "more", times: 2 }),
        reduceTime({ name: "sum", input: "more", mode: "sum" }),
        recurrent({ name: "gru", input: "x", cell: gruCell({ inputSize: 1, units: 1 }) }),
      ],
      outputs: ["sum", "gru"],
    });
    expect(whyNotSteppable(steps)).toBeNull();
  });
});
