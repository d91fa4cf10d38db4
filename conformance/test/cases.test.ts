import { type CellSpec, whyNotSteppable } from "@unroll/api";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Case, cases, describeCase } from "../src/index.js";

const drawn = fc.sample(cases(), { seed: 11, numRuns: 1500 });
const cellsOf = ({ spec }: Pick<Case, "spec">): CellSpec[] =>
  spec.layers.flatMap((layer) =>
    layer.type === "recurrent"
      ? [layer.cell]
      : layer.type === "bidirectional"
        ? [layer.forward, layer.backward]
        : [],
  );
const layersOf =
  (type: string) =>
  (given: Case): boolean =>
    given.spec.layers.some((layer) => layer.type === type);

describe("cases", () => {
  const kinds: Readonly<Record<string, (given: Case) => boolean>> = {
    "batch 1": ({ batch }) => batch === 1,
    "time 1": ({ time }) => time === 1,
    "more than 64 steps": ({ time }) => time > 64,
    "units 1": (given) => cellsOf(given).some(({ units }) => units === 1),
    "odd sizes": (given) =>
      cellsOf(given).some(({ units, inputSize }) => units % 2 === 1 && units > 1 && inputSize % 2 === 1),
    "state given": ({ state }) =>
      state !== null &&
      Object.values(state).some((parts) =>
        Object.values(parts).every(({ data }) => data.every((value) => value !== 0)),
      ),
    "empty row by lengths": ({ lengths }) => lengths?.includes(0) ?? false,
    "full row by lengths": ({ lengths, time }) => lengths?.includes(time) ?? false,
    "empty row by mask": ({ mask }) => mask?.some((steps) => !steps.includes(true)) ?? false,
    "mask with a gap": ({ mask }) =>
      mask?.some((steps) => /tf+t/.test(steps.map((real) => (real ? "t" : "f")).join(""))) ?? false,
    "mask that starts late": ({ mask }) => mask?.some((steps) => !steps[0] && steps.includes(true)) ?? false,
    "cut inside": ({ cuts, time }) => cuts.some((cut) => cut > 0 && cut < time),
    embedding: layersOf("embedding"),
    dense: layersOf("dense"),
    dropout: layersOf("dropout"),
    "layer normalisation": layersOf("layerNorm"),
    activation: layersOf("activation"),
    ...Object.fromEntries(
      (
        [
          ...(["batchNorm", "rmsNorm", "groupNorm", "reshape", "permute", "slice", "pad", "tile"] as const),
          ...(["stack", "oneHot", "reduce", "reduceTime", "pickStep", "toSequence"] as const),
        ] as const
      ).map((type) => [`layer ${type}`, layersOf(type)]),
    ),
    ...Object.fromEntries(
      (["padTime", "cropTime", "upsampleTime", "concatTime", "transposedConvolution"] as const).map(
        (type) => [`layer ${type}`, layersOf(type)],
      ),
    ),
    "group normalisation over several axes": ({ spec }) =>
      spec.layers.some(({ type, name }) => type === "groupNorm" && name.endsWith("_made")),
    ...Object.fromEntries(
      ["relu6", "silu", "hardSilu", "mish"].map((name) => [
        `activation ${name}`,
        ({ spec }: Case) =>
          spec.layers.some((layer) => layer.type === "activation" && layer.activation === name),
      ]),
    ),
    ...Object.fromEntries(
      ["elu", "leakyRelu"].map((name) => [
        `${name} of a slope of its own`,
        ({ spec }: Case) =>
          spec.layers.some(
            (layer) => layer.type === "activation" && layer.activation === name && layer.slope !== null,
          ),
      ]),
    ),
    "every other feature": ({ spec }) =>
      spec.layers.some((layer) => layer.type === "slice" && layer.step === 2),
    ...Object.fromEntries(
      (["elements", "blocks"] as const).map((order) => [
        `features tiled by ${order}`,
        ({ spec }: Case) => spec.layers.some((layer) => layer.type === "tile" && layer.order === order),
      ]),
    ),
    ...Object.fromEntries(
      (["sum", "mean", "max"] as const).flatMap((mode) => [
        [
          `features reduced by ${mode}`,
          ({ spec }: Case) => spec.layers.some((layer) => layer.type === "reduce" && layer.mode === mode),
        ],
        ...(["skip", "include"] as const).map((padding) => [
          `time reduced by ${mode}, padding ${padding}`,
          ({ spec }: Case) =>
            spec.layers.some(
              (layer) => layer.type === "reduceTime" && layer.mode === mode && layer.padding === padding,
            ),
        ]),
      ]) as [string, (given: Case) => boolean][],
    ),
    "time reduced with lengths or a mask": ({ spec, lengths, mask }) =>
      (lengths ?? mask) !== null && spec.layers.some(({ type }) => type === "reduceTime"),
    ...Object.fromEntries(
      (["first", "last", "lastReal"] as const).map((step) => [
        `one step, ${step}`,
        ({ spec }: Case) => spec.layers.some((layer) => layer.type === "pickStep" && layer.step === step),
      ]),
    ),
    merge: layersOf("merge"),
    ...Object.fromEntries(
      ["concat", "sum", "sub", "max", "min"].map((mode) => [
        `merge layer ${mode}`,
        ({ spec }: Case) => spec.layers.some((layer) => layer.type === "merge" && layer.mode === mode),
      ]),
    ),
    "three recurrent layers": ({ spec }) =>
      spec.layers.filter(({ type }) => type === "recurrent" || type === "bidirectional").length === 3,
    "initial state from another layer": ({ spec }) =>
      spec.layers.some((layer) => layer.type === "recurrent" && layer.initialState !== null),
    "state as an output": ({ spec }) => spec.outputs.some((ref) => ref.endsWith(".h")),
    "last output only": ({ spec }) =>
      spec.layers.some((layer) => "returns" in layer && layer.returns === "last"),
    "processing order": ({ spec }) =>
      spec.layers.some(
        (layer) =>
          layer.type === "recurrent" && layer.direction === "backward" && layer.outputOrder === "processing",
      ),
    ...Object.fromEntries(
      ["simpleRnn", "lstm", "gru"].map((kind) => [
        kind,
        (given: Case) => cellsOf(given).some((cell) => cell.kind === kind),
      ]),
    ),
    ...Object.fromEntries(
      ["integrator", "recurrentHighway", "minimalGated", "layerNormLstm", "readout", "reading"].map(
        (name) => [
          `custom cell ${name}`,
          (given: Case) => cellsOf(given).some((cell) => cell.kind === "custom" && cell.name === name),
        ],
      ),
    ),
    ...Object.fromEntries(
      ["dot", "scaledDot", "additive", "general", "concat"].map((score) => [
        `attention by ${score}`,
        (given: Case) =>
          given.spec.layers.some((layer) => layer.type === "attention" && layer.score === score),
      ]),
    ),
    ...Object.fromEntries(
      ["none", "scalar", "vector"].map((scale) => [
        `attention with scale ${scale}`,
        (given: Case) =>
          given.spec.layers.some((layer) => layer.type === "attention" && layer.scale === scale),
      ]),
    ),
    "heads that look at a memory": ({ spec }) =>
      spec.layers.some((layer) => layer.type === "multiHeadAttention" && layer.value !== layer.query),
    "heads that look at their own past": ({ spec }) =>
      spec.layers.some((layer) => layer.type === "multiHeadAttention" && layer.causal),
    ...Object.fromEntries(
      (["attention", "multiHeadAttention"] as const).flatMap((type) => [
        [
          `${type} to a window`,
          ({ spec }: Case) => spec.layers.some((layer) => layer.type === type && layer.window !== null),
        ],
        [
          `${type} to a window, with a state`,
          ({ spec, state }: Case) =>
            state !== null && spec.layers.some((layer) => layer.type === type && layer.window !== null),
        ],
      ]) as [string, (given: Case) => boolean][],
    ),
    "attention to a window, with gaps in a mask": ({ spec, mask }) =>
      mask !== null && spec.layers.some((layer) => "window" in layer && layer.window !== null),
    "a positional encoding": layersOf("positionalEncoding"),
    "a positional embedding": layersOf("positionalEmbedding"),
    "a positional embedding, with a state": ({ spec, state }) =>
      state !== null && spec.layers.some(({ type }) => type === "positionalEmbedding"),
    "a positional embedding, with gaps in a mask": ({ spec, mask }) =>
      mask !== null && spec.layers.some(({ type }) => type === "positionalEmbedding"),
    "heads without biases": ({ spec }) =>
      spec.layers.some((layer) => layer.type === "multiHeadAttention" && layer.bias === "none"),
    "attention of a sequence to its own past": ({ spec }) =>
      spec.layers.some((layer) => layer.type === "attention" && layer.causal),
    "attention that takes the mean where all is masked": ({ spec, memory }) =>
      (memory?.mask ?? null) !== null &&
      spec.layers.some((layer) => layer.type === "attention" && layer.emptyRows === "mean"),
    "attention with a scale within": ({ spec }) =>
      spec.layers.some((layer) => layer.type === "attention" && layer.innerScale === "scalar"),
    "attention by a vector without time": ({ spec }) =>
      spec.layers.some(
        (layer, k) =>
          layer.type === "attention" &&
          spec.layers
            .slice(0, k)
            .some(
              (before) => before.name === layer.query && "returns" in before && before.returns === "last",
            ),
      ),
    "a cell that reads a memory, stepped": ({ spec }) =>
      cellsOf({ spec }).some((cell) => cell.kind === "custom" && cell.name === "reading") &&
      whyNotSteppable(spec) === null,
    "a cell that reads a vector without time": ({ spec }) =>
      spec.layers.some((layer) => layer.type === "recurrent" && layer.reads["start"] !== undefined),
    "attention weights as an output": ({ spec }) => spec.outputs.includes("look.weights"),
    "a memory that an encoder reads": ({ spec }) => spec.layers.some(({ name }) => name === "encoder"),
    "memory of another length": ({ memory, time }) => memory !== null && memory.time !== time,
    "empty row of the memory by lengths": ({ memory }) => memory?.lengths?.includes(0) ?? false,
    "a vector repeated": layersOf("repeat"),
    "a conditional random field": layersOf("crf"),
    "a conditional random field with transitions alone": ({ spec }) =>
      spec.layers.some((layer) => layer.type === "crf" && !layer.boundaries),
    "a path judged, in rows that end early": ({ spec, lengths }) =>
      lengths !== null && spec.layers.some((layer) => layer.type === "crf" && layer.path !== null),
    "memory with a mask": ({ memory }) => (memory?.mask ?? null) !== null,
    projection: (given) =>
      cellsOf(given).some(
        (cell) => cell.kind === "lstm" && cell.projection !== null && cell.projection !== cell.units,
      ),
    "clipped cell state": (given) =>
      cellsOf(given).some((cell) => cell.kind === "lstm" && cell.cellClip !== null),
    peepholes: (given) => cellsOf(given).some((cell) => cell.kind === "lstm" && cell.peepholes),
    ...Object.fromEntries(
      ["none", "single", "split"].map((bias) => [
        `bias ${bias}`,
        (given: Case) => cellsOf(given).some((cell) => cell.kind !== "custom" && cell.bias === bias),
      ]),
    ),
    ...Object.fromEntries(
      [true, false].map((after) => [
        `resetAfter ${after}`,
        (given: Case) => cellsOf(given).some((cell) => cell.kind === "gru" && cell.resetAfter === after),
      ]),
    ),
    ...Object.fromEntries(
      ["concat", "sum", "ave", "mul", "none"].map((how) => [
        `merge ${how}`,
        (given: Case) =>
          given.spec.layers.some((layer) => layer.type === "bidirectional" && layer.merge === how),
      ]),
    ),
    ...Object.fromEntries(
      [
        "tanh",
        "sigmoid",
        "relu",
        "linear",
        "hardSigmoidSixth",
        "hardSigmoidFifth",
        "softsign",
        "softplus",
        "elu",
        "leakyRelu",
      ].map((name) => [
        `gates by ${name}`,
        (given: Case) =>
          cellsOf(given).some((cell) => "recurrentActivation" in cell && cell.recurrentActivation === name),
      ]),
    ),
  };

  it.each(Object.entries(kinds))("draw %s", (_name, has) => {
    expect(drawn.filter(has).length).toBeGreaterThanOrEqual(5);
  });

  it("shrink to one unit, one step and one row", async () => {
    const result = await fc.check(
      fc.asyncProperty(cases(), async () => Promise.reject(new Error("always"))),
      { seed: 5, numRuns: 1 },
    );
    expect(describeCase(result.counterexample![0] as Case)).toMatch(/^simpleRnn\(1->1\); batch 1, time 1/);
  });

  it("have weights that differ for every gate and unit", () => {
    // Coarse numbers are one of eight, times a scale.
    const fine = drawn.filter(({ weights }) =>
      Object.values(weights).some(({ data }) => new Set(data).size > 8),
    );
    expect(fine.length).toBeGreaterThan(300);
    // Among hundreds of float32 numbers two may be equal by chance.
    for (const { weights } of fine)
      for (const [name, { data }] of Object.entries(weights))
        expect(new Set(data).size, name).toBeGreaterThanOrEqual(data.length - 1);
  });
});
