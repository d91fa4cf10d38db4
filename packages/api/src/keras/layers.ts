/**
 * Keras's `layers`, as functions: `layers.lstm(8, { returnSequences: true })`, or all by name,
 * `layers.lstm({ units: 8 })`. Each has Keras's name as well, `layers.LSTM(8)`.
 */
import { type AdditiveAttentionOptions, AttentionLayer, type AttentionOptions } from "./attention.js";
import { unrollError } from "../contract/error.js";
import { isRecord } from "../contract/kind.js";
import type { Layer, LayerOptions } from "./layer.js";
import { ActivationLayer, type ActivationOptions } from "./activation.js";
import { DenseLayer, type DenseOptions } from "./dense.js";
import {
  DropoutLayer,
  type DropoutOptions,
  GaussianNoiseLayer,
  type GaussianNoiseOptions,
} from "./dropout.js";
import {
  EluLayer,
  type EluOptions,
  LeakyReluLayer,
  type LeakyReluOptions,
  ReluLayer,
  type ReluOptions,
  SoftmaxLayer,
  type SoftmaxOptions,
} from "./activation-layers.js";
import { MaskingLayer, type MaskingOptions } from "./masking.js";
import { EmbeddingLayer, type EmbeddingOptions } from "./embedding.js";
import { GlobalPoolLayer, type GlobalPoolOptions } from "./global-pooling.js";
import { ConvTransposeLayer, type ConvTransposeOptions } from "./conv-transpose.js";
import { ConcatenateLayer, type ConcatenateOptions } from "./concatenate.js";
import { MergeLayer } from "./merge.js";
import {
  BatchNormalizationLayer,
  type BatchNormalizationOptions,
  GroupNormalizationLayer,
  type GroupNormalizationOptions,
  LayerNormalizationLayer,
  type LayerNormalizationOptions,
  RmsNormalizationLayer,
  type RmsNormalizationOptions,
} from "./normalization.js";
import { MultiHeadAttentionLayer, type MultiHeadAttentionOptions } from "./multi-head-attention.js";
import { RepeatVectorLayer, type RepeatVectorOptions } from "./repeat-vector.js";
import { ConvolutionLayer, type ConvolutionOptions, PoolLayer, type PoolOptions } from "./windows.js";
import {
  FlattenLayer,
  type FlattenOptions,
  PermuteLayer,
  type PermuteOptions,
  ReshapeLayer,
  type ReshapeOptions,
} from "./shapes.js";
import {
  type BothEnds,
  Cropping1dLayer,
  type Cropping1dOptions,
  UpSampling1dLayer,
  type UpSampling1dOptions,
  ZeroPadding1dLayer,
  type ZeroPadding1dOptions,
} from "./time-shapes.js";
import { ConvLstmLayer, type ConvLstmLayerOptions } from "./conv-lstm.js";
import {
  DepthwiseConvolutionLayer,
  type DepthwiseConvolutionOptions,
  SeparableConvolutionLayer,
  type SeparableConvolutionOptions,
} from "./separable-convolution.js";
import { TimeDistributedLayer, type TimeDistributedOptions } from "./time-distributed.js";
import type { CustomCellSpec } from "../layers/custom.js";
import {
  type Cell,
  type CellOptions,
  type GruCellOptions,
  gruCell as makeGruCell,
  type LstmCellOptions,
  lstmCell as makeLstmCell,
  simpleRnnCell as makeSimpleRnnCell,
  StackedCells,
} from "./cell-layers.js";
import {
  BidirectionalLayer,
  type BidirectionalOptions,
  type GruOptions,
  type LstmOptions,
  RecurrentLayer,
  type RecurrentOptions,
  type RnnOptions,
} from "./recurrent-layers.js";

/** Options beside the one that comes first. */
type More<Options> = Partial<Options>;

/** Options by name, where the first argument may stand for the one that Keras takes first. */
function named<Options extends object>(key: keyof Options & string, first: unknown, more?: object): Options {
  const byName = isRecord(first);
  if (byName && more !== undefined)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "keras layer",
      expected: `${key}, then options; or options alone`,
      got: "options twice",
      cure: "put them into one object",
    });
  return (byName ? first : { ...more, [key]: first }) as Options;
}

/** Keras's `Embedding`: a vector for each id, [..., outputDim]. */
export const embedding = (
  inputDim: number | EmbeddingOptions,
  outputDim?: number | More<EmbeddingOptions>,
  more?: More<EmbeddingOptions>,
): Layer =>
  new EmbeddingLayer(
    typeof outputDim === "number"
      ? named("inputDim", inputDim, { ...more, outputDim })
      : named("inputDim", named<EmbeddingOptions>("inputDim", inputDim, outputDim), more),
  );
