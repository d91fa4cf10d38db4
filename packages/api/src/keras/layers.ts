/** Keras's `layers`, as functions: `layers.lstm({ units: 8 })`. */
import type { Layer, LayerOptions } from "./layer.js";
import {
  ActivationLayer, type ActivationOptions, DenseLayer, type DenseOptions, DropoutLayer, type DropoutOptions, EmbeddingLayer, type EmbeddingOptions,
  MergeLayer, TimeDistributedLayer, type TimeDistributedOptions,
} from "./pointwise.js";
import { BidirectionalLayer, type BidirectionalOptions, type GruOptions, type LstmOptions, RecurrentLayer, type RecurrentOptions } from "./recurrent.js";

export const embedding = (options: EmbeddingOptions): Layer => new EmbeddingLayer(options);
export const simpleRnn = (options: RecurrentOptions): Layer => new RecurrentLayer("simpleRnn", options);
export { simpleRnn as simpleRNN };
export const lstm = (options: LstmOptions): Layer => new RecurrentLayer("lstm", options);
export const gru = (options: GruOptions): Layer => new RecurrentLayer("gru", options);
export const bidirectional = (options: BidirectionalOptions): Layer => new BidirectionalLayer(options);
export const dense = (options: DenseOptions): Layer => new DenseLayer(options);
export const activation = (options: ActivationOptions): Layer => new ActivationLayer(options);
export const dropout = (options: DropoutOptions): Layer => new DropoutLayer(options);
export const timeDistributed = (options: TimeDistributedOptions): Layer => new TimeDistributedLayer(options);
export const concatenate = (options: LayerOptions = {}): Layer => new MergeLayer("concatenate", "concat", options);
export const add = (options: LayerOptions = {}): Layer => new MergeLayer("add", "sum", options);
export const average = (options: LayerOptions = {}): Layer => new MergeLayer("average", "ave", options);
export const multiply = (options: LayerOptions = {}): Layer => new MergeLayer("multiply", "mul", options);
