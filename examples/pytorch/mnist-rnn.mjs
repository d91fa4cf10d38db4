// The MNIST classifier of PyTorch's examples that reads an image row by row.
import { F, nn } from "@unroll/api/torch";

export class Net extends nn.Module {
  constructor() {
    super();
    this.rnn = new nn.LSTM(28, 64, { batchFirst: true });
    this.batchnorm = new nn.BatchNorm1d(64);
    this.dropout1 = new nn.Dropout(0.25);
    this.dropout2 = new nn.Dropout(0.5);
    this.fc1 = new nn.Linear(64, 32);
    this.fc2 = new nn.Linear(32, 10);
  }

  forward(input) {
    input = input.reshape(-1, 28, 28);
    let [output] = this.rnn.call(input);
    output = output.at(":", -1, ":");
    output = this.batchnorm.call(output);
    output = this.dropout1.call(output);
    output = this.fc1.call(output);
    output = F.relu(output);
    output = this.dropout2.call(output);
    output = this.fc2.call(output);
    output = F.logSoftmax(output, { dim: 1 });
    return output;
  }
}
