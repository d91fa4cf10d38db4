import type { Attrs } from "../contract/program.js";
import type { ElementMap } from "./maps.js";

/** A matrix [rows, cols] laid out for {@link Kernels.gemm}; only the kernels that packed it know how. */
export interface Packed {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float32Array;
}

/**
 * All the arithmetic that a faster engine (wasm SIMD, say) would replace; binding, layout and masks stay as
 * they are.
 */
export interface Kernels {
  /** Lays out the matrix [rows, cols] that starts at `at` in `source`, whose rows are `stride` apart. */
  pack(source: ArrayLike<number>, at: number, stride: number, into: Packed): void;
  /** out += x · weights, for `count` rows of x; rows of `out` are `outStride` apart. */
  gemm(
    count: number,
    x: ArrayLike<number>,
    xAt: number,
    weights: Packed,
    out: Float32Array,
    outAt: number,
    outStride: number,
  ): void;
  readonly maps: Readonly<Record<string, ElementMap>>;
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
}

export type CellFactory = (context: CellContext) => Cell;
