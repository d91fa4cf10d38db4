/**
 * TensorFlow.js's `tf.layers`, with its arguments, defaults and numbers: `layers.lstm({ units: 8 })`.
 */
import { unrollError } from "../contract/error.js";
import { knownOptions } from "../contract/known-options.js";
import { shown } from "../contract/shown.js";
import { EluLayer, LeakyReluLayer, ReluLayer, SoftmaxLayer } from "../keras/activation-layers.js";
import { MaskingLayer } from "../keras/masking.js";
import { ActivationLayer } from "../keras/activation.js";
import {
  type Cell,
  gruCell as kerasGruCell,
  lstmCell as kerasLstmCell,
  simpleRnnCell as kerasSimpleRnnCell,
  StackedCells,
} from "../keras/cell-layers.js";
import { DenseLayer } from "../keras/dense.js";
import { DropoutLayer, GaussianNoiseLayer } from "../keras/dropout.js";
import { EmbeddingLayer } from "../keras/embedding.js";
import { GlobalPoolLayer } from "../keras/global-pooling.js";
import type { Layer } from "../keras/layer.js";
import { RecurrentLayer, BidirectionalLayer } from "../keras/recurrent-layers.js";
import { RepeatVectorLayer } from "../keras/repeat-vector.js";
import { LayerNormalizationLayer } from "../keras/normalization.js";
import { TrailingStatistics } from "./trailing-statistics.js";
import { FlattenLayer, PermuteLayer, ReshapeLayer } from "../keras/shapes.js";
import { ConvolutionLayer, type ConvolutionOptions, type PerAxis, PoolLayer } from "../keras/windows.js";
import { SeparableConvolutionLayer } from "../keras/separable-convolution.js";
import { TimeDistributedLayer } from "../keras/time-distributed.js";
import { activationOf, kept, type LayerArgs } from "./arguments.js";
import { UnmaskedConcatenate, UnmaskedMerge } from "./unmasked-merge.js";

/** Arguments of `layers.embedding`. */
export interface EmbeddingArgs extends LayerArgs {
  /** Rows of the table: ids are 0 to one less. */
  readonly inputDim: number;
  /** Size of each vector. */
  readonly outputDim: number;
  /** Whether steps with id 0 are masked for the layers after it. Default false. */
  readonly maskZero?: boolean;
}

/** Arguments of `layers.simpleRNNCell`. */
export interface SimpleRnnCellArgs extends LayerArgs {
  /** Size of the state and of the output. */
  readonly units: number;
  /** Of the candidate. Default `tanh`; null is linear. */
  readonly activation?: string | null;
  /** Whether a bias is added. Default true. */
  readonly useBias?: boolean;
  /** Share of inputs that training drops; without effect here. */
  readonly dropout?: number;
  /** Share of the state that training drops; without effect here. */
  readonly recurrentDropout?: number;
}

/** Arguments of `layers.lstmCell`. */
export interface LstmCellArgs extends SimpleRnnCellArgs {
  /** Of the gates. Default `hardSigmoid`, clip(x/5 + 1/2), as in TensorFlow.js and Keras 2.2. */
  readonly recurrentActivation?: string | null;
}

/** Arguments of `layers.gruCell`: the reset gate acts before the product with h, the only way there is. */
export interface GruCellArgs extends LstmCellArgs {
  /** Only false: TensorFlow.js has no other. */
  readonly resetAfter?: false;
}

/** How a layer runs its cell. */
export interface SequenceArgs {
  /** Whether the output is that of every step rather than of the last. Default false. */
  readonly returnSequences?: boolean;
  /** Whether the final state follows the output. Default false. */
  readonly returnState?: boolean;
  /** Whether to run from the last step to the first. Default false. */
  readonly goBackwards?: boolean;
  /** Whether the next call of `predict` goes on from the state of this one. Default false. */
  readonly stateful?: boolean;
  /** Without effect: how to run is the engine's matter. */
  readonly unroll?: boolean;
}

/** Arguments of `layers.simpleRNN`. */
export type SimpleRnnArgs = SimpleRnnCellArgs & SequenceArgs;
/** Arguments of `layers.lstm`. */
export type LstmArgs = LstmCellArgs & SequenceArgs;
/** Arguments of `layers.gru`. */
export type GruArgs = GruCellArgs & SequenceArgs;

/** Arguments of `layers.rnn`. */
export interface RnnArgs extends LayerArgs, SequenceArgs {
  /** One cell, or several that make up each step. */
  readonly cell: Cell | StackedCells | readonly Cell[];
}