/** Keras's `SimpleRNN`: h' = activation(x·K + h·U + b), over a sequence. */
export const simpleRnn = (units: number | RecurrentOptions, more?: More<RecurrentOptions>): Layer =>
  RecurrentLayer.simpleRnn(named("units", units, more));
/** Keras's `LSTM`, over a sequence. Weights as Keras has them, gates i f c o. */
export const lstm = (units: number | LstmOptions, more?: More<LstmOptions>): Layer =>
  RecurrentLayer.lstm(named("units", units, more));
/** Keras's `GRU`, over a sequence. Weights as Keras has them, gates z r h. */
export const gru = (units: number | GruOptions, more?: More<GruOptions>): Layer =>
  RecurrentLayer.gru(named("units", units, more));
/**
 * Keras's `RNN(cell, ...)`: a cell of Keras, one of `customCell`, or a list of them that make up each step.
 */
export const rnn = (cell: RnnOptions["cell"] | RnnOptions, more?: More<RnnOptions>): Layer =>
  RecurrentLayer.rnn(
    isRecord(cell) && "cell" in cell
      ? named("cell", cell, more)
      : { ...more, cell: cell as RnnOptions["cell"] },
  );
/** Keras's `SimpleRNNCell`, for `rnn`. */
export const simpleRnnCell = (units: number | CellOptions, more?: More<CellOptions>): Cell =>
  makeSimpleRnnCell(named("units", units, more));
/** Keras's `LSTMCell`, for `rnn`. */
export const lstmCell = (units: number | LstmCellOptions, more?: More<LstmCellOptions>): Cell =>
  makeLstmCell(named("units", units, more));
/** Keras's `GRUCell`, for `rnn`. */
export const gruCell = (units: number | GruCellOptions, more?: More<GruCellOptions>): Cell =>
  makeGruCell(named("units", units, more));
/** Keras's `StackedRNNCells`, for `rnn`: `cells` make up each step, the first reading the input. */
export const stackedRnnCells = (
  cells: readonly (Cell | CustomCellSpec)[] | { readonly cells: readonly (Cell | CustomCellSpec)[] },
): StackedCells =>
  new StackedCells(
    isRecord(cells) ? (cells["cells"] as readonly Cell[]) : (cells as readonly (Cell | CustomCellSpec)[]),
  );
export { simpleRnn as simpleRNN, simpleRnnCell as simpleRNNCell, stackedRnnCells as stackedRNNCells };
/** Keras's `Bidirectional`: a recurrent layer forward, and a copy or another of it backward. */
export const bidirectional = (
  layer: Layer | BidirectionalOptions,
  more?: More<BidirectionalOptions>,
): Layer => new BidirectionalLayer(named("layer", layer, more));
/** Keras's `Dense`: activation(x·kernel + bias) over the last axis. */
export const dense = (units: number | DenseOptions, more?: More<DenseOptions>): Layer =>
  new DenseLayer(named("units", units, more));
/** Keras's `Activation`: a function of each element, or softmax over the last axis. */
export const activation = (
  activation: ActivationOptions["activation"] | ActivationOptions,
  more?: More<ActivationOptions>,
): Layer => new ActivationLayer(named("activation", activation, more));
/** Keras's `LeakyReLU`: x where it is above 0, and else a slope, 0.3 unless it is said, times x. */
export const leakyRelu = (
  negativeSlope: number | LeakyReluOptions = {},
  more?: More<LeakyReluOptions>,
): Layer => new LeakyReluLayer(named("negativeSlope", negativeSlope, more));
/** Keras's `ELU`: x where it is above 0, and else alpha, 1 unless it is said, times e^x - 1. */
export const elu = (alpha: number | EluOptions = {}, more?: More<EluOptions>): Layer =>
  new EluLayer(named("alpha", alpha, more));
/** Keras's `ReLU`: the larger of x and 0, up to 6 or with a slope below 0 where that is said. */
export const relu = (maxValue: number | null | ReluOptions = {}, more?: More<ReluOptions>): Layer =>
  new ReluLayer(named("maxValue", maxValue, more));
/** Keras's `Softmax`, along the last axis. */
export const softmax = (axis: number | SoftmaxOptions = {}, more?: More<SoftmaxOptions>): Layer =>
  new SoftmaxLayer(named("axis", axis, more));
