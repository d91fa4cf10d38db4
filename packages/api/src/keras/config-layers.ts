import { BidirectionalLayer } from "./recurrent-layers.js";
import * as own from "./layers.js";
import type { Cell, StackedCells } from "./cell-layers.js";
import type { Layer } from "./layer.js";

/** Makes a layer out of its options. */
export type LayerMaker = (options: never) => Layer;

/** Makes a cell out of its options. */
export type CellMaker = (options: never) => Cell | StackedCells;

/** Keras's classes of layers by name. */
export const layerMakers: Readonly<Record<string, LayerMaker>> = {
  Activation: own.activation,
  Add: own.add,
  AdditiveAttention: own.additiveAttention,
  Attention: own.attention,
  Average: own.average,
  AveragePooling1D: own.averagePooling1d,
  AveragePooling2D: own.averagePooling2d,
  BatchNormalization: own.batchNormalization,
  BatchNormalizationV1: own.batchNormalization,
  BatchNormalizationV2: own.batchNormalization,
  Bidirectional: (options) => new BidirectionalLayer(options),
  Concatenate: own.concatenate,
  Conv1D: own.conv1d,
  Conv1DTranspose: own.conv1dTranspose,
  Conv2D: own.conv2d,
  Cropping1D: own.cropping1d,
  Dense: own.dense,
  Dropout: own.dropout,
  ELU: own.elu,
  Embedding: own.embedding,
  Flatten: own.flatten,
  GlobalAveragePooling1D: own.globalAveragePooling1d,
  GlobalAveragePooling2D: own.globalAveragePooling2d,
  GlobalMaxPooling1D: own.globalMaxPooling1d,
  GlobalMaxPooling2D: own.globalMaxPooling2d,
  GroupNormalization: own.groupNormalization,
  GRU: own.gru,
  LayerNormalization: own.layerNormalization,
  LeakyReLU: own.leakyRelu,
  LSTM: own.lstm,
  Masking: own.masking,
  MaxPooling1D: own.maxPooling1d,
  MaxPooling2D: own.maxPooling2d,
  MultiHeadAttention: own.multiHeadAttention,
  Multiply: own.multiply,
  Permute: own.permute,
  ReLU: own.relu,
  RepeatVector: own.repeatVector,
  Reshape: own.reshape,
  RMSNormalization: own.rmsNormalization,
  RNN: own.rnn,
  SimpleRNN: own.simpleRnn,
  Softmax: own.softmax,
  TimeDistributed: own.timeDistributed,
  UpSampling1D: own.upSampling1d,
  ZeroPadding1D: own.zeroPadding1d,
  AlphaDropout: own.alphaDropout,
  ConvLSTM1D: own.convLstm1d,
  ConvLSTM2D: own.convLstm2d,
  DepthwiseConv1D: own.depthwiseConv1d,
  DepthwiseConv2D: own.depthwiseConv2d,
  GaussianDropout: own.gaussianDropout,
  GaussianNoise: own.gaussianNoise,
  Maximum: own.maximum,
  Minimum: own.minimum,
  SeparableConv1D: own.separableConv1d,
  SeparableConv2D: own.separableConv2d,
  SpatialDropout1D: own.spatialDropout1d,
  Subtract: own.subtract,
};

/** Keras's classes of cells by name. */
export const cellMakers: Readonly<Record<string, CellMaker>> = {
  GRUCell: own.gruCell,
  LSTMCell: own.lstmCell,
  SimpleRNNCell: own.simpleRnnCell,
  StackedRNNCells: ({ cells }: { cells: never }) => own.stackedRnnCells({ cells }),
};
