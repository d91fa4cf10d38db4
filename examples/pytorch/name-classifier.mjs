// PyTorch's tutorial on classifying names by their characters: a recurrent network of two linear layers.
import * as torch from "@unroll/api/torch";
const { nn } = torch;

export class RNN extends nn.Module {
  constructor(inputSize, hiddenSize, outputSize) {
    super();
    this.hiddenSize = hiddenSize;
    this.i2h = new nn.Linear(inputSize + hiddenSize, hiddenSize);
    this.i2o = new nn.Linear(inputSize + hiddenSize, outputSize);
    this.softmax = new nn.LogSoftmax({ dim: 1 });
  }

  forward(input, hidden) {
    const combined = torch.cat([input, hidden], 1);
    hidden = this.i2h.call(combined);
    let output = this.i2o.call(combined);
    output = this.softmax.call(output);
    return [output, hidden];
  }

  initHidden() {
    return torch.zeros(1, this.hiddenSize);
  }
}

/** Reads a name, one character after the other. */
export function read(rnn, line) {
  let hidden = rnn.initHidden();
  let output;
  const outputs = [];
  for (let i = 0; i < line.size(0); i++) {
    [output, hidden] = rnn.call(line.at(i), hidden);
    outputs.push(output);
  }
  return [torch.stack(outputs), hidden];
}