/** Arguments of `layers.stackedRNNCells`. */
export interface StackedRnnCellsArgs {
  /** The cells in order; the first reads the input, the last gives the output. */
  readonly cells: readonly Cell[];
}

/** Arguments of `layers.bidirectional`. */
export interface BidirectionalArgs extends LayerArgs {
  /** The layer to run both ways; each direction has weights of its own. */
  readonly layer: Layer;
  /** How the outputs become one; null leaves two. Default `concat`. */
  readonly mergeMode?: "concat" | "sum" | "mul" | "ave" | null;
}

/** Arguments of `layers.dense`. */
export interface DenseArgs extends LayerArgs {
  /** Size of the output's last axis. */
  readonly units: number;
  /** Default linear. */
  readonly activation?: string | null;
  /** Whether a bias is added. Default true. */
  readonly useBias?: boolean;
}

/** Arguments of `layers.activation`. */
export interface ActivationArgs extends LayerArgs {
  /** TensorFlow.js's name of it. */
  readonly activation: string;
}

/** Arguments of `layers.leakyReLU`. */
export interface LeakyReluArgs extends LayerArgs {
  /** What x is multiplied by where it is below 0. Default 0.3. */
  readonly alpha?: number;
}

/** Arguments of `layers.elu`. */
export interface EluArgs extends LayerArgs {
  /** What e^x - 1 is multiplied by where x is below 0: only 1, the default, as TensorFlow.js has no other. */
  readonly alpha?: 1;
}

/** Arguments of `layers.reLU`. */
export interface ReluArgs extends LayerArgs {
  /** The most that is given: 6, or left out for any. */
  readonly maxValue?: number;
}

/** Arguments of `layers.softmax`. */
export interface SoftmaxArgs extends LayerArgs {
  /** Only the last, -1 or its number. Default 1, which is the last of what has no time. */
  readonly axis?: number;
}

/** Arguments of `layers.masking`. */
export interface MaskingArgs extends LayerArgs {
  /** What every feature of a step is that is not real. Default 0. */
  readonly maskValue?: number;
}

/** Arguments of `layers.dropout`. */
export interface DropoutArgs extends LayerArgs {
  /** Share of elements that training drops, 0 to 1. */
  readonly rate: number;
}

/** Arguments of `layers.timeDistributed`. */
export interface TimeDistributedArgs extends LayerArgs {
  /** What is applied to every step. */
  readonly layer: Layer;
}

/** Arguments of `layers.repeatVector`. */
export interface RepeatVectorArgs extends LayerArgs {
  /** Steps of the output. */
  readonly n: number;
}

/** Arguments of `layers.layerNormalization`. */
export interface LayerNormalizationArgs extends LayerArgs {
  /** Only the last axis: -1, the default, or its number. */
  readonly axis?: number;
  /** Added to the variance. Default 1e-3. */
  readonly epsilon?: number;
  /** Whether each feature has a weight `beta` added. Default true. */
  readonly center?: boolean;
  /** Whether each feature is multiplied by a weight `gamma`. Default true. */
  readonly scale?: boolean;
}

/** Arguments of `layers.batchNormalization`. */
export interface BatchNormalizationArgs extends LayerNormalizationArgs {
  /** Without effect: how statistics are gathered in training. */
  readonly momentum?: number;
}

/** Arguments of `layers.reshape`. */
export interface ReshapeArgs extends LayerArgs {
  /** Axes after the batch, one of which may be -1 for what is left. */
  readonly targetShape: readonly number[];
}

/** Arguments of `layers.permute`. */
export interface PermuteArgs extends LayerArgs {
  /** Which axis stands at each place after the batch, counted from 1; time stays the first. */
  readonly dims: readonly number[];
}

/** Arguments of `layers.concatenate`. */
export interface ConcatenateArgs extends LayerArgs {
  /** The axis that is joined: the last, -1, the default, or 1, the time of sequences. */
  readonly axis?: number;
}

/** What convolutions and pools of TensorFlow.js take. */
interface WindowArgs extends LayerArgs {
  /** Steps from one window to the next. Default 1; of a pool, the window's size. */
  readonly strides?: PerAxis | null;
  /** `valid`, the default, or `same`. */
  readonly padding?: string;
  /** Only `channelsLast`, the default. */
  readonly dataFormat?: "channelsLast" | null;
}

/** Arguments of `layers.conv1d` and `layers.conv2d`. */
export interface ConvArgs extends WindowArgs {
  /** Channels of the output. */
  readonly filters: number;
  /** Elements of a window along each axis. */
  readonly kernelSize: PerAxis;
  /** Steps from one element of a window to the next. Default 1. */
  readonly dilationRate?: PerAxis;
  /** Default linear. */
  readonly activation?: string | null;
  /** Whether a bias is added. Default true. */
  readonly useBias?: boolean;
}

