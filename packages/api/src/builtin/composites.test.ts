import { describe, expect, it } from "vitest";
import { type HostTensor, tensor } from "../contract/tensor.js";
import { type Activation, activate, activationNames } from "../layers/activations.js";
import { gru, gruCell } from "../layers/gru.js";
import { lstm, lstmCell } from "../layers/lstm.js";
import { simpleRnn, simpleRnnCell } from "../layers/simple-rnn.js";
import { logSoftmax, softmax } from "../layers/softmax.js";
import { type NamedValues, ProgramBuilder, type Value } from "../program/builder.js";
import { legalize } from "../program/legalize.js";
import type { Program } from "../program/types.js";
import { builtin } from "./index.js";

let seed = 1;
const random = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return (seed / 2 ** 32) * 2 - 1;
};
const draw = (shape: readonly number[]): HostTensor => tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, random), shape);

type Feeds = Record<string, HostTensor>;

async function run(program: Program, weights: Feeds, feeds: Feeds, composites: "all" | readonly string[]): Promise<Record<string, number[]>> {
  const adapter = builtin({ composites });
  const executable = await adapter.compile(legalize(program, adapter), weights);
  const results: Record<string, number[]> = {};
  for (const [name, result] of Object.entries(await executable.run(feeds))) results[name] = [...(await result.read()).data];
  return results;
}

/**
 * The fused kernels against the decomposition, both on this engine. The bound is for saturating activations; unbounded
 * ones amplify what rounding leaves.
 */
async function agree(program: Program, weights: Feeds, feeds: Feeds, bound = 2e-6): Promise<Record<string, number[]>> {
  const fused = await run(program, weights, feeds, "all");
  const expanded = await run(program, weights, feeds, []);
  for (const [name, values] of Object.entries(expanded)) {
    values.forEach((value, k) => {
      const got = fused[name]![k]!;
      if (!(Math.abs(got - value) <= bound * (1 + Math.abs(value))) && !Object.is(got, value)) expect.fail(`${name}[${k}]: fused ${got}, expanded ${value}`);
    });
  }
  return fused;
}

const kinds = ["lstm", "gru", "simpleRnn"] as const;
type Kind = (typeof kinds)[number];
const gates: Readonly<Record<Kind, number>> = { lstm: 4, gru: 3, simpleRnn: 1 };

interface Options {
  readonly activation: Activation;
  readonly recurrentActivation: Activation;
  readonly outputActivation: Activation;
  readonly resetAfter: boolean;
  readonly reverse: boolean;
  readonly maskedOutput: "zero" | "hold";
  readonly heldStart: "zeros" | "initialState";
}
const defaults: Options = { activation: "tanh", recurrentActivation: "sigmoid", outputActivation: "tanh", resetAfter: true, reverse: false, maskedOutput: "zero", heldStart: "zeros" };

interface Sizes { readonly time: number; readonly batch: number; readonly inputSize: number; readonly units: number }

/** A program of one recurrent composite, its weights and feeds. */
function make(kind: Kind, cell: boolean, options: Options, biases: "none" | "single" | "split", extent: "none" | "mask" | "lengths", { time, batch, inputSize, units }: Sizes, asWeights = true): { program: Program; weights: Feeds; feeds: Feeds } {
  const p = new ProgramBuilder(kind);
  const b = p.block;
  const [weights, feeds]: [Feeds, Feeds] = [{}, {}];
  const cols = gates[kind] * units;
  const weight = (name: string, shape: readonly number[]): Value => {
    (asWeights ? weights : feeds)[name] = draw(shape);
    return asWeights ? p.param(name, shape) : p.input(name, { dtype: "float32", shape });
  };
  const x = p.input("x", { dtype: "float32", shape: cell ? ["batch", inputSize] : ["time", "batch", inputSize] });
  feeds["x"] = draw(cell ? [batch, inputSize] : [time, batch, inputSize]);
  const state = (name: string): Value => {
    feeds[name] = draw([batch, units]);
    return p.input(name, { dtype: "float32", shape: ["batch", units] });
  };
  const h = state("h");
  const values: NamedValues = {
    kernel: weight("kernel", [inputSize, cols]), recurrentKernel: weight("recurrentKernel", [units, cols]),
    inputBias: biases === "none" ? undefined : weight("inputBias", [cols]),
    recurrentBias: biases === "split" ? weight("recurrentBias", [cols]) : undefined,
  };
  let within: NamedValues = {};
  if (extent === "lengths") {
    within = { lengths: p.input("lengths", { dtype: "int32", shape: ["batch"] }) };
    feeds["lengths"] = tensor(Array.from({ length: batch }, (_, row) => row % (time + 1)), [batch], "int32");
  } else if (extent === "mask") {
    within = { mask: p.input("mask", { dtype: "bool", shape: ["time", "batch"] }) };
    feeds["mask"] = tensor(Array.from({ length: time * batch }, (_, k) => (k % batch === 0 ? 0 : Number(random() > 0))), [time, batch], "bool");
  }
  const made: Readonly<Record<string, Value>> =
    kind === "lstm" ? (cell ? lstmCell(b, x, { h, c: state("c") }, values, options as never) : lstm(b, x, { h, c: state("c") }, values, within, options as never))
    : kind === "gru" ? (cell ? gruCell(b, x, { h }, values, options as never) : gru(b, x, { h }, values, within, options as never))
    : cell ? simpleRnnCell(b, x, { h }, values, options as never) : simpleRnn(b, x, { h }, values, within, options as never);
  for (const [name, value] of Object.entries(made)) p.output(`${name}Out`, value);
  return { program: p.finish(), weights, feeds };
}

