import type { DType } from "./tensor.js";

/**
 * An axis length: a number, or the name of a symbolic one (`batch`, `time`) that each run may choose anew.
 */
export type Dim = number | string;

/** Element type and shape of a value. */
export interface ValueType {
  /** What its elements are. */
  readonly dtype: DType;
  /** Sizes of its axes, row-major; a name stands for a size that each run chooses. */
  readonly shape: readonly Dim[];
}

/** Name of a value inside one region: unique there, opaque otherwise. */
export type ValueId = string;

/** What an attribute may hold: plain JSON without objects. */
export type AttrValue = null | boolean | number | string | readonly number[] | readonly string[];

/** Attributes of a node by name. */
export type Attrs = Readonly<Record<string, AttrValue>>;

/** A value with its type, where one is introduced: region inputs, node outputs. */
export interface Typed {
  /** Unique in the program. */
  readonly id: ValueId;
  /** Its elements and axes. */
  readonly type: ValueType;
}

/** A region input or program input, parameter or output that the outside calls by name. */
export interface Named extends Typed {
  /** Unique among the program's parameters, inputs or outputs. */
  readonly name: string;
}

/** One use of a primitive of `primitives.ts`. */
export interface PrimitiveNode {
  /** Tells the sorts of node apart. */
  readonly kind: "primitive";
  /** Name of the primitive. */
  readonly op: string;
  /** Ids of the operands, in the primitive's order. */
  readonly inputs: readonly ValueId[];
  /** Every attribute of the primitive. */
  readonly attrs: Attrs;
  /** The one value that it makes. */
  readonly outputs: readonly Typed[];
}

/**
 * Folds `body` over the first axis (time) of its sequences.
 *
 * `inputs` are the initial carries, then the sequences, then the captures. The body takes the carries, one
 * element of each sequence (the time axis gone) and the captures unchanged; it yields the next carries, then
 * one element for each stacked output. `outputs` are the last carries, then the stacked outputs with time as
 * first axis.
 *
 * With `reverse` the steps run from the last to the first, and stacked outputs stay in the order of the
 * input's time.
 */
export interface ScanNode {
  /** Tells the sorts of node apart. */
  readonly kind: "scan";
  /** Ids of the initial carries, then the sequences, then the captures. */
  readonly inputs: readonly ValueId[];
  /** How many of the inputs are carries. */
  readonly carries: number;
  /** How many of the inputs are sequences, [time, ...]. */
  readonly sequences: number;
  /** Whether steps run from the last to the first. */
  readonly reverse: boolean;
  /** What each step computes. */
  readonly body: Region;
  /** The last carries, then the stacked outputs. */
  readonly outputs: readonly Typed[];
}

/**
 * A named operation that carries its own meaning: `body` computes the same outputs from the same inputs with
 * primitives. An adapter may claim the name and run it its own way.
 */
export interface CompositeNode {
  /** Tells the sorts of node apart. */
  readonly kind: "composite";
  /** Name that an adapter may claim. */
  readonly op: string;
  /** Names of the inputs, one for one; optional ones that are absent are not listed. */
  readonly inputNames: readonly string[];
  /** Ids of the inputs, one for each name. */
  readonly inputs: readonly ValueId[];
  /** What the name alone does not say: activations, direction, ... */
  readonly attrs: Attrs;
  /** The same computation in primitives: the composite's meaning. */
  readonly body: Region;
  /** Names of the outputs, one for one. */
  readonly outputNames: readonly string[];
  /** What it makes, in order. */
  readonly outputs: readonly Typed[];
}

/** One operation of a program; `kind` tells which sort. */
export type Node = PrimitiveNode | ScanNode | CompositeNode;

/** Nodes in order of execution. A region sees its own inputs and nothing of what surrounds it. */
export interface Region {
  /** What the node around it gives, in its order. */
  readonly inputs: readonly Typed[];
  /** In order of execution. */
  readonly nodes: readonly Node[];
  /** The values the region yields. */
  readonly outputs: readonly ValueId[];
}

/**
 * A computation as plain data: what `lower` makes of a spec and what an adapter compiles. Time-major
 * throughout.
 */
export interface Program {
  /** Tells a program from other JSON. */
  readonly format: "unroll.program";
  /** Of the format. */
  readonly version: 1;
  /** For people: error texts and the printed form. */
  readonly name: string;
  /** Weights. Their shapes hold no symbolic dims. */
  readonly params: readonly Named[];
  /** What each run is fed. */
  readonly inputs: readonly Named[];
  /** In order of execution. */
  readonly nodes: readonly Node[];
  /** What each run returns. */
  readonly outputs: readonly Named[];
}
