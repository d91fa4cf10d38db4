import { describe, expect, it } from "vitest";
import {
  activation,
  bidirectional,
  dense,
  embedding,
  gruCell,
  input,
  lstmCell,
  merge,
  recurrent,
  simpleRnnCell,
  spec,
} from "./build.js";
import { specState, whyNotSteppable } from "./state.js";
import { validateSpec } from "./validate.js";
import { assertSpecWeights, specWeights } from "./weights.js";

const tagger = spec({
  name: "tagger",
  inputs: [input({ name: "words", dtype: "int32", shape: [] })],
  layers: [
    embedding({ name: "embed", input: "words", inputSize: 11, outputSize: 4 }),
    bidirectional({
      name: "bi",
      input: "embed",
      forward: lstmCell({ inputSize: 4, units: 3 }),
      backward: gruCell({ inputSize: 4, units: 2 }),
    }),
    dense({ name: "tags", input: "bi", inputSize: 5, units: 7, activation: "softmax" }),
  ],
});

/** A deep copy with one place changed. */
function changed(path: string, value: unknown): unknown {
  const copy = structuredClone(tagger) as unknown as Record<string, unknown>;
  const keys = path.split(".");
  let at = copy;
  for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[keys[keys.length - 1]!] = value;
  return copy;
}

describe("spec", () => {
  it("survives JSON with every choice written out", () => {
    const again: unknown = JSON.parse(JSON.stringify(tagger));
    expect(again).toEqual(tagger);
    expect(() => validateSpec(again)).not.toThrow();
    expect(tagger.layers[1]).toMatchObject({
      merge: "concat",
      maskedOutput: "zero",
      heldStart: "zeros",
      initialState: null,
      returns: "sequence",
    });
  });

  it.each([
    [
      "layers.1.merge",
      "max",
      'spec .layers[1].merge: expected one of concat, sum, ave, mul, none, got "max"; write the choice out',
    ],
    [
      "layers.1.forward.units",
      0,
      "spec .layers[1].forward.units: expected a whole number of at least 1, got 0",
    ],
    ["layers.1.forward.reccurentActivation", "tanh", 'nearest is "recurrentActivation"'],
    [
      "layers.1.forward.activation",
      "hardSigmoid",
      "expected one of linear, tanh, sigmoid, relu, hardSigmoidSixth, hardSigmoidFifth",
    ],
    ["layers.1.input", "embedd", 'the nearest is "embed"'],
    ["layers.1.merge", "sum", "expected concat or none, as the directions differ in size"],
    [
      "layers.2.inputSize",
      6,
      "spec .layers[2].inputSize: expected 5, the last axis of the layer's input, got 6; make the two agree",
    ],
    ["layers.2.name", "bi", "expected a name used once"],
    ["layers.2.name", "a.b", "a dot separates a layer from its parts"],
    ["outputs", ["nowhere"], "spec .outputs[0]: expected a value made before it"],
    ["inputs.0.dtype", "float32", "expected int32 ids"],
    ["version", 2, "spec .version: expected one of 1, got 2"],
    [
      "layers.1.initialState",
      { "forward.h": "embed" },
      "expected the parts forward.h, forward.c, backward.h",
    ],
  ])("refuses a wrong %s, naming the path", (path, value, message) => {
    expect(() => validateSpec(changed(path, value))).toThrow(message);
  });

  it("refuses a missing key rather than implying it", () => {
    const copy = structuredClone(tagger) as unknown as { layers: Record<string, unknown>[] };
    delete copy.layers[1]!["heldStart"];
    expect(() => validateSpec(copy)).toThrow(
      "spec .layers[1].heldStart: expected a value, got undefined; a spec implies nothing; write it out",
    );
  });

  it("names weights canonically", () => {
    expect(specWeights(tagger).map((w) => `${w.name} ${w.shape.join("x")}`)).toEqual([
      "embed.table 11x4",
      "bi.forward.kernel 4x12",
      "bi.forward.recurrentKernel 3x12",
      "bi.forward.bias 12",
      "bi.backward.kernel 4x6",
      "bi.backward.recurrentKernel 2x6",
      "bi.backward.inputBias 6",
      "bi.backward.recurrentBias 6",
      "tags.kernel 5x7",
      "tags.bias 7",
    ]);
  });

  it("lists every wrong weight in one error", () => {
    const weights = Object.fromEntries(
      specWeights(tagger).map((w) => [
        w.name,
        {
          dtype: "float32" as const,
          shape: w.shape,
          data: new Float32Array(w.shape.reduce((a, b) => a * b, 1)),
        },
      ]),
    );
    expect(() => assertSpecWeights(tagger, weights)).not.toThrow();
    const { "tags.bias": bias, ...rest } = weights;
    expect(() =>
      assertSpecWeights(tagger, { ...rest, "tags.b": bias!, "embed.table": { ...bias!, shape: [7] } }),
    ).toThrow(
      'model "tagger": expected 10 weights, got 1 missing, 1 unexpected, 1 mis-shaped: missing tags.bias ' +
        "[7]; unexpected tags.b [7]; mis-shaped embed.table is [7], not [11, 4]",
    );
  });

  it("knows its state and whether it can be stepped", () => {
    expect(specState(tagger).map((p) => `${p.layer} ${p.part} ${p.shape.join()}`)).toEqual([
      "bi forward.h 3",
      "bi forward.c 3",
      "bi backward.h 2",
    ]);
    expect(whyNotSteppable(tagger)).toContain('bidirectional "bi"');
  });

  it("wires a graph: a decoder that starts from an encoder", () => {
    const seq2seq = spec({
      name: "seq2seq",
      inputs: [input({ name: "source", shape: [2] }), input({ name: "target", shape: [3] })],
      layers: [
        recurrent({
          name: "encoder",
          input: "source",
          cell: lstmCell({ inputSize: 2, units: 4 }),
          returns: "last",
        }),
        recurrent({
          name: "decoder",
          input: "target",
          cell: lstmCell({ inputSize: 3, units: 4 }),
          initialState: { h: "encoder.h", c: "encoder.c" },
        }),
        recurrent({
          name: "other",
          input: "target",
          cell: simpleRnnCell({ inputSize: 3, units: 4 }),
          direction: "backward",
        }),
        merge({ name: "both", inputs: ["decoder", "other"], mode: "sum" }),
        activation({ name: "out", input: "both", activation: "relu" }),
      ],
    });
    expect(whyNotSteppable(seq2seq)).toContain('layer "decoder" starts from other values');
    expect(() =>
      validateSpec({
        ...seq2seq,
        layers: [...seq2seq.layers, merge({ name: "bad", inputs: ["encoder", "decoder"], mode: "sum" })],
      }),
    ).toThrow("expected float32 values of one form");
  });

  it("refuses to join single numbers, which would join rows", () => {
    const scores = [input({ name: "a", shape: [] }), input({ name: "b", shape: [] })];
    const layers = [merge({ name: "both", inputs: ["a", "b"], mode: "concat" })];
    expect(() => spec({ name: "numbers", inputs: scores, layers })).toThrow(
      "single numbers have no axis to join",
    );
  });
});
