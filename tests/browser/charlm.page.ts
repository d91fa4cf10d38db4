import { compile, type HostTensor, tensor } from "@unroll/api";
import { charlmOf, logProbability } from "../charlm.js";
import { engines } from "./engines.js";

const bytes = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(`/fixtures/models/charlm/${name}`)).arrayBuffer());

/**
 * Mean log-likelihood per character of a passage, as a whole sequence and step by step; PyTorch's as
 * reference.
 */
async function loglik(engine: string, length: number) {
  const [weights, expected, json] = await Promise.all([
    bytes("charlm.safetensors"),
    bytes("expected.safetensors"),
    bytes("charlm.json"),
  ]);
  const given = charlmOf({ weights, expected, json: new TextDecoder().decode(json) });
  const chars = given.info.vocab.length;
  const ids = Int32Array.from(given.expected["passage_ids"]!.data as ArrayLike<number | bigint>, Number);
  const recorded = given.expected["f64.loglik"]!.data as Float64Array;
  const model = await compile(given.spec, { adapter: engines[engine]!(), weights: given.weights });
  const whole = await model.sequence(tensor(ids.subarray(0, length), [1, length], "int32"));
  let state = model.zeroState(1);
  const means = { sequence: 0, step: 0, recorded: 0 };
  for (let t = 0; t < length; t++) {
    let output: HostTensor;
    ({ output, state } = await model.step(tensor([ids[t]!], [1], "int32"), state));
    means.sequence += logProbability(whole.output.data, chars, t, ids[t + 1]!) / length;
    means.step += logProbability(output.data, chars, 0, ids[t + 1]!) / length;
    means.recorded += recorded[t]! / length;
  }
  model.dispose();
  return means;
}

Object.assign(globalThis, { loglik, engineNames: Object.keys(engines) });
