/** TensorFlow 1's `tf.nn.rnn_cell` and `tf.contrib.rnn`: `new rnnCell.BasicLSTMCell(128)`. */
export { BasicRNNCell, GRUCell, type SimpleCellOptions } from "./cells/basic-cells.js";
export {
  BasicLSTMCell,
  type BasicLSTMCellOptions,
  LSTMCell,
  type LSTMCellOptions,
} from "./cells/lstm-cells.js";
export { MultiRNNCell, type MultiRNNCellOptions } from "./cells/multi-rnn-cell.js";
export { type CellCall, RNNCell } from "./cells/rnn-cell.js";
export { DropoutWrapper, type DropoutWrapperOptions, ResidualWrapper } from "./cells/wrappers.js";
export { type CellActivation } from "./cells/equation-cell.js";
export { LSTMStateTuple } from "./structure.js";
export { AttentionCellWrapper, type AttentionCellWrapperOptions } from "./cells/attention-cell-wrapper.js";
export {
  LayerNormBasicLSTMCell,
  type LayerNormBasicLSTMCellOptions,
} from "./cells/layer-norm-basic-lstm-cell.js";
