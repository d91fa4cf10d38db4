import { describe, expect, it } from "vitest";
import { recurrent } from "../layers/recurrent.js";
import {
  convLstmCell,
  customCell,
  type CustomCellOptions,
  highwayCell,
  indRnnCell,
  minGruCell,
  mLstmCell,
  phasedLstmCell,
  residualCell,
  sLstmCell,
  windowCell,
  zoneoutCell,
} from "./index.js";

const thrown = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return String((error as Error).message);
  }
  return "nothing";
};

describe("named cells refuse what they can't be", () => {
  const cell = indRnnCell({ inputSize: 3, units: 4 });
  const square = minGruCell({ inputSize: 3, units: 3 });

  it.each([
    [
      "an image of three axes",
      () => convLstmCell({ shape: [2, 2, 2], channels: 1, filters: 1, kernelSize: 1 }),
      "[steps], or [rows, columns]",
    ],
    [
      "a kernel too large",
      () => convLstmCell({ shape: [3], channels: 1, filters: 1, kernelSize: 4 }),
      'padding "same"',
    ],
    [
      "strides of another number of axes",
      () => convLstmCell({ shape: [3, 3], channels: 1, filters: 1, kernelSize: 2, strides: [1] }),
      "there are 2 axes",
    ],
    [
      "heads that don't share out the units",
      () => sLstmCell({ inputSize: 2, units: 5, heads: 2 }),
      "5 units, 2 heads",
    ],
    ["no heads", () => mLstmCell({ inputSize: 2, units: 4, heads: 0 }), "4 units, 0 heads"],
    ["a residual of another size", () => residualCell(cell), '"indRnn" with 3 in, 4 out'],
    ["a highway of another size", () => highwayCell(cell), '"indRnn" with 3 in, 4 out'],
    ["a highway on a highway", () => highwayCell(highwayCell(square)), 'one with "highway.carryKernel"'],
    ["zoneout of a part that isn't there", () => zoneoutCell(square, { c: 0.5 }), "rates in 0..1 of h"],
    ["a window of one step", () => windowCell({ inputSize: 2, steps: 1 }), "steps of at least 2, got 1"],
    ["zoneout beyond 1", () => zoneoutCell(square, { h: 1.5 }), "h: 1.5"],
  ])("%s", (_what, make, text) => expect(thrown(make)).toContain(text));
});

describe("a cell around another", () => {
  it("keeps what the other reads, of steps and as a whole", () => {
    const phased = residualCell(phasedLstmCell({ inputSize: 3, units: 3 }));
    expect(phased.reads).toEqual({ timestamp: { along: "steps", shape: [1] } });
    const reading = customCell({
      name: "reading",
      inputSize: 2,
      state: { h: 2 },
      weights: {},
      reads: { memory: { along: "whole", shape: [2] } },
      step: (b, { x, reads: { memory } }) => ({
        state: {
          h: b.add(
            x,
            b.squeeze(b.sum(b.select(b.expandDims(memory.mask, 2), memory.value, b.constant(0)), 1), 1),
          ),
        },
      }),
    } satisfies CustomCellOptions<
      { h: number },
      Record<never, never>,
      { memory: { along: "whole"; shape: number[] } }
    >);
    const wrapped = zoneoutCell(residualCell(reading), { h: 0.1 });
    expect(wrapped.step.inputs.map(({ name }) => name).sort()).toEqual(["h", "memory", "memory.mask", "x"]);
    expect(() => recurrent({ name: "layer", input: "x", cell: wrapped })).not.toThrow();
  });

  it("has zoneout in its output where that is a state part, and not elsewhere", () => {
    const square = minGruCell({ inputSize: 3, units: 3 });
    const id = (cell: typeof square, name: string) => cell.step.outputs.find((one) => one.name === name)!.id;
    const zoned = zoneoutCell(square, { h: 0.5 });
    expect(id(zoned, "output")).toBe(id(zoned, "h"));
    const added = zoneoutCell(residualCell(square), { h: 0.5 });
    expect(id(added, "output")).not.toBe(id(added, "h"));
  });
});
