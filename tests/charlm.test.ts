import { describe, expect, it } from "vitest";
import { compile, type HostTensor, tensor } from "@unroll/api";
import { charlm } from "./charlm.js";
import { engines } from "./engines.js";

const { spec, weights, expected, info } = charlm();
const ids = Int32Array.from(expected["passage_ids"]!.data as ArrayLike<number | bigint>, Number);
const loglik = expected["f64.loglik"]!.data as Float64Array;
const chars = 75;

/** log p(next) at each position, from logits [time, chars]. */
function logProbability(logits: ArrayLike<number>, at: number, next: number): number {
  let [largest, sum] = [-Infinity, 0];
  for (let k = 0; k < chars; k++) largest = Math.max(largest, logits[at * chars + k]!);
  for (let k = 0; k < chars; k++) sum += Math.exp(logits[at * chars + k]! - largest);
  return logits[at * chars + next]! - largest - Math.log(sum);
}

/** First index whose cumulative probability at temperature 0.7 is above u. */
function draw(logits: ArrayLike<number>, u: number): number {
  const weightsOf = Array.from({ length: chars }, (_, k) => Math.exp((logits[k]! - Math.max(...Array.from(logits))) / 0.7));
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
      wholeMean += logProbability(whole.output.data, t, ids[t + 1]!) / 999;
      stepMean += logProbability(output.data, 0, ids[t + 1]!) / 999;
      expect(Math.abs(logProbability(whole.output.data, t, ids[t + 1]!) - loglik[t]!)).toBeLessThan(5e-5);
    }
    expect(Math.abs(wholeMean - info.mean_loglik)).toBeLessThan(1e-5);
    expect(Math.abs(stepMean - info.mean_loglik)).toBeLessThan(1e-5);
    model.dispose();
  });

  it("samples the recorded continuation character by character", async () => {
    const model = await compile(spec, { adapter: make(), weights });
    const sampled = Array.from(expected["sampled_ids"]!.data as ArrayLike<number | bigint>, Number);
    const uniforms = expected["uniforms"]!.data as Float64Array;
    const prompt = Array.from((info as unknown as { prompt: string }).prompt, (c) => Math.max(0, (info as unknown as { vocab: string[] }).vocab.indexOf(c)));
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