/** Arguments of `layers.separableConv2d`. */
export interface SeparableConvArgs extends ConvArgs {
  /** Channels that each of the input is convolved to, before all are mixed. Default 1. */
  readonly depthMultiplier?: number;
}

/** Arguments of `layers.gaussianNoise`. */
export interface GaussianNoiseArgs extends LayerArgs {
  /** Standard deviation of what training adds. */
  readonly stddev: number;
}

/** Arguments of `layers.maxPooling1d`, `layers.averagePooling1d` and those of two axes. */
export interface PoolingArgs extends WindowArgs {
  /** Elements of a window along each axis. Default 2. */
  readonly poolSize?: PerAxis;
}

/** Arguments of `layers.globalMaxPooling2d` and `layers.globalAveragePooling2d`. */
export type GlobalPooling2dArgs = LayerArgs & Pick<WindowArgs, "dataFormat">;

/** Arguments in Keras's words. */
function windowed<Args extends GlobalPooling2dArgs>(place: string, args: Args): Omit<Args, "dataFormat"> {
  const { dataFormat, ...rest } = kept(place, args) as Args;
  if (dataFormat !== undefined && dataFormat !== null && (dataFormat as string) !== "channelsLast")
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: `${place} dataFormat`,
      expected: "channelsLast",
      got: shown(dataFormat),
      cure: "put channels last",
    });
  return rest;
}

/** A convolution's. */
const convolved = (place: string, args: ConvArgs): ConvolutionOptions => ({
  ...(windowed(place, args) as Omit<ConvArgs, "dataFormat">),
  activation: activationOf(place, args.activation ?? null),
});

/** Arguments with Keras's names of activations; `recurrent` is that of the gates where none is given. */
function named<Args extends SimpleRnnCellArgs & { readonly recurrentActivation?: string | null }>(
  place: string,
  args: Args,
  recurrent: string | null,
): ReturnType<typeof kept<Args>> {
  const own = kept(place, args);
  const { activation = "tanh", recurrentActivation = recurrent } = args;
  return {
    ...own,
    activation: activationOf(place, activation),
    ...(recurrent !== null && { recurrentActivation: activationOf(place, recurrentActivation) }),
  };
}

/** Of the gates of an LSTM and a GRU, as TensorFlow.js has it where nothing is said. */
const GATES = "hardSigmoid";

/** Arguments of a GRU, whose reset gate acts before the product. */
function resetting<Args extends GruCellArgs>(
  place: string,
  args: Args,
): ReturnType<typeof kept<Args>> & { readonly resetAfter: false } {
  if (args.resetAfter !== undefined && (args.resetAfter as boolean))
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place,
      expected: "resetAfter false, as TensorFlow.js has no other",
      got: "true",
      cure: "use layers.gru of @unroll/api/keras",
    });
  return { ...named(place, args, GATES), resetAfter: false };
}

/** `tf.layers.embedding`: a vector for each id, [..., outputDim]. */
export const embedding = (args: EmbeddingArgs): Layer => new EmbeddingLayer(kept("embedding", args));
/** `tf.layers.simpleRNN`: h' = activation(x·K + h·U + b), over a sequence. */
export const simpleRNN = (args: SimpleRnnArgs): Layer =>
  RecurrentLayer.simpleRnn(named("simpleRNN", args, null));
/** `tf.layers.lstm`, whose gates are hard sigmoids where nothing is said. Weights in gates i f c o. */
export const lstm = (args: LstmArgs): Layer => RecurrentLayer.lstm(named("lstm", args, GATES));
/** `tf.layers.gru`, whose gates are hard sigmoids where nothing is said. Weights in gates z r h. */
export const gru = (args: GruArgs): Layer => RecurrentLayer.gru(resetting("gru", args));
/** `tf.layers.rnn`: a cell, or a list of them that make up each step, over a sequence. */
export const rnn = (args: RnnArgs): Layer => RecurrentLayer.rnn(kept("rnn", args));
/** `tf.layers.simpleRNNCell`, for `rnn`. */
export const simpleRNNCell = (args: SimpleRnnCellArgs): Cell =>
  kerasSimpleRnnCell(named("simpleRNNCell", args, null));
