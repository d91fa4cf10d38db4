import { describe, expect, it } from "vitest";
import {
  attention,
  compile,
  convolution,
  dense,
  input,
  lstmCell,
  merge,
  pool,
  recurrent,
  repeat,
  spec,
  specWeights,
  type Spec,
  tensor,
  validateSpec,
  whyNotSteppable,
  builtin,
} from "../index.js";

const numbers = (shape: readonly number[]) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(k + 1) / 2),
    shape,
  );
const load = (one: Spec, more: { timeMajor?: boolean } = {}) =>
  compile(one, {
    adapter: builtin(),
    weights: Object.fromEntries(specWeights(one).map(({ name, shape }) => [name, numbers(shape)])),
    ...more,
  });

describe("a layer with windows that makes the axis of steps of another", () => {
  const of = (axis: string, layer: "convolution" | "pool"): Spec =>
    spec({
      name: "made",
      inputs: [input({ name: "read", shape: [3], axis: "source" })],
      layers: [
        layer === "pool"
          ? pool({ name: "made", input: "read", kind: "max", kernelSize: [2], axis })
          : convolution({ name: "made", input: "read", inputShape: [3], filters: 3, kernelSize: [2], axis }),
      ],
    });

  it.each(["convolution", "pool"] as const)(
    "has all of it at once, so that a %s is not stepped",
    async (layer) => {
      expect(whyNotSteppable(of("time", layer))).toBe(
        'layer "made" has all of "time" at once; name its axis otherwise',
      );
      expect(whyNotSteppable(of("frames", layer))).toBeNull();
      const whole = await load(of("time", layer));
      const named = await load(of("frames", layer));
      const x = numbers([2, 5, 3]);
      const [one, other] = [await whole.sequence(x), await named.sequence(x)];
      expect(one.output).toEqual(other.output);
    },
  );
});

const inputs = [input({ name: "words", shape: [2] }), input({ name: "read", shape: [3], axis: "source" })];
const decoder = spec({
  name: "decoder",
  inputs,
  outputs: ["next", "look.weights"],
  layers: [
    recurrent({ name: "write", input: "words", cell: lstmCell({ inputSize: 2, units: 3 }) }),
    attention({
      name: "look",
      query: "write",
      value: "read",
      inputSize: 3,
      score: "additive",
      scale: "vector",
    }),
    merge({ name: "seen", inputs: ["write", "look"], mode: "concat" }),
    dense({ name: "next", input: "seen", inputSize: 6, units: 2 }),
  ],
});
const translator = spec({
  name: "translator",
  inputs,
  layers: [
    recurrent({ name: "encoder", input: "read", cell: lstmCell({ inputSize: 3, units: 3 }) }),
    recurrent({
      name: "write",
      input: "words",
      cell: lstmCell({ inputSize: 2, units: 3 }),
      initialState: { h: "encoder.h", c: "encoder.c" },
    }),
    attention({ name: "look", query: "write", value: "encoder", inputSize: 3 }),
  ],
});
const given = { words: numbers([2, 4, 2]), read: numbers([2, 5, 3]) };

