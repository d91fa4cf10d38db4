import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { bidirectional, builtin, compile, gruCell, input, isUnrollError, lower, lstmCell } from "@unroll/api";
import { dense, recurrent, repeat, spec, specWeights, State, type StateJson, tensor } from "@unroll/api";
import { validateSpec } from "@unroll/api";
import { type Program, verify } from "@unroll/api/adapter";
import { readSafetensors, writeSafetensors } from "@unroll/api/weights";
import { mutatedBytes, mutatedJson } from "./mutate.js";

const numRuns = Number(process.env["UNROLL_FUZZ"] ?? 300);

const model = spec({
  name: "fuzzed",
  inputs: [input({ name: "x", shape: [2] })],
  layers: [
    recurrent({ name: "lstm", input: "x", cell: lstmCell({ inputSize: 2, units: 3, activation: "relu" }) }),
    bidirectional({
      name: "bi",
      input: "lstm",
      forward: gruCell({ inputSize: 3, units: 2 }),
      returns: "last",
    }),
    repeat({ name: "again", input: "bi", steps: 3, axis: "out" }),
    dense({ name: "out", input: "again", inputSize: 4, units: 2, activation: "softmax" }),
  ],
});
const weights = Object.fromEntries(
  specWeights(model).map(({ name, shape }) => [
    name,
    tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape),
  ]),
);
const prototypes = [Object.prototype, Array.prototype, Function.prototype];
const keysBefore = prototypes.map((one) => Reflect.ownKeys(one).length);

/** What a call took and threw: an UnrollError or nothing, within a second. */
function check(run: () => unknown): void {
  const start = performance.now();
  try {
    run();
  } catch (error) {
    if (!isUnrollError(error)) throw error;
  }
  expect(performance.now() - start).toBeLessThan(1000);
}

afterEach(() => {
  expect(prototypes.map((one) => Reflect.ownKeys(one).length)).toEqual(keysBefore);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

describe("whatever is read, what comes is a value or an UnrollError", () => {
  it("states", async () => {
    const made = await compile(model, { adapter: builtin(), weights });
    const json = JSON.parse(JSON.stringify(made.zeroState(2))) as StateJson;
    const read = (value: unknown): void => void State.fromJSON(value as StateJson).toJSON();
    fc.assert(
      fc.property(mutatedJson([json]), (value) => check(() => read(value))),
      { numRuns },
    );
  });

  it("specs", () => {
    const use = (value: unknown): void => {
      validateSpec(value);
      specWeights(value);
      lower(value, { mode: "sequence" });
    };
    fc.assert(
      fc.property(mutatedJson([model]), (value) => check(() => use(value))),
      { numRuns },
    );
  });

  it("programs", () => {
    const program = lower(model, { mode: "sequence", extents: { time: "lengths" } });
    fc.assert(
      fc.property(mutatedJson([program]), (value) => check(() => verify(value as Program))),
      { numRuns },
    );
  });

  it("safetensors files", () => {
    fc.assert(
      fc.property(mutatedBytes([writeSafetensors(weights)]), (bytes) => check(() => readSafetensors(bytes))),
      { numRuns },
    );
  });
});
