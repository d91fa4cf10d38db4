import { describe, expect, it } from "vitest";
import { isUnrollError } from "../contract/error.js";
import { modelFromJson } from "./index.js";

// JSON that is made to hurt: one error, at once, whatever stands where.

const layer = (className: string, config: object, nodes: unknown = [], name: unknown = "l") => ({
  class_name: className,
  name,
  config: { name, ...config },
  inbound_nodes: nodes,
});
const inputOf = (config: object = {}) =>
  layer("InputLayer", { batch_input_shape: [null, null, 3], ...config }, [], "x");
const sequence = (...layers: object[]) => ({ class_name: "Sequential", config: { name: "s", layers } });
const graph = (layers: object[], last: string, application = 0) => ({
  class_name: "Functional",
  config: { name: "f", layers, input_layers: [["x", 0, 0]], output_layers: [[last, application, 0]] },
});
const nested = (depth: number): unknown => {
  let made: unknown = [];
  for (let k = 0; k < depth; k++) made = [made];
  return made;
};
const first = { batch_input_shape: [null, 4, 3] };

/** An object that no text can be made of. */
const textless: unknown = JSON.parse('{"toString": 1, "valueOf": 1}');

const circle: Record<string, unknown> = { class_name: "Sequential" };
circle["config"] = { layers: [circle, circle] };
const around: Record<string, unknown> = {};
around["modelTopology"] = around;

/** A model of a model of a model, each of which applies the one within eight times. */
const multiplied = (depth: number): object =>
  graph(
    [
      layer("InputLayer", { batch_input_shape: [null, 3] }, [], "x"),
      depth === 0
        ? layer("Dense", { units: 3 }, [[["x", 0, 0, {}]]])
        : {
            ...multiplied(depth - 1),
            name: "l",
            inbound_nodes: Array.from({ length: 8 }, (_, k) => [[k === 0 ? "x" : "l", k, 0, {}]]),
          },
    ],
    "l",
    depth === 0 ? 0 : 8,
  );

const chain = (length: number): object[] =>
  Array.from({ length }, (_, k) =>
    layer("Dense", { units: 1 }, [[[k ? `d${k - 1}` : "x", 0, 0, {}]]], `d${k}`),
  );

