import fc from "fast-check";
import { builtin, compile, lower, type Spec } from "@unroll/api";
import {
  batchMajorOperations,
  builtinOf,
  cellDefinitions,
  functionOperations,
  input,
  type Kit,
  kit,
  layerDefinitions,
  lstmCell,
  lstmDefinition,
  lstmOperations,
  primitiveOperations,
  recurrent,
  recurrentDefinition,
  rowEnds,
  savedStates,
  simdKernels,
  State,
  tensor,
} from "@unroll/api/core";
import { cases, inputsOf, optionsOf, specs } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { runs, seed } from "../conformance/test/settings.js";

/** A kit of the layers and cells that a spec has, and of no other. */
function ownKit({ layers }: Spec): Kit {
  const types = new Set(layers.map(({ type }) => type));
  const kinds = new Set(
    layers.flatMap((layer) => {
      if (layer.type === "recurrent") return [layer.cell.kind];
      return layer.type === "bidirectional" ? [layer.forward.kind, layer.backward.kind] : [];
    }),
  );
  return kit({
    layers: [...types].map((type) => layerDefinitions[type]),
    cells: [...kinds].map((kind) => cellDefinitions[kind]),
    rowEnds,
  });
}

describe("a kit of what a spec has", () => {
  it("makes the programs that the whole library makes", () => {
    fc.assert(
      fc.property(specs(), (spec) => {
        const own: Kit = ownKit(spec);
        own.validateSpec(spec);
        expect(own.lower(spec, { mode: "sequence" })).toEqual(lower(spec, { mode: "sequence" }));
      }),
      { numRuns: 8 * runs, seed },
    );
  });

  it("runs them to the same numbers", async () => {
    await fc.assert(
      fc.asyncProperty(cases(), async (given) => {
        const [own, whole] = await Promise.all(
          [ownKit(given.spec).compile, compile].map(async (make) => {
            const model = await make(given.spec, { adapter: builtin(), weights: given.weights });
            return model.sequence(inputsOf(given), optionsOf(given));
          }),
        );
        expect(own!.outputs).toEqual(whole!.outputs);
      }),
      { numRuns: runs, seed },
    );
  });
});

describe("an engine of some operations", () => {
  const parts = { layers: [recurrentDefinition], cells: [lstmDefinition] };
  const { compile: make, spec } = kit({ ...parts, rowEnds, savedStates });
  const model = (peepholes: boolean) =>
    spec({
      name: "part",
      inputs: [input({ name: "x", shape: [2] })],
      layers: [
        recurrent({ name: "lstm", input: "x", cell: lstmCell({ inputSize: 2, units: 3, peepholes }) }),
      ],
    });
  const weights = Object.fromEntries(
    kit({ layers: [recurrentDefinition], cells: [lstmDefinition] })
      .specWeights(model(true))
      .map(({ name, shape }) => {
        const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(k));
        return [name, tensor(data, shape)];
      }),
  );
  const plain = Object.fromEntries(Object.entries(weights).filter(([name]) => !name.includes("eephole")));
  const x = [
    [
      [0.5, -1],
      [0.25, 2],
    ],
  ];

  it.each([
    ["on loops", [], false],
    ["with SIMD", [simdKernels], true],
  ] as const)("has the numbers of the whole engine, %s", async (_name, more, simd) => {
    const part = await make(model(false), {
      adapter: builtinOf([lstmOperations, batchMajorOperations, ...more]),
      weights: plain,
    });
    const whole = await make(model(false), { adapter: builtin({ simd }), weights: plain });
    expect(part.adapter.device).toBe(whole.adapter.device);
    expect((await part.sequence(x, { lengths: [1] })).output).toEqual(
      (await whole.sequence(x, { lengths: [1] })).output,
    );
    const [first, second] = [part, whole].map((one) => {
      const [out, state] = [new Float32Array(3), one.zeroState(1)];
      one.stepInto(new Float32Array([0.5, -1]), state, out);
      return [out, state.toJSON()];
    });
    expect(first).toEqual(second);
  });

  it("names the parts that a kit was made without, where they are missed", async () => {
    const options = { adapter: builtinOf([lstmOperations, batchMajorOperations]), weights: plain };
    const bare = await kit(parts).compile(model(false), options);
    expect((await bare.sequence(x)).output.shape).toEqual([1, 2, 3]);
    for (const given of [{ lengths: [1] }, { mask: [[true, false]] }])
      await expect(bare.sequence(x, given)).rejects.toThrow(
        'model "part" sequence: expected a kit with rowEnds, got one without; give it to kit()',
      );
    // Another test of this process may have loaded what saves states.
    const { encoded } = State;
    Object.assign(State, { encoded: undefined });
    try {
      expect(() => JSON.stringify(bare.zeroState(1))).toThrow("toJSON: expected a kit with savedStates");
      const saving = await kit({ ...parts, savedStates }).compile(model(false), options);
      expect(State.fromJSON(saving.zeroState(1).toJSON()).toJSON()).toEqual(saving.zeroState(1).toJSON());
    } finally {
      State.encoded = encoded;
    }
  });

  it("refuses by name what it has no operation for, and runs it with the primitives", async () => {
    await expect(
      make(model(true), { adapter: builtinOf([lstmOperations, batchMajorOperations]), weights }),
    ).rejects.toThrow(/adapter "builtin": expected only primitives it claims, got "\w+" in program/);
    const adapter = builtinOf([lstmOperations, functionOperations, primitiveOperations]);
    const part = await make(model(true), { adapter, weights });
    const whole = await make(model(true), { adapter: builtin({ simd: false }), weights });
    expect((await part.sequence(x)).output).toEqual((await whole.sequence(x)).output);
  });
});