/** `tf.layers.lstmCell`, for `rnn`. */
export const lstmCell = (args: LstmCellArgs): Cell => kerasLstmCell(named("lstmCell", args, GATES));
/** `tf.layers.gruCell`, for `rnn`. */
export const gruCell = (args: GruCellArgs): Cell => kerasGruCell(resetting("gruCell", args));
/** `tf.layers.stackedRNNCells`, for `rnn`. */
export const stackedRNNCells = (args: StackedRnnCellsArgs): StackedCells => {
  knownOptions("stackedRNNCells", args, ["cells"]);
  return new StackedCells(args.cells);
};
/**
 * `tf.layers.bidirectional`: a recurrent layer forward, and a copy of it backward. What masked steps put out
 * is what the step before put out, where Keras 3 puts out zeros.
 */
export const bidirectional = (args: BidirectionalArgs): Layer =>
  new BidirectionalLayer(kept("bidirectional", args), "hold");
/** `tf.layers.dense`: activation(x·kernel + bias) over the last axis. */
export const dense = (args: DenseArgs): Layer =>
  new DenseLayer({
    ...kept("dense", args),
    activation: activationOf("dense", args.activation ?? null),
  });
/** `tf.layers.activation`: a function of each element, or softmax over the last axis. */
export const activation = (args: ActivationArgs): Layer =>
  new ActivationLayer({
    ...kept("activation", args),
    activation: activationOf("activation", args.activation) ?? "linear",
  });
/** `tf.layers.leakyReLU`: x where it is above 0, and else a slope times x. */
export const leakyReLU = (args: LeakyReluArgs = {}): Layer => new LeakyReluLayer(kept("leakyReLU", args));
/** `tf.layers.elu`: x where it is above 0, and else alpha times e^x - 1. */
export const elu = (args: EluArgs = {}): Layer => {
  const own = kept("elu", args);
  if ((own.alpha ?? 1) !== 1)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: "elu",
      expected: "alpha 1, as TensorFlow.js has no other",
      got: shown(own.alpha),
      cure: "use layers.elu of @unroll/api/keras",
    });
  return new EluLayer(own);
};
/** `tf.layers.reLU`: the larger of x and 0. */
export const reLU = (args: ReluArgs = {}): Layer => new ReluLayer(kept("reLU", args));
/** `tf.layers.softmax`, along the last axis; of a sequence that has to be said, as in TensorFlow.js. */
export const softmax = (args: SoftmaxArgs = {}): Layer =>
  new SoftmaxLayer({ axis: 1, ...kept("softmax", args) });
/** `tf.layers.masking` of an input [batch, time, features]: steps all of whose features are one value. */
export const masking = (args: MaskingArgs = {}): Layer => new MaskingLayer(kept("masking", args));
/** `tf.layers.dropout`: training only, so the identity here. */
export const dropout = (args: DropoutArgs): Layer => new DropoutLayer(kept("dropout", args));
/** `tf.layers.timeDistributed`: a layer applied to every step of a sequence by itself. */
export const timeDistributed = (args: TimeDistributedArgs): Layer =>
  new TimeDistributedLayer(kept("timeDistributed", args));
/** `tf.layers.conv1d` over the steps of a sequence [batch, steps, channels]. */
export const conv1d = (args: ConvArgs): Layer => new ConvolutionLayer(1, convolved("conv1d", args));
/** `tf.layers.conv2d` over [batch, rows, columns, channels], rows being the steps of a sequence. */
export const conv2d = (args: ConvArgs): Layer => new ConvolutionLayer(2, convolved("conv2d", args));
/** `tf.layers.maxPooling1d`: the largest of each window of steps, side by side. */
export const maxPooling1d = (args: PoolingArgs = {}): Layer =>
  new PoolLayer("max", 1, windowed("maxPooling1d", args));
/** `tf.layers.maxPooling2d`: the largest of each window of rows and columns. */
export const maxPooling2d = (args: PoolingArgs = {}): Layer =>
  new PoolLayer("max", 2, windowed("maxPooling2d", args));
/** `tf.layers.averagePooling1d`: the mean of each window of steps, padding left out. */
export const averagePooling1d = (args: PoolingArgs = {}): Layer =>
  new PoolLayer("average", 1, windowed("averagePooling1d", args));
/** `tf.layers.averagePooling2d`: the mean of each window of rows and columns, padding left out. */
export const averagePooling2d = (args: PoolingArgs = {}): Layer =>
  new PoolLayer("average", 2, windowed("averagePooling2d", args));
/** `tf.layers.globalMaxPooling1d`: the largest of all steps. */
export const globalMaxPooling1d = (args: LayerArgs = {}): Layer =>
  new GlobalPoolLayer("max", 1, kept("globalMaxPooling1d", args), false);
