/** Operations of TensorFlow 1's graph, by its names. */
export { expandDims, reshape, squeeze, transpose } from "./arranging.js";
export { bool, float32, int32, int64, type TypeName } from "./dtypes.js";
export {
  abs,
  add,
  cast,
  divide,
  elu,
  exp,
  identity,
  log,
  logSoftmax,
  maximum,
  minimum,
  multiply,
  relu,
  sigmoid,
  sign,
  softmax,
  softplus,
  softsign,
  sqrt,
  subtract,
  tanh,
  where,
} from "./elementwise.js";
export { at, concat, type Index, slice, split, stack, unstack } from "./parts.js";
export { biasAdd, embeddingLookup, matmul, type MatmulOptions, xwPlusB } from "./products.js";
export { argmax, reduceMax, reduceMean, reduceSum, type ReduceOptions } from "./reducing.js";
export { AxisSize, sequenceMask, shape, type SizeLike, zeros } from "./sizes.js";
export { constant, placeholder, type TensorLike } from "./sources.js";
export { topK } from "./top-k.js";
