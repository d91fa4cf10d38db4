import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile, type HostTensor, tensor } from "@unroll/api";
import { deriveBounds } from "@unroll/conformance";
import { fast } from "../conformance/test/settings.js";
import { charlmOf, logProbability } from "./charlm.js";
import { engines } from "./engines.js";

const file = (name: string): Buffer =>
  readFileSync(new URL(`../fixtures/models/charlm/${name}`, import.meta.url));
const { spec, weights, expected, info } = charlmOf({
  weights: file("charlm.safetensors"),
  expected: file("expected.safetensors"),
  json: file("charlm.json").toString(),
});
const ids = Int32Array.from(expected["passage_ids"]!.data as ArrayLike<number | bigint>, Number);
const loglik = expected["f64.loglik"]!.data as Float64Array;
const chars = 75;
/** Characters that are read: the whole passage is a long run. */
const read = fast ? 150 : 999;
const inputs = { ids: tensor(ids.subarray(0, read), [1, read], "int32") };
const logits = deriveBounds(spec, weights, { inputs }).bounds.outputs["fc"]!.data;
/** A log-likelihood is a logit less the logarithm of the sum of all, which moves by no more than the most. */
const bounds = Float64Array.from({ length: read }, (_, t) => {
  const own = logits.subarray(t * chars, (t + 1) * chars);
  return own[ids[t + 1]!]! + own.reduce((a, b) => Math.max(a, b), 0);
});
const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length;

it("the character model's recorded likelihoods have the recorded mean", () => {
  expect(Math.abs(mean(loglik) - info.mean_loglik)).toBeLessThan(1e-12);
});

/** First index whose cumulative probability at temperature 0.7 is above u. */
function draw(logits: ArrayLike<number>, u: number): number {
  const weightsOf = Array.from({ length: chars }, (_, k) =>
    Math.exp((logits[k]! - Math.max(...Array.from(logits))) / 0.7),
  );
  const total = weightsOf.reduce((a, b) => a + b, 0);
  let cumulative = 0;
  return weightsOf.findIndex((w) => (cumulative += w / total) > u);
}

describe.each(Object.entries(engines))("the character model on %s", (_name, make) => {
  it("gives PyTorch's log-likelihoods as a whole sequence and step by step", async () => {
    const model = await compile(spec, { adapter: make(), weights });
    const whole = await model.sequence(inputs.ids);
    let state = model.zeroState(1);
    for (let t = 0; t < read; t++) {
      let output: HostTensor;
      ({ output, state } = await model.step(tensor([ids[t]!], [1], "int32"), state));
      for (const [how, got] of [
        ["whole", logProbability(whole.output.data, chars, t, ids[t + 1]!)],
        ["step", logProbability(output.data, chars, 0, ids[t + 1]!)],
      ] as const)
        if (!(Math.abs(got - loglik[t]!) < bounds[t]!))
          expect.fail(`${how} ${t}: ${got}, expected ${loglik[t]} within ${bounds[t]}`);
    }
    model.dispose();
  });

  it("samples the recorded continuation character by character", async () => {
    const model = await compile(spec, { adapter: make(), weights });
    const characters = fast ? 60 : undefined;
    const sampled = Array.from(
      (expected["sampled_ids"]!.data as BigInt64Array).subarray(0, characters),
      Number,
    );
    const uniforms = (expected["uniforms"]!.data as Float64Array).subarray(0, characters);
    const prompt = Array.from(info.prompt, (c) => Math.max(0, info.vocab.indexOf(c)));
    const stream = model.stream();
    let output!: HostTensor;
    for (const id of prompt) output = await stream.step(tensor([id], [1], "int32"));
    const got: number[] = [];
    for (const u of uniforms) {
      got.push(draw(output.data, u));
      output = await stream.step(tensor([got[got.length - 1]!], [1], "int32"));
    }
    expect(got).toEqual(sampled);
    model.dispose();
  });
});
