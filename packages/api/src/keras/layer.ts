import { UnrollError, unrollError } from "../contract/error.js";
import { isRecord, kindOf } from "../contract/kind.js";
import { knownOptions } from "../contract/known-options.js";
import { shown } from "../contract/shown.js";
import { type HostTensor, sizeOf } from "../contract/tensor.js";
import type { KerasBinding } from "../dialects/keras/bindings.js";
import { built } from "../layers/built.js";
import { layerWeightsIn, type WeightSpec } from "../specification/weights.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { STEPS, type ValueInfo } from "../layers/value-info.js";
import { inferForms } from "./infer.js";
import { formOf } from "./input-form.js";
import { CarriedState, partName, type StatePart } from "./carried-state.js";
import { HeldWeights } from "./held-weights.js";
import type { TrainingOptions } from "./training-options.js";

/** An operation that Keras's graph has for a mask; only the order of layers depends on it. */
export interface MaskNode {
  readonly parents: readonly (KerasTensor | LayerCall | MaskNode)[];
}

/** Steps of a float32 input some feature of which is not a value, as `Masking` finds those that are real. */
export class Unequal {
  private static readonly known = new WeakMap<KerasTensor, Map<number, Unequal>>();

  private constructor(
    /** The input, [batch, time, features]. */
    readonly tensor: KerasTensor,
    /** What every feature of a masked step is. */
    readonly value: number,
  ) {}

  /** The only one of an input and a value, so that masks of two layers that say the same are. */
  static of(tensor: KerasTensor, value: number): Unequal {
    const own = Unequal.known.get(tensor) ?? new Map<number, Unequal>();
    Unequal.known.set(tensor, own);
    const found = own.get(value) ?? new Unequal(tensor, value);
    own.set(value, found);
    return found;
  }
}

/**
 * What says which steps are real: an input of ids, where not 0, one of dtype bool, where true, or features
 * that are not a value.
 */
export type MaskSource = KerasTensor | Unequal;

/** The value that a source of masks looks at. */
export const lookedAt = (source: MaskSource): KerasTensor =>
  source instanceof Unequal ? source.tensor : source;

/** What masks a value. */
export interface Mask {
  /** A step is real where one of them says so. */
  readonly sources: readonly MaskSource[];
  /** What Keras computes it by. */
  readonly node: KerasTensor | MaskNode;
}

/** One application of a model within another. */
export interface NestedCall {
  /** The model, as whoever names it knows it. */
  readonly model: NestedModel;
  /** What it was applied to. */
  readonly inputs: readonly KerasTensor[];
  /** What came out, in order. */
  outputs: readonly KerasTensor[];
  /** The application that this one is a part of; null in the model itself. */
  readonly within: NestedCall | null;
}

/** What a model is to those that have it as a layer. */
export interface NestedModel {
  /** `functional` or `sequential`. */
  readonly kind: string;
  /** The name it was given; null where the model around it numbers it. */
  readonly ownName: string | null;
  /** Its layers and models, in Keras's order. */
  readonly parts: readonly (Layer | NestedModel)[];
  /** Name of every layer in it. */
  readonly names: ReadonlyMap<Layer, string>;
}

/** One application of a layer. */
export interface LayerCall {
  /** Counts calls, so that layers come in the order in which they were applied. */
  readonly order: number;
  /** The layer that was applied. */
  readonly layer: Layer;
  /** What it was applied to. */
  readonly inputs: readonly KerasTensor[];
  /** State to start from, in Keras's order; null for the caller's. */
  readonly initialState: readonly KerasTensor[] | null;
  /** What masks the steps that the layer reads along each time axis. */
  readonly masks: readonly (Mask | null)[];
  /** The masks that the caller gave; null where they are those of the inputs. */
  readonly given: readonly (Mask | null)[] | null;
  /** Whether masks of the inputs stay where a state is given. */
  readonly keepMask: boolean;
  /** The model's application that it is a part of; null in the model itself. */
  readonly within: NestedCall | null;
  /** What came out, in order. */
  outputs: readonly KerasTensor[];
}

