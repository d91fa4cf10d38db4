// PyTorch's tutorial on sequence models: an LSTM fed one element at a time and at once, and a tagger.
import * as torch from "@unroll/api/torch";
const { nn, F } = torch;

/** One element at a time, then all of them. */
export function first(lstm, inputs, h0, c0) {
  let hidden = [h0, c0];
  const steps = [];
  for (const i of inputs) {
    const [out, next] = lstm.call(i.view(1, 1, -1), hidden);
    hidden = next;
    steps.push(out);
  }
  const [out, [hw, cw]] = lstm.call(torch.cat([...inputs]).view(inputs.size(0), 1, -1), [h0, c0]);
  return { steps: torch.cat(steps), hs: hidden[0], cs: hidden[1], out, hw, cw };
}

export class LSTMTagger extends nn.Module {
  constructor(embeddingDim, hiddenDim, vocabSize, tagsetSize) {
    super();
    this.hiddenDim = hiddenDim;
    this.wordEmbeddings = new nn.Embedding(vocabSize, embeddingDim);
    this.lstm = new nn.LSTM(embeddingDim, hiddenDim);
    this.hidden2tag = new nn.Linear(hiddenDim, tagsetSize);
  }

  forward(sentence) {
    const embeds = this.wordEmbeddings.call(sentence);
    const [lstmOut] = this.lstm.call(embeds.view(sentence.size(0), 1, -1));
    const tagSpace = this.hidden2tag.call(lstmOut.view(sentence.size(0), -1));
    return F.logSoftmax(tagSpace, { dim: 1 });
  }
}
