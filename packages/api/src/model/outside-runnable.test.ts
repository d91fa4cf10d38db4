import { describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import { tensor } from "../contract/tensor.js";
import { gruCell } from "../layers/cells.js";
import { recurrent } from "../layers/layers.js";
import { runnables } from "../lowering/outside-runnable.js";
import { runnableOf } from "../lowering/spec-runnable.js";
import type { Runnable, RunMode } from "../program/runnable.js";
import { input, spec } from "../specification/build.js";
import { everything } from "../specification/catalog.js";
import { compile } from "./compile.js";

const layers = spec({
  name: "outside",
  inputs: [input({ name: "x", shape: [2] })],
  layers: [recurrent({ name: "gru", input: "x", cell: gruCell({ inputSize: 2, units: 3 }) })],
});
const honest = runnableOf(everything, layers);
const weights = Object.fromEntries(
  honest.weights.map(({ name, shape }) => [
    name,
    tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.1), shape),
  ]),
);
const x = tensor(new Float32Array(12).fill(0.5), [2, 3, 2]);

const messageOf = async (runnable: unknown): Promise<string> => {
  try {
    await compile(runnable as Runnable, { adapter: builtin(), weights });
  } catch (error) {
    return `${(error as { code?: string }).code} ${(error as Error).message}`;
  }
  return "compiles";
};

/** The honest programs with the JSON of each changed. */
const withPrograms = (change: (text: string) => string): Runnable => ({
  ...honest,
  program: (how) => {
    const text = JSON.stringify(honest.program(how));
    expect(change(text)).not.toBe(text);
    return JSON.parse(change(text)) as ReturnType<Runnable["program"]>;
  },
});

