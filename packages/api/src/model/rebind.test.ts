import { describe, expect, it } from "vitest";
import type { Adapter, WeightMap } from "../contract/adapter.js";
import { tensor } from "../contract/tensor.js";
import { builtin } from "../builtin/index.js";
import { input, lstmCell, recurrent, spec } from "../specification/build.js";
import { specWeights } from "../specification/weights.js";
import { compile } from "./compile.js";

const model = spec({
  name: "m",
  inputs: [input({ name: "x", shape: [2] })],
  layers: [recurrent({ name: "lstm", input: "x", cell: lstmCell({ inputSize: 2, units: 3 }) })],
});
const weightsBy = (f: (k: number) => number): WeightMap =>
  Object.fromEntries(
    specWeights(model).map(({ name, shape }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [
        name,
        tensor(
          Float32Array.from({ length: size }, (_, k) => f(k)),
          shape,
        ),
      ];
    }),
  );
const x = tensor([
  [
    [0.5, -1],
    [0.25, 2],
    [1, 1],
  ],
]);

/** The builtin engine as one that can't bind weights anew. */
const withoutRebind = (): Adapter => {
  const { compileSync: _, ...engine } = builtin();
  return {
    ...engine,
    capabilities: { ...engine.capabilities, synchronous: false },
    async compile(program, weights) {
      const executable = await engine.compile(program, weights);
      return { run: (feeds) => executable.run(feeds), dispose: () => executable.dispose() };
    },
  };
};

describe.each([
  ["builtin", builtin],
  ["an engine that compiles again", withoutRebind],
])("rebind on %s", (_name, engine) => {
  const output = async (weights: WeightMap): Promise<unknown> =>
    (await (await compile(model, { adapter: engine(), weights })).sequence(x)).output;
  const [first, second] = [weightsBy(Math.sin), weightsBy(Math.cos)];

  it("gives a step that does not wait for it the new weights, too", async () => {
    const compiled = await compile(model, { adapter: engine(), weights: first });
    await compiled.step([[1, 2]], compiled.zeroState(1));
    const bound = compiled.rebind(second);
    const { output: got } = await compiled.step([[1, 2]], compiled.zeroState(1));
    await bound;
    const fresh = await compile(model, { adapter: engine(), weights: second });
    expect(got).toEqual((await fresh.step([[1, 2]], fresh.zeroState(1))).output);
  });

  it("gives what a model compiled with the new weights gives, whole and step by step", async () => {
    const compiled = await compile(model, { adapter: engine(), weights: first });
    const before = await compiled.sequence(x);
    await compiled.step([[1, 2]], compiled.zeroState(1));
    await compiled.rebind(second);
    expect((await compiled.sequence(x)).output).toEqual(await output(second));
    const fresh = await compile(model, { adapter: engine(), weights: second });
    expect((await compiled.step([[1, 2]], compiled.zeroState(1))).output).toEqual(
      (await fresh.step([[1, 2]], fresh.zeroState(1))).output,
    );
    expect(before.output).toEqual(await output(first));
  });

  it("keeps the weights that are not among the new ones", async () => {
    const compiled = await compile(model, { adapter: engine(), weights: first });
    await compiled.sequence(x);
    await compiled.rebind({ "lstm.kernel": second["lstm.kernel"]! });
    expect((await compiled.sequence(x)).output).toEqual(
      await output({ ...first, "lstm.kernel": second["lstm.kernel"]! }),
    );
  });

  it("keeps the order of calls that nobody waited for", async () => {
    const compiled = await compile(model, { adapter: engine(), weights: first });
    const before = compiled.sequence(x);
    const bound = compiled.rebind(second);
    const after = compiled.sequence(x);
    await bound;
    expect((await before).output).toEqual(await output(first));
    expect((await after).output).toEqual(await output(second));
  });

  it("runs what was asked for between two changes with the first, though it has yet to compile", async () => {
    const compiled = await compile(model, { adapter: engine(), weights: weightsBy(() => 0) });
    const changes = [compiled.rebind(first)];
    const between = compiled.sequence(x);
    changes.push(compiled.rebind(second));
    const after = compiled.sequence(x);
    await Promise.all(changes);
    expect((await between).output).toEqual(await output(first));
    expect((await after).output).toEqual(await output(second));
  });

  it("takes what it is given at once", async () => {
    const given = weightsBy(Math.cos);
    const compiled = await compile(model, { adapter: engine(), weights: first });
    const bound = compiled.rebind(given);
    for (const { data } of Object.values(given)) data.fill(NaN);
    await bound;
    expect((await compiled.sequence(x)).output).toEqual(await output(second));
  });

  it("refuses names and shapes that the model does not have, and changes nothing", async () => {
    const compiled = await compile(model, { adapter: engine(), weights: first });
    await expect(compiled.rebind({ ...second, "lstm.kernle": second["lstm.kernel"]! })).rejects.toThrow(
      "unexpected lstm.kernle",
    );
    await expect(compiled.rebind({ "lstm.bias": tensor([1, 2]) })).rejects.toThrow(
      "lstm.bias is [2], not [12]",
    );
    expect((await compiled.sequence(x)).output).toEqual(await output(first));
  });
});

it("weights may be changed once compile has been called", async () => {
  const given = weightsBy(Math.sin);
  const compiled = compile(model, { adapter: builtin(), weights: given });
  for (const { data } of Object.values(given)) data.fill(NaN);
  const { output } = await (await compiled).sequence(x);
  expect(output.data.every(Number.isFinite)).toBe(true);
});
