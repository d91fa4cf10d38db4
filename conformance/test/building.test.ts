import { gruCell, input, lstmCell, recurrent, spec, tensor } from "@unroll/api";
import { describe, expect, it } from "vitest";
import {
  type Case,
  describeCase,
  inputsOf,
  lengthsOf,
  maskOf,
  memoryExtent,
  optionsOf,
  rowsOf,
  runOf,
  slice,
  takeRows,
} from "../src/cases/case.js";
import { caseOn, reweighted, stateOf, weightsOf } from "../src/cases/cases.js";
import { mayGrow } from "../src/cases/specs.js";
import { ids, values } from "../src/cases/values.js";
import { sequenceOutputs } from "../src/properties/judge.js";
import { evaluate } from "../src/oracle/evaluate.js";

const layer = recurrent({ name: "a", input: "x", cell: gruCell({ inputSize: 2, units: 3 }) });
const model = spec({ name: "m", inputs: [input({ name: "x", shape: [2] })], layers: [layer] });
const plain: Case = {
  spec: model,
  weights: weightsOf(model, { seed: 1, fine: true }, 1),
  batch: 2,
  time: 2,
  x: tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]),
  lengths: null,
  mask: null,
  memory: null,
  state: null,
  cuts: [],
};
const [lengths, mask] = [
  [2, 1],
  [
    [true, false],
    [true, true],
  ],
];
const memory = { time: 2, x: tensor([9, 8, 7, 6], [2, 2, 1]), lengths: null, mask: null };
const state = { a: { h: tensor([1, 2, 3, 4, 5, 6], [2, 3]) } };

describe("what is made of a case", () => {
  it("for the oracle", () => {
    expect(runOf(plain)).toEqual({
      inputs: { x: plain.x },
      lengths: undefined,
      mask: undefined,
      state: undefined,
    });
    expect(runOf({ ...plain, lengths }).lengths).toEqual(tensor([2, 1], [2], "int32"));
    expect(runOf({ ...plain, mask }).mask).toEqual(tensor([1, 0, 1, 1], [2, 2], "bool"));
    expect(runOf({ ...plain, state }).state).toBe(state);
    const along = (own: object) => runOf({ ...plain, memory: { ...memory, ...own } }).along;
    expect(along({})).toEqual({ source: { lengths: undefined, mask: undefined } });
    expect(along({ lengths })).toEqual({
      source: { lengths: lengthsOf({ lengths, batch: 2 }), mask: undefined },
    });
    expect(along({ mask })).toEqual({
      source: { lengths: undefined, mask: maskOf({ mask, batch: 2, time: 2 }) },
    });
  });

  it("for a model", () => {
    expect(inputsOf(plain)).toEqual({ x: plain.x });
    expect(inputsOf({ ...plain, memory })).toEqual({ x: plain.x, source: memory.x });
    expect(optionsOf(plain)).toEqual({});
    expect(optionsOf({ ...plain, lengths })).toEqual({ lengths: { time: [2, 1] } });
    expect(optionsOf({ ...plain, mask })).toEqual({ mask: { time: maskOf({ ...plain, mask }) } });
    expect(optionsOf({ ...plain, state })).toEqual({ state });
    const both = { ...plain, lengths, memory: { ...memory, lengths: [1, 2] } };
    expect(optionsOf(both)).toEqual({ lengths: { time: [2, 1], source: [1, 2] } });
    const masked = { ...plain, mask, memory: { ...memory, mask } };
    const own = maskOf({ mask, batch: 2, time: 2 });
    expect(optionsOf(masked)).toEqual({ mask: { time: own, source: own } });
    expect(optionsOf({ ...plain, memory: { ...memory, lengths } })).toEqual({ lengths: { source: lengths } });
    expect(optionsOf({ ...plain, memory: { ...memory, mask } })).toEqual({ mask: { source: own } });
    expect(memoryExtent(plain)).toEqual({});
    expect(memoryExtent({ ...plain, memory })).toEqual({});
  });
});

describe("parts of a case", () => {
  it("are slices along an axis", () => {
    expect(slice(plain.x, 1, 1, 2)).toEqual(tensor([3, 4, 7, 8], [2, 1, 2]));
    expect(slice(plain.x, 0, 1, 2)).toEqual(tensor([5, 6, 7, 8], [1, 2, 2]));
    expect(slice(plain.x, 2, 0, 1)).toEqual(tensor([1, 3, 5, 7], [2, 2, 1]));
    expect(slice(tensor([1, 2], [2], "int32"), 0, 1, 2)).toEqual(tensor([2], [1], "int32"));
  });

  it("are rows, in any order", () => {
    expect(takeRows(plain.x, [1, 0, 1]).data).toEqual(Float32Array.of(5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8));
    const full = { ...plain, lengths, mask, memory: { ...memory, lengths, mask }, state };
    const turned = rowsOf(full, [1, 0]);
    expect(turned).toMatchObject({ batch: 2, lengths: [1, 2], mask: [mask[1], mask[0]] });
    expect(turned.memory).toEqual({
      time: 2,
      x: tensor([7, 6, 9, 8], [2, 2, 1]),
      lengths: [1, 2],
      mask: [mask[1], mask[0]],
    });
    expect(turned.state).toEqual({ a: { h: tensor([4, 5, 6, 1, 2, 3], [2, 3]) } });
    expect(rowsOf(plain, [1])).toMatchObject({
      batch: 1,
      lengths: null,
      mask: null,
      memory: null,
      state: null,
    });
    expect(rowsOf({ ...plain, memory }, [1]).memory).toMatchObject({ lengths: null, mask: null });
  });
});

