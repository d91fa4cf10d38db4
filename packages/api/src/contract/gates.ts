/**
 * Gates of the recurrent composites in the order of their columns, in every weight: i input, f forget, g
 * candidate, o output of an LSTM; z update, r reset, n candidate of a GRU.
 */
export const gates = { lstm: ["i", "f", "g", "o"], gru: ["z", "r", "n"], simpleRnn: ["h"] } as const;

/** The gates that see the cell state, in the order of the peephole weight's parts. */
export const peepholeGates = ["i", "f", "o"] as const;

/**
 * The same as ONNX's LSTM, GRU and RNN order them, whose candidate of an LSTM is called c. Source: ONNX
 * operator schemas.
 */
export const onnxGates = { lstm: ["i", "o", "f", "g"], gru: ["z", "r", "n"], simpleRnn: ["h"] } as const;

/** ONNX's order of peepholes, of its operand P. */
export const onnxPeepholeGates = ["i", "o", "f"] as const;
