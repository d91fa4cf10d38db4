import type { UnrollErrorCode } from "../contract/error.js";
import type { MergeSpec, ValueRef } from "../specification/types.js";
import { watched } from "./symbolic-access.js";

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

const LOOP = ["a loop over it", "it has no values here; a recurrent module runs over all steps"] as const;

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
  ) {
    return watched(this);
  }

  /** @internal */
  item(position: number): unknown {
    return this.refuseAccess(
      `[${position}]`,
      "steps and rows are not picked in forward; a recurrent module runs over all of them",
    );
  }

  /** @internal */
  refuseAccess(got: string, cure: string): never {
    return this.graph.refuse("UNROLL_UNSUPPORTED", "forward", "an operation of a symbolic tensor", got, cure);
  }

  /** @throws UNROLL_UNSUPPORTED, as its steps and rows are not there yet */
  [Symbol.iterator](): Iterator<Argument> {
    return this.refuseAccess(...LOOP);
  }

  /** Elementwise sum, as `a + b`. */
  add(other: SymbolicTensor): SymbolicTensor {
    return this.graph.merge("sum", [this, other]);
  }

  /** Elementwise product, as `a * b`. */
  mul(other: SymbolicTensor): SymbolicTensor {
    return this.graph.merge("mul", [this, other]);
  }
}

/** A tensor of tags that a CRF decides on: whole numbers. */
export class SymbolicTags extends SymbolicTensor {
  /** Of the tensor that `run` returns for it. */
  get dtype(): "int32" {
    return "int32";
  }
}

/** How much each step looks at each other: [batch, time, source] in either layout. */
export class SymbolicWeights extends SymbolicTensor {
  /** Of which axis there are two. */
  get square(): true {
    return true;
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
  ) {
    return watched(this);
  }

  /** @internal */
  item(position: number): SymbolicTensor {
    return this.at(position);
  }

  /** @internal */
  refuseAccess(got: string, cure: string): never {
    return this.graph.refuse("UNROLL_UNSUPPORTED", "forward", "an operation of a state", got, cure);
  }

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

/** More items than a tuple of states has. */
const TUPLE = 8;

/**
 * An argument of `forward`. What it is, an input or a state, shows in how it is used; it may be taken apart
 * as a tuple: `const [h, c] = hidden`.
 */
export class Argument extends SymbolicTensor implements Iterable<Argument> {
  constructor(
    graph: Recorder,
    /** @internal */ readonly path: ArgumentPath,
    packed: boolean,
    /** @internal Items of the tuple that it is; 0 for a tensor, null where that is not known. */
    readonly items: number | null = null,
  ) {
    super(graph, null, null, packed);
  }

  /** @internal */
  override item(position: number): Argument {
    if (this.items === 0) super.item(position);
    if (position < 0 || position >= (this.items ?? TUPLE))
      this.refuseAccess(`[${position}]`, `the argument is a tuple of ${this.items ?? "a few"}`);
    return new Argument(this.graph, [...this.path, position], false);
  }

  override [Symbol.iterator](): Iterator<Argument> {
    return this.items === 0 ? super[Symbol.iterator]() : itemsOf(this);
  }
}

/** Items of a tuple. A loop that goes beyond what any tuple has is one over the steps of an input. */
function* itemsOf(tuple: Argument): Generator<Argument> {
  for (let position = 0; position < (tuple.items ?? TUPLE); position++) yield tuple.item(position);
  if (tuple.items === null) tuple.refuseAccess(...LOOP);
}

/** A state as `forward` takes and passes it. */
export type Hidden = SymbolicState | SymbolicTensor;
