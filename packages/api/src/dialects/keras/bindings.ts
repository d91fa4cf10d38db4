import { cellsOf } from "../../specification/state.js";
import type { Spec } from "../../specification/types.js";

/** Says which Keras layer holds a spec layer's weights. */
export interface KerasBinding {
  /** Name of the spec's layer. */
  readonly layer: string;
  /**
   * The Keras layer's name, e.g. `lstm_1`; empty where the file holds the weights of one layer without its
   * name.
   */
  readonly name: string;
  /**
   * Name of the layer inside a wrapper: `lstm` inside `bidirectional`, `dense` inside `time_distributed`;
   * null without.
   */
  readonly inner: string | null;
  /**
   * Path of the cell inside the layer where it is not its kind's, e.g. `stacked_rnn_cells/lstm_cell_1` in
   * `RNN([...])`; Keras's weights files number cells of one kind alike.
   */
  readonly cell?: string | null;
  /**
   * What Keras's weights files call the layer, whatever its name: its class, numbered among those of the
   * model, e.g. `lstm_1`. Default: its name.
   */
  readonly stored?: string;
  /** What Keras calls weights that its layer names otherwise than one of that kind does, by ours. */
  readonly weights?: Readonly<Record<string, BoundWeight>>;
}

/** A weight as one layer of Keras has it. */
export interface BoundWeight {
  /** Its name there, e.g. `depthwise_kernel`. */
  readonly name: string;
  /** Its place in `vars/0`, `vars/1`, ... of the layer. */
  readonly index: number;
  /** Its axes there, of the same elements in the same order; default: those of ours. */
  readonly shapeOf?: (shape: readonly number[]) => readonly number[];
}

const kindNames = { lstm: "lstm", gru: "gru", simpleRnn: "simple_rnn", custom: "rnn" } as const;

/**
 * Bindings by layer name: each layer is the Keras layer of its name; a bidirectional one wraps a layer of its
 * cell's kind.
 */
export function kerasBindings(spec: Spec): KerasBinding[] {
  return spec.layers.map((layer) => ({
    layer: layer.name,
    name: layer.name,
    inner: layer.type === "bidirectional" ? kindNames[cellsOf(layer)[0]![1].kind] : null,
  }));
}
