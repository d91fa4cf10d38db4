/**
 * TensorFlow 1's recurrent nets with its names, scopes and numbers: `import * as tf from "@unroll/api/tf1"`.
 * A graph is built of placeholders, variables and cells, and a session runs it on any engine.
 *
 * @module @unroll/api/tf1
 */
export * as nn from "./nn.js";
export * as layers from "./layers.js";
export * as rnnCell from "./rnn-cell.js";
export * as seq2seq from "./seq2seq/index.js";
export {
  bidirectionalDynamicRnn,
  type BidirectionalRnnOptions,
  dynamicRnn,
  type DynamicRnnOptions,
  type SequenceLength,
  staticRnn,
  type StaticRnnOptions,
} from "./rnn.js";
export { type State } from "./fold.js";
export { getDefaultGraph, Graph, resetDefaultGraph, type StaticShape, Tensor } from "./graph.js";
export * from "./operations/index.js";
export { type FeedDict, type FeedValue } from "./feeds.js";
export { type RestoreOptions } from "./restored.js";
export { type Fetched, Session, type SessionOptions } from "./session.js";
export { LSTMStateTuple, NamedTuple, type Structure } from "./structure.js";
export { AUTO_REUSE, type Reuse, VariableScope } from "./variable-scopes.js";
export {
  getVariable,
  getVariableScope,
  globalVariables,
  type VariableOptions,
  variableScope,
  type VariableScopeOptions,
} from "./variables.js";
export { tensor, type HostTensor } from "../contract/tensor.js";