describe("time axes", () => {
  it("are as long as they are, each by itself", async () => {
    const model = await load(decoder);
    const { outputs } = await model.sequence(given);
    expect(outputs["next"]!.shape).toEqual([2, 4, 2]);
    expect(outputs["look.weights"]!.shape).toEqual([2, 4, 5]);
    expect(
      (await model.sequence({ ...given, read: numbers([2, 1, 3]) })).outputs["look.weights"]!.data.every(
        (share) => share === 1,
      ),
    ).toBe(true);
  });

  it("end by row: what is past the end has no weight, and nothing to look at gives zeros", async () => {
    const { outputs } = await (
      await load(decoder)
    ).sequence(given, {
      lengths: { source: [3, 0] },
      mask: {
        time: [
          [1, 1, 1, 1],
          [1, 1, 1, 1],
        ],
      },
    });
    const weights = outputs["look.weights"]!.data as Float32Array;
    for (let t = 0; t < 4; t++) {
      expect(Array.from(weights.subarray(5 * t + 3, 5 * t + 5))).toEqual([0, 0]);
      const total = weights.subarray(5 * t, 5 * t + 3).reduce((a, b) => a + b, 0);
      // Each of three shares is divided by one total: two roundings of that, and one of each share.
      expect(Math.abs(total - 1)).toBeLessThanOrEqual(3 * 2 ** -24);
    }
    expect(weights.subarray(20).every((share) => share === 0)).toBe(true);
  });

  it("come time first where the model is time-major, also those that a step sees whole", async () => {
    const [one, other] = [await load(decoder), await load(decoder, { timeMajor: true })];
    const step = { words: numbers([1, 2]), read: numbers([1, 5, 3]) };
    const turned = { ...step, read: numbers([5, 1, 3]) };
    expect(
      (await other.step(turned, other.zeroState(1), { mask: { source: [[1], [0], [1], [1], [0]] } })).output
        .data,
    ).toEqual((await one.step(step, one.zeroState(1), { mask: { source: [[1, 0, 1, 1, 0]] } })).output.data);
  });

  it("steps of a decoder are what the whole is", async () => {
    const model = await load(decoder);
    const { outputs: whole } = await model.sequence(given, { lengths: { source: [5, 2] } });
    let state: Parameters<typeof model.step>[1] = model.zeroState(2);
    for (let t = 0; t < 4; t++) {
      const words = tensor(
        Float32Array.from(
          [0, 1].flatMap((row) =>
            Array.from(given.words.data.subarray((row * 4 + t) * 2, (row * 4 + t + 1) * 2)),
          ),
        ),
        [2, 2],
      );
      const next = await model.step({ words, read: given.read }, state, { lengths: { source: [5, 2] } });
      state = next.state;
      for (let row = 0; row < 2; row++)
        // A step is the same operations in the same order, so it gives the same bits.
        expect(next.outputs["look.weights"]!.data.subarray(row * 5, row * 5 + 5)).toEqual(
          whole["look.weights"]!.data.subarray((row * 4 + t) * 5, (row * 4 + t + 1) * 5),
        );
    }
  });

  it("refuse what does not fit, by name", async () => {
    const following = await load(translator);
    const { state } = await following.sequence(given);
    await expect(following.sequence(given, { state })).rejects.toThrow(
      'expected state parts encoder.h, encoder.c, got "write.h" too; leave it out; a layer that starts ' +
        "from other values takes none",
    );
    const model = await load(decoder);
    const two = numbers([2, 2]);
    await expect(model.sequence(given, { lengths: [4, 4] })).rejects.toThrow(
      'lengths: expected an object by time axis ("time", "source"), got a list; e.g. { time: ... }',
    );
    await expect(model.sequence(given, { lengths: { sauce: [5, 5] } })).rejects.toThrow(
      'lengths: expected time axes among "time", "source", got "sauce"',
    );
    await expect(model.sequence(given, { lengths: { source: [5, 6] } })).rejects.toThrow(
      "lengths.source[1]: expected a whole number from 0 to 5, got 6",
    );
    await expect(
      model.sequence(given, {
        lengths: { source: [5, 5] },
        mask: {
          source: [
            [1, 1, 1, 1, 1],
            [1, 1, 1, 1, 1],
          ],
        },
      }),
    ).rejects.toThrow("expected lengths or mask, got both");
    await expect(model.sequence({ ...given, read: numbers([2, 0, 3]) })).rejects.toThrow(
      'expected at least 1 along "source", got 0',
    );
    await expect(model.sequence({ ...given, words: numbers([2, 0, 2]) })).rejects.toThrow(
      'expected at least 1 along "time", got 0',
    );
    await expect(model.sequence({ ...given, read: numbers([3, 5, 3]) })).rejects.toThrow(
      "expected [batch = 2, source, 3], got [3, 5, 3]",
    );
    await expect(
      model.step({ words: two, read: given.read }, model.zeroState(2), { lengths: { time: [1, 1] } }),
    ).rejects.toThrow('expected time axes among "source", got "time"');
    await expect(model.step({ words: two, read: two }, model.zeroState(2))).rejects.toThrow(
      "expected [batch = 2, source, 3], got [2, 2]",
    );
    const plain = await load(
      spec({
        name: "plain",
        inputs: [input({ name: "x", shape: [2] })],
        layers: [recurrent({ name: "rnn", input: "x", cell: lstmCell({ inputSize: 2, units: 1 }) })],
      }),
    );
    await expect(plain.step(two, plain.zeroState(2), { lengths: [1, 1] })).rejects.toThrow(
      "step lengths: expected none, as a step has no time axis, got some; remove it",
    );
    await expect((await load(translator)).step({ words: two, read: given.read }, {})).rejects.toThrow(
      'layer "encoder" runs along "source", which is there as a whole (make it a model of its own',
    );
  });

  it("need not be steppable: attention to the steps themselves is not", () => {
    expect(whyNotSteppable(decoder)).toBeNull();
    expect(
      whyNotSteppable(
        spec({
          name: "self",
          inputs: [input({ name: "x", shape: [2] })],
          layers: [attention({ name: "look", query: "x", value: "x", inputSize: 2 })],
        }),
      ),
    ).toBe('attention "look" looks at all of "time"');
  });
});

