/** Words that Keras writes otherwise than with a capital letter. */
const words: Readonly<Record<string, string>> = {
  lstm: "LSTM",
  lstm1d: "LSTM1D",
  lstm2d: "LSTM2D",
  gru: "GRU",
  rnn: "RNN",
  rms: "RMS",
  bidirectional: "Bidirectional",
  elu: "ELU",
  lu: "LU",
};

/** Keras's class of a kind of layer: `SimpleRNN` of `simple_rnn`, `Conv1DTranspose` of `conv1d_transpose`. */
export const classNameOf = (kind: string): string =>
  kind
    .split("_")
    .map((word) => (Object.hasOwn(words, word) ? words[word]! : word.charAt(0).toUpperCase() + word.slice(1)))
    .join("")
    .replace(/StackedRNNCells?/, "StackedRNNCells")
    .replace(/(\d)d/g, "$1D");
