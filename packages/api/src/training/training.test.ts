import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import { type HostTensor, tensor } from "../contract/tensor.js";
import { lstmCell } from "../layers/cells.js";
import { dense, pickStep, recurrent } from "../layers/layers.js";
import { lower } from "../lowering/lower.js";
import { prepare } from "../program/prepare.js";
import { ProgramBuilder } from "../program/program-builder.js";
import { input, spec } from "../specification/build.js";
import { specWeights } from "../specification/weights.js";
import * as training from "./index.js";

interface Recorded {
  learningRate: number;
  start: number[];
  gradients: number[][];
  cases: {
    rule: "sgd" | "rmsprop" | "adagrad" | "adadelta" | "adam" | "adamW" | "nadam" | "adamax";
    framework: training.Framework;
    options: object;
    weights: number[][];
  }[];
}

const recorded = JSON.parse(
  readFileSync(new URL("../../../../fixtures/optimizers/steps.json", import.meta.url), "utf8"),
) as Recorded;

/**
 * How far two float32 computations of a step may be apart, of weights up to 1: half an ulp for the weight and
 * as much for the step, in each of them; and what Keras's 1 - beta2^t loses, which it computes in float32,
 * where beta2^t is off by half an ulp for each of t: relative to 1 - beta2^t that is 2^-25 / (1 - beta2), of
 * which the root takes half, on either side of a step of at most the learning rate.
 */
function stepBound({ rule, framework, options }: Recorded["cases"][number], learningRate: number): number {
  const { beta2 = 0.999 } = options as { readonly beta2?: number };
  const corrected = framework === "keras" && ["adam", "adamW", "nadam"].includes(rule);
  return 2 ** -24 * (2 + (corrected ? learningRate / (2 * (1 - beta2)) : 0));
}

/** A loss of one row. */
async function lossOf(loss: training.Loss, x: number[][], y: HostTensor): Promise<number> {
  const builder = new ProgramBuilder("model");
  builder.output("x", builder.input("in", { dtype: "float32", shape: ["batch", x[0]!.length] }));
  const program = training.lossProgram(builder.finish(), [{ of: "x", loss }]);
  const executable = await prepare(builtin(), program, {});
  const share = tensor(x.map(() => 1 / x.length));
  const results = await executable.run({ in: tensor(x), "target.x": y, "share.x": share });
  return (await results["loss"]!.read()).data[0]!;
}

describe("optimisers", () => {
  it.each(recorded.cases)("$rule of $framework with $options takes its steps", async (one) => {
    const rule = training[one.rule](one.framework, one.options);
    const type = { dtype: "float32", shape: [4] } as const;
    const executable = await prepare(builtin(), training.updateProgram([{ name: "w", type }], rule), {});
    let held: Record<string, HostTensor> = { w: tensor(recorded.start) };
    for (const [slot, value] of Object.entries(rule.slots))
      held[training.slotName("w", slot)] = tensor([value, value, value, value]);
    for (const [k, gradient] of recorded.gradients.entries()) {
      const scalars = Object.entries(rule.scalars(k + 1, recorded.learningRate));
      const results = await executable.run({
        ...held,
        "gradient.w": tensor(gradient),
        ...Object.fromEntries(scalars.map(([name, x]) => [training.scalarName(name), tensor(x)])),
      });
      held = {};
      for (const [name, value] of Object.entries(results)) held[name] = await value.read();
      Array.from(held["w"]!.data).forEach((x, at) => {
        const bound = (k + 1) * stepBound(one, recorded.learningRate) * Math.max(1, Math.abs(x));
        expect(Math.abs(x - one.weights[k]![at]!)).toBeLessThanOrEqual(bound);
      });
    }
  });

  it("refuse options that they do not have", () => {
    expect(() => training.adam("keras", { lr: 1 } as object)).toThrow(/lr/);
    expect(() => training.sgd("keras", { dampening: 0.5 })).toThrow(/no dampening/);
    expect(() => training.adam("keras", { beta1: NaN })).toThrow(/beta1/);
  });
});

describe("losses", () => {
  it("are their formulas", async () => {
    const x = [[1, 3]];
    const y = tensor([[0, 1]]);
    expect(await lossOf(training.meanSquaredError(), x, y)).toBeCloseTo(2.5);
    expect(await lossOf(training.meanAbsoluteError(), x, y)).toBeCloseTo(1.5);
    expect(await lossOf(training.huber(), x, y)).toBeCloseTo((0.5 + 1.5) / 2);
    const soft = Math.exp(3) / (Math.exp(1) + Math.exp(3));
    expect(await lossOf(training.categoricalCrossEntropy(true), x, y)).toBeCloseTo(-Math.log(soft));
    const id = tensor([1], undefined, "int32");
    expect(await lossOf(training.sparseCategoricalCrossEntropy(true), x, id)).toBeCloseTo(-Math.log(soft));
    expect(await lossOf(training.sparseCategoricalCrossEntropy(), x, id)).toBeCloseTo(-Math.log(0.75));
    expect(await lossOf(training.negativeLogLikelihood(), x, id)).toBeCloseTo(-3);
    const bce = (Math.log1p(Math.exp(1)) + Math.log1p(Math.exp(-3))) / 2;
    expect(await lossOf(training.binaryCrossEntropy(true), x, y)).toBeCloseTo(bce);
    const p = [[0.25, 0.75]];
    expect(await lossOf(training.binaryCrossEntropy(), p, y)).toBeCloseTo(-Math.log(0.75));
    expect(await lossOf(training.klDivergence(), p, tensor([[0.5, 0.5]]))).toBeCloseTo(
      0.5 * Math.log(2) + 0.5 * Math.log(2 / 3),
    );
  });
});

