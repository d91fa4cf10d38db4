import {
  type Adapter,
  type HostTensor,
  legalize,
  type Program,
  ProgramBuilder,
  tensor,
} from "@unroll/api/adapter";
import { compareWithBound } from "@unroll/conformance";
import { beforeEach, describe, expect, it } from "vitest";
import { activate, activationNames } from "../../packages/api/src/layers/activations.js";
import { logSoftmax, softmax } from "../../packages/api/src/layers/softmax.js";
import {
  deriveProgramBounds,
  type Judging,
  type ProgramBounds,
} from "../../conformance/src/properties/hold-program.js";
import { fast } from "../../conformance/test/settings.js";
import { type EngineOptions, variants } from "../engines.js";
import {
  defaults,
  draw,
  type Feeds,
  kinds,
  random,
  recurrentProgram,
  reseed,
  type Sizes,
} from "./recurrent-programs.js";

type Results = Record<string, HostTensor>;

async function run(program: Program, weights: Feeds, feeds: Feeds, adapter: Adapter): Promise<Results> {
  const executable = await adapter.compile(legalize(program, adapter), weights);
  const results: Results = {};
  for (const [name, result] of Object.entries(await executable.run(feeds))) {
    results[name] = await result.read();
    result.dispose();
  }
  executable.dispose();
  return results;
}

// Every engine gets the same programs, whose bounds are worked out once.
beforeEach(reseed);
const known = new Map<string, ProgramBounds>();
function boundsOf(program: Program, weights: Feeds, feeds: Feeds, apart: boolean): ProgramBounds {
  // Values as they are: JSON has no NaN.
  const values = Object.values({ ...weights, ...feeds }).map(({ data }) => data.join());
  const key = JSON.stringify([program, values, apart]);
  const bounds =
    known.get(key) ?? deriveProgramBounds({ program, weights, feeds }, "f32", { apart }, apart ? 16 : 4);
  known.set(key, bounds);
  return bounds;
}

/**
 * An engine's own way with a composite against its decomposition, by the definitions of the primitives in it.
 * Results have many elements, so that few samples tell the bound, but where some
 * are not finite and each is judged by itself.
 */
const agreement =
  (engine: (options?: EngineOptions) => Adapter) =>
  async (
    program: Program,
    weights: Feeds,
    feeds: Feeds,
    { apart = false }: Judging = {},
  ): Promise<Results> => {
    const fused = await run(program, weights, feeds, engine());
    const { exact, bounds } = boundsOf(program, weights, feeds, apart);
    for (const [name, want] of Object.entries(exact))
      expect(compareWithBound(fused[name]!, want, bounds[name]!), name).toMatchObject({ firstBadIndex: -1 });
    return fused;
  };

const sizes: Sizes = { time: 4, batch: 6, inputSize: 3, units: 5 };