/** What a layer is applied with, beside its inputs. */
export type CallOptions = Pick<LayerCall, "initialState" | "given" | "keepMask" | "within">;

/** An input of a model as it was declared. */
export interface DeclaredInput {
  /** Its name; empty for one that the model numbers. */
  readonly name: string;
  /** Axes after the batch; null for any length. */
  readonly shape: readonly (number | null)[];
  /** What its elements are; null where the first layer that reads it says so. */
  readonly dtype: ValueInfo["dtype"] | null;
  /** Rows that it was declared for, which `predict` does not insist on. */
  readonly batchSize: number | null;
}

let calls = 0;
let madeLayers = 0;

/** A value in a model under construction: an input, or an output of a layer. */
export class KerasTensor {
  private constructor(
    /** @internal The call that makes it; null for an input. */
    readonly source: LayerCall | null,
    /**
     * @internal What follows the layer's name in a reference; for an input, its name or "" if it has none.
     */
    readonly suffix: string,
    private info: ValueInfo,
    /** @internal What masks it. */
    readonly mask: Mask | null,
    /** @internal How many steps it has; null where that is not known, or where it has no time. */
    readonly steps: number | null,
    /** @internal How an input was declared; null for an output. */
    readonly declared: DeclaredInput | null,
  ) {}

  /** Its axes; the time axis has its name once the model is wired, and is `time` until then. */
  get form(): ValueInfo {
    return this.info;
  }

  /** Sizes of its axes, the batch first; null where any will do. */
  get shape(): readonly (number | null)[] {
    const { axis, shape } = this.info;
    return [this.rows, ...(axis === null ? [] : [this.steps]), ...shape];
  }

  /** Rows that the input was declared for, of which it is made. */
  private get rows(): number | null {
    return this.source ? this.source.inputs[0]!.rows : this.declared!.batchSize;
  }

  /** What its elements are. */
  get dtype(): ValueInfo["dtype"] {
    return this.info.dtype;
  }

  /** @internal An input of a model. */
  static input(declared: DeclaredInput): KerasTensor {
    const form = formOf(declared.shape, declared.dtype ?? "float32");
    return new KerasTensor(
      null,
      declared.name,
      form,
      null,
      form.axis === null ? null : declared.shape[0]!,
      declared,
    );
  }

  /** @internal The outputs of applying a layer. */
  static call(
    layer: Layer,
    inputs: readonly KerasTensor[],
    options: CallOptions,
    masks: LayerCall["masks"],
    outputMask: Mask | null,
  ): KerasTensor[] {
    const forms = inputs.map((one) => one.form);
    const source: LayerCall = { ...options, order: calls++, layer, inputs, masks, outputs: [] };
    const steps = layer.stepsOf(
      inputs.map((one) => one.steps),
      forms,
    );
    source.outputs = inferForms(layer, forms).map(
      ([suffix, form]) =>
        new KerasTensor(
          source,
          suffix,
          form,
          form.axis === null ? null : outputMask,
          form.axis === null ? null : steps,
          null,
        ),
    );
    return [...source.outputs];
  }

  /**
   * @internal What a layer takes an input for that was declared without a dtype: the first that reads it
   * decides.
   */
  readAs(dtype: "float32" | "int32"): void {
    if (this.declared === null || this.declared.dtype !== null) return;
    (this as { declared: DeclaredInput }).declared = { ...this.declared, dtype };
    (this as { steps: number | null }).steps = this.declared.shape[0] ?? null;
    this.info = formOf(this.declared.shape, dtype);
    if (this.info.axis === null) (this as { steps: number | null }).steps = null;
  }
}