const sizes: Sizes = { time: 4, batch: 6, inputSize: 3, units: 5 };

describe("builtin recurrent composites equal their decomposition", () => {
  describe.each(kinds)("%s", (kind) => {
    it("for every bias, reset, direction, extent, masked output and held start", async () => {
      for (const biases of ["none", "single", "split"] as const) for (const resetAfter of [true, false]) for (const reverse of [false, true])
        for (const extent of ["none", "mask", "lengths"] as const) for (const maskedOutput of ["zero", "hold"] as const) for (const heldStart of ["zeros", "initialState"] as const) {
          const { program, weights, feeds } = make(kind, false, { ...defaults, resetAfter, reverse, maskedOutput, heldStart }, biases, extent, sizes);
          await agree(program, weights, feeds);
        }
    });

    it("for every activation, in sequence and cell", async () => {
      for (const activation of activationNames) for (const recurrentActivation of activationNames) {
        for (const cell of [false, true]) {
          const options = { ...defaults, activation, recurrentActivation, outputActivation: activation, resetAfter: cell };
          const { program, weights, feeds } = make(kind, cell, options, "split", "none", { ...sizes, time: 1 });
          await agree(program, weights, feeds, 1e-5);
        }
      }
    });

    it("for cells with every bias and reset", async () => {
      for (const biases of ["none", "single", "split"] as const) for (const resetAfter of [true, false]) {
        const { program, weights, feeds } = make(kind, true, { ...defaults, resetAfter }, biases, "none", sizes);
        await agree(program, weights, feeds);
      }
    });

    it("for sizes around the width of a panel", async () => {
      for (const units of [1, 2, 7, 8, 9, 16]) for (const inputSize of [1, 4, 8]) for (const batch of [1, 2]) for (const time of [1, 5]) {
        const { program, weights, feeds } = make(kind, false, defaults, "split", "lengths", { time, batch, inputSize, units });
        await agree(program, weights, feeds);
      }
    });

    it("for more steps than are multiplied at once", async () => {
      for (const reverse of [false, true]) for (const time of [64, 65, 150]) {
        const { program, weights, feeds } = make(kind, false, { ...defaults, reverse }, "single", reverse ? "mask" : "none", { time, batch: 2, inputSize: 3, units: 4 });
        await agree(program, weights, feeds);
      }
    });

    it("when the weights are fed", async () => {
      for (const resetAfter of [true, false]) {
        const { program, weights, feeds } = make(kind, false, { ...defaults, resetAfter }, "split", "lengths", sizes, false);
        await agree(program, weights, feeds);
      }
    });

    it("lets nothing of the padding through, NaN or not", async () => {
      for (const reverse of [false, true]) for (const maskedOutput of ["zero", "hold"] as const) {
        const { program, weights, feeds } = make(kind, false, { ...defaults, reverse, maskedOutput, heldStart: "initialState" }, "single", "lengths", sizes);
        const clean = await agree(program, weights, feeds);
        const x = feeds["x"]!;
        const data = x.data.slice();
        for (let t = 0; t < sizes.time; t++) for (let row = 0; row < sizes.batch; row++) {
          if (t >= feeds["lengths"]!.data[row]!) data.fill([NaN, Infinity][row % 2]!, (t * sizes.batch + row) * sizes.inputSize, (t * sizes.batch + row + 1) * sizes.inputSize);
        }
        expect(await agree(program, weights, { ...feeds, x: { ...x, data } })).toEqual(clean);
        // Row 0 has length 0: it ends as it began.
        expect(clean["hOut"]!.slice(0, sizes.units)).toEqual([...feeds["h"]!.data.slice(0, sizes.units)]);
      }
    });

    it("passes non-finite input on", async () => {
      const { program, weights, feeds } = make(kind, true, { ...defaults, activation: "linear", outputActivation: "linear" }, "single", "none", sizes);
      const data = feeds["x"]!.data.slice();
      data[0] = NaN;
      const { hOut } = await agree(program, weights, { ...feeds, x: { ...feeds["x"]!, data } });
      expect(hOut!.slice(0, sizes.units).every(Number.isNaN)).toBe(true);
      expect(hOut!.slice(sizes.units).some(Number.isNaN)).toBe(false);
    });
  });
});

describe("builtin elementwise and row composites equal their decomposition", () => {
  const special = [-Infinity, -1e5, -89, -3.5, -1, -1e-3, -0, 0, 1e-3, 0.7, 2.5, 88, 1e5, Infinity, NaN];

  it.each(activationNames)("%s", async (name) => {
    const p = new ProgramBuilder(name);
    p.output("y", activate(p.block, name, p.input("x", { dtype: "float32", shape: ["batch"] })));
    await agree(p.finish(), {}, { x: tensor([...special, ...Array.from({ length: 50 }, () => random() * 8)]) });
  });

  it.each([["softmax", softmax], ["logSoftmax", logSoftmax]] as const)("%s", async (name, build) => {
    for (const shape of [[5], [3, 4], [2, 3, 1]]) {
      const p = new ProgramBuilder(name);
      p.output("y", build(p.block, p.input("x", { dtype: "float32", shape })));
      await agree(p.finish(), {}, { x: draw(shape) });
    }
    const p = new ProgramBuilder(name);
    p.output("y", build(p.block, p.input("x", { dtype: "float32", shape: ["batch", 3] })));
    await agree(p.finish(), {}, { x: tensor([[1000, 999, -1000], [-1000, -1000, -1001], [NaN, 0, 1], [-Infinity, 0, 1], [Infinity, 0, 1]]) });
  });
});