/** `tf.layers.globalAveragePooling1d`: the mean of all steps; it sees no mask. */
export const globalAveragePooling1d = (args: LayerArgs = {}): Layer =>
  new GlobalPoolLayer("average", 1, kept("globalAveragePooling1d", args), false);
/** `tf.layers.globalMaxPooling2d`: the largest of all rows and columns. */
export const globalMaxPooling2d = (args: GlobalPooling2dArgs = {}): Layer =>
  new GlobalPoolLayer("max", 2, windowed("globalMaxPooling2d", args), false);
/** `tf.layers.globalAveragePooling2d`: the mean of all rows and columns. */
export const globalAveragePooling2d = (args: GlobalPooling2dArgs = {}): Layer =>
  new GlobalPoolLayer("average", 2, windowed("globalAveragePooling2d", args), false);
/** `tf.layers.repeatVector`: one vector a row, [batch, features], as each of n steps. */
export const repeatVector = (args: RepeatVectorArgs): Layer =>
  new RepeatVectorLayer(kept("repeatVector", args));
/**
 * `tf.layers.concatenate`: two inputs or more, joined along the last axis, or with `axis: 1` sequences one
 * after the other.
 */
export const concatenate = (args: ConcatenateArgs = {}): Layer =>
  new UnmaskedConcatenate(kept("concatenate", args));
/** `tf.layers.add`: the sum of two inputs or more of one shape. */
export const add = (args: LayerArgs = {}): Layer => new UnmaskedMerge("add", "sum", kept("add", args));
/** `tf.layers.average`: the mean of two inputs or more of one shape. */
export const average = (args: LayerArgs = {}): Layer =>
  new UnmaskedMerge("average", "ave", kept("average", args));
/** `tf.layers.multiply`: the product of two inputs or more of one shape. */
export const multiply = (args: LayerArgs = {}): Layer =>
  new UnmaskedMerge("multiply", "mul", kept("multiply", args));
/** `tf.layers.maximum`: the largest of two inputs or more of one shape. */
export const maximum = (args: LayerArgs = {}): Layer =>
  new UnmaskedMerge("maximum", "max", kept("maximum", args));
/** `tf.layers.minimum`: the smallest of two inputs or more of one shape. */
export const minimum = (args: LayerArgs = {}): Layer =>
  new UnmaskedMerge("minimum", "min", kept("minimum", args));
/** `tf.layers.separableConv2d`: every channel by itself, then all of one place mixed. */
export const separableConv2d = (args: SeparableConvArgs): Layer =>
  new SeparableConvolutionLayer(2, convolved("separableConv2d", args));
/** `tf.layers.spatialDropout1d`: training only, so the identity here. */
export const spatialDropout1d = (args: DropoutArgs): Layer =>
  new DropoutLayer(kept("spatialDropout1d", args), "spatial_dropout1d");
/** `tf.layers.gaussianDropout`: training only, so the identity here. */
export const gaussianDropout = (args: DropoutArgs): Layer =>
  new DropoutLayer(kept("gaussianDropout", args), "gaussian_dropout");
/** `tf.layers.alphaDropout`: training only, so the identity here. */
export const alphaDropout = (args: DropoutArgs): Layer =>
  new DropoutLayer(kept("alphaDropout", args), "alpha_dropout");
/** `tf.layers.gaussianNoise`: training only, so the identity here. */
export const gaussianNoise = (args: GaussianNoiseArgs): Layer =>
  new GaussianNoiseLayer(kept("gaussianNoise", args));
/** `tf.layers.batchNormalization` at inference: by the moving mean and variance of each feature. */
export const batchNormalization = (args: BatchNormalizationArgs = {}): Layer =>
  new TrailingStatistics(kept("batchNormalization", args));
/** `tf.layers.layerNormalization`: each vector over its last axis. */
export const layerNormalization = (args: LayerNormalizationArgs = {}): Layer =>
  new LayerNormalizationLayer(kept("layerNormalization", args));
/** `tf.layers.flatten` of what has no time, or of each step within `timeDistributed`. */
export const flatten = (args: LayerArgs = {}): Layer => new FlattenLayer(kept("flatten", args));
/** `tf.layers.reshape`. What has no time becomes a sequence of two axes or more, whose first is time. */
export const reshape = (args: ReshapeArgs): Layer => new ReshapeLayer(kept("reshape", args));
/** `tf.layers.permute` of the axes after the batch, counted from 1; time stays the first. */
export const permute = (args: PermuteArgs): Layer => new PermuteLayer(kept("permute", args));
