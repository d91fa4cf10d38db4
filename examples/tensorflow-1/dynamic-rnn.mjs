// tf.nn.dynamic_rnn over rows of different lengths, as in TensorFlow 1's guides.
import * as tf from "@unroll/api/tf1";

/** An LSTM of 6 units over rows [batch, time, 4] that end early. */
export function build(options = {}) {
  const inputs = tf.placeholder(tf.float32, [null, null, 4], "inputs");
  const sequenceLength = tf.placeholder(tf.int32, [null], "sequence_length");
  const cell = new tf.nn.rnnCell.LSTMCell(6, options);
  const [outputs, state] = tf.nn.dynamicRnn(cell, inputs, { sequenceLength, dtype: tf.float32 });
  return { inputs, sequenceLength, outputs, state };
}
