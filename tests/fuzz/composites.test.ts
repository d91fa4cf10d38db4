import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  attention,
  bidirectional,
  builtin,
  dense,
  gruCell,
  input,
  isUnrollError,
  layerNorm,
} from "@unroll/api";
import { lower, lstmCell, recurrent, simpleRnnCell, spec, tensor } from "@unroll/api";
import { prepare, type Program } from "@unroll/api/adapter";
import { holdProgram } from "../../conformance/src/properties/hold-program.js";
import type { GivenProgram } from "../../conformance/src/cases/programs.js";
import { fast } from "../../conformance/test/settings.js";
import { mutatedComposites } from "./mutate-composites.js";

const numRuns = Number(process.env["UNROLL_FUZZ"] ?? (fast ? 30 : 300));

const recurrentModel = spec({
  name: "recurrent",
  inputs: [input({ name: "x", shape: [2] })],
  layers: [
    recurrent({
      name: "lstm",
      input: "x",
      cell: lstmCell({ inputSize: 2, units: 3, activation: "softsign", bias: "split" }),
      maskedOutput: "hold",
    }),
    bidirectional({ name: "bi", input: "lstm", forward: gruCell({ inputSize: 3, units: 3 }) }),
    recurrent({
      name: "rnn",
      input: "bi",
      cell: simpleRnnCell({ inputSize: 6, units: 2, activation: "elu" }),
    }),
    layerNorm({ name: "norm", input: "rnn", inputSize: 2 }),
    attention({ name: "look", query: "norm", value: "rnn", inputSize: 2, score: "scaledDot" }),
    dense({ name: "out", input: "look", inputSize: 2, units: 2, activation: "softmax" }),
  ],
});
const stepped = spec({
  name: "stepped",
  inputs: [input({ name: "x", shape: [2] })],
  layers: [
    recurrent({
      name: "lstm",
      input: "x",
      cell: lstmCell({ inputSize: 2, units: 2, projection: 2, cellClip: 0.5 }),
    }),
    recurrent({ name: "gru", input: "lstm", cell: gruCell({ inputSize: 2, units: 2, resetAfter: false }) }),
    recurrent({ name: "rnn", input: "gru", cell: simpleRnnCell({ inputSize: 2, units: 2 }) }),
    dense({ name: "out", input: "rnn", inputSize: 2, units: 2, activation: "logSoftmax" }),
  ],
});
const real: readonly Program[] = [
  lower(recurrentModel, { mode: "sequence" }),
  lower(recurrentModel, { mode: "sequence", extents: { time: "lengths" } }),
  lower(recurrentModel, { mode: "sequence", extents: { time: "mask" } }),
  lower(stepped, { mode: "step" }),
];

let seed = 7;
const drawn = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return (seed / 2 ** 32) * 2 - 1;
};
/** Values for what a program takes: two rows of three steps. */
function filled(named: Program["inputs"]): GivenProgram["feeds"] {
  return Object.fromEntries(
    named.map(({ name, type }) => {
      const shape = type.shape.map((dim) => (dim === "batch" ? 2 : dim === "time" ? 3 : Number(dim)));
      const size = shape.reduce((a, b) => a * b, 1);
      const values = Array.from({ length: size }, (_, k) =>
        type.dtype === "float32" ? drawn() : type.dtype === "int32" ? 3 - (k % 2) : Number(k % 3 !== 2),
      );
      return [name, tensor(values, shape, type.dtype)];
    }),
  );
}
const given = real.map(({ inputs, params }) => ({ feeds: filled(inputs), weights: filled(params) }));

const counts = { refused: 0, agreed: 0, slowest: 0 };

describe("a program whose composites were changed", () => {
  it(
    "is refused, or runs to the same numbers whole, by its bodies, and in float64",
    async () => {
      await fc.assert(
        fc.asyncProperty(mutatedComposites(real), async ({ which, program }) => {
          const start = performance.now();
          const { feeds, weights } = given[which]!;
          try {
            (await prepare(builtin(), program, weights)).dispose();
          } catch (error) {
            if (!isUnrollError(error)) throw error;
            counts.refused++;
            return;
          } finally {
            const took = performance.now() - start;
            counts.slowest = Math.max(counts.slowest, took);
            expect(took).toBeLessThan(1000);
          }
          await holdProgram({ program, feeds, weights }, builtin());
          await holdProgram({ program, feeds, weights }, builtin({ composites: [] }));
          counts.agreed++;
        }),
        { numRuns },
      );
      console.log(
        `refused ${counts.refused}, agreed ${counts.agreed}, slowest ${counts.slowest.toFixed(0)} ms`,
      );
      expect(Math.min(counts.refused, counts.agreed)).toBeGreaterThan(0);
    },
    numRuns * 60 + 20_000,
  );
});