/** Options that every layer takes. */
export interface LayerOptions extends TrainingOptions {
  /** Name of the layer and of its weights. Default: its kind, numbered within the model as Keras does. */
  readonly name?: string;
  /** Input of the first layer of a `sequential`: [time, features] with null for any length. */
  readonly inputShape?: readonly (number | null)[];
  /** The same with the batch before it, whose size is free here. */
  readonly batchInputShape?: readonly (number | null)[];
  /** Only float32. */
  readonly dtype?: "float32";
}

/** What `apply` takes beside the input. */
export interface ApplyOptions {
  /** State to start from: tensors in Keras's order, h before c, forward before backward; or the only one. */
  readonly initialState?: KerasTensor | readonly KerasTensor[];
  /**
   * Which steps are real: an input of dtype bool; for attention a list of those of query and value, null
   * where all are, whatever mask the input has. Default: the masks of the inputs.
   */
  readonly mask?: KerasTensor | readonly (KerasTensor | null)[];
  /**
   * Whether a layer that is given `initialState` skips the steps that its input's mask says. Default false,
   * as Keras 3 passes a mask on by itself only to layers called with one tensor; Keras 2 did skip them.
   */
  readonly keepMask?: boolean;
  /** As in Keras; only false, as nothing is trained here. */
  readonly training?: false;
}

const applyOptions: readonly string[] = ["initialState", "mask", "keepMask", "training"];

/** Whether two masks say the same: of nothing, where there is none. */
export function sameMask(a: Mask | null, b: Mask | null): boolean {
  const [one, other] = [new Set(a?.sources), new Set(b?.sources)];
  return one.size === other.size && [...one].every((source) => other.has(source));
}

/** A form for people: `[batch, time, 8]`. */
export const axesText = ({ axis, shape }: ValueInfo): string =>
  `[${["batch", ...(axis === null ? [] : [STEPS]), ...shape].join(", ")}]`;

/** Applying the layer: a tensor, or several from a layer with more than one output. */
export type Applied = KerasTensor & KerasTensor[];

/** Where Keras keeps the weights of one of a layer's spec layers. */
export interface LayerBinding extends Pick<KerasBinding, "weights"> {
  /** What follows the layer's name in that of the spec layer. */
  readonly within: string;
  /** The path of its cell, where that is not its kind's. */
  readonly cell: string | null;
}

/** A layer that is not yet anywhere in a model. */
export abstract class Layer {
  /** Keras's name of the kind, e.g. `simple_rnn`. */
  abstract readonly kind: string;
  /** @internal The name it was given; null where the model numbers it. */
  readonly ownName: string | null;
  /** @internal The name that the first model gave it. */
  numbered: string | null = null;
  /** The input it was said to have, for the first layer of a `sequential`. */
  readonly inputShape: readonly (number | null)[] | null;
  /** @internal Counts layers as they are made, since Keras numbers them so. */
  readonly made = madeLayers++;
  /** @internal The options it was made with. */
  readonly given: Readonly<Record<string, unknown>>;
  /** @internal Where it was applied outside of nested models: the inputs and the outputs of each time. */
  private applications: readonly (readonly [
    inputs: readonly KerasTensor[],
    outputs: readonly KerasTensor[],
  ])[] = [];
  /** @internal Its weights, which all models have that it is a part of. */
  readonly held = new HeldWeights();
  /** @internal The state that it carries from call to call, where it is stateful. */
  readonly carried = new CarriedState();
  private built: readonly WeightSpec[] | null = null;

  constructor(options: LayerOptions) {
    // What is no record of options, or holds what they can't be, `layerOptions` refuses by the layer's name.
    const own: LayerOptions = isRecord(options as unknown) ? options : {};
    this.given = own as unknown as Readonly<Record<string, unknown>>;
    this.ownName = own.name ?? null;
    this.inputShape = own.inputShape ?? own.batchInputShape?.slice?.(1) ?? null;
  }