/**
 * Keras's `Masking` of an input [batch, time, features]: steps all of whose features are a value, 0 unless it
 * is said, are masked for the layers after it.
 */
export const masking = (maskValue: number | MaskingOptions = {}, more?: More<MaskingOptions>): Layer =>
  new MaskingLayer(named("maskValue", maskValue, more));
/** Keras's `Dropout`: training only, so the identity here. */
export const dropout = (rate: number | DropoutOptions, more?: More<DropoutOptions>): Layer =>
  new DropoutLayer(named("rate", rate, more));
/** Keras's `TimeDistributed`: a layer applied to every step of a sequence by itself. */
export const timeDistributed = (
  layer: Layer | TimeDistributedOptions,
  more?: More<TimeDistributedOptions>,
): Layer => new TimeDistributedLayer(named("layer", layer, more));
/** Keras's `RepeatVector`: one vector a row, [batch, features], as each of n steps. */
export const repeatVector = (n: number | RepeatVectorOptions, more?: More<RepeatVectorOptions>): Layer =>
  new RepeatVectorLayer(named("n", n, more));
/**
 * Keras's `Conv1D` over the steps of a sequence [batch, steps, channels]; where windows leave fewer steps,
 * the output's are those of a time of its own. It sees no mask, as in Keras.
 */
export const conv1d = (options: ConvolutionOptions): Layer => new ConvolutionLayer(1, options);
/** Keras's `Conv2D` over [batch, rows, columns, channels], rows being the steps of a sequence. */
export const conv2d = (options: ConvolutionOptions): Layer => new ConvolutionLayer(2, options);
/** Keras's `GlobalMaxPooling1D`: the largest of all steps, masked ones included, as in Keras. */
export const globalMaxPooling1d = (options: GlobalPoolOptions = {}): Layer =>
  new GlobalPoolLayer("max", 1, options, false);
/** Keras's `GlobalAveragePooling1D`: the mean of the steps that are not masked; zeros where all are. */
export const globalAveragePooling1d = (options: GlobalPoolOptions = {}): Layer =>
  new GlobalPoolLayer("average", 1, options, true);
/** Keras's `GlobalMaxPooling2D`: the largest of all rows and columns, masked ones included, as in Keras. */
export const globalMaxPooling2d = (options: GlobalPoolOptions = {}): Layer =>
  new GlobalPoolLayer("max", 2, options, false);
/** Keras's `GlobalAveragePooling2D`: the mean of all rows and columns, masked ones included, as in Keras. */
export const globalAveragePooling2d = (options: GlobalPoolOptions = {}): Layer =>
  new GlobalPoolLayer("average", 2, options, false);
/** Keras's `MaxPooling1D`: the largest of each window of steps, side by side. */
export const maxPooling1d = (options: PoolOptions = {}): Layer => new PoolLayer("max", 1, options);
/** Keras's `MaxPooling2D`: the largest of each window of rows and columns. */
export const maxPooling2d = (options: PoolOptions = {}): Layer => new PoolLayer("max", 2, options);
/** Keras's `AveragePooling1D`: the mean of each window of steps, padding left out. */
export const averagePooling1d = (options: PoolOptions = {}): Layer => new PoolLayer("average", 1, options);
/** Keras's `AveragePooling2D`: the mean of each window of rows and columns, padding left out. */
export const averagePooling2d = (options: PoolOptions = {}): Layer => new PoolLayer("average", 2, options);
/**
 * Keras's `Attention` of [query, value] or [query, value, key]; see the rule `attention` in
 * docs/semantics.md.
 */
export const attention = (options: AttentionOptions = {}): Layer => AttentionLayer.dot(options);
/** Keras's `AdditiveAttention` of [query, value] or [query, value, key]. */
export const additiveAttention = (options: AdditiveAttentionOptions = {}): Layer =>
  AttentionLayer.additive(options);
/**
 * Keras's `MultiHeadAttention` of [query, value] or [query, value, key]; see the rule `multi-head-attention`
 * in docs/semantics.md. What Keras makes of a query's masked steps is zeros here.
 */
export const multiHeadAttention = (options: MultiHeadAttentionOptions): Layer =>
  new MultiHeadAttentionLayer(options);
/**
 * Keras's `Concatenate`: two inputs or more, joined along the last axis, or with `axis: 1` sequences one
 * after the other, none of which is masked.
 */
