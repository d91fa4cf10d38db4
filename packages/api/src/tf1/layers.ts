/** TensorFlow 1's `tf.layers`: `layers.dense(x, 10)`. */
export { Dense, dense, type DenseOptions } from "./dense.js";
