/** Names of gates for each recurrent composite. */
export interface GateNames {
  /** Of an LSTM: i input, f forget, g candidate, o output. */
  readonly lstm: readonly string[];
  /** Of a GRU: z update, r reset, n candidate. */
  readonly gru: readonly string[];
  /** The one of a simple RNN. */
  readonly simpleRnn: readonly string[];
}

/** Gates of the recurrent composites in the order of their columns, in every weight. */
export const gates: GateNames = { lstm: ["i", "f", "g", "o"], gru: ["z", "r", "n"], simpleRnn: ["h"] };

/** The gates that see the cell state, in the order of the peephole weight's parts. */
export const peepholeGates: readonly string[] = ["i", "f", "o"];

/**
 * The same as ONNX's LSTM, GRU and RNN order them, whose candidate of an LSTM is called c. Source: ONNX
 * operator schemas.
 */
export const onnxGates: GateNames = { lstm: ["i", "o", "f", "g"], gru: ["z", "r", "n"], simpleRnn: ["h"] };

/** ONNX's order of peepholes, of its operand P. */
export const onnxPeepholeGates: readonly string[] = ["i", "o", "f"];