const cases: readonly (readonly [what: string, json: object | string, answer: string])[] = [
  ["what stands around a model around itself", around, "nested 128 deep at most"],
  ["a model within itself", circle, "nested 128 deep at most"],
  [
    "arguments in lists without end",
    graph([inputOf(), layer("LSTM", { units: 2 }, [{ args: nested(50_000) }])], "l"),
    "nested 128 deep",
  ],
  [
    "keywords in lists without end",
    graph([inputOf(), layer("LSTM", { units: 2 }, [[["x", 0, 0, { mask: nested(50_000) }]]])], "l"),
    "nested 128 deep",
  ],
  [
    "outputs in lists without end",
    {
      class_name: "Functional",
      config: { layers: [inputOf()], input_layers: [["x", 0, 0]], output_layers: nested(50_000) },
    },
    "nested 128 deep",
  ],
  [
    "a text of brackets",
    `{"config": ${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    "UNROLL_FORMAT modelFromJson",
  ],
  ["models that multiply", multiplied(6), "at most 2048 applications of layers"],
  [
    "a chain that no stack holds",
    graph([inputOf({ batch_input_shape: [null, 3] }), ...chain(20_000)], "d19999"),
    "at most 2048 applications",
  ],
  [
    "a chain of layers alone",
    sequence(...Array.from({ length: 20_000 }, (_, k) => layer("Dense", { units: 1 }, [], `d${k}`))),
    "at most 2048 applications",
  ],
  [
    "a layer that reads itself",
    graph([inputOf(), layer("LSTM", { units: 2 }, [[["l", 0, 0, {}]]])], "l"),
    "a circle of l",
  ],
  [
    "an application far from any",
    graph([inputOf(), layer("LSTM", { units: 2 }, [[["x", 1e15, 0, {}]]])], "l"),
    "a circle of l",
  ],
  [
    "an output far from any",
    graph([inputOf(), layer("LSTM", { units: 2 }, [[["x", 0, 1e15, {}]]])], "l"),
    'expected 1 outputs of "x"',
  ],
  [
    "a name of no text",
    sequence(layer("LSTM", { units: 2, ...first }, [], textless)),
    "expected a name, got",
  ],
  ["an unknown class whose name is no text", sequence(layer("Nope", {}, [], textless)), "got Nope {"],
  [
    "an input whose name is no text",
    sequence(layer("InputLayer", first, [], textless)),
    "expected a name, got",
  ],
  [
    "an input of a dtype of no text",
    sequence(inputOf({ dtype: textless })),
    'InputLayer "x" dtype: expected float32, int32',
  ],
  [
    "an input of a list of dtypes",
    sequence(inputOf({ dtype: ["float32"] })),
    'InputLayer "x" dtype: expected float32, int32',
  ],
  [
    "an input of sizes of no text",
    sequence(inputOf({ batch_input_shape: [null, textless] })),
    "UNROLL_SHAPE input",
  ],
  [
    "an activation of no text",
    sequence(layer("LSTM", { units: 2, activation: textless, ...first })),
    "expected an activation of",
  ],
  [
    "units of no text",
    sequence(layer("LSTM", { units: textless, ...first })),
    "expected units as a whole number",
  ],
  [
    "a scoreMode of no text",
    sequence(layer("Attention", { score_mode: textless })),
    "expected scoreMode dot or concat",
  ],
  [
    "a number of steps of no text",
    sequence(layer("RepeatVector", { n: textless })),
    "expected n as a whole number",
  ],
  [
    "axes of no text",
    sequence(layer("Permute", { dims: [textless, textless], ...first })),
    "expected dims with each axis",
  ],
  [
    "attention axes of no text",
    sequence(layer("MultiHeadAttention", { attention_axes: textless })),
    "expected [1], got",
  ],
  [
    "groups of no text",
    sequence(layer("GroupNormalization", { groups: textless, batch_input_shape: [null, 3] })),
    "expected groups as a divisor",
  ],
  ["units beyond every size", sequence(layer("LSTM", { units: 2 ** 53, ...first })), "UNROLL_SPEC"],
  ["a cell in a layer's place", sequence(layer("LSTMCell", { units: 2 })), "expected a layer, got LSTMCell"],
  [
    "a layer in a cell's place",
    sequence(layer("RNN", { cell: layer("LSTM", { units: 2 }), ...first })),
    "expected a cell, got LSTM",
  ],
  [
    "an operation on masks in a layer's place",
    sequence(layer("NotEqual", {})),
    "expected a layer, got NotEqual",
  ],
  [
    "an input in a layer's place",
    sequence(layer("TimeDistributed", { layer: inputOf() })),
    "expected a layer, got InputLayer",
  ],
  ["a program in a layer's place", sequence(layer("Nope", { kind: "custom" })), "expected a layer, got Nope"],
  [
    "a program without its parts",
    sequence(layer("RNN", { cell: { class_name: "a", config: { kind: "custom", name: "a" } }, ...first })),
    "UNROLL_SPEC spec .cell",
  ],
  [
    "a program whose name is no text",
    sequence(
      layer("RNN", { cell: { class_name: "a", config: { kind: "custom", name: textless } }, ...first }),
    ),
    "UNROLL_SPEC spec .cell",
  ],
  [
    "names of every object's",
    graph(
      [layer("InputLayer", first, [], "__proto__"), layer("LSTM", { units: 2 }, [[["__proto__", 0, 0, {}]]])],
      "l",
    ),
    'layer of __proto__, l, got "x"',
  ],
];

describe("JSON that is made to hurt", () => {
  it.each(cases)("%s", (_what, json, answer) => {
    const start = performance.now();
    let said = "nothing";
    try {
      // A chain of layers is wired when something asks for it.
      modelFromJson(json).countParams();
    } catch (error) {
      if (!isUnrollError(error)) throw error;
      said = `${error.code} ${error.message}`;
    }
    expect(said).toContain(answer);
    expect(said.length).toBeLessThan(2000);
    // Far more than any takes, and far less than what grows with the square or the power of a file's size.
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it("is not a long chain, in whichever order, whose layers are many but not too many", () => {
    const layers = chain(700);
    const [forward, backward] = [layers, [...layers].reverse()].map((list) =>
      modelFromJson(graph([inputOf({ batch_input_shape: [null, 3] }), ...list], "d699")),
    );
    expect(forward!.countParams()).toBe(1402);
    expect(backward!.spec).toEqual(forward!.spec);
  });
});
