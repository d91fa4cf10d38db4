import { recurrent, bidirectional } from "../specification/build.js";
import { outputPart, outputSize, stateParts } from "../specification/cell-parts.js";
import { kindOf } from "../contract/kind.js";
import { shown } from "../contract/shown.js";
import type { CustomCellSpec } from "../layers/custom.js";
import type { ValueInfo } from "../layers/value-info.js";
import type {
  BidirectionalSpec,
  LayerSpec,
  MaskingSpec,
  RecurrentSpec,
  ValueRef,
} from "../specification/types.js";
import {
  type Cell,
  cellOf,
  type CellOptions,
  cellOptions,
  type GruCellOptions,
  gruCell,
  type LstmCellOptions,
  lstmCell,
  simpleRnnCell,
  StackedCells,
} from "./cell-layers.js";
import type { StatePart } from "./carried-state.js";
import { axesText, Layer, type LayerBinding, type LayerOptions } from "./layer.js";
import { layerOptions } from "./training-options.js";

/** How a layer runs its cell, with Keras 3's defaults. */
export interface SequenceOptions extends LayerOptions {
  /** Whether the output is that of every step rather than of the last. Default false. */
  readonly returnSequences?: boolean;
  /** Whether the final state follows the output. Default false. */
  readonly returnState?: boolean;
  /**
   * Whether to run from the last step to the first; a sequence then comes out in that order. Default false.
   */
  readonly goBackwards?: boolean;
  /** Whether the next call of `predict` goes on from the state of this one. Default false. */
  readonly stateful?: boolean;
  /** Whether masked steps put out zeros rather than the output before them. Default false. */
  readonly zeroOutputForMask?: boolean;
  /**
   * What masked steps repeat before the first real one: the initial h, as Keras does on JAX and NumPy (the
   * default), or zeros, as it does on TensorFlow and PyTorch, and as every cell does whose output is no part
   * of its state.
   */
  readonly heldStart?: MaskingSpec["heldStart"];
  /** Without effect: how to run is the engine's matter. */
  readonly unroll?: boolean;
}

/** Options of `layers.simpleRnn`. */
export interface RecurrentOptions extends SequenceOptions, CellOptions {
  /** Name of the layer and of its weights. Default: its kind, numbered within the model as Keras does. */
  readonly name?: string;
}
/** Options of `layers.lstm`. */
export interface LstmOptions extends SequenceOptions, LstmCellOptions {
  /** Name of the layer and of its weights. Default: its kind, numbered within the model as Keras does. */
  readonly name?: string;
}
/** Options of `layers.gru`. */
export interface GruOptions extends SequenceOptions, GruCellOptions {
  /** Name of the layer and of its weights. Default: its kind, numbered within the model as Keras does. */
  readonly name?: string;
}

/** Options of `layers.rnn`. */
export interface RnnOptions extends SequenceOptions {
  /** One cell, or several that make up each step. */
  readonly cell: Cell | CustomCellSpec | StackedCells | readonly (Cell | CustomCellSpec)[];
}

/** Names of the options of how a layer runs its cell. */
export const sequenceOptions: readonly string[] = [
  "returnSequences",
  "returnState",
  "goBackwards",
  "stateful",
  "zeroOutputForMask",
  "heldStart",
  "unroll",
];

/** A cell's options out of those of its layer. @throws UNROLL_ARGUMENT for one that neither has */
function ofCell<O extends LayerOptions>(kind: string, options: O, allowed: readonly string[]): O {
  layerOptions(kind, options, [...sequenceOptions, ...allowed]);
  return Object.fromEntries(Object.entries(options).filter(([key]) => allowed.includes(key))) as unknown as O;
}

/** A cell, or a stack of cells, folded over time. */
export class RecurrentLayer extends Layer {
  constructor(
    readonly kind: string,
    readonly options: SequenceOptions,
    readonly cells: readonly Cell[],
    private readonly stacked: boolean,
  ) {
    super(options);
  }

  static simpleRnn(options: RecurrentOptions): RecurrentLayer {
    return new RecurrentLayer(
      "simple_rnn",
      options,
      [simpleRnnCell(ofCell("simple_rnn", options, cellOptions.simpleRnn), { kind: "simple_rnn" })],
      false,
    );
  }

  static lstm(options: LstmOptions): RecurrentLayer {
    return new RecurrentLayer(
      "lstm",
      options,
      [lstmCell(ofCell("lstm", options, cellOptions.lstm), { kind: "lstm" })],
      false,
    );
  }

  static gru(options: GruOptions): RecurrentLayer {
    return new RecurrentLayer(
      "gru",
      options,
      [gruCell(ofCell("gru", options, cellOptions.gru), { kind: "gru" })],
      false,
    );
  }

