import { bidirectional, gruCell, lstmCell, recurrent, simpleRnnCell } from "../spec/build.js";
import { stateParts } from "../spec/cells.js";
import type { BidirectionalSpec, CellSpec, LayerSpec, MaskingSpec, ValueRef } from "../spec/types.js";
import { type Form, Layer, type LayerOptions, type LayerOutput, commonOptions } from "./layer.js";
import { cellActivation, knownOptions } from "./options.js";

/** Options that every recurrent layer takes, with Keras 3's defaults. */
export interface RecurrentOptions extends LayerOptions {
  readonly units: number;
  /** Default `tanh`; null is linear. */
  readonly activation?: string | null;
  /** Default true. */
  readonly useBias?: boolean;
  /** Whether the output is that of every step rather than of the last. Default false. */
  readonly returnSequences?: boolean;
  /** Whether the final state follows the output. Default false. */
  readonly returnState?: boolean;
  /** Whether to run from the last step to the first; a sequence then comes out in that order. Default false. */
  readonly goBackwards?: boolean;
  /** Whether the next call of `predict` goes on from the state of this one. Default false. */
  readonly stateful?: boolean;
  /** Whether masked steps put out zeros rather than the output before them. Default false. */
  readonly zeroOutputForMask?: boolean;
  /**
   * What masked steps repeat before the first real one: the initial h, as Keras does on JAX and NumPy (the default), or
   * zeros, as it does on TensorFlow and PyTorch.
   */
  readonly heldStart?: MaskingSpec["heldStart"];
  /** Without effect: how to run is the engine's matter. */
  readonly unroll?: boolean;
  /** Training only. */
  readonly dropout?: number;
  /** Training only. */
  readonly recurrentDropout?: number;
}

export interface LstmOptions extends RecurrentOptions {
  /** Of the gates. Default `sigmoid`. */
  readonly recurrentActivation?: string | null;
}

export interface GruOptions extends LstmOptions {
  /** Whether the reset gate acts after the product with h. Default true, with two rows of bias. */
  readonly resetAfter?: boolean;
}

const known = [...commonOptions, "units", "activation", "useBias", "returnSequences", "returnState", "goBackwards", "stateful", "zeroOutputForMask", "heldStart", "unroll", "dropout", "recurrentDropout"];

/** The cell of each kind from Keras's options. */
const cells: Readonly<Record<CellSpec["kind"], { readonly kind: string; readonly options: readonly string[]; make(place: string, inputSize: number, options: GruOptions): CellSpec }>> = {
  simpleRnn: {
    kind: "simple_rnn", options: [],
    make: (place, inputSize, o) => simpleRnnCell({ inputSize, units: o.units, activation: squash(place, o), bias: o.useBias === false ? "none" : "single" }),
  },
  lstm: {
    kind: "lstm", options: ["recurrentActivation"],
    make: (place, inputSize, o) => lstmCell({ inputSize, units: o.units, activation: squash(place, o), recurrentActivation: gates(place, o), bias: o.useBias === false ? "none" : "single" }),
  },
  gru: {
    kind: "gru", options: ["recurrentActivation", "resetAfter"],
    make: (place, inputSize, o) => {
      const resetAfter = o.resetAfter ?? true;
      return gruCell({ inputSize, units: o.units, activation: squash(place, o), recurrentActivation: gates(place, o), resetAfter, bias: o.useBias === false ? "none" : resetAfter ? "split" : "single" });
    },
  },
};

const squash = (place: string, o: GruOptions): ReturnType<typeof cellActivation> => cellActivation(place, o.activation === undefined ? "tanh" : o.activation);
const gates = (place: string, o: GruOptions): ReturnType<typeof cellActivation> => cellActivation(place, o.recurrentActivation === undefined ? "sigmoid" : o.recurrentActivation);

/** SimpleRNN, LSTM and GRU. */
export class RecurrentLayer extends Layer {
  readonly kind: string;

  constructor(readonly cellKind: CellSpec["kind"], readonly options: GruOptions) {
    super(options);
    this.kind = cells[cellKind].kind;
    knownOptions(this.kind, options, [...known, ...cells[cellKind].options]);
    if (!Number.isInteger(options.units) || options.units < 1) this.refuse("UNROLL_ARGUMENT", "units as a whole number of at least 1", String(options.units), "units counts the features of the output");
    this.cell(1);
  }

  cell(inputSize: number): CellSpec {
    return cells[this.cellKind].make(this.kind, inputSize, this.options);
  }

  outputs([form]: readonly Form[]): LayerOutput[] {
    this.assertSequence(form!);
    const { units, returnSequences, returnState } = this.options;
    const output = { suffix: "", form: { dtype: "float32", sequence: returnSequences ?? false, features: [units] } } as const;
    return [output, ...(returnState ? this.stateParts() : []).map((part): LayerOutput => ({ suffix: `.${part}`, form: { dtype: "float32", sequence: false, features: [units] } }))];
  }

