import { describe, expect, it } from "vitest";
import * as whole from "./index.js";
import {
  denseDefinition,
  gruCell,
  input,
  kit,
  lstmCell,
  lstmDefinition,
  recurrent,
  recurrentDefinition,
  runnables,
  tensor,
} from "./core.js";
import { runnableOf } from "./lowering/spec-runnable.js";
import { everything } from "./specification/catalog.js";

const parts = {
  name: "small",
  inputs: [input({ name: "x", shape: [2] })],
  layers: [recurrent({ name: "lstm", input: "x", cell: lstmCell({ inputSize: 2, units: 3 }) })],
} as const;

const weightsOf = (of: whole.Spec) =>
  Object.fromEntries(
    whole.specWeights(of).map(({ name, shape }) => {
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(k));
      return [name, tensor(data, shape)];
    }),
  );

describe("a kit", () => {
  const { compile, spec, specWeights, validateSpec } = kit({
    layers: [recurrentDefinition, denseDefinition],
    cells: [lstmDefinition],
  });

  it("makes the same specs, weights and numbers as the whole library", async () => {
    const small = spec(parts);
    expect(small).toEqual(whole.spec(parts));
    expect(specWeights(small)).toEqual(whole.specWeights(small));
    const weights = weightsOf(small);
    const x = tensor([
      [
        [0.5, -1],
        [0.25, 2],
      ],
    ]);
    const [own, other] = await Promise.all(
      [compile, whole.compile].map(async (make) => {
        const model = await make(small, { adapter: whole.builtin(), weights });
        return (await model.sequence(x)).output;
      }),
    );
    expect(own).toEqual(other);
  });

  it("refuses layers and cells that it does not have", () => {
    const gru = recurrent({ name: "gru", input: "x", cell: gruCell({ inputSize: 2, units: 3 }) });
    expect(() => spec({ ...parts, layers: [gru] })).toThrow(
      'spec .layers[0].cell.kind: expected one of lstm, got "gru"',
    );
    const drop = { type: "dropout", name: "drop", input: "x", rate: 0.5 };
    expect(() => validateSpec({ ...spec(parts), layers: [drop] })).toThrow(
      'spec .layers[0].type: expected one of recurrent, dense, got "dropout"',
    );
  });

  it("refuses a part that there is none of, and a runnable without what checks it", async () => {
    const odd = { layers: [recurrentDefinition], cels: [lstmDefinition] };
    expect(() => kit(odd as never)).toThrow(
      "kit: expected options layers, cells, rowEnds, savedStates, runLimits, runnables, customSteps, " +
        'got "cels"; the nearest is "cells"',
    );
    const runnable = runnableOf(everything, spec(parts));
    const options = { adapter: whole.builtin(), weights: weightsOf(spec(parts)) };
    await expect(compile(runnable, options)).rejects.toThrow("compile: expected a kit with runnables");
    const checking = kit({ layers: [recurrentDefinition], cells: [lstmDefinition], runnables });
    expect((await checking.compile(runnable, options)).spec).toMatchObject({ name: "small" });
    const wrong = { ...runnable, outputs: [{ ...runnable.outputs[0]!, shape: [7] }] };
    await expect(checking.compile(wrong, options)).rejects.toMatchObject({ code: "UNROLL_PROGRAM" });
  });
});