/** An LSTM that is to tell the sign of a sum. */
function signOfSum() {
  const model = spec({
    name: "sign",
    inputs: [input({ name: "x", shape: [1] })],
    layers: [
      recurrent({ name: "lstm", input: "x", cell: lstmCell({ inputSize: 1, units: 4 }) }),
      pickStep({ name: "end", input: "lstm", step: "last" }),
      dense({ name: "out", input: "end", inputSize: 4, units: 1 }),
    ],
  });
  const specs = specWeights(model);
  let seed = 1;
  const random = (): number => ((seed = (seed * 16807) % 2147483647) / 2147483647) * 2 - 1;
  const filled = (shape: readonly number[], of: () => number): HostTensor<"float32"> =>
    tensor(Array.from({ length: shape.reduce((a, b) => a * b, 1) }, of), shape);
  const weights = Object.fromEntries(specs.map(({ name, shape }) => [name, filled(shape, random)]));
  const make = (more: object = {}): Promise<training.Trainer> =>
    training.Trainer.of(builtin(), lower(model, { mode: "sequence" }), weights, {
      objectives: [{ of: "out", loss: training.binaryCrossEntropy(true) }],
      trained: specs.map(({ name }) => name),
      rule: training.adam("keras"),
      clipping: { by: "globalNorm", norm: 1 },
      ...more,
    });
  const x = filled([16, 5, 1], random);
  const target = tensor(
    Array.from({ length: 16 }, (_, row) =>
      x.data.slice(row * 5, row * 5 + 5).reduce((a, b) => a + b, 0) > 0 ? 1 : 0,
    ),
    [16, 1],
  );
  const zeros = filled([16, 4], () => 0);
  const feeds = {
    x,
    "state.lstm.h": zeros,
    "state.lstm.c": zeros,
    "target.out": target,
    "share.out": filled([16], () => 1 / 16),
  };
  return { make, feeds, weights, program: lower(model, { mode: "sequence" }), filled };
}