  /** The name it was given, or the one that the first model numbered it by; null before that. */
  get name(): string | null {
    return this.ownName ?? this.numbered;
  }

  /** @internal Refuses, in Keras's words, inputs that the layer can't have. */
  checkInputs(_inputs: readonly ValueInfo[]): void {}
  /** @internal The same where each step of a sequence is an input by itself. */
  checkStep(forms: readonly ValueInfo[]): void {
    this.checkInputs(forms);
  }
  /** @internal What follows the layer's name in the references of its outputs. */
  get outputSuffixes(): readonly string[] {
    return [""];
  }
  /**
   * @internal The spec layers, in order; the last has the layer's name. `axis` is the output's time axis;
   * with `ignoresMask` every step is real, though the axis is masked.
   */
  abstract toSpecs(
    name: string,
    inputs: readonly ValueRef[],
    forms: readonly ValueInfo[],
    initialState: readonly ValueRef[] | null,
    axis: string,
    ignoresMask: boolean,
  ): readonly LayerSpec[];
  /** @internal The state in Keras's order; empty for a layer without state. */
  stateParts(): readonly StatePart[] {
    return [];
  }
  /** @internal Where Keras keeps the weights of each spec layer. */
  get bindings(): readonly LayerBinding[] {
    return [{ within: "", cell: null }];
  }
  /** @internal Whether the state is kept from call to call. */
  get stateful(): boolean {
    return false;
  }
  /** @internal The layer within, which Keras names as well. */
  get wrapped(): Layer | null {
    return null;
  }
  /** @internal Whether what training gathers comes after the weights of all layers of a model. */
  get statisticsLast(): boolean {
    return false;
  }
  /** @internal What Keras's class of that name does otherwise; null where the layer is Keras's. */
  get unlikeKeras(): string | null {
    return null;
  }
  /** @internal Whether Keras's layer is called with masks. */
  get takesMask(): boolean {
    return this.inTime !== null || this.foldsTime;
  }
  /** @internal Whether the layer is applied to a list. */
  get takesList(): boolean {
    return false;
  }
  /**
   * @internal What masks the output, where it is a sequence.
   *
   * @param given what the caller says masks the input
   */
  outputMask([first]: readonly KerasTensor[], given: Mask | null | undefined): Mask | null {
    return given === undefined ? (first?.mask ?? null) : given;
  }
  /**
   * @internal Which inputs run along one time axis, by number; the first group's is that of the output.
   * Default: all of them.
   */
  get inTime(): readonly (readonly number[])[] | null {
    return null;
  }
  /** @internal Whether the layer folds over its input's steps, and over those alone that its mask has. */
  get foldsTime(): boolean {
    return this.stateParts().length > 0;
  }
  /** @internal Whether the output's time is another than the input's: steps are thinned out, or cut off. */
  remakesTime(_inputs: readonly ValueInfo[]): boolean {
    return false;
  }
  /** @internal How many steps the output has, of an input of so many; null where that is not known. */
  stepsOf([steps = null]: readonly (number | null)[], _forms: readonly ValueInfo[]): number | null {
    return steps;
  }
  /** @internal dtype of the input that the layer reads. */
  get inputDtype(): "float32" | "int32" {
    return "float32";
  }

