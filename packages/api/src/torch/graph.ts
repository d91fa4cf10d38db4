import { unrollError, type UnrollErrorCode } from "../contract/error.js";
import type { HostTensor } from "../contract/tensor.js";
import type { TorchBinding } from "../dialects/torch/index.js";
import { STEPS, type ValueInfo } from "../layers/value-info.js";
import { built } from "../layers/built.js";
import { merge, specIn } from "../specification/build.js";
import type { InputSpec, LayerSpec, MergeSpec, Spec, ValueRef } from "../specification/types.js";
import { layerValues } from "../specification/values.js";
import { markBeyond } from "./beyond.js";
import {
  Argument,
  type ArgumentPath,
  type Recorder,
  type StateSlot,
  SymbolicState,
  SymbolicTensor,
} from "./symbolic.js";
import { Tensor } from "./tensor/tensor.js";

/** What modules a model holds: recurrent ones over sequences, cells that take one step, or neither. */
export type GraphKind = "pointwise" | "sequence" | "step";

/** An argument that is a model input. */
export interface InputSlot {
  readonly name: string;
  readonly path: ArgumentPath;
  readonly dtype: "float32" | "int32";
  readonly features: readonly number[];
}

/** An argument that is a state, and the layers it starts. */
export interface StateArgument {
  readonly path: ArgumentPath;
  readonly slots: readonly StateSlot[];
  readonly stacked: boolean;
}

/** Records what `forward` describes, and makes the spec of it. */
export class Graph implements Recorder {
  readonly layers: LayerSpec[] = [];
  readonly bindings: TorchBinding[] = [];
  readonly inputs: InputSlot[] = [];
  readonly states: StateArgument[] = [];
  kind: GraphKind = "pointwise";
  /** Layout of the recurrent modules; null while there is none. */
  batchFirst: boolean | null = null;
  /** Argument that holds the lengths of packed sequences, and whether the order of rows was promised. */
  lengths: { readonly path: ArgumentPath; readonly enforceSorted: boolean } | null = null;
  /** Whether `padPackedSequence` without a total length cuts the result to the longest row. */
  cut = false;
  /** Whether one input looks at another, which may be of another length: a spec has none such. */
  crossed = false;
  /** Whether any input's form was taken from example values, so that the graph fits only these. */
  fitted = false;
  /** Tensors that have to be [batch, features], as PyTorch counts another axis than the last one. */
  readonly vectors: { readonly place: string; readonly tensor: Tensor }[] = [];
  private extents = new Set<boolean>();
  /** What the core says of every value so far. */
  private readonly values = new Map<ValueRef, ValueInfo>();
  private readonly names = new Set<string>();

  constructor(
    readonly name: string,
    /** Path of every module, from the outermost one. */
    private readonly paths: ReadonlyMap<object, string>,
    /** An example value of an argument, where there is one. */
    private readonly example: (path: ArgumentPath) => HostTensor | null,
  ) {
    this.names.add("input");
  }

  refuse(code: UnrollErrorCode, place: string, expected: string, got: string, cure: string): never {
    throw unrollError({
      code: code,
      place: `${this.name} ${place}`,
      expected: expected,
      got: got,
      cure: cure,
      details: {
        expected,
        got,
      },
    });
  }

  beyond(place: string, expected: string, got: string, cure: string): never {
    throw markBeyond(
      unrollError({ code: "UNROLL_UNSUPPORTED", place: `${this.name} ${place}`, expected, got, cure }),
    );
  }

  /** Path of a module in the `state_dict`; empty for the outermost. */
  pathOf(module: object): string {
    const path = this.paths.get(module);
    if (path === undefined)
      this.refuse(
        "UNROLL_ARGUMENT",
        "forward",
        "modules held in attributes of the outer module",
        module.constructor.name,
        "assign it to an attribute, or put a list of modules in nn.ModuleList",
      );
    return path;
  }

  /** A spec name for a module or function, used once. */
  layerName(path: string, fallback: string, suffix = ""): string {
    const base = (/^[A-Za-z_]/.test(path) ? path : path === "" ? fallback : `${fallback}/${path}`).replaceAll(
      ".",
      "/",
    );
    let name = `${base}${suffix}`;
    for (let k = 2; this.names.has(name); k++) name = `${base}_call${k}${suffix}`;
    this.names.add(name);
    return name;
  }

  /** Appends a layer; `module` is where its weights are. */
  append(layer: LayerSpec, like: unknown, binding?: Omit<TorchBinding, "layer">): SymbolicTensor {
    this.layers.push(layer);
    for (const [ref, info] of layerValues(built, layer, this.values)) this.values.set(ref, info);
    if (binding) this.bindings.push({ layer: layer.name, ...binding });
    // What is no part of the model, `use` has refused.
    const { packed, sequence } = like as SymbolicTensor;
    return new SymbolicTensor(this, layer.name, this.featuresOf(layer.name), packed, sequence);
  }

  featuresOf(ref: ValueRef): readonly number[] {
    return this.values.get(ref)!.shape;
  }