describe("Trainer", () => {
  it("teaches an LSTM the sign of a sum, with clipping", async () => {
    const { make, feeds, weights } = signOfSum();
    const trainer = await make();
    const losses: number[] = [];
    for (let k = 0; k < 60; k++) losses.push((await trainer.train(feeds, 0.05)).loss);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 3);
    expect(trainer.step).toBe(60);
    expect((await trainer.weights())["out.kernel"]!.data).not.toEqual(weights["out.kernel"]!.data);
    trainer.dispose();
  });

  it("goes on from its state to the bit", async () => {
    const { make, feeds } = signOfSum();
    const [one, other] = [await make(), await make()];
    for (let k = 0; k < 3; k++) await one.train(feeds, 0.05);
    const state = await one.state();
    await other.load(state.tensors, state.step);
    expect((await one.train(feeds, 0.05)).loss).toBe((await other.train(feeds, 0.05)).loss);
    expect(await other.state()).toEqual(await one.state());
  });

  it("has the loss of its evaluation, which takes no step", async () => {
    const { make, feeds, weights, program } = signOfSum();
    const trainer = await make({ outputs: ["out"] });
    const objectives = [{ of: "out", loss: training.binaryCrossEntropy(true) }];
    const alone = await training.evaluation(builtin(), program, { objectives, outputs: ["out"] });
    const before = await alone.run(weights, feeds);
    const first = await trainer.train(feeds, 0.05);
    expect(first.loss).toBeCloseTo(before.loss, 6);
    first.outputs["out"]!.data.forEach((x, k) => expect(x).toBeCloseTo(before.outputs["out"]!.data[k]!, 6));
    const after = await trainer.useWeights((own) => alone.run(own, feeds));
    expect(after.loss).toBeLessThan(before.loss);
    expect(await trainer.useWeights((own) => alone.run(own, feeds))).toEqual(after);
  });

  it("adds what weights cost by themselves", async () => {
    const { feeds, weights, program } = signOfSum();
    const objectives = [{ of: "out", loss: training.binaryCrossEntropy(true) }];
    const plain = await training.evaluation(builtin(), program, { objectives });
    const penalties = [{ of: "lstm.kernel", l1: 0.5, l2: 0.25 }];
    const costly = await training.evaluation(builtin(), program, { objectives, penalties });
    const extra = (await costly.run(weights, feeds)).loss - (await plain.run(weights, feeds)).loss;
    const kernel = Array.from(weights["lstm.kernel"]!.data);
    expect(extra).toBeCloseTo(
      kernel.reduce((sum, w) => sum + 0.5 * Math.abs(w) + 0.25 * w * w, 0),
      5,
    );
    await expect(
      training.evaluation(builtin(), program, { objectives, penalties: [{ of: "lstm", l2: 1 }] }),
    ).rejects.toThrow(/penalties of .*lstm\.kernel/);
  });

  it("takes what it is given when it is given", async () => {
    const { feeds, weights, program } = signOfSum();
    const own = { ...weights, "out.bias": tensor([0.5]) };
    const trainer = await training.Trainer.of(builtin(), program, own, {
      objectives: [{ of: "out", loss: training.binaryCrossEntropy(true) }],
      trained: ["out.bias"],
      rule: training.sgd("keras"),
    });
    own["out.bias"].data.fill(NaN);
    const x = { ...feeds, x: { ...feeds.x, data: feeds.x.data.slice() } };
    const step = trainer.train(x, 0.05);
    x.x.data.fill(NaN);
    expect((await step).loss).toBeGreaterThan(0);
    const weightsNow = await trainer.weights();
    expect(weightsNow["out.kernel"]).toEqual(weights["out.kernel"]);
    expect(weightsNow["out.bias"]!.data[0]).not.toBe(0.5);
  });

  it("refuses what does not fit, and is then what it was", async () => {
    const { make, feeds, weights, program } = signOfSum();
    const trainer = await make();
    const before = await trainer.state();
    const { x, ...rest } = feeds;
    for (const [given, rate, text] of [
      [rest, 0.1, /"x": expected float32 .* got none/],
      [{ ...feeds, y: x }, 0.1, /"y" too/],
      [{ ...feeds, "out.kernel": x }, 0.1, /"out.kernel", which the trainer keeps/],
      [{ ...feeds, x: tensor([[1]]) }, 0.1, /input "x": expected float32 \[batch, time, 1\]/],
      [feeds, NaN, /learning rate as a number of at least 0, got NaN/],
      [feeds, -1, /learning rate/],
    ] as const)
      await expect(trainer.train(given as typeof feeds, rate)).rejects.toThrow(text);
    expect(await trainer.state()).toEqual(before);
    await expect(trainer.load({ nothing: tensor([1]) })).rejects.toThrow(/got "nothing"/);
    await expect(trainer.load({ "out.bias": tensor([1, 2]) })).rejects.toThrow(/out.bias/);
    await expect(trainer.load({}, 1.5)).rejects.toThrow(/whole number of steps/);
    await expect(make({ trained: ["x"] })).rejects.toThrow(/trained weights of/);
    await expect(make({ trained: ["out.bias", "out.bias"] })).rejects.toThrow(/each once/);
    await expect(make({ learningRate: 1 })).rejects.toThrow(/learningRate/);
    await expect(make({ clipping: { by: "norm", norm: NaN } })).rejects.toThrow(/norm as a number above 0/);
    await expect(make({ clipping: { by: "size" } })).rejects.toThrow(/by value, norm, globalNorm, gradNorm/);
    const { "out.bias": _, ...fewer } = weights;
    await expect(
      training.Trainer.of(builtin(), program, fewer, {
        objectives: [{ of: "out", loss: training.meanSquaredError() }],
        trained: ["out.kernel"],
        rule: training.sgd("keras"),
      }),
    ).rejects.toThrow(/param "out.bias"/);
    expect(() => training.huber(0)).toThrow(/delta as a number above 0/);
    trainer.dispose();
    await expect(trainer.train(feeds, 0.1)).rejects.toThrow(/in use/);
  });

  it("refuses ids of no class where they count", async () => {
    const builder = new ProgramBuilder("classes");
    const x = builder.input("x", { dtype: "float32", shape: ["batch", 3] });
    builder.output("y", builder.block.add(x, builder.param("bias", [3])));
    const trainer = await training.Trainer.of(
      builtin(),
      builder.finish(),
      { bias: tensor([0, 0, 0]) },
      {
        objectives: [{ of: "y", loss: training.sparseCategoricalCrossEntropy(true) }],
        trained: ["bias"],
        rule: training.sgd("pytorch"),
      },
    );
    const feeds = (id: number, share: number): Record<string, HostTensor> => ({
      x: tensor([
        [1, 2, 3],
        [1, 2, 3],
      ]),
      "target.y": tensor([0, id], undefined, "int32"),
      "share.y": tensor([1, share]),
    });
    await expect(trainer.train(feeds(3, 1), 0.1)).rejects.toThrow(/ids from 0 to 2.* got 3 at 1/);
    await expect(trainer.train(feeds(-1, 1), 0.1)).rejects.toThrow(/got -1/);
    expect((await trainer.train(feeds(-100, 0), 0)).loss).toBeCloseTo(2.4076, 3);
  });
});
