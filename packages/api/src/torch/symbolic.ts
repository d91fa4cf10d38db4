import type { UnrollErrorCode } from "../contract/error.js";
import type { DType, DTypeArray } from "../contract/tensor.js";
import type { MergeSpec, ValueRef } from "../specification/types.js";
import type { Backend } from "./tensor/dispatch.js";
import { type Index, type Operand, Tensor } from "./tensor/tensor.js";

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
  /** Throws the error of what no spec says, and a trace of single operations may. */
  beyond(place: string, expected: string, got: string, cure: string): never;
}

/** What has a place in a spec and no values: it has no sizes of time and batch either. */
abstract class Described extends Tensor {
  /** @internal */
  abstract readonly graph: Recorder;

  /** @internal Whatever a spec has no word for. */
  get backend(): Backend {
    return { apply: ({ name }) => this.beyond(`${name}()`) };
  }

  get dtype(): DType {
    return this.beyond("its dtype");
  }

  get shape(): readonly number[] {
    return this.beyond("its shape");
  }

  get data(): DTypeArray[DType] {
    return this.beyond("its value");
  }

  /** @internal */
  beyond(got: string): never {
    return this.graph.beyond(
      "forward",
      "recurrent modules over all steps, and what computes each step by itself",
      got,
      "a spec says no more; run() takes it, and traces single operations",
    );
  }
}

/**
 * A tensor that `forward` describes: it has no values, only a place in the model. Axes are PyTorch's; the
 * leading ones (time and batch) are known when values arrive.
 */
export class SymbolicTensor extends Described {
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
    super();
  }

  /** @internal Where the rows of a packed sequence end, which nobody knows yet. */
  get lengths(): never {
    return this.beyond("its lengths");
  }

  override at(...indices: readonly Index[]): Tensor {
    return this.beyond(`[${indices.map(String).join(", ")}]`);
  }

  override [Symbol.iterator](): Iterator<Tensor> {
    return this.beyond("a loop over it");
  }

  /** Elementwise sum, as `a + b`. */
  override add(other: Operand): Tensor {
    return this.merged("sum", other);
  }

  /** Elementwise product, as `a * b`. */
  override mul(other: Operand): Tensor {
    return this.merged("mul", other);
  }

  private merged(mode: "sum" | "mul", other: unknown): SymbolicTensor {
    return other instanceof SymbolicTensor
      ? this.graph.merge(mode, [this, other])
      : this.beyond(`${mode === "sum" ? "add" : "mul"}() with what is no part of the model`);
  }
}

/** Whether a value is a packed sequence of the model. */
export const isPacked = (x: unknown): boolean => x instanceof SymbolicTensor && x.packed;

/** A tensor of tags that a CRF decides on: whole numbers. */
export class SymbolicTags extends SymbolicTensor {
  /** Of the tensor that `run` returns for it. */
  override get dtype(): "int32" {
    return "int32";
  }
}

/** How much each step looks at each other: [batch, time, source] in either layout. */
export class SymbolicWeights extends SymbolicTensor {
  /** Of which axis there are two. */
  get pairs(): true {
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
export class SymbolicState extends Described {
  constructor(
    /** @internal */ readonly graph: Recorder,
    /** @internal */ readonly slots: readonly StateSlot[],
    /** @internal Whether there is a leading axis of layers and directions. */
    readonly stacked: boolean,
  ) {
    super();
  }

  override [Symbol.iterator](): Iterator<Tensor> {
    return this.stacked
      ? this.slots.map((_, k) => this.at(k))[Symbol.iterator]()
      : this.beyond("a loop over it");
  }

  /**
   * One layer's state in one direction, [batch, hiddenSize]; counted from the end if negative, as `h[-1]`.
   */
  override at(...indices: readonly Index[]): SymbolicTensor {
    const [index, ...others] = indices;
    if (typeof index !== "number" || others.length > 0 || !this.stacked)
      return this.beyond(`[${indices.map(String).join(", ")}]`);
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
export class Argument extends SymbolicTensor {
  constructor(
    graph: Recorder,
    /** @internal */ readonly path: ArgumentPath,
    packed: boolean,
    /** @internal Items of the tuple that it is; 0 for a tensor, null where that is not known. */
    readonly items: number | null = null,
  ) {
    super(graph, null, null, packed);
  }

  /** @internal One item of the tuple that it is. */
  part(position: number): Argument {
    if (this.items === 0) this.beyond(`[${position}]`);
    if (position < 0 || position >= (this.items ?? TUPLE))
      this.graph.refuse(
        "UNROLL_UNSUPPORTED",
        "forward",
        "an item that it has",
        `[${position}]`,
        `the argument is a tuple of ${this.items ?? "a few"}`,
      );
    return new Argument(this.graph, [...this.path, position], false);
  }

  override at(...indices: readonly Index[]): Tensor {
    const [position] = indices;
    return indices.length === 1 && typeof position === "number" && this.items !== 0
      ? this.part(position)
      : super.at(...indices);
  }

  override [Symbol.iterator](): Iterator<Tensor> {
    return this.items === 0 ? super[Symbol.iterator]() : itemsOf(this);
  }
}

/** Items of a tuple. A loop that goes beyond what any tuple has is one over the steps of an input. */
function* itemsOf(tuple: Argument): Generator<Argument> {
  for (let position = 0; position < (tuple.items ?? TUPLE); position++) yield tuple.part(position);
  if (tuple.items === null) tuple.beyond("a loop over it");
}

/** A state as `forward` takes and passes it. */
export type Hidden = Tensor;