export const concatenate = (options: ConcatenateOptions = {}): Layer => new ConcatenateLayer(options);
/**
 * Keras's `Conv1DTranspose` over the steps of a sequence: each is laid into `strides` of the output and more.
 * It sees no mask, as in Keras.
 */
export const conv1dTranspose = (options: ConvTransposeOptions): Layer => new ConvTransposeLayer(options);
/** Keras's `ZeroPadding1D`: steps of zeros before and after. It sees no mask, as in Keras. */
export const zeroPadding1d = (
  padding: BothEnds | ZeroPadding1dOptions = 1,
  more?: More<ZeroPadding1dOptions>,
): Layer => new ZeroPadding1dLayer(named("padding", padding, more));
/** Keras's `Cropping1D`: without some of the first and last steps. It sees no mask, as in Keras. */
export const cropping1d = (
  cropping: BothEnds | Cropping1dOptions = 1,
  more?: More<Cropping1dOptions>,
): Layer => new Cropping1dLayer(named("cropping", cropping, more));
/** Keras's `UpSampling1D`: each step several times in a row. It sees no mask, as in Keras. */
export const upSampling1d = (
  size: number | UpSampling1dOptions = 2,
  more?: More<UpSampling1dOptions>,
): Layer => new UpSampling1dLayer(named("size", size, more));
/** Keras's `Add`: the sum of two inputs or more of one shape. */
export const add = (options: LayerOptions = {}): Layer => new MergeLayer("add", "sum", options);
/** Keras's `Average`: the mean of two inputs or more of one shape. */
export const average = (options: LayerOptions = {}): Layer => new MergeLayer("average", "ave", options);
/** Keras's `Multiply`: the product of two inputs or more of one shape. */
export const multiply = (options: LayerOptions = {}): Layer => new MergeLayer("multiply", "mul", options);
/** Keras's `Subtract`: the first of two inputs of one shape less the second. */
export const subtract = (options: LayerOptions = {}): Layer => new MergeLayer("subtract", "sub", options);
/** Keras's `Maximum`: the largest of two inputs or more of one shape. */
export const maximum = (options: LayerOptions = {}): Layer => new MergeLayer("maximum", "max", options);
/** Keras's `Minimum`: the smallest of two inputs or more of one shape. */
export const minimum = (options: LayerOptions = {}): Layer => new MergeLayer("minimum", "min", options);
/** Keras's `DepthwiseConv1D` over the steps of a sequence: every channel by itself. It sees no mask. */
export const depthwiseConv1d = (options: DepthwiseConvolutionOptions): Layer =>
  new DepthwiseConvolutionLayer(1, options);
/** Keras's `DepthwiseConv2D` over [batch, rows, columns, channels], rows being the steps of a sequence. */
export const depthwiseConv2d = (options: DepthwiseConvolutionOptions): Layer =>
  new DepthwiseConvolutionLayer(2, options);
/** Keras's `SeparableConv1D`: every channel by itself, then all of a step mixed. It sees no mask. */
export const separableConv1d = (options: SeparableConvolutionOptions): Layer =>
  new SeparableConvolutionLayer(1, options);
/** Keras's `SeparableConv2D` over [batch, rows, columns, channels], rows being the steps of a sequence. */
export const separableConv2d = (options: SeparableConvolutionOptions): Layer =>
  new SeparableConvolutionLayer(2, options);
/** Keras's `ConvLSTM1D` over a sequence [batch, time, rows, channels]. */
export const convLstm1d = (options: ConvLstmLayerOptions): Layer => new ConvLstmLayer(1, options);
/** Keras's `ConvLSTM2D` over a sequence [batch, time, rows, columns, channels]. */
export const convLstm2d = (options: ConvLstmLayerOptions): Layer => new ConvLstmLayer(2, options);
/** Keras's `SpatialDropout1D`: training only, so the identity here. */
export const spatialDropout1d = (rate: number | DropoutOptions, more?: More<DropoutOptions>): Layer =>
  new DropoutLayer(named("rate", rate, more), "spatial_dropout1d");
/** Keras's `GaussianDropout`: training only, so the identity here. */
export const gaussianDropout = (rate: number | DropoutOptions, more?: More<DropoutOptions>): Layer =>
  new DropoutLayer(named("rate", rate, more), "gaussian_dropout");
/** Keras's `AlphaDropout`: training only, so the identity here. */
export const alphaDropout = (rate: number | DropoutOptions, more?: More<DropoutOptions>): Layer =>
  new DropoutLayer(named("rate", rate, more), "alpha_dropout");