  static rnn(options: RnnOptions): RecurrentLayer {
    layerOptions("rnn", options, [...sequenceOptions, "cell"]);
    const { cell } = options;
    const list =
      cell instanceof StackedCells
        ? cell
        : Array.isArray(cell)
          ? new StackedCells(cell as readonly (Cell | CustomCellSpec)[])
          : null;
    return new RecurrentLayer(
      "rnn",
      options,
      list?.cells ?? [cellOf(cell as Cell | CustomCellSpec)],
      list !== null,
    );
  }

  /** The cell whose output is the layer's. */
  private get last(): Cell {
    return this.cells[this.cells.length - 1]!;
  }

  override checkInputs([form]: readonly ValueInfo[]): void {
    if (form!.axis === null || form!.shape.length !== 1)
      this.refuse(
        "UNROLL_SHAPE",
        "an input [batch, time, features]",
        axesText(form!),
        "set returnSequences on the recurrent layer before it, or declare the time axis of the input",
      );
  }

  override get outputSuffixes(): readonly string[] {
    const state = this.options.returnState ? this.stateParts() : [];
    return ["", ...state.map(({ within, part }) => `${within}.${part}`)];
  }

  toSpecs(
    name: string,
    [input]: readonly ValueRef[],
    [form]: readonly ValueInfo[],
    initialState: readonly ValueRef[] | null,
    _axis: string,
    ignoresMask: boolean,
  ): LayerSpec[] {
    const { goBackwards, returnSequences } = this.options;
    const direction = goBackwards ? "backward" : "forward";
    let [from, size] = [input!, this.lastAxis(form!)];
    return this.cells.map((cell, k) => {
      const within = this.within(k);
      const own = {
        name: name + within,
        input: from,
        cell: cell.make(size),
        direction,
        initialState: this.initialOf(within, initialState),
      } as const;
      [from, size] = [own.name, outputSize(own.cell)];
      const ignoring = ignoresMask && ({ maskedOutput: "ignore" } as const);
      // What cells within put out at masked steps is never read.
      if (within !== "") return recurrent({ ...own, ...ignoring });
      return recurrent({
        ...own,
        ...this.masking,
        ...ignoring,
        outputOrder: goBackwards ? "processing" : "time",
        returns: returnSequences ? "sequence" : "last",
      });
    });
  }

  /** @internal What masked steps put out. */
  get masking(): Pick<RecurrentSpec, "maskedOutput" | "heldStart"> {
    const { zeroOutputForMask, heldStart } = this.options;
    return { maskedOutput: zeroOutputForMask ? "zero" : "hold", heldStart: heldStart ?? this.heldStart };
  }

  /** @internal */
  get heldStart(): MaskingSpec["heldStart"] {
    return outputPart(this.last.form) === null ? "zeros" : "initialState";
  }

  /** What follows the layer's name in the spec layer of a cell. */
  private within(k: number): string {
    return k === this.cells.length - 1 ? "" : `/cell${k}`;
  }

  private initialOf(within: string, refs: readonly ValueRef[] | null): Record<string, ValueRef> | null {
    return (
      refs &&
      Object.fromEntries(
        this.stateParts().flatMap((own, k) => (own.within === within ? [[own.part, refs[k]!]] : [])),
      )
    );
  }

  override stateParts(): readonly StatePart[] {
    return this.cells.flatMap(({ form }, k) =>
      stateParts(form).map((part) => ({ within: this.within(k), part })),
    );
  }

  override get bindings(): readonly LayerBinding[] {
    const kinds: string[] = [];
    return this.cells.map(({ kind, name }, k) => {
      const before = kinds.filter((other) => other === kind).length;
      kinds.push(kind);
      return {
        within: this.within(k),
        cell: this.stacked
          ? `stacked_rnn_cells/${name ?? (before === 0 ? kind : `${kind}_${before}`)}`
          : name,
      };
    });
  }

  override get stateful(): boolean {
    return this.options.stateful ?? false;
  }
}

/** What a wrapper has of the layer in it. */
export const given = ({ inputShape }: Layer): LayerOptions => (inputShape ? { inputShape } : {});

/** Options of `layers.bidirectional`. */
export interface BidirectionalOptions extends LayerOptions {
  /** The layer to run both ways; each direction has weights of its own. */
  readonly layer: Layer;
  /** Another layer for the way back, with `goBackwards`. Default: a copy of `layer`. */
  readonly backwardLayer?: Layer;
  /** How the outputs become one; null leaves two. Default `concat`. */
  readonly mergeMode?: "concat" | "sum" | "mul" | "ave" | null;
}

