// LSTMs by hand as in PyTorch's benchmarks of custom LSTMs: cells, layers and stacks, with layer norm too.
import * as torch from "@unroll/api/torch";
const { nn } = torch;

export class LSTMCell extends nn.Module {
  constructor(inputSize, hiddenSize) {
    super();
    this.weightIh = new nn.Parameter(torch.randn(4 * hiddenSize, inputSize));
    this.weightHh = new nn.Parameter(torch.randn(4 * hiddenSize, hiddenSize));
    this.biasIh = new nn.Parameter(torch.randn(4 * hiddenSize));
    this.biasHh = new nn.Parameter(torch.randn(4 * hiddenSize));
  }

  forward(input, state) {
    const [hx, cx] = state;
    const gates = torch
      .mm(input, this.weightIh.t())
      .add(this.biasIh)
      .add(torch.mm(hx, this.weightHh.t()))
      .add(this.biasHh);
    let [ingate, forgetgate, cellgate, outgate] = gates.chunk(4, 1);
    ingate = torch.sigmoid(ingate);
    forgetgate = torch.sigmoid(forgetgate);
    cellgate = torch.tanh(cellgate);
    outgate = torch.sigmoid(outgate);
    const cy = forgetgate.mul(cx).add(ingate.mul(cellgate));
    const hy = outgate.mul(torch.tanh(cy));
    return [hy, [hy, cy]];
  }
}

export class LayerNormLSTMCell extends nn.Module {
  constructor(inputSize, hiddenSize) {
    super();
    this.weightIh = new nn.Parameter(torch.randn(4 * hiddenSize, inputSize));
    this.weightHh = new nn.Parameter(torch.randn(4 * hiddenSize, hiddenSize));
    this.layernormI = new nn.LayerNorm(4 * hiddenSize);
    this.layernormH = new nn.LayerNorm(4 * hiddenSize);
    this.layernormC = new nn.LayerNorm(hiddenSize);
  }

  forward(input, state) {
    const [hx, cx] = state;
    const igates = this.layernormI.call(torch.mm(input, this.weightIh.t()));
    const hgates = this.layernormH.call(torch.mm(hx, this.weightHh.t()));
    const gates = igates.add(hgates);
    let [ingate, forgetgate, cellgate, outgate] = gates.chunk(4, 1);
    ingate = torch.sigmoid(ingate);
    forgetgate = torch.sigmoid(forgetgate);
    cellgate = torch.tanh(cellgate);
    outgate = torch.sigmoid(outgate);
    const cy = this.layernormC.call(forgetgate.mul(cx).add(ingate.mul(cellgate)));
    const hy = outgate.mul(torch.tanh(cy));
    return [hy, [hy, cy]];
  }
}

class LSTMLayer extends nn.Module {
  constructor(Cell, ...cellArgs) {
    super();
    this.cell = new Cell(...cellArgs);
  }

  forward(input, state) {
    const inputs = input.unbind(0);
    const outputs = [];
    for (let i = 0; i < inputs.length; i++) {
      const [out, next] = this.cell.call(inputs[i], state);
      state = next;
      outputs.push(out);
    }
    return [torch.stack(outputs), state];
  }
}

export class StackedLSTM extends nn.Module {
  constructor(numLayers, Cell, inputSize, hiddenSize) {
    super();
    const first = new LSTMLayer(Cell, inputSize, hiddenSize);
    const others = Array.from({ length: numLayers - 1 }, () => new LSTMLayer(Cell, hiddenSize, hiddenSize));
    this.layers = new nn.ModuleList([first, ...others]);
  }

  forward(input, states) {
    const outputStates = [];
    let output = input;
    let i = 0;
    for (const rnnLayer of this.layers) {
      const [out, outState] = rnnLayer.call(output, states[i]);
      output = out;
      outputStates.push(outState);
      i += 1;
    }
    return [output, outputStates];
  }
}
