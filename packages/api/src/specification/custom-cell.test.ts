import { describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import { minimalGatedCell } from "../cells/index.js";
import { isUnrollError } from "../contract/error.js";
import { tensor } from "../contract/tensor.js";
import { compile } from "../model/compile.js";
import type { Block, Value } from "../program/builder.js";
import { input, recurrent, spec } from "./build.js";
import { customCell } from "./custom-cell.js";
import { specState } from "./state.js";
import type { CustomCellSpec, Spec } from "./types.js";
import { validateSpec } from "./validate.js";
import { specWeights } from "./weights.js";

/** Keeps a running sum of its input, and puts out that sum times two. */
const summing = customCell({
  name: "summing",
  inputSize: 2,
  state: { total: 2 },
  weights: {},
  step(b, { x, state }) {
    const total = b.add(state.total, x);
    return { state: { total }, output: b.mul(total, b.constant(2)) };
  },
});
const modelOf = (cell: CustomCellSpec, more: Partial<Parameters<typeof recurrent>[0]> = {}): Spec =>
  spec({
    name: "model",
    inputs: [input({ name: "x", shape: [cell.inputSize] })],
    layers: [recurrent({ name: "layer", input: "x", cell, ...more })],
  });
const x = tensor([1, 10, 2, 20, 3, 30, 4, 40], [1, 4, 2]);

describe("a custom cell", () => {
  it("runs by its equations, whole, by steps, backward and with a mask", async () => {
    const model = await compile(modelOf(summing), { adapter: builtin(), weights: {} });
    const { output, state } = await model.sequence(x);
    expect([...output.data]).toEqual([2, 20, 6, 60, 12, 120, 20, 200]);
    expect((await state.toTypedArrays())["layer"]!["total"]!.data).toEqual(Float32Array.of(10, 100));
    const first = await (
      model as unknown as {
        step: typeof model.sequence extends never
          ? never
          : (x: unknown, state: unknown) => Promise<{ output: { data: ArrayLike<number> } }>;
      }
    ).step([[1, 10]], model.zeroState(1));
    expect([...Array.from(first.output.data)]).toEqual([2, 20]);

    const backward = await compile(modelOf(summing, { direction: "backward" }), {
      adapter: builtin(),
      weights: {},
    });
    expect([...(await backward.sequence(x)).output.data]).toEqual([20, 200, 18, 180, 14, 140, 8, 80]);

    const held = await compile(modelOf(summing, { maskedOutput: "hold" }), {
      adapter: builtin(),
      weights: {},
    });
    expect([...(await held.sequence(x, { mask: [[false, true, false, true]] })).output.data]).toEqual([
      0, 0, 4, 40, 4, 40, 12, 120,
    ]);
    const last = await compile(modelOf(summing, { maskedOutput: "hold", returns: "last" }), {
      adapter: builtin(),
      weights: {},
    });
    expect([...(await last.sequence(x, { mask: [[true, true, false, false]] })).output.data]).toEqual([
      6, 60,
    ]);
    expect([...(await last.sequence(x, { lengths: [0] })).output.data]).toEqual([0, 0]);
  });

  it("survives JSON, with its weights and state under its own names", () => {
    const model = modelOf(minimalGatedCell({ inputSize: 3, units: 2 }));
    const again: unknown = JSON.parse(JSON.stringify(model));
    expect(again).toEqual(model);
    expect(() => validateSpec(again)).not.toThrow();
    expect(specWeights(model).map(({ name, shape }) => `${name} ${shape.join("x")}`)).toEqual([
      "layer.kernel 3x4",
      "layer.recurrentKernel 2x4",
      "layer.bias 4",
    ]);
    expect(specState(modelOf(summing))).toEqual([
      { layer: "layer", part: "total", dtype: "float32", shape: [2] },
    ]);
  });

  const make = (
    step: (
      b: Block,
      given: { x: Value; state: { h: Value }; weights: { w: Value } },
    ) => { state: { h: Value }; output?: Value },
  ): unknown => customCell({ name: "mine", inputSize: 3, state: { h: 3 }, weights: { w: [3, 3] }, step });
  it.each<[string, () => unknown, string]>([
    [
      "a part of another shape",
      () => make((b, { x: v, weights }) => ({ state: { h: b.sum(b.matmul(v, weights.w), 1) } })),
      'customCell "mine" step outputs: expected h float32 [batch, 3], output float32 [batch, 1], got h ' +
        "float32 [batch, 1]",
    ],
    [
      "a missing part",
      () => make(() => ({ state: {} }) as never),
      'customCell "mine" step: expected state parts h, got no "h"; return every part',
    ],
    [
      "nothing at all",
      () => make(() => undefined as never),
      'customCell "mine" step: expected { state: { ... } }, got undefined; return every state part',
    ],
    [
      "a part by itself",
      () => make((_b, { x: v }) => v as never),
      'customCell "mine" step: expected { state: { ... } }, got { id, type, block }; return every state part',
    ],
    [
      "a part too many",
      () => make((_b, { x: v, state }) => ({ state: { ...state, c: v } })),
      'customCell "mine" step: expected state parts h, got "c" too',
    ],
    [
      "no state",
      () => customCell({ name: "mine", inputSize: 3, state: {}, weights: {}, step: () => ({ state: {} }) }),
      'customCell "mine": expected at least one state part, got none',
    ],
    [
      "operands that do not fit",
      () => make((b, { x: v, weights }) => ({ state: { h: b.matmul(weights.w, v) } })),
      'program "mine" matmul: expected [..., m, k] and [..., k, n]',
    ],
    [
      "a sum over rows",
      () => make((b, { x: v }) => ({ state: { h: b.expand(b.sum(v, 0), v) } })),
      'customCell "mine" step: expected operations on each row by itself, got sum along the batch',
    ],
    [
      "rows in another order",
      () => make((b, { x: v }) => ({ state: { h: b.reverse(v, 0) } })),
      "got reverse along the batch",
    ],
    [
      "rows paired with rows",
      () =>
        make((b, { x: v, state }) => ({
          state: { h: b.matmul(b.matmul(v, b.transpose(state.h, [1, 0])), state.h) },
        })),
      "got matmul that pairs rows with each other, [batch, batch]",
    ],
    [
      "a part named as the input",
      () =>
        customCell({
          name: "mine",
          inputSize: 3,
          state: { output: 3 },
          weights: {},
          step: (_b, { x: v }) => ({ state: { output: v } }),
        }),
      'expected distinct output names, got "output" twice',
    ],
    [
      "a weight named as a part",
      () =>
        customCell({
          name: "mine",
          inputSize: 3,
          state: { h: 3 },
          weights: { h: [3] },
          step: (_b, { x: v }) => ({ state: { h: v } }),
        }),
      'customCell "mine" weights: expected names of letters, digits, dots and _ other than x, mask, ' +
        'lengths, h, got "h"',
    ],
  ])("refuses %s", (_what, attempt, message) => {
    expect(attempt).toThrow(message);
  });

  it("knows its parts and weights by name, where the compiler looks", () => {
    const made = (): unknown =>
      customCell({
        name: "mine",
        inputSize: 1,
        state: { h: 1 },
        weights: { kernel: [1, 1] },
        step: (b, { x: v, state, weights }) => ({
          // @ts-expect-error there is no weight kernle
          state: { h: b.add(state.h, b.matmul(v, weights.kernle)) },
        }),
      });
    expect(made).toThrow();
    expect(() =>
      customCell({
        name: "mine",
        inputSize: 1,
        state: { h: 1 },
        weights: {},
        // @ts-expect-error there is no part c to return
        step: (_b, { x: v }) => ({ state: { c: v } }),
      }),
    ).toThrow('got "c" too');
  });

  it("refuses to hold an initial output that its state does not have", () => {
    expect(() => modelOf(summing, { maskedOutput: "hold", heldStart: "initialState" })).toThrow(
      'spec .layers[0].heldStart: expected zeros, as the output of cell "summing" is no part of its ' +
        'state, got "initialState"',
    );
  });

  it("refuses JSON that was changed anywhere with an error of the library, or still holds together", () => {
    const model = modelOf(minimalGatedCell({ inputSize: 3, units: 2 }));
    const paths: string[][] = [];
    (function walk(value: unknown, path: string[]): void {
      if (typeof value !== "object" || value === null) return;
      for (const key of Object.keys(value)) {
        paths.push([...path, key]);
        walk((value as Record<string, unknown>)[key], [...path, key]);
      }
    })((model.layers[0] as { cell: CustomCellSpec }).cell, []);
    expect(paths.length).toBeGreaterThan(300);
    let refused = 0;
    for (const path of paths)
      for (const change of [undefined, null, 7, "other", [], {}]) {
        const copy = structuredClone(model) as unknown as { layers: { cell: Record<string, unknown> }[] };
        let at: Record<string, unknown> = copy.layers[0]!.cell;
        for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
        if (change === undefined) delete at[path[path.length - 1]!];
        else at[path[path.length - 1]!] = change;
        try {
          validateSpec(copy);
        } catch (error) {
          if (!isUnrollError(error))
            throw new Error(`${path.join(".")} = ${JSON.stringify(change)}: ${String(error)}`, {
              cause: error,
            });
          refused++;
        }
      }
    expect(refused).toBeGreaterThan(paths.length);
  });
});
