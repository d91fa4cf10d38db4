import { describe, expect, it } from "vitest";
import { verify } from "../program/verify.js";
import { print } from "../program/print.js";
import {
  attention,
  bidirectional,
  dense,
  embedding,
  gruCell,
  input,
  lstmCell,
  recurrent,
  repeat,
  simpleRnnCell,
  spec,
} from "../specification/build.js";
import { everything } from "../specification/catalog.js";
import { lower } from "./lower.js";
import { runnableOf } from "./spec-runnable.js";

const stack = spec({
  name: "stack",
  inputs: [input({ name: "ids", dtype: "int32", shape: [] })],
  layers: [
    embedding({ name: "embed", input: "ids", inputSize: 7, outputSize: 3 }),
    recurrent({ name: "lstm", input: "embed", cell: lstmCell({ inputSize: 3, units: 4 }) }),
    recurrent({ name: "gru", input: "lstm", cell: gruCell({ inputSize: 4, units: 2 }) }),
    dense({ name: "out", input: "gru", inputSize: 2, units: 5 }),
  ],
});

const both = spec({
  name: "both",
  inputs: [input({ name: "x", shape: [3] }), input({ name: "source", axis: "source", shape: [4] })],
  layers: [
    bidirectional({ name: "bi", input: "source", forward: simpleRnnCell({ inputSize: 4, units: 2 }) }),
    dense({ name: "query", input: "x", inputSize: 3, units: 4 }),
    attention({ name: "look", query: "query", value: "bi", inputSize: 4 }),
  ],
  outputs: ["look", "look.weights", "bi.backward.h"],
});

const form = (program: ReturnType<typeof lower>): Record<string, string[]> =>
  Object.fromEntries(
    (["params", "inputs", "outputs"] as const).map((list) => [
      list,
      program[list].map(({ name, type }) => `${name} ${type.dtype} [${type.shape.join(", ")}]`),
    ]),
  );

describe("lower", () => {
  it("makes inputs, states and outputs by name, batch-major", () => {
    expect(form(lower(stack, { mode: "sequence", extents: { time: "lengths" } }))).toEqual({
      params: [
        "embed.table float32 [7, 3]",
        "lstm.kernel float32 [3, 16]",
        "lstm.recurrentKernel float32 [4, 16]",
        "lstm.bias float32 [16]",
        "gru.kernel float32 [4, 6]",
        "gru.recurrentKernel float32 [2, 6]",
        "gru.inputBias float32 [6]",
        "gru.recurrentBias float32 [6]",
        "out.kernel float32 [2, 5]",
        "out.bias float32 [5]",
      ],
      inputs: [
        "ids int32 [batch, time]",
        "lengths int32 [batch]",
        "state.lstm.h float32 [batch, 4]",
        "state.lstm.c float32 [batch, 4]",
        "state.gru.h float32 [batch, 2]",
      ],
      outputs: [
        "out float32 [batch, time, 5]",
        "state.lstm.h float32 [batch, 4]",
        "state.lstm.c float32 [batch, 4]",
        "state.gru.h float32 [batch, 2]",
      ],
    });
  });

  it("leaves the axis of steps out of a step, and other axes in", () => {
    expect(form(lower(stack, { mode: "step" }))["inputs"]!.slice(0, 1)).toEqual(["ids int32 [batch]"]);
    expect(form(lower(both, { mode: "sequence", extents: { source: "mask" } }))).toMatchObject({
      inputs: [
        "x float32 [batch, time, 3]",
        "source float32 [batch, source, 4]",
        "mask.source bool [batch, source]",
        "state.bi.forward.h float32 [batch, 2]",
        "state.bi.backward.h float32 [batch, 2]",
      ],
      outputs: [
        "look float32 [batch, time, 4]",
        "look.weights float32 [batch, time, source]",
        "bi.backward.h float32 [batch, 2]",
        "state.bi.forward.h float32 [batch, 2]",
        "state.bi.backward.h float32 [batch, 2]",
      ],
    });
    expect(() => lower(both, { mode: "step" })).toThrow(
      'model "both" step: expected layers that see only the past, got layer "bi" runs along "source"',
    );
  });

  it("makes time-major programs of what is time-major, without a transpose", () => {
    const program = lower(stack, { mode: "sequence", timeMajor: true });
    expect(form(program)["inputs"]![0]).toBe("ids int32 [time, batch]");
    expect(form(program)["outputs"]![0]).toBe("out float32 [time, batch, 5]");
    expect(print(program)).not.toContain("transpose");
  });

  it("makes programs that verify", () => {
    for (const [one, modes] of [
      [stack, ["sequence", "step"]],
      [both, ["sequence"]],
    ] as const)
      for (const mode of modes)
        for (const kind of ["lengths", "mask"] as const)
          for (const timeMajor of [false, true]) {
            const extents = mode === "step" ? {} : { time: kind };
            expect(() => verify(lower(one, { mode, extents, timeMajor }))).not.toThrow();
          }
  });
});

describe("the runnable of a spec", () => {
  it("says what a model takes and returns", () => {
    const runnable = runnableOf(everything, stack);
    expect(runnable.inputs).toEqual([{ name: "ids", dtype: "int32", axis: "time", shape: [], ids: 7 }]);
    expect(runnable.outputs).toEqual([{ name: "out", dtype: "float32", axis: "time", shape: [5] }]);
    expect(runnable.states.map(({ layer, part, shape, given }) => [layer, part, shape, given])).toEqual([
      ["lstm", "h", [4], true],
      ["lstm", "c", [4], true],
      ["gru", "h", [2], true],
    ]);
    expect(runnable.mayBeEmpty).toBe(true);
    expect(runnable.whyNotSteppable).toBeNull();
    expect(runnable.program({ mode: "step" })).toEqual(lower(stack, { mode: "step" }));
  });

  it("knows a state that comes from other values, and an axis of its own", () => {
    const copy = spec({
      name: "copy",
      inputs: [input({ name: "x", shape: [2] })],
      layers: [
        recurrent({
          name: "read",
          input: "x",
          cell: simpleRnnCell({ inputSize: 2, units: 3 }),
          returns: "last",
        }),
        repeat({ name: "again", input: "read", steps: 4, axis: "out" }),
        recurrent({
          name: "write",
          input: "again",
          cell: simpleRnnCell({ inputSize: 3, units: 3 }),
          initialState: { h: "read.h" },
        }),
      ],
    });
    const runnable = runnableOf(everything, copy);
    expect(runnable.states.map(({ layer, given }) => [layer, given])).toEqual([
      ["read", true],
      ["write", false],
    ]);
    expect(runnable.mayBeEmpty).toBe(false);
    expect(runnable.whyNotSteppable).toContain('layer "write" runs along "out"');
  });
});