export class BidirectionalLayer extends Layer {
  readonly kind = "bidirectional";
  private readonly forward: RecurrentLayer;
  private readonly backward: RecurrentLayer;
  private readonly merge: BidirectionalSpec["merge"];

  /** @param masked what masked steps put out where every step's output is returned */
  constructor(
    options: BidirectionalOptions,
    private readonly masked: "zero" | "hold" = "zero",
  ) {
    super({ ...(options.layer instanceof Layer && given(options.layer)), ...options });
    layerOptions(this.kind, options, ["layer", "backwardLayer", "mergeMode"]);
    const { layer, backwardLayer = layer } = options;
    if (!(layer instanceof RecurrentLayer) || !(backwardLayer instanceof RecurrentLayer)) {
      const odd: unknown = layer instanceof RecurrentLayer ? backwardLayer : layer;
      this.refuse(
        "UNROLL_ARGUMENT",
        "a recurrent layer",
        odd instanceof Layer ? odd.kind : kindOf(odd),
        "wrap lstm, gru, simpleRnn or rnn",
      );
    }
    if (!["concat", "sum", "mul", "ave", null, undefined].includes(options.mergeMode))
      this.refuse(
        "UNROLL_ARGUMENT",
        "mergeMode concat, sum, mul, ave or null",
        shown(options.mergeMode),
        "write it so",
      );
    for (const one of [layer, backwardLayer])
      if (one.cells.length > 1)
        this.refuse(
          "UNROLL_UNSUPPORTED",
          "one cell a direction",
          `a stack of ${one.cells.length}`,
          "stack bidirectional layers, or run two rnn layers and merge them",
        );
    this.forward = layer;
    this.backward = backwardLayer;
    this.merge = options.mergeMode === undefined ? "concat" : (options.mergeMode ?? "none");
    if (layer.options.goBackwards)
      this.refuse("UNROLL_ARGUMENT", "a layer that runs forward", "goBackwards", "give it as backwardLayer");
    if (backwardLayer !== layer && !backwardLayer.options.goBackwards)
      this.refuse(
        "UNROLL_ARGUMENT",
        "a backwardLayer with goBackwards",
        "one that runs forward",
        "set goBackwards",
      );
    for (const option of ["returnSequences", "returnState", "stateful"] as const) {
      if ((layer.options[option] ?? false) !== (backwardLayer.options[option] ?? false))
        this.refuse("UNROLL_ARGUMENT", `equal ${option} both ways`, "different ones", "set it on both");
    }
  }

  private get ways(): readonly (readonly ["forward" | "backward", RecurrentLayer])[] {
    return [
      ["forward", this.forward],
      ["backward", this.backward],
    ];
  }

  override checkInputs(forms: readonly ValueInfo[]): void {
    this.forward.checkInputs(forms);
  }

  override get outputSuffixes(): readonly string[] {
    const state = this.forward.options.returnState ? this.stateParts() : [];
    return [
      ...(this.merge === "none" ? [".forward", ".backward"] : [""]),
      ...state.map(({ part }) => `.${part}`),
    ];
  }

  toSpecs(
    name: string,
    [input]: readonly ValueRef[],
    [form]: readonly ValueInfo[],
    initialState: readonly ValueRef[] | null,
    _axis: string,
    ignoresMask: boolean,
  ): LayerSpec[] {
    const { returnSequences, heldStart } = this.forward.options;
    const size = this.lastAxis(form!);
    const parts = this.stateParts();
    // Keras forces zero_output_for_mask to return_sequences on both layers, whatever the user set.
    return [
      bidirectional({
        name,
        input: input!,
        forward: this.forward.cells[0]!.make(size),
        backward: this.backward.cells[0]!.make(size),
        merge: this.merge,
        returns: returnSequences ? "sequence" : "last",
        maskedOutput: ignoresMask ? "ignore" : returnSequences ? this.masked : "hold",
        heldStart:
          heldStart ??
          (this.ways.some(([, layer]) => layer.heldStart === "zeros") ? "zeros" : "initialState"),
        initialState:
          initialState && Object.fromEntries(parts.map(({ part }, k) => [part, initialState[k]!])),
      }),
    ];
  }

  override get unlikeKeras(): string | null {
    return this.masked === "hold" && this.forward.options.returnSequences
      ? "masked steps put out zeros there"
      : null;
  }

  override stateParts(): readonly StatePart[] {
    return this.ways.flatMap(([way, layer]) =>
      layer.stateParts().map(({ part }) => ({ within: "", part: `${way}.${part}` })),
    );
  }

  override get wrapped(): Layer {
    return this.forward;
  }

  override get stateful(): boolean {
    return this.forward.stateful;
  }
}
