import { UnrollError, unrollError } from "../contract/error.js";
import { kindOf } from "../contract/kind.js";
import { knownOptions } from "../contract/known-options.js";
import { shown } from "../contract/shown.js";
import { built } from "../layers/built.js";
import { layerWeightsIn } from "../specification/weights.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { STEPS, type ValueInfo } from "../layers/value-info.js";
import { inferForms } from "./infer.js";

/** An operation that Keras's graph has for a mask; only the order of layers depends on it. */
export interface MaskNode {
  readonly parents: readonly (KerasTensor | LayerCall | MaskNode)[];
}

/** What masks a value. */
export interface Mask {
  /**
   * Inputs of ids, real where not 0, and inputs of dtype bool, real where true; a step is real where one of
   * them says so.
   */
  readonly sources: readonly KerasTensor[];
  /** What Keras computes it by. */
  readonly node: KerasTensor | MaskNode;
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
    /** Its axes; the time axis has its name once the model is wired, and is `time` until then. */
    readonly form: ValueInfo,
    /** @internal What masks it. */
    readonly mask: Mask | null,
  ) {}

  /** @internal An input of a model. */
  static input(name: string, form: ValueInfo): KerasTensor {
    return new KerasTensor(null, name, form, null);
  }

  /** @internal The outputs of applying a layer. */
  static call(
    layer: Layer,
    inputs: readonly KerasTensor[],
    initialState: readonly KerasTensor[] | null,
    masks: LayerCall["masks"],
    outputMask: Mask | null,
  ): KerasTensor[] {
    const forms = inputs.map((one) => one.form);
    const source = { order: calls++, layer, inputs, initialState, masks };
    return inferForms(layer, forms).map(
      ([suffix, form]) => new KerasTensor(source, suffix, form, form.axis === null ? null : outputMask),
    );
  }
}

/**
 * One part of a layer's state: what follows the layer's name in the spec layer that has it, its name there,
 * and its size.
 */
export interface StatePart {
  /** What follows the layer's name; empty, or `/cell0` of a stack. */
  readonly within: string;
  /** Its name there: `h`, `forward.c`. */
  readonly part: string;
  /** Units. */
  readonly size: number;
}

/** Options that every layer takes. */
export interface LayerOptions {
  /** Name of the layer and of its weights. Default: its kind, numbered within the model as Keras does. */
  readonly name?: string;
  /** Input of the first layer of a `sequential`: [time, features] with null for any length. */
  readonly inputShape?: readonly (number | null)[];
}

export const commonOptions: readonly string[] = ["name", "inputShape"];

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

/** A state part for people: `h`, or `cell0.h` of a cell within a stack. */
export const partName = ({ within, part }: StatePart): string =>
  [within.slice(1), part].filter((word) => word !== "").join(".");

/** A form for people: `[batch, time, 8]`. */
export const axesText = ({ axis, shape }: ValueInfo): string =>
  `[${["batch", ...(axis === null ? [] : [STEPS]), ...shape].join(", ")}]`;

/** Applying the layer: a tensor, or several from a layer with more than one output. */
export type Applied = KerasTensor & KerasTensor[];

/** A layer that is not yet anywhere in a model. */
export abstract class Layer {
  /** Keras's name of the kind, e.g. `simple_rnn`. */
  abstract readonly kind: string;
  /** The name it was given; null where the model numbers it. */
  readonly name: string | null;
  /** The input it was said to have, for the first layer of a `sequential`. */
  readonly inputShape: readonly (number | null)[] | null;
  /** @internal Counts layers as they are made, since Keras numbers them so. */
  readonly made = madeLayers++;
  private built: string | null = null;

  constructor(options: LayerOptions) {
    this.name = options.name ?? null;
    this.inputShape = options.inputShape ?? null;
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
  /**
   * @internal For each spec layer, what follows the layer's name in its own, and the path of its cell where
   * that is not its kind's.
   */
  get bindings(): readonly { readonly within: string; readonly cell: string | null }[] {
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
    const forms = inputs.map((one) => one.form);
    this.checkInputs(forms);
    this.checkBuilt(forms);
    const state = options.initialState === undefined ? null : this.listOf(options.initialState, "a state");
    this.checkState(state);
    const groups = this.inTime?.map((group) => group.flatMap((k) => inputs[k] ?? [])) ?? [inputs];
    const given = this.givenMasks(groups.length, options.mask);
    const keeps = state === null || options.keepMask === true;
    const masks = groups.map((group, k) =>
      given === null ? (keeps ? (group[0]?.mask ?? null) : null) : given[k]!,
    );
    const made = KerasTensor.call(this, inputs, state, masks, this.outputMask(inputs, given?.[0]));
    return (made.length === 1 ? made[0] : made) as Applied;
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
    const shapes = this.toSpecs("layer", refs, forms, null, STEPS, false)
      .flatMap((own) => layerWeightsIn(built, own))
      .map(({ name, shape }) => `${name.replace(/^layer[./]?/, "")} [${shape.join(", ")}]`)
      .join(", ");
    this.built ??= shapes;
    if (this.built !== shapes)
      this.refuse(
        "UNROLL_SHAPE",
        `an input that fits weights ${this.built}, as the one before`,
        `one that needs ${shapes}`,
        "a layer has one set of weights; make another layer for other features",
      );
  }

  protected get place(): string {
    return `${this.kind}${this.name === null ? "" : ` "${this.name}"`}`;
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