  /**
   * Applies the layer to a symbolic tensor.
   *
   * @returns the output; for several outputs (`returnState`, a bidirectional layer that does not merge) a
   *   list
   * @throws UNROLL_SHAPE, UNROLL_DTYPE for inputs that do not fit; UNROLL_STATE, UNROLL_ARGUMENT for another
   *   number of states or masks
   */
  apply(input: KerasTensor | readonly KerasTensor[], options: ApplyOptions = {}): Applied {
    knownOptions(this.place, options, applyOptions);
    if (options.training !== undefined && options.training !== false)
      this.refuse("UNROLL_UNSUPPORTED", "training false", shown(options.training), "nothing is trained here");
    const inputs = this.listOf(input, "a tensor of the model");
    if (inputs.length !== 1 && !this.takesList)
      this.refuse(
        "UNROLL_ARGUMENT",
        "one input",
        `${inputs.length}`,
        "a state goes in as { initialState: [h, c] }; merge layers and attention take lists",
      );
    const { initialState, mask, keepMask = false } = options;
    if (typeof (keepMask as unknown) !== "boolean")
      this.refuse("UNROLL_ARGUMENT", "keepMask true or false", shown(keepMask), "leave it out for Keras 3's");
    const state = initialState === undefined ? null : this.listOf(initialState, "a state");
    const given = this.givenMasks(this.groupsOf(inputs).length, mask);
    const made = this.call(inputs, { initialState: state, given, keepMask, within: null });
    return (made.length === 1 ? made[0] : made) as Applied;
  }

  /** @internal The inputs that run along one time, group by group. */
  groupsOf(inputs: readonly KerasTensor[]): readonly (readonly KerasTensor[])[] {
    return this.inTime?.map((group) => group.flatMap((k) => inputs[k] ?? [])) ?? [inputs];
  }

  /** @internal Applies the layer to so many inputs as it takes. @throws as `apply` does */
  call(inputs: readonly KerasTensor[], options: CallOptions): KerasTensor[] {
    const { initialState, given, keepMask } = options;
    for (const one of inputs) one.readAs(this.inputDtype);
    for (const one of initialState ?? []) one.readAs("float32");
    const forms = inputs.map((one) => one.form);
    this.checkInputs(forms);
    this.checkBuilt(forms);
    this.checkState(initialState);
    const keeps = initialState === null || keepMask;
    const masks = this.groupsOf(inputs).map((group, k) =>
      given === null ? (keeps ? (group[0]?.mask ?? null) : null) : given[k]!,
    );
    const made = KerasTensor.call(this, inputs, options, masks, this.outputMask(inputs, given?.[0]));
    if (options.within === null) this.applications = [...this.applications, [inputs, made]];
    return made;
  }

  /**
   * The output of the only time that the layer was applied, a list where there are several, for models of
   * other models' values.
   *
   * @throws UNROLL_ARGUMENT for a layer that was not applied once
   */
  get output(): Applied {
    const [, outputs] = this.onlyTime();
    return (outputs.length === 1 ? outputs[0] : outputs) as Applied;
  }

  /** The input of the only time that the layer was applied, a list where there are several. */
  get input(): KerasTensor | readonly KerasTensor[] {
    const [inputs] = this.onlyTime();
    return inputs.length === 1 ? inputs[0]! : inputs;
  }

  /** @internal Which of all times a call is that the layer was applied, in whatever models. */
  applicationOf(call: LayerCall): number {
    return this.applications.findIndex(([, outputs]) => outputs[0]!.source === call);
  }

  /** @internal Takes back a call of a model that is wired anew. */
  forget(call: LayerCall): void {
    this.applications = this.applications.filter(([, outputs]) => outputs[0]!.source !== call);
  }

  private onlyTime(): readonly [inputs: readonly KerasTensor[], outputs: readonly KerasTensor[]] {
    const { length } = this.applications;
    if (length !== 1)
      this.refuse(
        "UNROLL_ARGUMENT",
        "a layer that was applied once",
        length === 0 ? "one that was not applied" : `one that was applied ${length} times`,
        "keep what apply returns",
      );
    return this.applications[0]!;
  }

  /** How many numbers its weights are. @throws UNROLL_ARGUMENT before it was applied to something */
  countParams(): number {
    if (this.built === null)
      this.refuse(
        "UNROLL_ARGUMENT",
        "a layer that was applied",
        "one whose input is not known",
        "build a model of it",
      );
    return this.built.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  }

