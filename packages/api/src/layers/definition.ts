import type { DType } from "../contract/tensor.js";
import type { Block, NamedValues, PrimitiveSet, Value } from "../program/builder.js";
import type { CellRead } from "./custom-fields.js";
import type { Fields, ValueRef } from "./fields.js";
import type { RecurrentAttrs } from "./recurrence.js";
import type { ValueInfo } from "./value-info.js";

/** A part of a recurrent state, each row [...shape]. */
export interface StatePart {
  /** `h`, `c`; `forward.h`, ... of a bidirectional layer. */
  readonly part: string;
  /** Axes after the batch. */
  readonly shape: readonly number[];
  /** What its elements are; float32 for every cell that the library has. */
  readonly dtype: DType;
}

/** A weight under the name that its layer gives it. Always float32. */
export interface OwnWeight {
  /** Without the layer's name: `kernel`, `forward.bias`. */
  readonly name: string;
  /** Axes of the matrix or vector, row-major. */
  readonly shape: readonly number[];
}

/** Any cell of a spec. */
export interface AnyCell {
  /** Names the definition. */
  readonly kind: string;
  /** Size of x, the input of one step. */
  readonly inputSize: number;
  /** Size that the cell's weights and, where nothing else is said, its output have. */
  readonly units: number;
}

/** Any layer of a spec. */
export interface AnyLayer {
  /** Names the definition. */
  readonly type: string;
  /** Unique in the spec. */
  readonly name: string;
}

/** A layer whose cell may read further values. */
export interface ReadingLayer {
  /** The layer's name, for errors. */
  readonly name: string;
  /** The sequence that it is folded over. */
  readonly input: ValueRef;
  /** Values of the spec by the cell's names for them. */
  readonly reads?: Readonly<Record<string, ValueRef>>;
}

/** A value that a cell reads beside its input. */
export interface ReadValue {
  /**
   * [batch, ...] for a step or without time, [time, batch, ...] to be folded over, [batch, source, ...]
   * whole.
   */
  readonly value: Value;
  /** Which steps of a whole sequence are real, bool [batch, source]. */
  readonly mask?: Value | undefined;
}

/** What a cell is lowered with. */
export interface CellScope {
  /** Where the equations are appended. */
  readonly b: Block;
  /** What it reads beside its input, by its own names. */
  readonly reads: Readonly<Record<string, ReadValue>>;
  /** The cell's weights by their own names. */
  readonly weights: Readonly<Record<string, Value>>;
  /** Its state before the step, by part; each [batch, ...]. */
  readonly state: Readonly<Record<string, Value>>;
}

/** A cell folded over time. */
export interface Folded {
  /** [time, batch, units] in the input's time order. */
  readonly y: Value;
  /** Every part after each row's last real step, [batch, ...]. */
  readonly state: Readonly<Record<string, Value>>;
}

/** How a cell reads values of the spec beside its input. */
export interface CellReads<Cell extends AnyCell = AnyCell> {
  /** What it reads, by its own names. */
  of(cell: Cell): Readonly<Record<string, CellRead>>;
  /** Checks that the values which a layer gives are there and fit. @throws UNROLL_SPEC */
  wire(layer: ReadingLayer, cell: Cell, wiring: Wiring): void;
  /** Why a layer can't be stepped for what its cell reads; null where it can. */
  whyNotSteppable(layer: ReadingLayer, cell: Cell, around: Surroundings): string | null;
  /** The values, as the cell takes them. */
  values(layer: ReadingLayer, cell: Cell, scope: LayerScope): CellScope["reads"];
}

/** All that there is to know of a cell: its fields, weights, state and equations. */
export interface CellDefinition<Cell extends AnyCell = AnyCell> {
  /** What `kind` of a cell of this sort says. */
  readonly kind: Cell["kind"];
  /** @internal What a cell of this sort holds; its types, builder and checks follow. */
  readonly fields: Fields;
  /** Primitives that its equations have beside the common ones. */
  readonly primitives?: PrimitiveSet;
  /** Checks what fields alone don't say. @throws UNROLL_SPEC */
  check?(cell: Cell, path: string): void;
  /** State parts in the order in which they are listed: h before c. */
  state(cell: Cell): readonly StatePart[];
  /** How it reads values beside its input; it reads none by default. */
  readonly reads?: CellReads<Cell>;
  /** Size of the output. */
  outputSize(cell: Cell): number;
  /** The state part that is the output; null where the output is none of them. */
  outputPart(cell: Cell): string | null;
  /** Every weight, in the order in which they are listed. */
  weights(cell: Cell): readonly OwnWeight[];
  /** One step: its output, and every part of the state after it. `x` is [batch, inputSize]. */
  step(cell: Cell, x: Value, scope: CellScope): { readonly output: Value; readonly state: Folded["state"] };
  /**
   * The cell folded over time. `x` is [time, batch, inputSize]; `extent` holds `lengths` or `mask` or
   * neither.
   */
  fold(cell: Cell, x: Value, scope: CellScope, extent: NamedValues, attrs: RecurrentAttrs): Folded;
}

