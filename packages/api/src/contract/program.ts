import type { DType } from "./tensor.js";

/**
 * An axis length: a number, or the name of a symbolic one (`batch`, `time`) that each run may choose anew.
 */
export type Dim = number | string;

/** Element type and shape of a value. */
export interface ValueType {
  readonly dtype: DType;
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
  readonly id: ValueId;
  readonly type: ValueType;
}

/** A region input or program input, parameter or output that the outside calls by name. */
export interface Named extends Typed {
  readonly name: string;
}

/** One use of a primitive of `primitives.ts`. */
export interface PrimitiveNode {
  readonly kind: "primitive";
  readonly op: string;
  readonly inputs: readonly ValueId[];
  readonly attrs: Attrs;
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
  readonly kind: "scan";
  readonly inputs: readonly ValueId[];
  readonly carries: number;
  readonly sequences: number;
  readonly reverse: boolean;
  readonly body: Region;
  readonly outputs: readonly Typed[];
}

/**
 * A named operation that carries its own meaning: `body` computes the same outputs from the same inputs with
 * primitives. An adapter may claim the name and run it its own way.
 */
export interface CompositeNode {
  readonly kind: "composite";
  readonly op: string;
  /** Names of the inputs, one for one; optional ones that are absent are not listed. */
  readonly inputNames: readonly string[];
  readonly inputs: readonly ValueId[];
  readonly attrs: Attrs;
  readonly body: Region;
  readonly outputNames: readonly string[];
  readonly outputs: readonly Typed[];
}

export type Node = PrimitiveNode | ScanNode | CompositeNode;

/** Nodes in order of execution. A region sees its own inputs and nothing of what surrounds it. */
export interface Region {
  readonly inputs: readonly Typed[];
  readonly nodes: readonly Node[];
  /** The values the region yields. */
  readonly outputs: readonly ValueId[];
}

/**
 * A computation as plain data: what `lower` makes of a spec and what an adapter compiles. Time-major
 * throughout.
 */
export interface Program {
  readonly format: "unroll.program";
  readonly version: 1;
  /** For people: error texts and the printed form. */
  readonly name: string;
  /** Weights. Their shapes hold no symbolic dims. */
  readonly params: readonly Named[];
  /** What each run is fed. */
  readonly inputs: readonly Named[];
  readonly nodes: readonly Node[];
  readonly outputs: readonly Named[];
}
