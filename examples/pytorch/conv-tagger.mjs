// The network of NeuroNLP2: characters through a convolution beside words, a bidirectional LSTM over both.
import * as torch from "@unroll/api/torch";
const { nn } = torch;

export class BiRecurrentConv extends nn.Module {
  constructor(wordDim, numWords, charDim, numChars, numFilters, kernelSize, hiddenSize, numLabels) {
    super();
    this.wordEmbedd = new nn.Embedding(numWords, wordDim);
    this.charEmbedd = new nn.Embedding(numChars, charDim);
    this.conv1d = new nn.Conv1d(charDim, numFilters, kernelSize, { padding: kernelSize - 1 });
    this.rnn = new nn.LSTM(wordDim + numFilters, hiddenSize, { batchFirst: true, bidirectional: true });
    this.dense = new nn.Linear(2 * hiddenSize, numLabels);
  }

  forward(inputWord, inputChar) {
    const word = this.wordEmbedd.call(inputWord);
    let char = this.charEmbedd.call(inputChar);
    const charSize = char.size();
    char = char.view(charSize[0] * charSize[1], charSize[2], charSize[3]).transpose(1, 2);
    [char] = this.conv1d.call(char).max({ dim: 2 });
    char = char.view(charSize[0], charSize[1], -1);
    let input = torch.cat([word, char], { dim: 2 });
    input = torch.tanh(input);
    const [output] = this.rnn.call(input);
    return this.dense.call(output);
  }
}
