// A tagger of two models, as PyTorch trained it: a bidirectional LSTM reads the characters of each word, and
// another reads the words, each as its embedding beside the final states of the first.
import { bidirectional, dense, embedding, input, lstmCell, merge, spec } from "@unroll/api";

// PyTorch's LSTM has two biases.
const lstm = (inputSize, units) => lstmCell({ inputSize, units, bias: "split" });

/**
 * From the characters of words [words, characters] to two vectors a word: the state after the last character,
 * and after the first.
 */
export const spelling = ({ char_embedding: [characters, size], char_lstm: { hidden_size: units } }) =>
  spec({
    name: "spelling",
    inputs: [input({ name: "characters", dtype: "int32", shape: [] })],
    layers: [
      embedding({ name: "char_embedding", input: "characters", inputSize: characters, outputSize: size }),
      bidirectional({
        name: "char_lstm",
        input: "char_embedding",
        forward: lstm(size, units),
        returns: "last",
      }),
    ],
    outputs: ["char_lstm.forward.h", "char_lstm.backward.h"],
  });

/** From words [sentences, words] and their spelling to a score for every tag. */
export const tagger = ({
  word_embedding: [words, size],
  char_lstm: { hidden_size: spelled },
  lstm: { input_size: inputSize, hidden_size: units },
  tag: [, tags],
}) =>
  spec({
    name: "tagger",
    inputs: [
      input({ name: "words", dtype: "int32", shape: [] }),
      input({ name: "forward", shape: [spelled] }),
      input({ name: "backward", shape: [spelled] }),
    ],
    layers: [
      embedding({ name: "word_embedding", input: "words", inputSize: words, outputSize: size }),
      merge({ name: "word", inputs: ["word_embedding", "forward", "backward"], mode: "concat" }),
      bidirectional({ name: "lstm", input: "word", forward: lstm(inputSize, units) }),
      dense({ name: "tag", input: "lstm", inputSize: 2 * units, units: tags }),
    ],
  });
