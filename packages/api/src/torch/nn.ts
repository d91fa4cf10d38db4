/** PyTorch's `torch.nn`. */
export {
  ELU,
  Dropout,
  Flatten,
  Hardsigmoid,
  Identity,
  LeakyReLU,
  LogSoftmax,
  ReLU,
  Sigmoid,
  Softmax,
  Softplus,
  Softsign,
  Tanh,
} from "./activations.js";
export { GRUCell, LSTMCell, RNNCell } from "./cell-modules.js";
export { ModuleList, Sequential } from "./containers.js";
export { Embedding, Linear } from "./layers.js";
export { Module } from "./module.js";
export { AvgPool1d, Conv1d, type ConvOptions, MaxPool1d, type PoolOptions } from "./windows.js";
export { MultiheadAttention } from "./multihead-attention.js";
export { BatchNorm1d, GroupNorm, LayerNorm, RMSNorm } from "./norms.js";
export { GRU, LSTM, RNN } from "./recurrent-modules.js";
export { Parameter } from "./parameter.js";
