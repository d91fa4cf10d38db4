import { cellsOf } from "../../specification/state.js";
import type { Spec } from "../../specification/types.js";

/** Says which TensorFlow 1 variables hold a spec layer's weights. */
export interface Tf1Binding {
  /** Name of the spec's layer. */
  readonly layer: string;
  /**
   * Variable scope of the layer's cell, e.g. `rnn/basic_lstm_cell` or `rnn/multi_rnn_cell/cell_0/gru_cell`;
   * of a dense layer, `dense`; of an embedding, the table's own name.
   */
  readonly scope: string;
  /** Scope of the cell that runs backward, where the layer is bidirectional. */
  readonly backwardScope?: string;
  /**
   * What the LSTM cell adds to its forget gate when it runs; `forget_bias` of BasicLSTMCell and LSTMCell,
   * default 1.
   */
  readonly forgetBias?: number;
}

const cellScopes = { lstm: "lstm_cell", gru: "gru_cell", simpleRnn: "basic_rnn_cell" } as const;

/**
 * Bindings by layer name, as in `variable_scope(layer)` around `dynamic_rnn` or `bidirectional_dynamic_rnn`:
 * `layer/rnn/lstm_cell`.
 */
export function tf1Bindings(spec: Spec): Tf1Binding[] {
  return spec.layers.map((layer) => {
    const [[, cell] = [], [, back] = []] = cellsOf(layer);
    const scope = (kind: string | undefined): string =>
      kind !== undefined && kind in cellScopes ? `/${cellScopes[kind as keyof typeof cellScopes]}` : "";
    if (!cell) return { layer: layer.name, scope: layer.name };
    if (!back) return { layer: layer.name, scope: `${layer.name}/rnn${scope(cell.kind)}` };
    const both = `${layer.name}/bidirectional_rnn`;
    return {
      layer: layer.name,
      scope: `${both}/fw${scope(cell.kind)}`,
      backwardScope: `${both}/bw${scope(back.kind)}`,
    };
  });
}