  /** @internal How many of them Keras does not train: moving statistics, or all where that was chosen. */
  get untrainedParams(): number {
    const all = (this.given as { readonly trainable?: boolean }).trainable === false;
    const untrained = (this.built ?? []).filter(
      ({ name }) => all || /(^|\.)moving(Mean|Variance)$/.test(name),
    );
    return untrained.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  }

  /**
   * What a stateful layer goes on from, in Keras's order: h before c, forward before backward. Null for any
   * other, and before its first run.
   */
  get states(): readonly HostTensor<"float32">[] | null {
    return this.carried.list(this.stateParts());
  }

  /** Sets the state of a stateful layer back to zeros; its next call may have another number of rows. */
  resetStates(): void {
    this.carried.reset();
  }

  private listOf(given: KerasTensor | readonly KerasTensor[], expected: string): readonly KerasTensor[] {
    const list = (Array.isArray(given) ? given : [given]) as readonly KerasTensor[];
    const odd = list.find((one: unknown) => !(one instanceof KerasTensor));
    if (odd !== undefined || list.includes(undefined as never))
      this.refuse(
        "UNROLL_ARGUMENT",
        expected,
        kindOf(odd),
        "input() and layers make them; numbers go to predict",
      );
    return list;
  }

  private checkState(state: readonly KerasTensor[] | null): void {
    const parts = this.stateParts();
    if (state !== null && state.length !== parts.length)
      this.refuse(
        "UNROLL_STATE",
        `${parts.length} initial states${parts.length > 0 ? ` (${parts.map(partName).join(", ")})` : ""}`,
        `${state.length}`,
        "order them as Keras does: h before c, forward before backward",
      );
  }

  /** The masks that a caller gives, one for each time axis; null where that is left to the inputs. */
  private givenMasks(count: number, mask: ApplyOptions["mask"]): readonly (Mask | null)[] | null {
    if (mask === undefined || mask === null) return null;
    const list = (Array.isArray(mask) ? mask : [mask]) as readonly (KerasTensor | null)[];
    if (list.length !== count)
      this.refuse(
        "UNROLL_ARGUMENT",
        count === 1 ? "one mask" : `${count} masks, null where all steps are real`,
        `${list.length}`,
        "give one for each sequence that the layer reads by itself",
      );
    return list.map((one) => (one === null ? null : { sources: this.listOf(one, "a mask"), node: one }));
  }

  /** Refuses inputs whose weights would be others than those that the layer was built with. */
  private checkBuilt(forms: readonly ValueInfo[]): void {
    const refs = forms.map((_, k) => `input${k}`);
    const shapes = this.toSpecs("layer", refs, forms, null, STEPS, false).flatMap((own) =>
      layerWeightsIn(built, own),
    );
    const text = (of: readonly WeightSpec[]): string =>
      of.map(({ name, shape }) => `${name.replace(/^layer[./]?/, "")} [${shape.join(", ")}]`).join(", ");
    this.built ??= shapes;
    if (text(this.built) !== text(shapes))
      this.refuse(
        "UNROLL_SHAPE",
        `an input that fits weights ${text(this.built)}, as the one before`,
        `one that needs ${text(shapes)}`,
        "a layer has one set of weights; make another layer for other features",
      );
  }

  protected get place(): string {
    return `${this.kind}${(this.ownName ?? null) === null ? "" : ` "${this.ownName}"`}`;
  }

  protected refuse(code: UnrollError["code"], expected: string, got: string, cure: string): never {
    throw unrollError({
      code: code,
      place: this.place,
      expected: expected,
      got: got,
      cure: cure,
      details: { expected, got },
    });
  }

  /** Size of the last axis of a float32 input. */
  protected lastAxis(form: ValueInfo): number {
    const size = form.shape[form.shape.length - 1];
    if (form.dtype !== "float32" || size === undefined)
      this.refuse(
        "UNROLL_SHAPE",
        "a float32 input with a feature axis",
        `${form.dtype} ${axesText(form)}`,
        "embed ids first",
      );
    return size;
  }
}
