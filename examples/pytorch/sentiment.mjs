// A sentiment classifier as in pytorch-sentiment-analysis: packed sequences, both directions, two layers.
import * as torch from "@unroll/api/torch";
const { nn, packPaddedSequence } = torch;

export class RNN extends nn.Module {
  constructor(vocabSize, embeddingDim, hiddenDim, outputDim, nLayers, bidirectional, dropout, padIdx) {
    super();
    this.embedding = new nn.Embedding(vocabSize, embeddingDim, { paddingIdx: padIdx });
    this.rnn = new nn.LSTM(embeddingDim, hiddenDim, { numLayers: nLayers, bidirectional, dropout });
    this.fc = new nn.Linear(hiddenDim * 2, outputDim);
    this.dropout = new nn.Dropout(dropout);
  }

  forward(text, textLengths) {
    const embedded = this.dropout.call(this.embedding.call(text));
    const packedEmbedded = packPaddedSequence(embedded, textLengths);
    const [, [hidden]] = this.rnn.call(packedEmbedded);
    const last = this.dropout.call(torch.cat([hidden.at(-2, ":", ":"), hidden.at(-1, ":", ":")], { dim: 1 }));
    return this.fc.call(last);
  }
}