  toSpec(name: string, [input]: readonly ValueRef[], [form]: readonly Form[], initialState: readonly ValueRef[] | null): LayerSpec {
    const { goBackwards, returnSequences, zeroOutputForMask, heldStart } = this.options;
    return recurrent({
      name, input: input!, cell: this.cell(this.lastAxis(form!)), direction: goBackwards ? "backward" : "forward", outputOrder: goBackwards ? "processing" : "time",
      returns: returnSequences ? "sequence" : "last", maskedOutput: zeroOutputForMask ? "zero" : "hold", heldStart: heldStart ?? "initialState",
      initialState: named(this.stateParts(), initialState),
    });
  }

  override stateParts(): readonly string[] {
    return stateParts(this.cell(1));
  }

  override get stateful(): boolean {
    return this.options.stateful ?? false;
  }

  /** Refuses inputs without a time axis. */
  assertSequence(form: Form): void {
    if (!form.sequence || form.features.length !== 1) this.refuse("UNROLL_SHAPE", "an input [batch, time, features]", `[${["batch", ...(form.sequence ? ["time"] : []), ...form.features].join(", ")}]`, "set returnSequences on the recurrent layer before it, or declare the time axis of the input");
  }
}

const named = (parts: readonly string[], refs: readonly ValueRef[] | null): Record<string, ValueRef> | null => refs && Object.fromEntries(parts.map((part, k) => [part, refs[k]!]));

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

  constructor(options: BidirectionalOptions) {
    super({ ...(options.layer.inputShape && { inputShape: options.layer.inputShape }), ...options });
    knownOptions(this.kind, options, [...commonOptions, "layer", "backwardLayer", "mergeMode"]);
    const { layer, backwardLayer = layer } = options;
    if (!(layer instanceof RecurrentLayer) || !(backwardLayer instanceof RecurrentLayer)) this.refuse("UNROLL_ARGUMENT", "a recurrent layer", options.layer.kind, "wrap lstm, gru or simpleRnn");
    this.forward = layer;
    this.backward = backwardLayer;
    this.merge = options.mergeMode === undefined ? "concat" : (options.mergeMode ?? "none");
    if (layer.options.goBackwards) this.refuse("UNROLL_ARGUMENT", "a layer that runs forward", "goBackwards", "give it as backwardLayer");
    if (backwardLayer !== layer && !backwardLayer.options.goBackwards) this.refuse("UNROLL_ARGUMENT", "a backwardLayer with goBackwards", "one that runs forward", "set goBackwards");
    for (const option of ["returnSequences", "returnState", "stateful"] as const) {
      if ((layer.options[option] ?? false) !== (backwardLayer.options[option] ?? false)) this.refuse("UNROLL_ARGUMENT", `equal ${option} both ways`, "different ones", "set it on both");
    }
  }

  private get ways(): readonly (readonly ["forward" | "backward", RecurrentLayer])[] {
    return [["forward", this.forward], ["backward", this.backward]];
  }

  outputs([form]: readonly Form[]): LayerOutput[] {
    this.forward.assertSequence(form!);
    const { returnSequences: sequence = false, returnState } = this.forward.options;
    const of = (suffix: string, features: number, isSequence: boolean): LayerOutput => ({ suffix, form: { dtype: "float32", sequence: isSequence, features: [features] } });
    const units = this.ways.map(([, layer]) => layer.options.units);
    const merged = this.merge === "none" ? this.ways.map(([way], k) => of(`.${way}`, units[k]!, sequence)) : [of("", this.merge === "concat" ? units[0]! + units[1]! : units[0]!, sequence)];
    return [...merged, ...(returnState ? this.ways.flatMap(([way, layer], k) => layer.stateParts().map((part) => of(`.${way}.${part}`, units[k]!, false))) : [])];
  }

  toSpec(name: string, [input]: readonly ValueRef[], [form]: readonly Form[], initialState: readonly ValueRef[] | null): LayerSpec {
    const { returnSequences, heldStart } = this.forward.options;
    const size = this.lastAxis(form!);
    // Keras forces zero_output_for_mask to return_sequences on both layers, whatever the user set.
    return bidirectional({
      name, input: input!, forward: this.forward.cell(size), backward: this.backward.cell(size), merge: this.merge, returns: returnSequences ? "sequence" : "last",
      maskedOutput: returnSequences ? "zero" : "hold", heldStart: heldStart ?? "initialState", initialState: named(this.stateParts(), initialState),
    });
  }

  override stateParts(): readonly string[] {
    return this.ways.flatMap(([way, layer]) => layer.stateParts().map((part) => `${way}.${part}`));
  }

  override get inner(): string {
    return this.forward.name ?? this.forward.kind;
  }

  override get stateful(): boolean {
    return this.forward.stateful;
  }
}