describe.each(Object.entries(variants))(
  "%s: recurrent composites equal their decomposition",
  (name, engine) => {
    const agree = agreement(engine);
    // Every combination of options is a long run, which the fast lane makes on one engine.
    describe.skipIf(fast && name !== "builtin").each(kinds)("%s", (kind) => {
      it("for every bias, reset, direction, extent, masked output and held start", async () => {
        for (const biases of fast ? (["split"] as const) : (["none", "single", "split"] as const))
          for (const resetAfter of [true, false])
            for (const reverse of [false, true])
              for (const extent of ["none", "mask", "lengths"] as const)
                for (const maskedOutput of ["zero", "hold"] as const)
                  for (const heldStart of ["zeros", "initialState"] as const) {
                    const { program, weights, feeds } = recurrentProgram(
                      kind,
                      false,
                      { ...defaults, resetAfter, reverse, maskedOutput, heldStart },
                      biases,
                      extent,
                      sizes,
                    );
                    await agree(program, weights, feeds);
                  }
      });

      it("in the way of the engine's own that it claims", () => {
        const adapter = engine();
        for (const cell of [false, true]) {
          const op = cell ? `${kind}Cell` : kind;
          const { program } = recurrentProgram(kind, cell, defaults, "split", "none", sizes);
          const kept = legalize(program, adapter).nodes.some(
            (node) => node.kind === "composite" && node.op === op,
          );
          expect([op, kept]).toEqual([op, Object.hasOwn(adapter.capabilities.composites, op)]);
        }
      });

      it("for every activation, in sequence and cell", async () => {
        for (const activation of activationNames)
          for (const recurrentActivation of fast ? activationNames.slice(0, 3) : activationNames) {
            for (const cell of [false, true]) {
              const options = {
                ...defaults,
                activation,
                recurrentActivation,
                outputActivation: activation,
                resetAfter: cell,
              };
              const { program, weights, feeds } = recurrentProgram(kind, cell, options, "split", "none", {
                ...sizes,
                time: 1,
              });
              await agree(program, weights, feeds);
            }
          }
      });

      it("for cells with every bias and reset", async () => {
        for (const biases of ["none", "single", "split"] as const)
          for (const resetAfter of [true, false]) {
            const { program, weights, feeds } = recurrentProgram(
              kind,
              true,
              { ...defaults, resetAfter },
              biases,
              "none",
              sizes,
            );
            await agree(program, weights, feeds);
          }
      });

      it("for sizes around the width of a panel", async () => {
        for (const units of [1, 2, 7, 8, 9, 16])
          for (const inputSize of [1, 4, 8])
            for (const batch of [1, 2])
              for (const time of [1, 5]) {
                const { program, weights, feeds } = recurrentProgram(
                  kind,
                  false,
                  defaults,
                  "split",
                  "lengths",
                  { time, batch, inputSize, units },
                );
                await agree(program, weights, feeds);
              }
      });

      it("for more steps than are multiplied at once", async () => {
        for (const reverse of [false, true])
          for (const time of [64, 65, 150]) {
            const { program, weights, feeds } = recurrentProgram(
              kind,
              false,
              { ...defaults, reverse },
              "single",
              reverse ? "mask" : "none",
              { time, batch: 2, inputSize: 3, units: 4 },
            );
            await agree(program, weights, feeds);
          }
      });

      it("when the weights are fed", async () => {
        for (const resetAfter of [true, false]) {
          const { program, weights, feeds } = recurrentProgram(
            kind,
            false,
            { ...defaults, resetAfter },
            "split",
            "lengths",
            sizes,
            false,
          );
          await agree(program, weights, feeds);
        }
      });

      it("lets nothing of the padding through, NaN or not", async () => {
        for (const reverse of [false, true])
          for (const maskedOutput of ["zero", "hold"] as const) {
            const { program, weights, feeds } = recurrentProgram(
              kind,
              false,
              { ...defaults, reverse, maskedOutput, heldStart: "initialState" },
              "single",
              "lengths",
              sizes,
            );
            const clean = await agree(program, weights, feeds);
            const x = feeds["x"]!;
            const data = x.data.slice();
            for (let t = 0; t < sizes.time; t++)
              for (let row = 0; row < sizes.batch; row++) {
                if (t >= feeds["lengths"]!.data[row]!)
                  data.fill(
                    [NaN, Infinity][row % 2]!,
                    (t * sizes.batch + row) * sizes.inputSize,
                    (t * sizes.batch + row + 1) * sizes.inputSize,
                  );
              }
            expect(await agree(program, weights, { ...feeds, x: { ...x, data } })).toEqual(clean);
            // Row 0 has length 0: it ends as it began.
            expect(clean["hOut"]!.data.slice(0, sizes.units)).toEqual(feeds["h"]!.data.slice(0, sizes.units));
          }
      });

      // ONNX Runtime's fused LSTM and GRU clip NaN to a number before each gate (README of the adapter).
      const clipsNaN = name.startsWith("onnxruntime") && kind !== "simpleRnn";
      it(
        clipsNaN ? "turns NaN into a number, which is not ours to hide" : "passes non-finite input on",
        async () => {
          const { program, weights, feeds } = recurrentProgram(
            kind,
            true,
            { ...defaults, activation: "linear", outputActivation: "linear" },
            "single",
            "none",
            sizes,
          );
          const data = feeds["x"]!.data.slice();
          data[0] = NaN;
          const given = { ...feeds, x: { ...feeds["x"]!, data } };
          const { hOut } = clipsNaN
            ? await run(program, weights, given, engine())
            : await agree(program, weights, given, { apart: true });
          expect(hOut!.data.slice(0, sizes.units).every(Number.isNaN)).toBe(!clipsNaN);
          expect(hOut!.data.slice(sizes.units).some(Number.isNaN)).toBe(false);
        },
      );
    });
  },
);

describe.each(Object.entries(variants))("%s: an LSTM", (name, engine) => {
  it.skipIf(fast && name !== "builtin")(
    "with a projection, peepholes or both equals its decomposition",
    async () => {
      const agree = agreement(engine);
      for (const projection of [undefined, 2, 5])
        for (const peepholes of [false, true])
          for (const cell of [false, true])
            for (const extent of cell ? (["none"] as const) : (["none", "mask", "lengths"] as const))
              for (const reverse of cell ? [false] : [false, true]) {
                const { program, weights, feeds } = recurrentProgram(
                  "lstm",
                  cell,
                  { ...defaults, reverse, maskedOutput: "hold" },
                  "split",
                  extent,
                  { ...sizes, ...(projection && { projection }), peepholes },
                );
                await agree(program, weights, feeds);
              }
    },
  );
});

describe.each(Object.entries(variants))(
  "%s: elementwise and row composites equal their decomposition",
  (_name, engine) => {
    const agree = agreement(engine);
    const special = [-Infinity, -1e5, -89, -3.5, -1, -1e-3, -0, 0, 1e-3, 0.7, 2.5, 88, 1e5, Infinity, NaN];

    it.each(activationNames)("%s", async (name) => {
      const p = new ProgramBuilder(name);
      p.output("y", activate(p.block, name, p.input("x", { dtype: "float32", shape: ["batch"] })));
      await agree(
        p.finish(),
        {},
        { x: tensor([...special, ...Array.from({ length: 50 }, () => random() * 8)]) },
        { apart: true },
      );
    });

    it.each([
      ["softmax", softmax],
      ["logSoftmax", logSoftmax],
    ] as const)("%s", async (name, build) => {
      for (const shape of [[5], [3, 4], [2, 3, 1]]) {
        const p = new ProgramBuilder(name);
        p.output("y", build(p.block, p.input("x", { dtype: "float32", shape })));
        await agree(p.finish(), {}, { x: draw(shape) });
      }
      const p = new ProgramBuilder(name);
      p.output("y", build(p.block, p.input("x", { dtype: "float32", shape: ["batch", 3] })));
      await agree(
        p.finish(),
        {},
        {
          x: tensor([
            [1000, 999, -1000],
            [-1000, -1000, -1001],
            [NaN, 0, 1],
            [-Infinity, 0, 1],
            [Infinity, 0, 1],
          ]),
        },
        { apart: true },
      );
    });
  },
);
