import { type Module, webAssembly } from "./web-assembly.js";

/** What the kernels' module exports; addresses and strides are in bytes. See `packages/api/assembly`. */
export interface SimdExports {
  pack(from: number, stride: number, k: number, n: number, to: number): void;
  gemm(
    m: number,
    x: number,
    step: number,
    w: number,
    k: number,
    n: number,
    out: number,
    outStep: number,
  ): void;
  map(code: number, x: number, y: number, n: number): void;
  zip(code: number, x: number, xStep: number, y: number, yStep: number, out: number, n: number): void;
  copy(to: number, from: number, bytes: number): void;
  fill(out: number, rows: number, n: number, a: number, b: number): void;
  lstm(
    steps: number,
    stride: number,
    batch: number,
    units: number,
    pre: number,
    w: number,
    h: number,
    c: number,
    nextH: number,
    nextC: number,
    y: number,
    yStride: number,
    activation: number,
    gate: number,
    output: number,
  ): void;
  gru(
    steps: number,
    stride: number,
    batch: number,
    units: number,
    pre: number,
    w: number,
    candidate: number,
    bias: number,
    own: number,
    h: number,
    nextH: number,
    y: number,
    yStride: number,
    activation: number,
    gate: number,
  ): void;
  rnn(
    steps: number,
    stride: number,
    batch: number,
    units: number,
    pre: number,
    w: number,
    h: number,
    nextH: number,
    y: number,
    yStride: number,
    activation: number,
  ): void;
}

/** A stretch of free memory. */
interface Gap {
  at: number;
  bytes: number;
}

const PAGE = 65_536;
/** Arrays start at multiples of it: a line of the processor's cache. */
const LINE = 64;
/** The first free address; below it are the kernels' own: room to work in, and their constants. */
export const START = 8 * LINE;
/** What an array of so many bytes takes: whole lines, at least one. */
export const lines = (bytes: number): number => Math.max(1, Math.ceil(bytes / LINE)) * LINE;

/**
 * One memory of the kernels, of a size that never changes: so no array in it is ever detached. Pages that
 * nothing was written to cost address space alone.
 */
export class Heap {
  readonly buffer: ArrayBuffer;
  readonly exports: SimdExports;
  readonly size: number;
  /** By address; no two touch. */
  readonly #gaps: Gap[];

  /** @throws RangeError where there is no such memory */
  constructor(module: Module, bytes: number) {
    const pages = Math.ceil((bytes + START) / PAGE);
    const { Instance, Memory } = webAssembly()!;
    const memory = new Memory({ initial: pages, maximum: pages });
    this.buffer = memory.buffer;
    this.size = pages * PAGE - START;
    this.exports = new Instance(module, { env: { memory } }).exports as never;
    this.#gaps = [{ at: START, bytes: this.size }];
  }

  /** Whether everything is free. */
  get empty(): boolean {
    return this.#gaps[0]?.bytes === this.size;
  }

  /** Whether an array of so many bytes fits. */
  fits(bytes: number): boolean {
    return this.#gaps.some((gap) => gap.bytes >= lines(bytes));
  }

  /** The address of so many bytes, or 0 where there is no room. */
  take(bytes: number): number {
    const wanted = lines(bytes);
    const k = this.#gaps.findIndex((gap) => gap.bytes >= wanted);
    if (k < 0) return 0;
    const gap = this.#gaps[k]!;
    const { at } = gap;
    if (gap.bytes === wanted) this.#gaps.splice(k, 1);
    else {
      gap.at += wanted;
      gap.bytes -= wanted;
    }
    return at;
  }

  /** Makes what was taken free again. */
  give(at: number, bytes: number): void {
    const gaps = this.#gaps;
    let [low, high] = [0, gaps.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (gaps[middle]!.at < at) low = middle + 1;
      else high = middle;
    }
    const [before, after] = [gaps[low - 1], gaps[low]];
    const size = lines(bytes);
    const joinsAfter = after?.at === at + size;
    if (before && before.at + before.bytes === at) {
      before.bytes += size + (joinsAfter ? after.bytes : 0);
      if (joinsAfter) gaps.splice(low, 1);
    } else if (joinsAfter) {
      after.at = at;
      after.bytes += size;
    } else gaps.splice(low, 0, { at, bytes: size });
  }
}
