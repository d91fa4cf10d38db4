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

export const embedding = (options: EmbeddingOptions): Layer => new EmbeddingLayer(options);
export const simpleRnn = (options: RecurrentOptions): Layer => RecurrentLayer.simpleRnn(options);
export const lstm = (options: LstmOptions): Layer => RecurrentLayer.lstm(options);
export const gru = (options: GruOptions): Layer => RecurrentLayer.gru(options);
/**
 * Keras's `RNN(cell, ...)`: a cell of Keras, one of `customCell`, or a list of them that make up each step.
 */
export const rnn = (options: RnnOptions): Layer => RecurrentLayer.rnn(options);
export const simpleRnnCell = (options: CellOptions): Cell => makeSimpleRnnCell(options);
export const lstmCell = (options: LstmCellOptions): Cell => makeLstmCell(options);
export const gruCell = (options: GruCellOptions): Cell => makeGruCell(options);
export const stackedRnnCells = (options: {
  readonly cells: readonly (Cell | CustomCellSpec)[];
}): StackedCells => new StackedCells(options.cells);
export { simpleRnn as simpleRNN, simpleRnnCell as simpleRNNCell, stackedRnnCells as stackedRNNCells };
export const bidirectional = (options: BidirectionalOptions): Layer => new BidirectionalLayer(options);
export const dense = (options: DenseOptions): Layer => new DenseLayer(options);
export const activation = (options: ActivationOptions): Layer => new ActivationLayer(options);
export const dropout = (options: DropoutOptions): Layer => new DropoutLayer(options);
export const timeDistributed = (options: TimeDistributedOptions): Layer => new TimeDistributedLayer(options);
export const repeatVector = (options: RepeatVectorOptions): Layer => new RepeatVectorLayer(options);
export const attention = (options: AttentionOptions = {}): Layer => AttentionLayer.dot(options);
export const additiveAttention = (options: AdditiveAttentionOptions = {}): Layer =>
  AttentionLayer.additive(options);
export const concatenate = (options: LayerOptions = {}): Layer =>
  new MergeLayer("concatenate", "concat", options);
export const add = (options: LayerOptions = {}): Layer => new MergeLayer("add", "sum", options);
export const average = (options: LayerOptions = {}): Layer => new MergeLayer("average", "ave", options);
export const multiply = (options: LayerOptions = {}): Layer => new MergeLayer("multiply", "mul", options);
