// All that the engine calls. Addresses and strides are in bytes, sizes in elements.
export { fill, gru, lstm, rnn } from "./cells";
export { copy, map, zip } from "./maps";
export { gemm, pack } from "./products";