describe("a spec with attention", () => {
  const look = { name: "look", query: "words", value: "read", inputSize: 2 };
  const made = (layers: Spec["layers"], outputs?: readonly string[]) => () =>
    spec({ name: "m", inputs, layers, ...(outputs && { outputs }) });
  it.each<[string, () => unknown, string]>([
    [
      "a query of another size than the keys",
      made([attention(look)]),
      '.layers[0].key: expected a float32 sequence of vectors of 2, the layer\'s inputSize, got "read"',
    ],
    [
      "a query of another size than it says",
      made([attention({ ...look, inputSize: 3 })]),
      ".layers[0].query: expected float32 vectors of 3",
    ],
    [
      "values along another axis than the keys",
      made([attention({ ...look, key: "words" })]),
      '.layers[0].value: expected a float32 sequence of vectors along "time", the axis of key, got "read"',
    ],
    [
      "a scale for each feature of a dot product",
      made([attention({ ...look, value: "words", scale: "vector" })]),
      ".layers[0].scale: expected none or scalar for dot",
    ],
    [
      "a scale within a dot product",
      made([attention({ ...look, value: "words", innerScale: "scalar" })]),
      ".layers[0].innerScale: expected none for dot",
    ],
    [
      "weights that a layer reads",
      made([
        attention({ ...look, value: "words" }),
        dense({ name: "d", input: "look.weights", inputSize: 4, units: 1 }),
      ]),
      ".layers[1].input: expected a value with one time axis at most",
    ],
    [
      "sequences of two axes merged",
      made([merge({ name: "both", inputs: ["words", "read"], mode: "concat" })]),
      "concat needs one time axis and equal shapes but for the last axis",
    ],
    [
      "an axis called batch",
      () =>
        spec({
          name: "m",
          inputs: [input({ name: "x", shape: [2], axis: "batch" })],
          layers: [dense({ name: "d", input: "x", inputSize: 2, units: 1 })],
        }),
      '.inputs[0].axis: expected a time axis, got "batch"',
    ],
    [
      "an option of a builder that it does not have",
      () => input({ name: "x", shape: [2], sequence: false } as never),
      'input: expected options name, shape, dtype, axis, got "sequence"',
    ],
  ])("refuses %s", (_what, attempt, message) => {
    expect(attempt).toThrow(message);
  });

  it("is plain JSON, checked when it comes back", () => {
    expect(() => {
      validateSpec(JSON.parse(JSON.stringify(translator)));
    }).not.toThrow();
    const { axis: _axis, ...without } = inputs[0]!;
    expect(() => {
      validateSpec({ ...translator, inputs: [without, inputs[1]] });
    }).toThrow("spec .inputs[0].axis: expected a value, got undefined; a spec implies nothing; write it out");
  });
});

