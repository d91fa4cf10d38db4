// A character model as in char-rnn.pytorch, and how it writes.
import * as torch from "@unroll/api/torch";
const { nn } = torch;

const digits = "0123456789";
const letters = "abcdefghijklmnopqrstuvwxyz";
const signs = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
export const allCharacters = digits + letters + letters.toUpperCase() + signs + " \t\n\r\x0b\x0c";

export const charTensor = (string) =>
  torch.tensor(
    [...string].map((c) => allCharacters.indexOf(c)),
    { dtype: "long" },
  );

export class CharRNN extends nn.Module {
  constructor(inputSize, hiddenSize, outputSize, model = "gru", nLayers = 1) {
    super();
    this.model = model.toLowerCase();
    this.hiddenSize = hiddenSize;
    this.nLayers = nLayers;
    this.encoder = new nn.Embedding(inputSize, hiddenSize);
    if (this.model === "gru") this.rnn = new nn.GRU(hiddenSize, hiddenSize, nLayers);
    else if (this.model === "lstm") this.rnn = new nn.LSTM(hiddenSize, hiddenSize, nLayers);
    this.decoder = new nn.Linear(hiddenSize, outputSize);
  }

  forward(input, hidden) {
    const batchSize = input.size(0);
    const encoded = this.encoder.call(input);
    let [output, next] = this.rnn.call(encoded.view(1, batchSize, -1), hidden);
    output = this.decoder.call(output.view(batchSize, -1));
    return [output, next];
  }

  initHidden(batchSize) {
    const zeros = () => torch.zeros(this.nLayers, batchSize, this.hiddenSize);
    return this.model === "lstm" ? [zeros(), zeros()] : zeros();
  }
}

/** Goes on with a text by the most likely characters; gives the scores of each, too. */
export function generate(decoder, prime, predictLen) {
  let hidden = decoder.initHidden(1);
  const primeInput = charTensor(prime).unsqueeze(0);
  let predicted = prime;
  let output;
  for (let p = 0; p < prime.length - 1; p++) [, hidden] = decoder.call(primeInput.at(":", p), hidden);
  let inp = primeInput.at(":", -1);
  const logits = [];
  for (let p = 0; p < predictLen; p++) {
    [output, hidden] = decoder.call(inp, hidden);
    logits.push(output.view(-1));
    const topI = output.view(-1).argmax().item();
    const predictedChar = allCharacters[topI];
    predicted += predictedChar;
    inp = charTensor(predictedChar);
  }
  return [predicted, torch.stack(logits)];
}
