import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile, type HostTensor, tensor } from "@unroll/api";
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
    const whole = await model.sequence(tensor(ids.subarray(0, 999), [1, 999], "int32"));
    let state = model.zeroState(1);
    let [wholeMean, stepMean] = [0, 0];
    for (let t = 0; t < 999; t++) {
      let output: HostTensor;
      ({ output, state } = await model.step(tensor([ids[t]!], [1], "int32"), state));
      wholeMean += logProbability(whole.output.data, chars, t, ids[t + 1]!) / 999;
      stepMean += logProbability(output.data, chars, 0, ids[t + 1]!) / 999;
      expect(Math.abs(logProbability(whole.output.data, chars, t, ids[t + 1]!) - loglik[t]!)).toBeLessThan(
        5e-5,
      );
    }
    expect(Math.abs(wholeMean - info.mean_loglik)).toBeLessThan(1e-5);
    expect(Math.abs(stepMean - info.mean_loglik)).toBeLessThan(1e-5);
    model.dispose();
  });

  it("samples the recorded continuation character by character", async () => {
    const model = await compile(spec, { adapter: make(), weights });
    const sampled = Array.from(expected["sampled_ids"]!.data as ArrayLike<number | bigint>, Number);
    const uniforms = expected["uniforms"]!.data as Float64Array;
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
