import { readFileSync } from "node:fs";
import { type Adapter, type HostTensor, type Spec, tensor, type WeightMap } from "@unroll/api";
import { readSafetensors } from "@unroll/api/weights";
import { deriveBounds, type Float64Tensor } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { fast } from "../conformance/test/settings.js";
import { engines } from "./engines.js";

/** What the example gives; it is plain JavaScript. */
interface Model {
  readonly name: string;
  readonly spec: Spec;
  readonly weights: WeightMap;
  readonly parameters: number;
}
const { baselines, score } = (await import(
  /* @vite-ignore */ new URL("../examples/baselines/baselines.mjs", import.meta.url).href
)) as {
  baselines(files: { baselines: Uint8Array; charlm: Uint8Array }): Model[];
  score(model: Model, ids: readonly number[], adapter: Adapter): Promise<Float64Array>;
};

const file = (name: string): Buffer => readFileSync(new URL(`../fixtures/models/${name}`, import.meta.url));
const tensors = (name: string) => readSafetensors(file(name)).tensors;
const models = baselines({
  baselines: file("baselines/baselines.safetensors"),
  charlm: file("charlm/charlm.safetensors"),
});
const recorded = {
  ...tensors("baselines/expected.safetensors"),
  "f64.lstm": tensors("charlm/expected.safetensors")["f64.loglik"]!,
};
const passage = Array.from(
  tensors("charlm/expected.safetensors")["passage_ids"]!.data as ArrayLike<number | bigint>,
  Number,
);
/** Characters that are read: the whole passage is a long run. */
const read = passage.slice(0, fast ? 120 : 400);
const want = ({ name }: Model): Float64Array =>
  (recorded[`f64.${name}` as keyof typeof recorded] as { data: Float64Array }).data;
const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length;

/** How far each log-probability may be off, by how far what it is made of may be. */
function allowed({ name, spec, weights }: Model): (t: number) => number {
  const own = name === "hmm" ? read : read.slice(0, -1);
  const inputs = { ids: tensor([own], undefined, "int32") as HostTensor };
  const { data, shape } = deriveBounds(spec, weights, { inputs }).bounds.outputs[
    spec.outputs[0]!
  ] as Float64Tensor;
  const size = shape[2]!;
  if (name === "hmm") return (t) => data[(t + 2) * size - 1]!;
  return (t) => {
    const scores = data.subarray(t * size, (t + 1) * size);
    return scores[read[t + 1]!]! + scores.reduce((a, b) => Math.max(a, b));
  };
}

it("what remembers more predicts better, and all are as recorded", async () => {
  expect(models.map(({ name }) => name)).toEqual(["unigram", "bigram", "hmm", "window", "rnn", "lstm"]);
  const means: number[] = [];
  for (const model of models) {
    const scores = await score(model, read, engines["builtin"]!());
    expect(scores.length).toBe(read.length - 1);
    means.push(mean(scores));
    expect(mean(scores)).toBeCloseTo(mean(want(model).slice(0, scores.length)), 4);
  }
  // The last three are too close to be told apart by one passage.
  const [unigram, bigram, hmm, ...networks] = means as [number, number, number, ...number[]];
  expect(unigram).toBeLessThan(bigram);
  expect(bigram).toBeLessThan(hmm);
  for (const network of networks) expect(hmm).toBeLessThan(network);
});

// The LSTM has a test of its own.
describe.each(models.filter(({ name }) => name !== "lstm").map((model) => [model.name, model] as const))(
  "the %s model",
  (_name, model) => {
    const bound = allowed(model);
    it.each(Object.entries(engines))("gives the recorded likelihoods on %s", async (_engine, make) => {
      const scores = await score(model, read, make());
      scores.forEach((value, t) => {
        if (!(Math.abs(value - want(model)[t]!) < bound(t)))
          expect.fail(`character ${t + 1}: ${value}, expected ${want(model)[t]} within ${bound(t)}`);
      });
    });
  },
);
