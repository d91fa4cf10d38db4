/** TensorFlow 1's `tf.nn`: `nn.dynamicRnn(cell, inputs)`. */
import { kept } from "./cells/wrappers.js";
import { assertTensor, type Tensor } from "./graph.js";

export * as rnnCell from "./rnn-cell.js";
export {
  biasAdd,
  elu,
  embeddingLookup,
  logSoftmax,
  relu,
  sigmoid,
  softmax,
  softplus,
  softsign,
  tanh,
  topK,
  xwPlusB,
} from "./operations/index.js";
export {
  bidirectionalDynamicRnn,
  type BidirectionalRnnOptions,
  dynamicRnn,
  type DynamicRnnOptions,
  staticRnn,
  type StaticRnnOptions,
} from "./rnn.js";

/**
 * `tf.nn.dropout` where everything is kept: x as it is.
 *
 * @param keepProb 1, or a placeholder that 1 is fed to
 * @throws UNROLL_UNSUPPORTED for a share other than 1
 */
export function dropout(x: Tensor, keepProb: number | Tensor): Tensor {
  assertTensor("dropout", x);
  return kept("dropout keepProb", x, keepProb);
}