/** Keras's `GaussianNoise`: training only, so the identity here. */
export const gaussianNoise = (
  stddev: number | GaussianNoiseOptions,
  more?: More<GaussianNoiseOptions>,
): Layer => new GaussianNoiseLayer(named("stddev", stddev, more));
/** Keras's `BatchNormalization` at inference: by the moving mean and variance of each feature. */
export const batchNormalization = (options: BatchNormalizationOptions = {}): Layer =>
  new BatchNormalizationLayer(options);
/** Keras's `LayerNormalization`: each vector over its last axis. */
export const layerNormalization = (options: LayerNormalizationOptions = {}): Layer =>
  new LayerNormalizationLayer(options);
/** Keras's `RMSNormalization`: each vector by the root of the mean of its squares, with a weight `scale`. */
export const rmsNormalization = (options: RmsNormalizationOptions = {}): Layer =>
  new RmsNormalizationLayer(options);
/**
 * Keras's `GroupNormalization` of what has no time, or of each step within `timeDistributed`: of a sequence
 * Keras takes mean and variance over every step.
 */
export const groupNormalization = (options: GroupNormalizationOptions = {}): Layer =>
  new GroupNormalizationLayer(options);
/** Keras's `Flatten` of what has no time, or of each step within `timeDistributed`. */
export const flatten = (options: FlattenOptions = {}): Layer => new FlattenLayer(options);
/**
 * Keras's `Reshape`. What has no time becomes a sequence of two axes or more, the first of which is time; a
 * sequence keeps its time, which is -1 there.
 */
export const reshape = (
  targetShape: readonly number[] | ReshapeOptions,
  more?: More<ReshapeOptions>,
): Layer => new ReshapeLayer(named("targetShape", targetShape, more));
/** Keras's `Permute` of the axes after the batch, counted from 1; time stays the first. */
export const permute = (dims: readonly number[] | PermuteOptions, more?: More<PermuteOptions>): Layer =>
  new PermuteLayer(named("dims", dims, more));

// Keras's own spellings of the same functions: each is its name here with the words in capitals.
export {
  activation as Activation,
  add as Add,
  additiveAttention as AdditiveAttention,
  attention as Attention,
  average as Average,
  averagePooling1d as AveragePooling1D,
  averagePooling2d as AveragePooling2D,
  batchNormalization as BatchNormalization,
  bidirectional as Bidirectional,
  concatenate as Concatenate,
  conv1d as Conv1D,
  conv1dTranspose as Conv1DTranspose,
  conv2d as Conv2D,
  cropping1d as Cropping1D,
  dense as Dense,
  dropout as Dropout,
  elu as ELU,
  embedding as Embedding,
  flatten as Flatten,
  globalAveragePooling1d as GlobalAveragePooling1D,
  globalAveragePooling2d as GlobalAveragePooling2D,
  globalMaxPooling1d as GlobalMaxPooling1D,
  globalMaxPooling2d as GlobalMaxPooling2D,
  groupNormalization as GroupNormalization,
  gru as GRU,
  gruCell as GRUCell,
  layerNormalization as LayerNormalization,
  leakyRelu as LeakyReLU,
  lstm as LSTM,
  lstmCell as LSTMCell,
  masking as Masking,
  maxPooling1d as MaxPooling1D,
  maxPooling2d as MaxPooling2D,
  multiHeadAttention as MultiHeadAttention,
  multiply as Multiply,
  permute as Permute,
  relu as ReLU,
  repeatVector as RepeatVector,
  reshape as Reshape,
  rmsNormalization as RMSNormalization,
  rnn as RNN,
  simpleRnn as SimpleRNN,
  simpleRnnCell as SimpleRNNCell,
  softmax as Softmax,
  stackedRnnCells as StackedRNNCells,
  timeDistributed as TimeDistributed,
  upSampling1d as UpSampling1D,
  zeroPadding1d as ZeroPadding1D,
  alphaDropout as AlphaDropout,
  convLstm1d as ConvLSTM1D,
  convLstm2d as ConvLSTM2D,
  depthwiseConv1d as DepthwiseConv1D,
  depthwiseConv2d as DepthwiseConv2D,
  gaussianDropout as GaussianDropout,
  gaussianNoise as GaussianNoise,
  maximum as Maximum,
  minimum as Minimum,
  separableConv1d as SeparableConv1D,
  separableConv2d as SeparableConv2D,
  spatialDropout1d as SpatialDropout1D,
  subtract as Subtract,
};
