/** PyTorch's `torch.nn`. */
export * as init from "./init.js";
export * as utils from "./utils.js";
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
export { CELU, GELU, GLU, Hardswish, LogSigmoid, Mish, ReLU6, SELU, SiLU, Tanhshrink } from "./smooth.js";
export { Hardshrink, Hardtanh, PReLU, RReLU, Softshrink, Threshold } from "./piecewise.js";
export { Softmax2d, Softmin } from "./shares.js";
export { Bilinear } from "./bilinear.js";
export { GRUCell, LSTMCell, RNNCell } from "./cell-modules.js";
export { ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential } from "./containers.js";
export { Embedding, Linear } from "./layers.js";
export {
  BCELoss,
  BCEWithLogitsLoss,
  CrossEntropyLoss,
  CTCLoss,
  HuberLoss,
  KLDivLoss,
  L1Loss,
  MSELoss,
  NLLLoss,
  SmoothL1Loss,
} from "./loss-modules.js";
export { Module } from "./module.js";
export { AvgPool1d, Conv1d, type ConvOptions, MaxPool1d, type PoolOptions } from "./windows.js";
export { ConvTranspose1d, type ConvTransposeOptions } from "./transposed.js";
export { AvgPool2d, Conv2d, type Conv2dOptions, MaxPool2d } from "./images.js";
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
} from "./adaptive-pools.js";
export {
  CircularPad1d,
  CircularPad2d,
  ConstantPad1d,
  ConstantPad2d,
  ReflectionPad1d,
  ReflectionPad2d,
  ReplicationPad1d,
  ReplicationPad2d,
  ZeroPad1d,
  ZeroPad2d,
} from "./pads.js";
export { MultiheadAttention } from "./multihead-attention.js";
export { Transformer } from "./transformer.js";
export { TransformerDecoderLayer, TransformerEncoderLayer } from "./transformer-layers.js";
export { TransformerDecoder, TransformerEncoder } from "./transformer-stacks.js";
export { BatchNorm1d, GroupNorm, LayerNorm, RMSNorm } from "./norms.js";
export { GRU, LSTM, RNN } from "./recurrent-modules.js";
export { Buffer } from "./buffer.js";
export { Parameter } from "./parameter.js";