/** What a layer's definition may ask of the spec around it. */
export interface Surroundings {
  /** The definition of a cell. */
  cell(cell: AnyCell): CellDefinition;
  /** What is known of a value made before. */
  value(ref: ValueRef): ValueInfo;
}

/** What a layer's wiring is checked with. */
export interface Wiring extends Omit<Surroundings, "value"> {
  /** Where the layer stands, for errors. */
  readonly path: string;
  /**
   * What is known of the value that a key of the layer refers to. @throws UNROLL_SPEC for one that is not
   * there
   */
  read(ref: ValueRef, key: string): ValueInfo;
  /** Refuses what a key of the layer says. @throws UNROLL_SPEC always */
  refuse(key: string, expected: string, got: unknown, cure: string): never;
}

/** What a layer is lowered with. Values are time-major: [time, batch, ...]. */
export interface LayerScope extends Surroundings {
  /** Where the layer's operations are appended. */
  readonly b: Block;
  /** Whether one step is lowered: then nothing has the axis that steps run along. */
  readonly stepping: boolean;
  /** A value made before. */
  read(ref: ValueRef): Value;
  /** `lengths` or `mask` of a time axis, or neither. */
  extent(axis: string | null): NamedValues;
  /** Whether anything reads the value of the layer that has a suffix; what nothing reads need not be made. */
  wanted(suffix: string): boolean;
  /** The layer's weights by their own names. */
  readonly weights: Readonly<Record<string, Value>>;
  /** Its state before, by part. */
  readonly initial: Readonly<Record<string, Value>>;
}

/** What a layer is lowered to. */
export interface Lowered {
  /**
   * Output values by what follows the layer's name: "" for the output itself, `.weights`. Those wanted at
   * least.
   */
  readonly outputs: Readonly<Record<string, Value>>;
  /** State parts after the run. */
  readonly state: Readonly<Record<string, Value>>;
  /** A time axis that the layer makes, and the `lengths` of rows along it, where they end early. */
  readonly extent?: readonly [axis: string, extent: NamedValues];
}

/**
 * All that there is to know of a layer. Types, builders, checks, weights, states, values and programs
 * follow from the definitions, by loops that know no layer's name.
 */
export interface LayerDefinition<Layer extends AnyLayer = AnyLayer> {
  /** What `type` of a layer of this sort says. */
  readonly type: Layer["type"];
  /** @internal What a layer of this sort holds; its types, builder and checks follow. */
  readonly fields: Fields;
  /** Primitives that its lowering has beside the common ones. */
  readonly primitives?: PrimitiveSet;
  /** Checks how the layer is wired: what it reads, and how sizes fit. @throws UNROLL_SPEC */
  wire(layer: Layer, wiring: Wiring): void;
  /** The values it makes, by what follows its name; of a layer that is wired correctly. */
  values(layer: Layer, around: Surroundings): readonly (readonly [suffix: string, info: ValueInfo])[];
  /** Every weight, in the order in which they are listed. Left out: none. */
  weights?(layer: Layer, around: Pick<Surroundings, "cell">): readonly OwnWeight[];
  /** State parts in the order in which they are listed. Left out: none. */
  state?(layer: Layer, around: Pick<Surroundings, "cell">): readonly StatePart[];
  /** The values that its state starts from, by part; null where the caller gives it. */
  initialState?(layer: Layer): Readonly<Record<string, ValueRef>> | null;
  /** A time axis that the layer makes, and no input has; null for none. */
  axis?(layer: Layer): string | null;
  /** How many steps of its input it makes one of, along the axis that it makes. Left out: 1. */
  stride?(layer: Layer): number;
  /** The value (`ref`) whose numbers are ids of rows, and how many `rows` there are; null for none. */
  ids?(layer: Layer): { readonly ref: ValueRef; readonly rows: number } | null;
  /** The value (`ref`) whose sequences it takes so many `steps` of at most. Left out: any number. */
  longest?(layer: Layer): { readonly ref: ValueRef; readonly steps: number };
  /** Why it can't run one step at a time, or null when it can: it sees only the past. */
  whyNotSteppable?(layer: Layer, around: Surroundings): string | null;
  /** What the layer computes, appended to a program: of a whole sequence, or of one step. */
  lower(layer: Layer, scope: LayerScope): Lowered;
}

/** The layers and cells that specs may have, by type and by kind, and what they are made of. */
export interface Catalog {
  readonly layers: Readonly<Record<string, LayerDefinition>>;
  readonly cells: Readonly<Record<string, CellDefinition>>;
  readonly primitives: PrimitiveSet;
}

/** One output and no state. */
export const only = (value: Value): Lowered => ({ outputs: { "": value }, state: {} });
