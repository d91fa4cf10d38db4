// The word language model of PyTorch's examples, with its generation.
import * as torch from "@unroll/api/torch";
const { nn, F } = torch;

export class RNNModel extends nn.Module {
  constructor(rnnType, ntoken, ninp, nhid, nlayers, dropout = 0.5, tieWeights = false) {
    super();
    this.ntoken = ntoken;
    this.drop = new nn.Dropout(dropout);
    this.encoder = new nn.Embedding(ntoken, ninp);
    if (rnnType === "LSTM" || rnnType === "GRU") this.rnn = new nn[rnnType](ninp, nhid, nlayers, { dropout });
    else this.rnn = new nn.RNN(ninp, nhid, nlayers, { nonlinearity: "tanh", dropout });
    this.decoder = new nn.Linear(nhid, ntoken);
    if (tieWeights) this.decoder.weight = this.encoder.weight;
    this.rnnType = rnnType;
    this.nhid = nhid;
    this.nlayers = nlayers;
  }

  forward(input, hidden) {
    const emb = this.drop.call(this.encoder.call(input));
    let [output, next] = this.rnn.call(emb, hidden);
    output = this.drop.call(output);
    let decoded = this.decoder.call(output);
    decoded = decoded.view(-1, this.ntoken);
    return [F.logSoftmax(decoded, { dim: 1 }), next];
  }

  initHidden(bsz) {
    const zeros = () => torch.zeros(this.nlayers, bsz, this.nhid);
    return this.rnnType === "LSTM" ? [zeros(), zeros()] : zeros();
  }
}

/** Greedy: the word that is most likely, again and again. */
export function generate(model, first, count) {
  let hidden = model.initHidden(1);
  let input = torch.tensor([[first]], { dtype: "long" });
  const words = [];
  for (let i = 0; i < count; i++) {
    const [output, next] = model.call(input, hidden);
    hidden = next;
    const wordIdx = output.squeeze().argmax();
    input = wordIdx.view(1, 1);
    words.push(wordIdx.item());
  }
  return words;
}