describe("a vector repeated", () => {
  const writer = (axis?: string) =>
    spec({
      name: "writer",
      inputs: [input({ name: "about", shape: [3], axis: null })],
      layers: [
        repeat({ name: "again", input: "about", steps: 4, ...(axis && { axis }) }),
        recurrent({ name: "write", input: "again", cell: lstmCell({ inputSize: 3, units: 2 }) }),
      ],
    });

  it("is what every step reads, and along time a step is given", async () => {
    const model = await load(writer());
    const about = numbers([2, 3]);
    const { output: whole } = await model.sequence(about);
    expect(whole.shape).toEqual([2, 4, 2]);
    let state: Parameters<typeof model.step>[1] = model.zeroState(2);
    for (let t = 0; t < 4; t++) {
      const next = await model.step(about, state);
      for (let row = 0; row < 2; row++)
        expect(next.output.data.subarray(2 * row, 2 * row + 2)).toEqual(
          whole.data.subarray((row * 4 + t) * 2, (row * 4 + t + 1) * 2),
        );
      state = next.state;
    }
  });

  it("has no lengths, as they are the spec's, and along another axis no steps", async () => {
    await expect((await load(writer())).sequence(numbers([2, 3]), { lengths: [2, 2] })).rejects.toThrow(
      "lengths: expected none, as no input has a time axis, got some; remove it",
    );
    expect(whyNotSteppable(writer("answer"))).toContain('layer "write" runs along "answer"');
  });

  it.each<[string, () => unknown, string]>([
    [
      "a sequence",
      () =>
        spec({
          name: "m",
          inputs: [input({ name: "x", shape: [2] })],
          layers: [repeat({ name: "again", input: "x", steps: 2, axis: "other" })],
        }),
      ".layers[0].input: expected a float32 value [batch, size] without time",
    ],
    [
      "an axis that an input has",
      () =>
        spec({
          name: "m",
          inputs: [input({ name: "x", shape: [2] }), input({ name: "v", shape: [2], axis: null })],
          layers: [repeat({ name: "again", input: "v", steps: 2 })],
        }),
      '.layers[0].axis: expected a time axis that is not there yet, got "time"',
    ],
    [
      "no steps",
      () =>
        spec({
          name: "m",
          inputs: [input({ name: "v", shape: [2], axis: null })],
          layers: [repeat({ name: "again", input: "v", steps: 0 })],
        }),
      ".layers[0].steps: expected a whole number of at least 1, got 0",
    ],
  ])("refuses %s", (_what, attempt, message) => {
    expect(attempt).toThrow(message);
  });
});

describe("a time axis", () => {
  it("may have the name of something that every object has", async () => {
    const named = spec({
      name: "named",
      inputs: [input({ name: "x", axis: "constructor", shape: [2] })],
      layers: [recurrent({ name: "toString", input: "x", cell: lstmCell({ inputSize: 2, units: 3 }) })],
    });
    const model = await load(named);
    const { output } = await model.sequence(numbers([1, 2, 2]), {
      mask: { constructor: [[true, false]] } as never,
    });
    expect(output.shape).toEqual([1, 2, 3]);
    expect([...output.data.slice(0, 3)].every((value) => value !== 0)).toBe(true);
    expect([...output.data.slice(3)]).toEqual([0, 0, 0]);
  });

  it("has no mask that its data do not fill", async () => {
    const cell = lstmCell({ inputSize: 2, units: 3 });
    const model = await load(
      spec({
        name: "m",
        inputs: [input({ name: "x", shape: [2] })],
        layers: [recurrent({ name: "l", input: "x", cell })],
      }),
    );
    const mask = { dtype: "bool", shape: [1, 2], data: new Uint8Array(1) } as const;
    await expect(model.sequence(numbers([1, 2, 2]), { mask })).rejects.toThrow(
      'model "m" sequence mask: expected 2 values for shape [1, 2], got 1',
    );
  });
});
