import type { Attrs } from "../contract/program.js";
import type { DType, DTypeArray } from "../contract/tensor.js";
import type { ElementMap } from "./maps.js";
import type { Inner } from "./walk.js";

/** A matrix [rows, cols] laid out for {@link Kernels.gemm}; only the kernels that packed it know how. */
export interface Packed {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float32Array;
}

/**
 * All the arithmetic that a faster engine replaces; binding, layout and masks stay as they are. Every array
 * given to kernels is memory that came with them; see {@link Memory}.
 */
export interface Kernels {
  /** How many numbers a packed matrix takes. */
  packedSize(rows: number, cols: number): number;
  /** Lays out the matrix [rows, cols] that starts at `at` in `source`, whose rows are `stride` apart. */
  pack(source: Float32Array, at: number, stride: number, into: Packed): void;
  /**
   * out += x · weights, for `count` rows of x; rows of `out` are `outStride` apart.
   *
   * @param xStride from one row of x to the next, less than a row where rows overlap. Default: a row
   */
  gemm(
    count: number,
    x: Float32Array,
    xAt: number,
    weights: Packed,
    out: Float32Array,
    outAt: number,
    outStride: number,
    xStride?: number,
  ): void;
  /** Functions of one float32, by name: every activation, and other unary primitives that there are. */
  readonly maps: Readonly<Record<string, ElementMap>>;
  /** What is faster than a loop over elements, where there is such a thing. */
  readonly fast?: FastKernels;
}

/** Kernels that stand for loops which are written out elsewhere. */
export interface FastKernels {
  /** Elementwise operations on two float32 operands, by name. */
  readonly pairs: Readonly<Record<string, (out: Float32Array, x: Float32Array, y: Float32Array) => Inner>>;
  /** Elements that lie side by side, copied. */
  copy(out: DTypeArray[DType], at: number, x: DTypeArray[DType], from: number, count: number): void;
  /** Cells by the name of their composite. */
  readonly cells: Readonly<Record<string, CellFactory>>;
}

/** Memory for one executable, and the kernels that work on it. */
export interface Memory {
  readonly kernels: Kernels;
  /** What the kernels run on, where it is not what their source says. */
  readonly movedTo?: string | undefined;
  /**
   * An array, its contents whatever was there. Its place never changes.
   *
   * @param owner with which it is taken back; must not lead to the executable, which would live for ever
   */
  allocate<D extends DType>(dtype: D, size: number, owner: object): DTypeArray[D];
  /** Takes back what an owner has. */
  release(owner: object): void;
  /**
   * Calls what allocates for an owner. Where there was no room, everything is taken back and it is called
   * again, with memory elsewhere and true: until it allocates, what was taken back is still there to be
   * copied.
   *
   * @throws what was thrown, and then the owner has nothing; UNROLL_ENGINE where there is no memory left
   */
  within<T>(owner: object, make: (moved: boolean) => T): T;
  /** Takes everything back. */
  close(): void;
}

/** Kernels and where their memory comes from. */
export interface KernelSource {
  /** What they run on, for `Adapter.device`. */
  readonly device: string;
  /**
   * Memory for an executable, with room for its weights.
   *
   * @param owner with which the memory goes, at the latest
   */
  open(owner: object, weights: readonly { readonly byteLength: number }[]): Memory;
}

/**
 * What a cell is made from. Shapes are settled; arrays keep their place, their contents change from run to
 * run.
 */
export interface CellContext {
  readonly kernels: Kernels;
  readonly attrs: Attrs;
  readonly units: number;
  readonly batch: number;
  /** The most steps that are prepared at once. */
  readonly block: number;
  /** The input, [time, batch, inputSize]. */
  readonly x: Float32Array;
  readonly inputBias: Float32Array | undefined;
  readonly recurrentBias: Float32Array | undefined;
  /** Columns of a weight, packed. */
  pack(name: "kernel" | "recurrentKernel", from?: number, count?: number): Packed;
  /** Memory that is this cell's own while it runs. */
  scratch(size: number): Float32Array;
}

/** One recurrent cell over a batch. */
export interface Cell {
  /** Prepares `count` steps from `first` on, at most a block: one product of their input with the kernel. */
  project(first: number, count: number): void;
  /**
   * Step `t` of the block prepared last, counted from its first, from state (h, c) into (nextH, nextC), which
   * may be the same arrays. `c` is ignored where there is none.
   */
  step(t: number, h: Float32Array, c: Float32Array, nextH: Float32Array, nextC: Float32Array): void;
  /**
   * Every step of the block prepared last, `count` of them, on a state that is updated in place; outputs go
   * into `y` from step `first` on. Left out where there is nothing better than step after step.
   */
  fold?(
    first: number,
    count: number,
    reverse: boolean,
    h: Float32Array,
    c: Float32Array,
    y: Float32Array,
  ): void;
}

export type CellFactory = (context: CellContext) => Cell;
