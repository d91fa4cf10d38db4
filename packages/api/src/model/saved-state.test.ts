import { describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import { isUnrollError } from "../contract/error.js";
import { tensor } from "../contract/tensor.js";
import { input, recurrent, simpleRnnCell, spec } from "../specification/build.js";
import type { Activation } from "../layers/activations.js";
import { specWeights } from "../specification/weights.js";
import { compile } from "./compile.js";
import { State } from "./saved-state.js";
import type { StateJson } from "./state.js";

async function messageOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (isUnrollError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "none";
}

function model(layer: string, activation: Activation = "tanh", name = "m") {
  const one = spec({
    name,
    inputs: [input({ name: "x", shape: [2] })],
    layers: [
      recurrent({ name: layer, input: "x", cell: simpleRnnCell({ inputSize: 2, units: 3, activation }) }),
    ],
  });
  const weights = Object.fromEntries(
    specWeights(one).map(({ name, shape }) => [
      name,
      tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.3), shape),
    ]),
  );
  return compile(one, { adapter: builtin(), weights });
}

const saved = (parts: unknown, more: object = {}): StateJson =>
  ({ format: "unroll.state", version: 1, parts, ...more }) as StateJson;
const one = { shape: [1, 1], data: "AACAPw==" };

describe("names of layers in states", () => {
  it.each(["constructor", "toString", "hasOwnProperty", "valueOf"])("may be %s", async (layer) => {
    const made = await model(layer);
    const { state } = await made.step([[1, 2]], made.zeroState(1));
    const whole = await made.sequence([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    const again = await made.step([[3, 4]], State.fromJSON(JSON.parse(JSON.stringify(state)) as StateJson));
    expect(again.output.data).toEqual(whole.output.data.slice(3));
    expect(Object.keys(await state.toTypedArrays())).toEqual([layer]);
    const empty = { dtype: "float32", shape: [1, 0, 2], data: new Float32Array(0) } as const;
    const none = await made.sequence(empty, { state });
    expect(await none.state.toTypedArrays()).toEqual(await state.toTypedArrays());
  });

  it("of a file change no prototype, whatever they are", async () => {
    const part = JSON.stringify(one);
    const text = `{"__proto__": {"polluted": ${part}}, "constructor": {"__proto__": ${part}}}`;
    const state = State.fromJSON(saved(JSON.parse(text)));
    const [json, plain] = [state.toJSON(), await state.toTypedArrays()];
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(Object.keys(json.parts)).toEqual(["__proto__", "constructor"]);
    expect(Object.keys(plain)).toEqual(["__proto__", "constructor"]);
    expect(await State.fromTypedArrays(plain).toTypedArrays()).toEqual(plain);
    const made = await model("rnn");
    const empty = { dtype: "float32", shape: [1, 0, 2], data: new Float32Array(0) } as const;
    expect(await messageOf(() => made.sequence(empty, { state }))).toContain('got "__proto__.polluted" too');
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain("polluted");
  });
});

describe("State.fromJSON", () => {
  it.each([
    ["no state", null],
    ["a text", "state"],
    ["no parts", saved(undefined)],
    ["null parts", saved(null)],
    ["a list of parts", saved([])],
    ["a layer of null", saved({ rnn: null })],
    ["a part of null", saved({ rnn: { h: null } })],
    ["a part of a number", saved({ rnn: { h: 3 } })],
    ["no shape", saved({ rnn: { h: { data: "" } } })],
    ["a negative shape", saved({ rnn: { h: { shape: [-1, -1], data: one.data } } })],
    ["a fraction", saved({ rnn: { h: { shape: [0.5, 2], data: one.data } } })],
    ["a huge shape", saved({ rnn: { h: { shape: [2 ** 40, 2 ** 40], data: one.data } } })],
    ["too many axes", saved({ rnn: { h: { shape: new Array(100).fill(1), data: one.data } } })],
    ["an unknown dtype", saved({ rnn: { h: { ...one, dtype: "__proto__" } } })],
    ["data of null", saved({ rnn: { h: { shape: [1, 1], data: null } } })],
    ["other letters", saved({ rnn: { h: { shape: [1, 1], data: "AACA*w==" } } })],
    ["spaces", saved({ rnn: { h: { shape: [1, 1], data: "AACA Pw=" } } })],
    ["no padding", saved({ rnn: { h: { shape: [1, 1], data: "AACAPw" } } })],
    ["bits after the end", saved({ rnn: { h: { shape: [1, 1], data: "AACAPx==" } } })],
    ["bytes after the end", saved({ rnn: { h: { shape: [1, 1], data: "AACAPwAA" } } })],
    ["a bool of 2", saved({ rnn: { h: { dtype: "bool", shape: [1], data: "Ag==" } } })],
    ["a model that is no text", saved({}, { model: 7 })],
  ])("refuses %s", async (_, json) => {
    expect(await messageOf(() => State.fromJSON(json as StateJson))).toContain(
      "UNROLL_FORMAT State.fromJSON",
    );
  });

  it("says that data are short by both counts", async () => {
    const cut = saved({ rnn: { h: { shape: [4, 4], data: one.data } } });
    expect(await messageOf(() => State.fromJSON(cut))).toContain(
      "expected 4 x 4 float32 values in base64, got 1",
    );
    const short = { rnn: { h: { dtype: "float32", shape: [4, 4], data: new Float32Array(15) } } } as const;
    expect(await messageOf(() => State.fromTypedArrays(short))).toContain(
      "expected 16 values for shape [4, 4], got 15",
    );
    const other = { rnn: { h: { dtype: "float32", shape: [1, 1], data: new Float64Array(1) } } };
    expect(await messageOf(() => State.fromTypedArrays(other as never))).toContain(
      "expected Float32Array for float32, got Float64Array",
    );
    expect(await messageOf(() => State.fromTypedArrays({ rnn: null } as never))).toContain("UNROLL_STATE");
  });
});

describe("the model that a state is of", () => {
  it("is known to a saved one, and another model refuses it unless told otherwise", async () => {
    const [tanh, relu, renamed] = await Promise.all([
      model("rnn"),
      model("rnn", "relu"),
      model("rnn", "tanh", "other name"),
    ]);
    const { state } = await tanh.step([[1, 2]], tanh.zeroState(1));
    const json = JSON.parse(JSON.stringify(state)) as StateJson;
    const { model: hash, ...old } = json;
    expect(hash).toMatch(/^[0-9a-f]{8}$/);
    const refused = 'UNROLL_STATE model "m" step: expected a state of this model\'s layers';
    expect(await messageOf(() => relu.step([[1, 2]], state))).toContain(refused);
    expect(await messageOf(() => relu.step([[1, 2]], State.fromJSON(json)))).toContain(refused);
    expect(await messageOf(() => relu.stepInto(new Float32Array(2), state, new Float32Array(3)))).toContain(
      "expected a state of this model's layers",
    );
    const empty = { dtype: "float32", shape: [1, 0, 2], data: new Float32Array(0) } as const;
    expect(await messageOf(() => relu.sequence(empty, { state }))).toContain("this model's layers");
    const want = (await tanh.step([[1, 2]], state)).output.data;
    expect((await renamed.step([[1, 2]], State.fromJSON(json))).output.data).toEqual(want);
    for (const taken of [
      State.fromJSON(json, { anySpec: true }),
      State.fromJSON(old),
      await state.toTypedArrays(),
    ])
      expect(await messageOf(() => relu.step([[1, 2]], taken))).toBe("none");
    expect(await messageOf(() => State.fromJSON(json, { anyspec: true } as never))).toContain(
      "UNROLL_ARGUMENT",
    );
  });
});
