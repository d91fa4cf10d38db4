// A date as people write it into ISO 8601, as Keras trained it: an LSTM reads the letters, another writes the
// digits and at each looks back at the letters by attention.
import { attention, dense, embedding, input, lstmCell, merge, recurrent, spec } from "@unroll/api";

const reading = ({ letters, size, units }, axis) => ({
  input: input({ name: "source", dtype: "int32", shape: [], axis }),
  layers: [
    embedding({ name: "letters", input: "source", inputSize: letters, outputSize: size }),
    recurrent({ name: "encoder", input: "letters", cell: lstmCell({ inputSize: size, units }) }),
  ],
});

const writing = ({ digits, size, units }, read, initialState) => [
  embedding({ name: "digits", input: "target", inputSize: digits, outputSize: size }),
  recurrent({ name: "decoder", input: "digits", cell: lstmCell({ inputSize: size, units }), initialState }),
  attention({ name: "attention", query: "decoder", value: read, inputSize: units }),
  merge({ name: "both", inputs: ["decoder", "attention"], mode: "concat" }),
  dense({ name: "hidden", input: "both", inputSize: 2 * units, units, activation: "tanh" }),
  dense({ name: "words", input: "hidden", inputSize: units, units: digits, activation: "softmax" }),
];

const target = input({ name: "target", dtype: "int32", shape: [] });
const outputs = ["words", "attention.weights"];

/** Both at once, as in training: two sequences in, each with its own time. */
export function translator(sizes) {
  const { input: source, layers } = reading(sizes, "source");
  return spec({
    name: "translator",
    inputs: [source, target],
    layers: [...layers, ...writing(sizes, "encoder", { h: "encoder.h", c: "encoder.c" })],
    outputs,
  });
}

/** The first half: letters [batch, time] to what is read of each, and the state after the last. */
export function encoder(sizes) {
  const { input: source, layers } = reading(sizes, "time");
  return spec({ name: "encoder", inputs: [source], layers });
}

/** The second half, which runs one digit at a time; what was read is there whole at every step. */
export const decoder = (sizes) =>
  spec({
    name: "decoder",
    layers: writing(sizes, "read", null),
    outputs,
    inputs: [target, input({ name: "read", shape: [sizes.units], axis: "source" })],
  });