describe("describeCase", () => {
  it("says all that matters in one line", () => {
    expect(describeCase(plain)).toBe("gru(2->3); batch 2, time 2");
    const full = { ...plain, lengths, mask, memory: { ...memory, lengths, mask }, state, cuts: [1] };
    expect(describeCase(full)).toBe(
      "gru(2->3); batch 2, time 2, lengths [2, 1], mask, memory of 2, lengths [2, 1], masked, " +
        "state given, cut at [1]",
    );
    expect(describeCase({ ...plain, memory })).toBe("gru(2->3); batch 2, time 2, memory of 2");
    const cell = lstmCell({ inputSize: 2, units: 4, projection: 3, peepholes: true });
    const other = spec({
      name: "m",
      inputs: model.inputs,
      layers: [recurrent({ name: "a", input: "x", cell, direction: "backward" })],
    });
    expect(describeCase({ ...plain, spec: other })).toMatch(/^lstm\(2->4->3, peepholes, backward\);/);
  });
});

describe("numbers of a case", () => {
  it("are coarse or fine, never 0, by name and seed", () => {
    const coarse = values({ seed: 1, fine: false }, "x", [400]).data;
    expect(new Set(coarse)).toEqual(new Set([-7, -5, -3, -1, 1, 3, 5, 7].map((k) => k / 8)));
    const fine = values({ seed: 1, fine: true }, "x", [400], 2).data;
    expect(new Set(fine).size).toBeGreaterThan(390);
    expect(Math.max(...fine)).toBeGreaterThan(1.9);
    expect(Math.max(...fine.map(Math.abs))).toBeLessThan(2);
    expect(values({ seed: 1, fine: true }, "y", [400], 2).data).not.toEqual(fine);
    expect(values({ seed: 2, fine: true }, "x", [400], 2).data).not.toEqual(fine);
    expect(new Set(ids({ seed: 1, fine: true }, "x", [100], 5).data)).toEqual(new Set([0, 1, 2, 3, 4]));
  });

  it("are weights that fit how many are summed", () => {
    const wide = (inputSize: number, activation: "tanh" | "linear" = "tanh") =>
      spec({
        name: "m",
        inputs: [input({ name: "x", shape: [inputSize] })],
        layers: [recurrent({ name: "a", input: "x", cell: gruCell({ inputSize, units: 30, activation }) })],
      });
    const most = (of: ReturnType<typeof wide>, name: string, gain: number): number =>
      Math.max(...weightsOf(of, { seed: 1, fine: true }, gain)[name]!.data.map(Math.abs));
    expect(most(wide(4), "a.kernel", 4)).toBeCloseTo(4, 0);
    expect(most(wide(400), "a.kernel", 4)).toBeCloseTo(0.4, 1);
    expect(most(wide(4), "a.inputBias", 4)).toBeCloseTo(1, 1);
    expect(most(wide(4), "a.inputBias", 0.5)).toBeCloseTo(0.5, 1);
    expect(most(wide(4, "linear"), "a.kernel", 4)).toBeCloseTo(0.5, 1);
    expect([mayGrow(wide(4)), mayGrow(wide(4, "linear"))]).toEqual([false, true]);
    const gates = spec({
      name: "m",
      inputs: wide(4).inputs,
      layers: [
        recurrent({
          name: "a",
          input: "x",
          cell: gruCell({ inputSize: 4, units: 3, recurrentActivation: "relu" }),
        }),
      ],
    });
    expect(mayGrow(gates)).toBe(true);
  });

  it("are others for another run of the same model", () => {
    const on = (run: object) => caseOn(plain, { seed: 3, batch: 3, time: 4, extent: "none", ...run });
    expect(on({})).toMatchObject({ batch: 3, time: 4, lengths: null, mask: null, memory: null, state: null });
    expect(on({}).x.shape).toEqual([3, 4, 2]);
    expect(on({ seed: 4 }).x.data).not.toEqual(on({}).x.data);
    expect(on({ extent: "lengths" }).lengths).toHaveLength(3);
    expect(on({ extent: "lengths" }).mask).toBeNull();
    expect(on({ extent: "mask" }).mask).toHaveLength(3);
    expect(on({ extent: "mask" }).lengths).toBeNull();
    expect(reweighted(plain, 5).weights).not.toEqual(plain.weights);
    expect(stateOf(model, 2, { seed: 1, fine: true })!["a"]!["h"]!.shape).toEqual([2, 3]);
  });
});

describe("sequenceOutputs", () => {
  it("are those with an axis of the case's time", () => {
    const head = spec({
      name: "m",
      inputs: model.inputs,
      layers: [
        layer,
        { ...layer, name: "b", input: "a", returns: "last", cell: gruCell({ inputSize: 3, units: 2 }) },
      ],
      outputs: ["a", "b"],
    });
    const given = { ...plain, spec: head, weights: weightsOf(head, { seed: 1, fine: true }, 1) };
    const exact = evaluate(head, given.weights, runOf(given));
    // The last output has an axis of size 2 too, and no time.
    expect([...sequenceOutputs(given, exact)]).toEqual(["a"]);
    const other = {
      ...exact,
      outputs: { ...exact.outputs, b: { shape: [2, 5, 1], data: new Float64Array(10) } },
    };
    expect([...sequenceOutputs(given, other)]).toEqual(["a"]);
  });
});
