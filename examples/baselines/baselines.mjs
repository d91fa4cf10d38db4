import { compile, specWeights, tensor } from "@unroll/api";
import { fromTorch, readSafetensors } from "@unroll/api/weights";
import * as models from "./models.mjs";

/** Tensors whose names begin with a prefix, without it. */
const under = (prefix, tensors) =>
  Object.fromEntries(
    Object.entries(tensors)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, held]) => [name.slice(prefix.length), held]),
  );

/** A tensor of a file as a weight. */
const weight = ({ data, shape }) => tensor(data, shape);

/** log p(next) for each step, from scores [1, time, characters]. */
function logProbabilities({ data, shape: [, time, characters] }, next) {
  return Float64Array.from({ length: time }, (_, t) => {
    const scores = data.subarray(t * characters, (t + 1) * characters);
    const largest = scores.reduce((a, b) => Math.max(a, b));
    return (
      scores[next[t]] - largest - Math.log(scores.reduce((sum, score) => sum + Math.exp(score - largest), 0))
    );
  });
}

/** What the hidden Markov model says of each character but the first: the last feature of its output. */
const evidences = ({ data, shape: [, time, size] }) =>
  Float64Array.from({ length: time - 1 }, (_, t) => data[(t + 2) * size - 1]);

/**
 * Models of characters from the simplest on, with what they remember and their weights.
 *
 * @param files bytes of `baselines.safetensors` and `charlm.safetensors`
 */
export function baselines(files) {
  const { tensors } = readSafetensors(files.baselines);
  const charlm = readSafetensors(files.charlm).tensors;
  const characters = tensors.bigram.shape[0];
  const everyRow = tensor(
    Float32Array.from({ length: characters ** 2 }, (_, k) => tensors.unigram.data[k % characters]),
    [characters, characters],
  );
  const [hmm, window, rnn] = ["hmm.", "window.", "rnn."].map((prefix) => under(prefix, tensors));
  const [bigram, hidden, windowed, simple, lstm] = [
    models.bigram([characters]),
    models.hiddenMarkov([characters, hmm.prior.shape[0]]),
    models.windowed(window["embedding.weight"].shape, window["hidden.weight"].shape),
    models.simple(rnn["embedding.weight"].shape, rnn["rnn.weight_hh_l0"].shape[1]),
    models.lstm(charlm["embedding.weight"].shape, charlm["lstm.weight_hh_l0"].shape[1]),
  ];
  const { prior, transition, emission } = hmm;
  return [
    {
      name: "unigram",
      memory: "none",
      spec: bigram,
      weights: { "scores.table": everyRow },
      parameters: characters,
    },
    {
      name: "bigram",
      memory: "the last character",
      spec: bigram,
      weights: { "scores.table": weight(tensors.bigram) },
    },
    {
      name: "hmm",
      memory: `one of ${prior.shape[0]} states`,
      spec: hidden,
      weights: {
        "emission.table": weight(emission),
        "states.prior": weight(prior),
        "states.transition": weight(transition),
      },
    },
    {
      name: "window",
      memory: `the last ${windowed.layers[1].cell.state.recent[0] + 1} characters`,
      spec: windowed,
      weights: fromTorch(windowed, window).weights,
    },
    {
      name: "rnn",
      memory: `${simple.layers[1].cell.units} numbers`,
      spec: simple,
      weights: fromTorch(simple, rnn).weights,
    },
    {
      name: "lstm",
      memory: `4 x ${lstm.layers[1].cell.units} numbers`,
      spec: lstm,
      weights: fromTorch(lstm, charlm).weights,
    },
  ].map((model) => ({
    parameters: specWeights(model.spec).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    ...model,
  }));
}

/** log p of each id but the first, given those before it, by one of the models on an engine. */
export async function score({ name, spec, weights }, ids, adapter) {
  const model = await compile(spec, { adapter, weights });
  try {
    if (name === "hmm") return evidences((await model.sequence(tensor([ids], undefined, "int32"))).output);
    const { output } = await model.sequence(tensor([ids.slice(0, -1)], undefined, "int32"));
    return logProbabilities(output, ids.slice(1));
  } finally {
    model.dispose();
  }
}