  /** The value of a tensor; an argument becomes a model input here, of the form that its first use needs. */
  use(
    place: string,
    given: unknown,
    wanted: { dtype: "float32" | "int32"; features: readonly number[] | null },
  ): ValueRef {
    if (!(given instanceof SymbolicTensor))
      this.beyond(
        place,
        "what forward was given and what modules returned",
        describe(given),
        "a spec has no other tensors; run() takes them",
      );
    this.own(place, given);
    if (!(given instanceof Argument)) return given.ref!;
    const known = this.inputs.find((input) => input.path.join() === given.path.join());
    if (known) return known.name;
    let features = wanted.features;
    if (features === null) {
      const example = this.example(given.path);
      if (!example || example.shape.length === 0)
        this.refuse(
          "UNROLL_SHAPE",
          place,
          "an input of known size",
          `argument ${given.path.join(".")}, which nothing has used before`,
          "give example values: spec({ example: [...] })",
        );
      features = example.shape.slice(-1);
      this.fitted = true;
    }
    const name =
      given.path.join() === "0" ? "input" : this.layerName("", "input", `_${given.path.join("_")}`);
    this.inputs.push({ name, path: given.path, dtype: wanted.dtype, features });
    this.values.set(name, { dtype: wanted.dtype, axis: STEPS, shape: features });
    return name;
  }

  /** Notes that a recurrent module runs here: all of one kind, one layout, all packed or none. */
  mark(place: string, kind: "sequence" | "step", batchFirst: boolean | null, packed: boolean): void {
    if (this.kind !== "pointwise" && this.kind !== kind)
      this.beyond(
        place,
        `only ${this.kind === "step" ? "cells" : "recurrent modules over sequences"}, as before it`,
        "the other kind",
        "run them as two models",
      );
    this.kind = kind;
    if (batchFirst !== null && !packed) this.layOut(place, batchFirst);
    this.extents.add(packed);
    if (this.extents.size > 1)
      this.beyond(
        place,
        "packed input to every recurrent module or to none",
        "both",
        "pack before the first of them",
      );
  }

  /** Notes the layout of a padded sequence: one in a model. */
  layOut(place: string, batchFirst: boolean): void {
    if (this.batchFirst !== null && this.batchFirst !== batchFirst)
      this.beyond(
        place,
        `batchFirst ${this.batchFirst}, as before it`,
        `${batchFirst}`,
        "use one layout in a model",
      );
    this.batchFirst = batchFirst;
  }

  merge(mode: MergeSpec["mode"], tensors: readonly SymbolicTensor[]): SymbolicTensor {
    const shaped = tensors.find((one) => one.features !== null);
    const inputs = tensors.map((one) =>
      this.use(mode, one, {
        dtype: "float32",
        features: mode === "concat" ? null : (shaped?.features ?? null),
      }),
    );
    return this.append(merge({ name: this.layerName("", mode), inputs, mode }), tensors[0]!);
  }

  /**
   * The source of one state part, for consecutive layers: null for zeros and for the caller's, otherwise
   * values.
   *
   * @param slots of each layer and direction in order
   */
  state(
    place: string,
    given: Tensor | null | undefined,
    slots: readonly StateSlot[],
    stacked: boolean,
  ): readonly ValueRef[] | null {
    if (given === null || given === undefined) return null;
    if (given instanceof SymbolicTensor || given instanceof SymbolicState) this.own(place, given);
    if (given instanceof Argument) {
      this.states.push({ path: given.path, slots, stacked });
      return null;
    }
    if (given instanceof SymbolicState) {
      if (given.slots.length !== slots.length)
        this.refuse(
          "UNROLL_SHAPE",
          place,
          `a state of ${slots.length} layers and directions`,
          `${given.slots.length}`,
          "the two modules need equal numLayers and bidirectional",
        );
      return given.slots.map((slot) => `${slot.layer}.${slot.part}`);
    }
    if (given instanceof SymbolicTensor && slots.length === 1 && !given.sequence) return [given.ref!];
    const [expected, got] = [
      "a state: an argument of forward, or what a recurrent module returned",
      describe(given),
    ];
    // A tensor that is no part of the model is a state all the same.
    return isTensor(given)
      ? this.beyond(place, expected, got, "a spec has no other states; run() takes them")
      : this.refuse("UNROLL_ARGUMENT", place, expected, got, "leave it out for zeros");
  }

  /** Refuses what an earlier run of `forward`, or another module's, made. */
  private own(place: string, given: SymbolicTensor | SymbolicState): void {
    if (given.graph !== this)
      this.refuse(
        "UNROLL_ARGUMENT",
        place,
        "a tensor of this forward",
        "one of another",
        "don't keep symbolic tensors between runs",
      );
  }

  /** The spec of everything recorded. */
  finish(outputs: readonly ValueRef[]): Spec {
    const odd = this.vectors.find(
      ({ tensor }) => this.kind === "sequence" && (tensor as SymbolicTensor).sequence,
    );
    if (odd)
      this.refuse(
        "UNROLL_UNSUPPORTED",
        odd.place,
        "an input [batch, features]",
        "a sequence",
        "PyTorch's has features before time; LayerNorm and RMSNorm take sequences, batchNorm of a spec too",
      );
    const inputs: InputSpec[] = this.inputs.map(({ name, dtype, features }) => ({
      name,
      dtype,
      axis: this.kind === "pointwise" ? null : STEPS,
      shape: features,
    }));
    return specIn(built, { name: this.name, inputs, layers: this.layers, outputs });
  }
}

const isTensor = (value: unknown): boolean => value instanceof Tensor;

function describe(value: unknown): string {
  return value === null || typeof value !== "object" ? String(value) : value.constructor.name;
}

let active: Graph | null = null;

/** Whether a spec is being described. */
export const describing = (): boolean => active !== null;

/** The graph that `forward` is recording into. */
export function currentGraph(module: string): Graph {
  if (!active)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: module,
      expected: "a call inside forward()",
      got: "one outside",
      cure: "use await module.run(...) to compute",
    });
  return active;
}

/** Runs `describe` with `graph` recording. Without one nothing is described, however deep the call. */
export function recording<T>(graph: Graph | null, trace: () => T): T {
  const outer = active;
  active = graph;
  try {
    return trace();
  } finally {
    active = outer;
  }
}
