// PyTorch's tutorial on translation: an encoder, and a decoder with Bahdanau's attention.
import * as torch from "@unroll/api/torch";
const { nn, F } = torch;

const SOS_token = 0;

export class EncoderRNN extends nn.Module {
  constructor(inputSize, hiddenSize, dropoutP = 0.1) {
    super();
    this.hiddenSize = hiddenSize;
    this.embedding = new nn.Embedding(inputSize, hiddenSize);
    this.gru = new nn.GRU(hiddenSize, hiddenSize, { batchFirst: true });
    this.dropout = new nn.Dropout(dropoutP);
  }

  forward(input) {
    const embedded = this.dropout.call(this.embedding.call(input));
    const [output, hidden] = this.gru.call(embedded);
    return [output, hidden];
  }
}

export class BahdanauAttention extends nn.Module {
  constructor(hiddenSize) {
    super();
    this.Wa = new nn.Linear(hiddenSize, hiddenSize);
    this.Ua = new nn.Linear(hiddenSize, hiddenSize);
    this.Va = new nn.Linear(hiddenSize, 1);
  }

  forward(query, keys) {
    let scores = this.Va.call(torch.tanh(this.Wa.call(query).add(this.Ua.call(keys))));
    scores = scores.squeeze(2).unsqueeze(1);
    const weights = F.softmax(scores, { dim: -1 });
    const context = torch.bmm(weights, keys);
    return [context, weights];
  }
}

export class AttnDecoderRNN extends nn.Module {
  constructor(hiddenSize, outputSize, maxLength = 10, dropoutP = 0.1) {
    super();
    this.maxLength = maxLength;
    this.embedding = new nn.Embedding(outputSize, hiddenSize);
    this.attention = new BahdanauAttention(hiddenSize);
    this.gru = new nn.GRU(2 * hiddenSize, hiddenSize, { batchFirst: true });
    this.out = new nn.Linear(hiddenSize, outputSize);
    this.dropout = new nn.Dropout(dropoutP);
  }

  forward(encoderOutputs, encoderHidden) {
    const batchSize = encoderOutputs.size(0);
    let decoderInput = torch.full([batchSize, 1], SOS_token, { dtype: "long" });
    let decoderHidden = encoderHidden;
    let decoderOutputs = [];
    let attentions = [];
    for (let i = 0; i < this.maxLength; i++) {
      const [decoderOutput, hidden, attnWeights] = this.forwardStep(
        decoderInput,
        decoderHidden,
        encoderOutputs,
      );
      decoderHidden = hidden;
      decoderOutputs.push(decoderOutput);
      attentions.push(attnWeights);
      const [, topi] = decoderOutput.topk(1);
      decoderInput = topi.squeeze(-1).detach();
    }
    decoderOutputs = torch.cat(decoderOutputs, 1);
    decoderOutputs = F.logSoftmax(decoderOutputs, { dim: -1 });
    attentions = torch.cat(attentions, 1);
    return [decoderOutputs, decoderHidden, attentions];
  }

  forwardStep(input, hidden, encoderOutputs) {
    const embedded = this.dropout.call(this.embedding.call(input));
    const query = hidden.permute(1, 0, 2);
    const [context, attnWeights] = this.attention.call(query, encoderOutputs);
    const inputGru = torch.cat([embedded, context], 2);
    let [output, next] = this.gru.call(inputGru, hidden);
    output = this.out.call(output);
    return [output, next, attnWeights];
  }
}
