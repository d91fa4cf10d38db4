import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import {
  bidirectional,
  dropout,
  gruCell,
  lstmCell,
  recurrent,
  simpleRnnCell,
} from "../specification/build.js";
import { outputSize, partSize, stateParts } from "../specification/cell-parts.js";
import type { CellSpec, LayerSpec, ValueRef } from "../specification/types.js";
import { optionsBehind } from "./arguments.js";
import { currentGraph } from "./graph.js";
import { count } from "./layers.js";
import { Module, type ModulePart } from "./module.js";
import { parts, takes } from "./own-names.js";
import type { PackedSequence } from "./packed.js";
import {
  Argument,
  type Hidden,
  isPacked,
  type StateSlot,
  SymbolicState,
  SymbolicTensor,
} from "./symbolic.js";
import type { Tensor } from "./tensor/tensor.js";

/** Options of `nn.RNN`, `nn.LSTM` and `nn.GRU`, with PyTorch's defaults. */
export interface RecurrentOptions {
  /** Layers, each reading the one below. Default 1. */
  readonly numLayers?: number;
  /** Whether there are biases: two a layer. Default true. */
  readonly bias?: boolean;
  /** Whether sequences are [batch, time, ...]. Default false: [time, batch, ...]. States are not affected. */
  readonly batchFirst?: boolean;
  /** Dropout between layers in training; identity here. Default 0. */
  readonly dropout?: number;
  /** Whether each layer also runs backwards; outputs are concatenated. Default false. */
  readonly bidirectional?: boolean;
}

/** Options of `nn.RNN`. */
export interface RnnOptions extends RecurrentOptions {
  /** Activation of each step, `tanh` by default. */
  readonly nonlinearity?: "tanh" | "relu";
}

/** Options of `nn.LSTM`. */
export interface LstmOptions extends RecurrentOptions {
  /**
   * Size of h after a projection (`weight_hr`), less than hiddenSize; default 0, no projection. c keeps
   * hiddenSize.
   */
  readonly projSize?: number;
}

const common = ["numLayers", "bias", "batchFirst", "dropout", "bidirectional"];

/** Makes the cell of one layer from its input size. */
export type CellMaker = (inputSize: number) => CellSpec;

/** What RNN, LSTM and GRU share: stacking, directions, state. */
abstract class Recurrent extends Module {
  /** Layers, each reading the one below. */
  readonly numLayers: number;
  /** Whether sequences are [batch, time, ...] rather than [time, batch, ...]. */
  readonly batchFirst: boolean;
  /** Share that training drops between layers; identity here. */
  readonly dropout: number;
  /** Whether each layer also runs backwards. */
  readonly bidirectional: boolean;

  /**
   * @param inputSize size of the input's last axis
   * @param hiddenSize size of each layer's state in each direction
   */
  constructor(
    private readonly className: string,
    readonly inputSize: number,
    readonly hiddenSize: number,
    private readonly cell: CellMaker,
    options: RecurrentOptions,
  ) {
    super();
    count(className, "inputSize", inputSize);
    count(className, "hiddenSize", hiddenSize);
    this.numLayers = count(className, "numLayers", options.numLayers ?? 1);
    this.batchFirst = options.batchFirst ?? false;
    this.dropout = options.dropout ?? 0;
    this.bidirectional = options.bidirectional ?? false;
  }

  override get [takes](): number {
    return 2;
  }

  override [parts](): ModulePart[] {
    return Array.from({ length: this.numLayers }, (_, level) => ({
      layer: this.#layer(level, `l${level}`, "x", null),
      level,
    }));
  }

  /** Describes all layers. `hidden` has one state for each part of the cell, or is null for zeros. */
  protected describe(
    input: Tensor | PackedSequence,
    hidden: readonly (Hidden | undefined)[] | null,
  ): { output: SymbolicTensor; states: SymbolicState[] } {
    const graph = currentGraph(this.className);
    const path = graph.pathOf(this);
    const place = `${this.className.slice(3).toLowerCase()} "${path}"`;
    graph.mark(place, "sequence", this.batchFirst, isPacked(input));
    const ref = graph.use(place, input, { dtype: "float32", features: [this.inputSize] });
    const names = Array.from({ length: this.numLayers }, (_, level) =>
      graph.layerName(path, this.className.slice(3).toLowerCase(), `_l${level}`),
    );
    const cell = this.cell(this.inputSize);
    const parts = stateParts(cell);
    const slots = parts.map((part) =>
      names.flatMap((layer): StateSlot[] =>
        this.directions.map((way) => ({ layer, part: way + part, units: partSize(cell, part) })),
      ),
    );
    const sources = parts.map((_, k) => graph.state(place, hidden?.[k], slots[k]!, true));
    if (sources.some((source) => (source === null) !== (sources[0] === null)))
      graph.refuse(
        "UNROLL_UNSUPPORTED",
        place,
        "h and c from one source",
        "one from the caller and one computed",
        "pass both the same way",
      );

    const D = this.directions.length;
    let output = new SymbolicTensor(graph, ref, [this.inputSize], isPacked(input));
    names.forEach((name, level) => {
      const initial =
        sources[0] === null
          ? null
          : Object.fromEntries(
              parts.flatMap((part, k) =>
                this.directions.map((way, d) => [way + part, sources[k]![level * D + d]!]),
              ),
            );
      output = graph.append(this.#layer(level, name, output.ref!, initial), output, {
        module: path,
        level,
      });
      if (this.dropout > 0 && level < this.numLayers - 1)
        output = graph.append(dropout({ name: `${name}_dropout`, input: name, rate: this.dropout }), output);
    });
    return { output, states: slots.map((own) => new SymbolicState(graph, own, true)) };
  }

  private get directions(): readonly string[] {
    return this.bidirectional ? ["forward.", "backward."] : [""];
  }

  #layer(
    level: number,
    name: string,
    input: ValueRef,
    initialState: Record<string, ValueRef> | null,
  ): LayerSpec {
    const first = this.cell(this.inputSize);
    const cell = level === 0 ? first : this.cell(this.directions.length * outputSize(first));
    const masking = { maskedOutput: "zero", heldStart: "zeros", initialState } as const;
    return this.bidirectional
      ? bidirectional({ name, input, forward: cell, ...masking })
      : recurrent({ name, input, cell, ...masking });
  }
}

