import { describe, expect, it } from "vitest";
import {
  compile,
  dense,
  gruCell,
  input,
  lstmCell,
  recurrent,
  type RunResult,
  spec,
  specWeights,
  tensor,
} from "@unroll/api";
import type { Adapter, Executable } from "@unroll/api/adapter";
import { fast } from "../conformance/test/settings.js";
import { engines, liveTensors } from "./engines.js";

const small = spec({
  name: "small",
  inputs: [input({ name: "x", shape: [3] })],
  layers: [
    recurrent({ name: "one", input: "x", cell: lstmCell({ inputSize: 3, units: 4 }) }),
    recurrent({ name: "two", input: "one", cell: gruCell({ inputSize: 4, units: 5, resetAfter: false }) }),
    dense({ name: "out", input: "two", inputSize: 5, units: 2 }),
  ],
});
const weights = Object.fromEntries(
  specWeights(small).map(({ name, shape }, n) => [
    name,
    tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(k + n)),
      shape,
    ),
  ]),
);
const frame = tensor([[0.1, -0.2, 0.3]]);

/** The same adapter, with its living executables counted. */
function counted(adapter: Adapter): { adapter: Adapter; alive: () => number } {
  let alive = 0;
  const watch = <E extends Executable>(executable: E): E => {
    alive++;
    const dispose = executable.dispose.bind(executable);
    return Object.assign(executable, {
      dispose: () => {
        alive--;
        dispose();
      },
    });
  };
  const { compileSync } = adapter;
  return {
    alive: () => alive,
    adapter: {
      name: adapter.name,
      device: adapter.device,
      capabilities: adapter.capabilities,
      compile: async (program, w) => watch(await adapter.compile(program, w)),
      ...(compileSync ? { compileSync: (program, w) => watch(compileSync.call(adapter, program, w)) } : {}),
    },
  };
}

const steps = fast ? 1_000 : 10_000;

describe.each(Object.entries(engines))(`${steps} steps on %s`, (_name, make) => {
  it("hold a constant number of tensors and executables, and free all of them", async () => {
    const before = liveTensors();
    const { adapter, alive } = counted(make());
    const model = await compile(small, { adapter, weights });
    let state = model.zeroState(1);
    let output: RunResult["output"] | undefined;
    const counts = new Set<string>();
    for (let n = 0; n < steps; n++) {
      ({ output, state } = await model.step(frame, state));
      if (n >= 2) counts.add(`${liveTensors()} tensors, ${alive()} executables`);
    }
    expect(output!.data.every(Number.isFinite)).toBe(true);
    expect(counts.size).toBe(1);
    model.dispose();
    await Promise.resolve();
    expect(liveTensors()).toBe(before);
    expect(alive()).toBe(0);
  });

  it("whole sequences whose states nobody wants leave nothing behind", async () => {
    const model = await compile(small, { adapter: make(), weights });
    const x = tensor(new Float32Array(2 * 4 * 3), [2, 4, 3]);
    await model.sequence(x);
    const before = liveTensors();
    for (let n = 0; n < 200; n++) await model.sequence(x);
    expect(liveTensors()).toBe(before);
    model.dispose();
  });
});
