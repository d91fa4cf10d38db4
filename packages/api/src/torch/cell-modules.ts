import { recurrent } from "../specification/build.js";
import { stateParts } from "../specification/cell-parts.js";
import type { RecurrentSpec, ValueRef } from "../specification/types.js";
import { noMore, optionsOf } from "./arguments.js";
import { currentGraph } from "./graph.js";
import { count } from "./layers.js";
import { Module, type ModulePart } from "./module.js";
import { parts, takes } from "./own-names.js";
import { type CellMaker, gruCellOf, lstmCellOf, pair, rnnCellOf } from "./recurrent-modules.js";
import { type Hidden, SymbolicState, SymbolicTensor } from "./symbolic.js";
import type { Tensor } from "./tensor/tensor.js";

/** Options of the cells, with PyTorch's defaults. */
export interface CellOptions {
  /** Whether there are biases: two. Default true. */
  readonly bias?: boolean;
}

/**
 * What the cells share: one step, [batch, inputSize] and a state [batch, hiddenSize], or both without batch.
 */
abstract class Cell extends Module {
  /**
   * @param inputSize size of the input, [batch, inputSize]
   * @param hiddenSize size of each state, [batch, hiddenSize]
   */
  constructor(
    private readonly className: string,
    readonly inputSize: number,
    readonly hiddenSize: number,
    private readonly cell: CellMaker,
  ) {
    super();
    count(className, "inputSize", inputSize);
    count(className, "hiddenSize", hiddenSize);
  }

  override get [takes](): number {
    return 2;
  }

  override [parts](): ModulePart[] {
    return [{ layer: this.#layer("cell", "x", null), level: null }];
  }

  protected describe(
    input: Tensor,
    hidden: readonly (Hidden | undefined)[] | null,
  ): { h: SymbolicTensor; c: SymbolicState } {
    const graph = currentGraph(this.className);
    const path = graph.pathOf(this);
    const kind = this.className.slice(3).toLowerCase();
    const place = `${kind} "${path}"`;
    graph.mark(place, "step", null, false);
    const ref = graph.use(place, input, { dtype: "float32", features: [this.inputSize] });
    const layer = graph.layerName(path, kind);
    const parts = stateParts(this.cell(this.inputSize));
    const sources = parts.map((part, k) =>
      graph.state(place, hidden?.[k], [{ layer, part, units: this.hiddenSize }], false),
    );
    const initial =
      sources[0] === null ? null : Object.fromEntries(parts.map((part, k) => [part, sources[k]![0]!]));
    const h = graph.append(this.#layer(layer, ref, initial), input, {
      module: path,
      level: null,
    });
    return { h, c: new SymbolicState(graph, [{ layer, part: "c", units: this.hiddenSize }], false) };
  }

  #layer(name: string, input: ValueRef, initialState: Record<string, ValueRef> | null): RecurrentSpec {
    return recurrent({
      name,
      input,
      cell: this.cell(this.inputSize),
      maskedOutput: "zero",
      heldStart: "zeros",
      initialState,
    });
  }
}

/** `torch.nn.RNNCell`: x and optional h to h. `nonlinearity` is `tanh`, the default, or `relu`. */
export class RNNCell extends Cell {
  constructor(
    inputSize: number,
    hiddenSize: number,
    given?: boolean | (CellOptions & { readonly nonlinearity?: "tanh" | "relu" }),
    ...rest: never[]
  ) {
    noMore("nn.RNNCell", rest);
    const options = optionsOf<CellOptions & { readonly nonlinearity?: "tanh" | "relu" }>(
      "nn.RNNCell",
      given,
      ["bias", "nonlinearity"],
      "bias",
      "boolean",
    );
    super("nn.RNNCell", inputSize, hiddenSize, rnnCellOf(hiddenSize, options, "nn.RNNCell"));
  }

  forward(input: Tensor, hidden?: Hidden): SymbolicTensor {
    return this.describe(input, [hidden]).h;
  }
}

/** `torch.nn.GRUCell`: x and optional h to h. */
export class GRUCell extends Cell {
  /** @param given options, or `bias` as in PyTorch */
  constructor(inputSize: number, hiddenSize: number, given?: boolean | CellOptions, ...rest: never[]) {
    noMore("nn.GRUCell", rest);
    const options = optionsOf<CellOptions>("nn.GRUCell", given, ["bias"], "bias", "boolean");
    super("nn.GRUCell", inputSize, hiddenSize, gruCellOf(hiddenSize, options));
  }

  forward(input: Tensor, hidden?: Hidden): SymbolicTensor {
    return this.describe(input, [hidden]).h;
  }
}

/** `torch.nn.LSTMCell`: x and optional [h, c] to [h, c]. */
export class LSTMCell extends Cell {
  /** @param given options, or `bias` as in PyTorch */
  constructor(inputSize: number, hiddenSize: number, given?: boolean | CellOptions, ...rest: never[]) {
    noMore("nn.LSTMCell", rest);
    const options = optionsOf<CellOptions>("nn.LSTMCell", given, ["bias"], "bias", "boolean");
    super("nn.LSTMCell", inputSize, hiddenSize, lstmCellOf(hiddenSize, options));
  }

  forward(input: Tensor, hidden?: readonly [h: Hidden, c: Hidden]): [h: SymbolicTensor, c: SymbolicState] {
    const { h, c } = this.describe(input, pair(hidden));
    return [h, c];
  }
}