const biasOf = (options: { bias?: boolean }): "split" | "none" => ((options.bias ?? true) ? "split" : "none");

/** The cell of `nn.RNN` and `nn.RNNCell`. */
export const rnnCellOf = (
  units: number,
  options: { bias?: boolean; nonlinearity?: "tanh" | "relu" },
  place: string,
): CellMaker => {
  const activation = options.nonlinearity ?? "tanh";
  if (activation !== "tanh" && activation !== "relu")
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: place,
      expected: "nonlinearity tanh or relu",
      got: String(activation),
      cure: "PyTorch has no other",
    });
  return (inputSize) => simpleRnnCell({ inputSize, units, activation, bias: biasOf(options) });
};
export const lstmCellOf =
  (units: number, options: { bias?: boolean; projSize?: number }): CellMaker =>
  (inputSize) =>
    lstmCell({ inputSize, units, projection: options.projSize || null, bias: biasOf(options) });
export const gruCellOf =
  (units: number, options: { bias?: boolean }): CellMaker =>
  (inputSize) =>
    gruCell({ inputSize, units, bias: biasOf(options) });

/** `torch.nn.RNN`: input and optional h0 to [output, hN]. */
export class RNN extends Recurrent {
  /** @param given options, or `numLayers` as in PyTorch, with options behind it */
  constructor(
    inputSize: number,
    hiddenSize: number,
    given?: number | RnnOptions,
    ...rest: readonly RnnOptions[]
  ) {
    const options = optionsBehind<RnnOptions>(
      "nn.RNN",
      given,
      rest,
      [...common, "nonlinearity"],
      "numLayers",
    );
    super("nn.RNN", inputSize, hiddenSize, rnnCellOf(hiddenSize, options, "nn.RNN"), options);
  }

  forward(input: Tensor | PackedSequence, hidden?: Hidden): [output: SymbolicTensor, hN: SymbolicState] {
    const { output, states } = this.describe(input, [hidden]);
    return [output, states[0]!];
  }
}

/** `torch.nn.GRU`: input and optional h0 to [output, hN]. */
export class GRU extends Recurrent {
  /** @param given options, or `numLayers` as in PyTorch, with options behind it */
  constructor(
    inputSize: number,
    hiddenSize: number,
    given?: number | RecurrentOptions,
    ...rest: readonly RecurrentOptions[]
  ) {
    const options = optionsBehind<RecurrentOptions>("nn.GRU", given, rest, common, "numLayers");
    super("nn.GRU", inputSize, hiddenSize, gruCellOf(hiddenSize, options), options);
  }

  forward(input: Tensor | PackedSequence, hidden?: Hidden): [output: SymbolicTensor, hN: SymbolicState] {
    const { output, states } = this.describe(input, [hidden]);
    return [output, states[0]!];
  }
}

/** `torch.nn.LSTM`: input and optional [h0, c0] to [output, [hN, cN]]. */
export class LSTM extends Recurrent {
  /** @param given options, or `numLayers` as in PyTorch, with options behind it */
  constructor(
    inputSize: number,
    hiddenSize: number,
    given?: number | LstmOptions,
    ...rest: readonly LstmOptions[]
  ) {
    const options = optionsBehind<LstmOptions>("nn.LSTM", given, rest, [...common, "projSize"], "numLayers");
    const { projSize = 0 } = options;
    if (!Number.isInteger(projSize) || projSize < 0 || projSize >= hiddenSize)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: "nn.LSTM",
        expected: `projSize as a whole number from 0 to below hiddenSize ${hiddenSize}`,
        got: String(projSize),
        cure: "0 is no projection",
        details: { projSize },
      });
    super("nn.LSTM", inputSize, hiddenSize, lstmCellOf(hiddenSize, options), options);
  }

  forward(
    input: Tensor | PackedSequence,
    hidden?: readonly [h: Hidden, c: Hidden],
  ): [output: SymbolicTensor, hidden: [hN: SymbolicState, cN: SymbolicState]] {
    const { output, states } = this.describe(input, pair(hidden));
    return [output, [states[0]!, states[1]!]];
  }
}

/** The two states of an LSTM; null for zeros. An argument gives as many items as are asked for. */
export function pair(hidden: unknown): [Hidden, Hidden] | null {
  if (hidden === undefined || hidden === null) return null;
  const items = hidden instanceof Argument ? hidden.items : Array.isArray(hidden) ? hidden.length : 0;
  if (hidden instanceof Argument && (items === null || items === 2)) return [hidden.part(0), hidden.part(1)];
  if (Array.isArray(hidden) && items === 2) return hidden as [Hidden, Hidden];
  const single = hidden instanceof SymbolicState || hidden instanceof SymbolicTensor;
  throw unrollError({
    code: "UNROLL_STATE",
    place: "nn.LSTM",
    expected: "a state [h, c]",
    got: items ? `${items} items` : single ? "one tensor" : shown(hidden),
    cure: "an LSTM has two state parts",
  });
}
