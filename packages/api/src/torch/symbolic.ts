import type { UnrollErrorCode } from "../contract/error.js";
import type { MergeSpec, ValueRef } from "../specification/types.js";

/** Where an argument of `forward` stands: argument number, then positions inside tuples. */
export type ArgumentPath = readonly number[];

/** What symbolic values need of the graph that they are recorded in. */
export interface Recorder {
  /** Appends an elementwise operation or a concatenation. */
  merge(mode: MergeSpec["mode"], values: readonly SymbolicTensor[]): SymbolicTensor;
  /** Axes of a value after time and batch. */
  featuresOf(ref: ValueRef): readonly number[];
  /** Throws the error of what `forward` may not do, with its place in the model. */
  refuse(code: UnrollErrorCode, place: string, expected: string, got: string, cure: string): never;
}

/**
 * A tensor that `forward` describes: it has no values, only a place in the model. Axes are PyTorch's; the
 * leading ones (time and batch) are known when values arrive.
 */
export class SymbolicTensor {
  constructor(
    /** @internal */ readonly graph: Recorder,
    /** @internal */ readonly ref: ValueRef | null,
    /** Axes after time and batch, e.g. [hiddenSize]; null for an argument that nothing has used yet. */
    readonly features: readonly number[] | null,
    /** Whether it is a packed sequence. */
    readonly packed: boolean = false,
    /** Whether it has a time axis where the model runs over sequences. */
    readonly sequence: boolean = true,
  ) {}

  /** Elementwise sum, as `a + b`. */
  add(other: SymbolicTensor): SymbolicTensor {
    return this.graph.merge("sum", [this, other]);
  }

  /** Elementwise product, as `a * b`. */
  mul(other: SymbolicTensor): SymbolicTensor {
    return this.graph.merge("mul", [this, other]);
  }
}

/** One row of a state: the part of one layer in one direction. */
export interface StateSlot {
  /** The spec's layer. */
  readonly layer: string;
  /** The part's name in that layer: `h`, `forward.c`. */
  readonly part: string;
  /** Size of the part. */
  readonly units: number;
}

/**
 * A recurrent module's state, [layers x directions, batch, hiddenSize] with the directions of layer 0 first;
 * of a cell [batch, hiddenSize].
 */
export class SymbolicState {
  constructor(
    /** @internal */ readonly graph: Recorder,
    /** @internal */ readonly slots: readonly StateSlot[],
    /** @internal Whether there is a leading axis of layers and directions. */
    readonly stacked: boolean,
  ) {}

  /**
   * One layer's state in one direction, [batch, hiddenSize]; counted from the end if negative, as `h[-1]`.
   */
  at(index: number): SymbolicTensor {
    const slot = this.slots.at(index);
    if (!slot)
      return this.graph.refuse(
        "UNROLL_ARGUMENT",
        "state",
        `an index from ${-this.slots.length} to ${this.slots.length - 1}`,
        `${index}`,
        "there is one entry a layer and direction",
      );
    const ref = `${slot.layer}.${slot.part}`;
    return new SymbolicTensor(this.graph, ref, this.graph.featuresOf(ref), false, false);
  }
}

/**
 * An argument of `forward`. What it is, an input or a state, shows in how it is used; it may be taken apart
 * as a tuple: `const [h, c] = hidden`.
 */
export class Argument extends SymbolicTensor implements Iterable<Argument> {
  constructor(
    graph: Recorder,
    /** @internal */ readonly path: ArgumentPath,
    packed: boolean,
  ) {
    super(graph, null, null, packed);
  }

  /** @internal */
  item(position: number): Argument {
    return new Argument(this.graph, [...this.path, position], false);
  }

  *[Symbol.iterator](): Iterator<Argument> {
    for (let position = 0; ; position++) yield this.item(position);
  }
}

/** A state as `forward` takes and passes it. */
export type Hidden = SymbolicState | SymbolicTensor;
