// PyTorch's example that goes on with sine waves: two LSTM cells in a loop, fed their own output in the end.
import * as torch from "@unroll/api/torch";
const { nn } = torch;

export class Sequence extends nn.Module {
  constructor() {
    super();
    this.lstm1 = new nn.LSTMCell(1, 51);
    this.lstm2 = new nn.LSTMCell(51, 51);
    this.linear = new nn.Linear(51, 1);
  }

  forward(input, future = 0) {
    let outputs = [];
    let h_t = torch.zeros(input.size(0), 51);
    let c_t = torch.zeros(input.size(0), 51);
    let h_t2 = torch.zeros(input.size(0), 51);
    let c_t2 = torch.zeros(input.size(0), 51);
    let output;
    for (const input_t of input.split(1, { dim: 1 })) {
      [h_t, c_t] = this.lstm1.call(input_t, [h_t, c_t]);
      [h_t2, c_t2] = this.lstm2.call(h_t, [h_t2, c_t2]);
      output = this.linear.call(h_t2);
      outputs.push(output);
    }
    for (let i = 0; i < future; i++) {
      [h_t, c_t] = this.lstm1.call(output, [h_t, c_t]);
      [h_t2, c_t2] = this.lstm2.call(h_t, [h_t2, c_t2]);
      output = this.linear.call(h_t2);
      outputs.push(output);
    }
    outputs = torch.cat(outputs, { dim: 1 });
    return outputs;
  }
}
