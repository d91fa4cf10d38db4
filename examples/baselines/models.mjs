// What a character LSTM has to beat, each a spec of its own that reads ids of characters [batch, time]. All
// but the hidden Markov model give a score for every character that may come next.
import { dense, embedding, input, lstmCell, recurrent, simpleRnnCell, spec } from "@unroll/api";
import { hiddenMarkovCell, windowCell } from "@unroll/api/cells";

const ids = [input({ name: "ids", dtype: "int32", shape: [] })];

/** No memory but the character itself: a table of scores. With all rows alike it is a unigram model. */
export const bigram = ([characters]) =>
  spec({
    name: "bigram",
    inputs: ids,
    layers: [embedding({ name: "scores", input: "ids", inputSize: characters, outputSize: characters })],
  });

/** A memory of states that are never seen: gives the probability of each, and log p(character | before). */
export const hiddenMarkov = ([characters, states]) =>
  spec({
    name: "hidden Markov",
    inputs: ids,
    layers: [
      embedding({ name: "emission", input: "ids", inputSize: characters, outputSize: states }),
      recurrent({ name: "states", input: "emission", cell: hiddenMarkovCell({ states }) }),
    ],
  });

/** The last few characters and nothing else, through a hidden layer (Bengio et al. 2003). */
export const windowed = ([characters, size], [units, seen]) =>
  spec({
    name: "window",
    inputs: ids,
    layers: [
      embedding({ name: "embedding", input: "ids", inputSize: characters, outputSize: size }),
      recurrent({
        name: "window",
        input: "embedding",
        cell: windowCell({ inputSize: size, steps: seen / size }),
      }),
      dense({ name: "hidden", input: "window", inputSize: seen, units, activation: "tanh" }),
      dense({ name: "fc", input: "hidden", inputSize: units, units: characters }),
    ],
  });

/** Recurrent layers of one kind, each on the one before. */
const recurrentModel = (name, layers, [characters, size], units, cellOf) =>
  spec({
    name,
    inputs: ids,
    layers: [
      embedding({ name: "embedding", input: "ids", inputSize: characters, outputSize: size }),
      ...layers.map((layer, k) =>
        recurrent({
          name: layer,
          input: layers[k - 1] ?? "embedding",
          cell: cellOf({ inputSize: k === 0 ? size : units, units, bias: "split" }),
        }),
      ),
      dense({ name: "fc", input: layers[layers.length - 1], inputSize: units, units: characters }),
    ],
  });

/** A recurrent network without gates. */
export const simple = (table, units) => recurrentModel("simple RNN", ["rnn_l0"], table, units, simpleRnnCell);

/** The LSTM of `fixtures/models/charlm`. */
export const lstm = (table, units) => recurrentModel("LSTM", ["lstm_l0", "lstm_l1"], table, units, lstmCell);
