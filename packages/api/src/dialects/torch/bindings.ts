import { cellsOf } from "../../specification/state.js";
import type { Spec } from "../../specification/types.js";

/** Says which PyTorch module holds a spec layer's weights. */
export interface TorchBinding {
  /** Name of the spec's layer. */
  readonly layer: string;
  /** Path of the module with dots, e.g. `encoder.lstm`; empty for the outermost one. */
  readonly module: string;
  /**
   * Which of an `nn.LSTM`'s stacked layers; null for a module without levels: a cell, Linear, Embedding, one
   * of your own.
   */
  readonly level: number | null;
}

/**
 * Bindings by layer name: `lstm_l1` is level 1 of module `lstm`, another LSTM, GRU or RNN is level 0 of the
 * module of its name, any other layer the module of its name; a custom cell's weights are that module's
 * parameters. A `/` in a layer's name is a dot in the module's.
 *
 * @param options.prefix put before every module, e.g. `module.` for a model saved from DataParallel
 */
export function torchBindings(spec: Spec, options: { prefix?: string } = {}): TorchBinding[] {
  return spec.layers.map((layer) => {
    const { name } = layer;
    const recurrent = cellsOf(layer).some(([, cell]) => cell.kind !== "custom");
    const levelled = recurrent ? /^(.*)_l(\d+)$/.exec(name) : null;
    const path = levelled ? levelled[1]! : name;
    return {
      layer: name,
      module: (options.prefix ?? "") + path.replaceAll("/", "."),
      level: levelled ? Number(levelled[2]) : recurrent ? 0 : null,
    };
  });
}
