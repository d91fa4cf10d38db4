import { UnrollError, unrollError } from "../contract/error.js";
import type { LayerSpec, ValueRef } from "../specification/types.js";
import { STEPS, type ValueInfo } from "../layers/value-info.js";
import { inferForms } from "./infer.js";

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
  /**
   * Mask sources of the inputs along each time axis, see {@link KerasTensor.masks}; the first are those of
   * the output.
   */
  readonly masks: readonly (readonly KerasTensor[])[];
}

let calls = 0;

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
    /**
     * @internal What masks it: inputs of ids, masked where 0, and inputs of dtype bool, masked where false.
     */
    readonly masks: readonly KerasTensor[],
  ) {}

  /** @internal An input of a model. */
  static input(name: string, form: ValueInfo): KerasTensor {
    return new KerasTensor(null, name, form, []);
  }

  /** @internal The outputs of applying a layer. */
  static call(
    layer: Layer,
    inputs: readonly KerasTensor[],
    initialState: readonly KerasTensor[] | null,
    masks: LayerCall["masks"],
  ): KerasTensor[] {
    const forms = inputs.map((one) => one.form);
    layer.checkInputs(forms);
    const source = { order: calls++, layer, inputs, initialState, masks };
    return inferForms(layer, forms).map(
      ([suffix, form]) => new KerasTensor(source, suffix, form, form.axis === null ? [] : masks[0]!),
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
  /** State to start from: tensors in Keras's order, h before c, forward before backward. */
  readonly initialState?: readonly KerasTensor[];
  /**
   * Which steps are real: an input of dtype bool; for attention a list of those of query and value, null for
   * all.
   */
  readonly mask?: KerasTensor | readonly (KerasTensor | null)[];
}

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

  constructor(options: LayerOptions) {
    this.name = options.name ?? null;
    this.inputShape = options.inputShape ?? null;
  }

  /** @internal Refuses, in Keras's words, inputs that the layer can't have. */
  checkInputs(_inputs: readonly ValueInfo[]): void {}
  /** @internal What follows the layer's name in the references of its outputs. */
  get outputSuffixes(): readonly string[] {
    return [""];
  }
  /** @internal The spec layers, in order; the last has the layer's name. `axis` is the output's time axis. */
  abstract toSpecs(
    name: string,
    inputs: readonly ValueRef[],
    forms: readonly ValueInfo[],
    initialState: readonly ValueRef[] | null,
    axis: string,
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
  /** @internal Name of the wrapped layer in weight paths. */
  get inner(): string | null {
    return null;
  }
  /** @internal Whether the state is kept from call to call. */
  get stateful(): boolean {
    return false;
  }
  /** @internal Whether the layer marks steps with id 0 as masked. */
  get masksZero(): boolean {
    return false;
  }
  /**
   * @internal Which inputs run along one time axis, by number; the first group's is that of the output.
   * Default: all of them.
   */
  get inTime(): readonly (readonly number[])[] | null {
    return null;
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
    const inputs = Array.isArray(input) ? (input as readonly KerasTensor[]) : [input as KerasTensor];
    const state = options.initialState ?? null;
    const parts = this.stateParts();
    if (state !== null && state.length !== parts.length)
      this.refuse(
        "UNROLL_STATE",
        `${parts.length} initial states${parts.length > 0 ? ` (${parts.map(partName).join(", ")})` : ""}`,
        `${state.length}`,
        "order them as Keras does: h before c, forward before backward",
      );
    const groups = this.inTime?.map((group) => group.flatMap((k) => inputs[k] ?? [])) ?? [inputs];
    const given =
      options.mask === undefined
        ? []
        : Array.isArray(options.mask)
          ? (options.mask as readonly (KerasTensor | null)[])
          : [options.mask as KerasTensor];
    if (given.length > groups.length)
      this.refuse(
        "UNROLL_ARGUMENT",
        groups.length === 1 ? "one mask" : `${groups.length} masks at most`,
        `${given.length}`,
        "give one for each sequence that the layer reads by itself",
      );
    const masks = groups.map((group, k) =>
      given[k] ? [given[k]] : [...new Set(group.flatMap((one) => one.masks))],
    );
    const made = KerasTensor.call(this, inputs, state, this.masksZero ? [inputs] : masks);
    return (made.length === 1 ? made[0] : made) as Applied;
  }

  protected refuse(code: UnrollError["code"], expected: string, got: string, cure: string): never {
    throw unrollError({
      code: code,
      place: `${this.kind}${this.name === null ? "" : ` "${this.name}"`}`,
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
