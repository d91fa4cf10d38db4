/** Keras's `layers`, as functions: `layers.lstm({ units: 8 })`. */
import { type AdditiveAttentionOptions, AttentionLayer, type AttentionOptions } from "./attention.js";
import type { Layer, LayerOptions } from "./layer.js";
import { ActivationLayer, type ActivationOptions } from "./activation.js";
import { DenseLayer, type DenseOptions } from "./dense.js";
import { DropoutLayer, type DropoutOptions } from "./dropout.js";
import { EmbeddingLayer, type EmbeddingOptions } from "./embedding.js";
import { MergeLayer } from "./merge.js";
import { RepeatVectorLayer, type RepeatVectorOptions } from "./repeat-vector.js";
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

/** Keras's `Embedding`: a vector for each id, [..., outputDim]. */
export const embedding = (options: EmbeddingOptions): Layer => new EmbeddingLayer(options);
/** Keras's `SimpleRNN`: h' = activation(x·K + h·U + b), over a sequence. */
export const simpleRnn = (options: RecurrentOptions): Layer => RecurrentLayer.simpleRnn(options);
/** Keras's `LSTM`, over a sequence. Weights as Keras has them, gates i f c o. */
export const lstm = (options: LstmOptions): Layer => RecurrentLayer.lstm(options);
/** Keras's `GRU`, over a sequence. Weights as Keras has them, gates z r h. */
export const gru = (options: GruOptions): Layer => RecurrentLayer.gru(options);
/**
 * Keras's `RNN(cell, ...)`: a cell of Keras, one of `customCell`, or a list of them that make up each step.
 */
export const rnn = (options: RnnOptions): Layer => RecurrentLayer.rnn(options);
/** Keras's `SimpleRNNCell`, for `rnn`. */
export const simpleRnnCell = (options: CellOptions): Cell => makeSimpleRnnCell(options);
/** Keras's `LSTMCell`, for `rnn`. */
export const lstmCell = (options: LstmCellOptions): Cell => makeLstmCell(options);
/** Keras's `GRUCell`, for `rnn`. */
export const gruCell = (options: GruCellOptions): Cell => makeGruCell(options);
/** Keras's `StackedRNNCells`, for `rnn`: `cells` make up each step, the first reading the input. */
export const stackedRnnCells = (options: {
  readonly cells: readonly (Cell | CustomCellSpec)[];
}): StackedCells => new StackedCells(options.cells);
export { simpleRnn as simpleRNN, simpleRnnCell as simpleRNNCell, stackedRnnCells as stackedRNNCells };
/** Keras's `Bidirectional`: a recurrent layer forward, and a copy or another of it backward. */
export const bidirectional = (options: BidirectionalOptions): Layer => new BidirectionalLayer(options);
/** Keras's `Dense`: activation(x·kernel + bias) over the last axis. */
export const dense = (options: DenseOptions): Layer => new DenseLayer(options);
/** Keras's `Activation`: a function of each element, or softmax over the last axis. */
export const activation = (options: ActivationOptions): Layer => new ActivationLayer(options);
/** Keras's `Dropout`: training only, so the identity here. */
export const dropout = (options: DropoutOptions): Layer => new DropoutLayer(options);
/** Keras's `TimeDistributed`: a layer applied to every step of a sequence by itself. */
export const timeDistributed = (options: TimeDistributedOptions): Layer => new TimeDistributedLayer(options);
/** Keras's `RepeatVector`: one vector a row, [batch, features], as each of n steps. */
export const repeatVector = (options: RepeatVectorOptions): Layer => new RepeatVectorLayer(options);
/**
 * Keras's `Attention` of [query, value] or [query, value, key]; see the rule `attention` in
 * docs/semantics.md.
 */
export const attention = (options: AttentionOptions = {}): Layer => AttentionLayer.dot(options);
/** Keras's `AdditiveAttention` of [query, value] or [query, value, key]. */
export const additiveAttention = (options: AdditiveAttentionOptions = {}): Layer =>
  AttentionLayer.additive(options);
/** Keras's `Concatenate`: two inputs or more, joined along the last axis. */
export const concatenate = (options: LayerOptions = {}): Layer =>
  new MergeLayer("concatenate", "concat", options);
/** Keras's `Add`: the sum of two inputs or more of one shape. */
export const add = (options: LayerOptions = {}): Layer => new MergeLayer("add", "sum", options);
/** Keras's `Average`: the mean of two inputs or more of one shape. */
export const average = (options: LayerOptions = {}): Layer => new MergeLayer("average", "ave", options);
/** Keras's `Multiply`: the product of two inputs or more of one shape. */
export const multiply = (options: LayerOptions = {}): Layer => new MergeLayer("multiply", "mul", options);