describe("a runnable from outside", () => {
  it("runs as what it was made of, in every mode", async () => {
    const [own, other] = await Promise.all([
      compile(layers, { adapter: builtin(), weights }),
      compile(honest, { adapter: builtin(), weights }),
    ]);
    for (const options of [
      {},
      { lengths: [3, 1] },
      { mask: tensor(new Uint8Array([1, 0, 1, 1, 1, 0]), [2, 3], "bool") },
    ])
      expect((await other.sequence(x, options)).output).toEqual((await own.sequence(x, options)).output);
    const timeMajor = { adapter: builtin(), weights, timeMajor: true };
    const turned = tensor(x.data, [3, 2, 2]);
    expect((await (await compile(honest, timeMajor)).sequence(turned)).output).toEqual(
      (await (await compile(layers, timeMajor)).sequence(turned)).output,
    );
  });

  it("is taken as it is when it is given, and so are its weights", async () => {
    const mine = structuredClone({ ...honest, program: null, identity: "a" });
    const held = structuredClone(weights);
    const compiling = compile(
      { ...mine, program: (how: RunMode) => honest.program(how) },
      {
        adapter: builtin(),
        weights: held,
      },
    );
    (mine.inputs as unknown[]).splice(0);
    for (const { data } of Object.values(held)) data.fill(9);
    const own = await compile(layers, { adapter: builtin(), weights });
    expect((await (await compiling).sequence(x)).output).toEqual((await own.sequence(x)).output);
  });

  const [firstInput, firstOutput, firstState, firstWeight] = [
    honest.inputs[0]!,
    honest.outputs[0]!,
    honest.states[0]!,
    honest.weights[0]!,
  ];
  it.each<[string, object, string]>([
    ["a name that is none", { name: 3 }, "runnable 3.name: expected a text, got 3;"],
    ["no inputs", { inputs: [] }, 'runnable "outside".inputs: expected a list of 1 to 65536, got [];'],
    ["inputs that are no list", { inputs: {} }, "inputs: expected a list of 1 to 65536, got {};"],
    [
      "an input that is nothing",
      { inputs: [null] },
      "inputs[0]: expected an object with name, dtype, axis, shape, ids",
    ],
    [
      "two inputs of a name",
      { inputs: [firstInput, firstInput] },
      'inputs[1]: expected a name used once, got "x"',
    ],
    [
      "an input of another dtype",
      { inputs: [{ ...firstInput, dtype: "bool" }] },
      "inputs[0].dtype: expected one of",
    ],
    [
      "an axis that is batch",
      { inputs: [{ ...firstInput, axis: "batch" }] },
      "inputs[0].axis: expected null or",
    ],
    [
      "a shape that is none",
      { inputs: [{ ...firstInput, shape: [2, "n"] }] },
      "inputs[0].shape: expected a list of",
    ],
    [
      "a shape too large",
      { inputs: [{ ...firstInput, shape: [2 ** 20, 2 ** 20] }] },
      "of 536870912 elements at most",
    ],
    [
      "ids below one",
      { inputs: [{ ...firstInput, ids: 0 }] },
      "inputs[0].ids: expected Infinity, or a whole",
    ],
    ["a stride of none", { stride: 0 }, "stride: expected a whole number of at least 1, got 0"],
    [
      "a stride whose states belong to no model",
      { stride: 2, identity: undefined },
      "identity: expected a text, beside a stride, got undefined",
    ],
    ["no outputs", { outputs: [] }, "outputs: expected a list of 1"],
    [
      "an output without a name",
      { outputs: [{ ...firstOutput, name: "" }] },
      "outputs[0].name: expected a name of 1",
    ],
    [
      "a name that objects have",
      { outputs: [{ ...firstOutput, name: "__proto__" }] },
      "and not __proto__, got",
    ],
    ["states that are no list", { states: null }, "states: expected a list of 0"],
    [
      "a state that is perhaps given",
      { states: [{ ...firstState, given: 1 }] },
      "states[0].given: expected true or",
    ],
    [
      "a state twice",
      { states: [firstState, firstState] },
      'states[1]: expected a name used once, got "gru.h"',
    ],
    ["an identity that is none", { identity: 5 }, "identity: expected a text, got 5"],
    ["weights that are no list", { weights: "all" }, 'weights: expected a list of 0 to 65536, got "all"'],
    ["a weight twice", { weights: [firstWeight, firstWeight] }, "weights[1]: expected a name used once"],
    ["perhaps no steps", { mayBeEmpty: null }, "mayBeEmpty: expected true or false, got null"],
    ["a reason that is none", { whyNotSteppable: false }, "whyNotSteppable: expected a text, got false"],
    ["no programs", { program: null }, "program: expected a function from a mode to its program, got null"],
  ])("is refused with %s", async (_what, change, message) => {
    const got = await messageOf({ ...honest, ...change });
    expect(got).toContain(message);
    expect(got).toContain("UNROLL_ARGUMENT");
  });

  it.each<[string, Runnable, string]>([
    [
      "that say another activation than their bodies compute",
      withPrograms((text) => text.replace('"activation":"tanh"', '"activation":"relu"')),
      'UNROLL_PROGRAM program "outside sequence" node 1 gru: expected attribute "activation" to be "tanh"',
    ],
    [
      "that are promises",
      { ...honest, program: (async () => honest.program) as never },
      "UNROLL_FORMAT program",
    ],
    [
      "with an input of another name",
      withPrograms((text) => text.replace('"name":"x"', '"name":"y"')),
      'UNROLL_PROGRAM runnable "outside" program of a sequence inputs: expected "x" float32 [batch, ',
    ],
    [
      "with a result too few",
      withPrograms((text) => text.replace(/,\{"name":"state.gru.h"[^[]*\["batch",3\]\}\}\]\}$/, "]}")),
      'UNROLL_PROGRAM runnable "outside" program of a sequence outputs: expected "gru" float32 ',
    ],
    [
      "with a weight that the signature has not",
      { ...honest, weights: honest.weights.map((one) => ({ ...one, shape: [1] })) },
      "UNROLL_",
    ],
  ])("is refused with programs %s", async (_what, runnable, message) => {
    expect(await messageOf(runnable)).toContain(message);
  });

  it("is refused where a program has a weight of its own", () => {
    const runnable = runnables({ ...honest, weights: honest.weights.slice(1) });
    expect(() => runnable.program({ mode: "sequence" })).toThrow(
      'params: expected weights of the signature, "gru.kernel" not among them, got float32 [2,',
    );
  });
});
