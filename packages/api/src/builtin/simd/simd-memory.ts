import { unrollError } from "../../contract/error.js";
import type { DType, DTypeArray } from "../../contract/tensor.js";
import type { Kernels, Memory } from "../kernel-types.js";
import { Heap, lines } from "./heap.js";
import { SimdKernels } from "./simd-kernels.js";
import type { Module } from "./web-assembly.js";

const MIB = 2 ** 20;
/** The first heap; each next is as large as all before it, up to the largest, unless more is asked for. */
const FIRST = MIB;
const LARGEST = 64 * MIB;
/** What 32 bits address, less what rounding up may add. */
const LIMIT = 2 ** 32 - 2 * 65_536;

/** A heap and the kernels that work on it. */
interface Place {
  readonly heap: Heap;
  readonly kernels: Kernels;
}

/** Says that a heap is full: how much more its executable wanted. */
class Full extends Error {
  constructor(readonly bytes: number) {
    super("the heap is full");
  }
}

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** The heaps of one module. */
export class Heaps {
  readonly #places: Place[] = [];
  readonly #module: Module;

  constructor(module: Module) {
    this.#module = module;
  }

  /** How many bytes they have, free or not. */
  get size(): number {
    return this.#places.reduce((sum, { heap }) => sum + heap.size, 0);
  }

  /**
   * A heap with room for so many bytes in one piece, or for the least where there are no more.
   *
   * @param other which it is not
   * @throws UNROLL_ENGINE
   */
  place(bytes: number, least: number, other?: Place): Place {
    const found = this.#places.find((place) => place !== other && place.heap.fits(bytes));
    if (found) return found;
    if (least > LIMIT) noMemory(least, `a limit of ${LIMIT / MIB} MiB`);
    const most = Math.max(bytes, FIRST, Math.min(LARGEST, this.size));
    let place: Place | undefined;
    for (const size of [most, bytes, least]) place ??= this.#make(Math.min(size, LIMIT));
    if (!place) noMemory(least, "none left");
    this.#places.push(place);
    return place;
  }

  /** Drops a heap that nothing is in any more; one is kept for the next model. */
  left(place: Place): void {
    const k = this.#places.indexOf(place);
    if (k < 0 || !place.heap.empty) return;
    const spare = this.#places.some((other) => other !== place && other.heap.empty);
    if (spare || place.heap.size > 4 * FIRST) this.#places.splice(k, 1);
  }

  #make(bytes: number): Place | undefined {
    try {
      const heap = new Heap(this.#module, bytes);
      return { heap, kernels: new SimdKernels(heap.exports) };
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }
}

function noMemory(bytes: number, got: string): never {
  throw unrollError({
    code: "UNROLL_ENGINE",
    place: "builtin memory",
    expected: `${Math.ceil(bytes / MIB)} MiB in one piece`,
    got,
    cure: "dispose of models, run shorter sequences, or use builtin({ simd: false })",
    details: { bytes },
  });
}

/** A stretch of memory in use: its address and its bytes. */
type Block = readonly [at: number, bytes: number];

/** What one executable has in a heap. */
export class SimdMemory implements Memory {
  #place: Place;
  /** What is in use, rounded up as heaps do. */
  #used = 0;
  readonly #blocks = new Map<object, Block[]>();
  readonly #heaps: Heaps;

  /** @param sizes of the arrays that are taken first, in bytes: there is room for those */
  constructor(heaps: Heaps, sizes: readonly number[]) {
    this.#heaps = heaps;
    const bytes = sizes.reduce((sum, size) => sum + lines(size), 0);
    this.#place = heaps.place(bytes, bytes);
  }

  get kernels(): Kernels {
    return this.#place.kernels;
  }

  allocate<D extends DType>(dtype: D, size: number, owner: object): DTypeArray[D] {
    const { heap } = this.#place;
    const type = arrays[dtype];
    const bytes = size * type.BYTES_PER_ELEMENT;
    const at = heap.take(bytes);
    if (at === 0) throw new Full(lines(bytes));
    const blocks = this.#blocks.get(owner);
    if (blocks) blocks.push([at, bytes]);
    else this.#blocks.set(owner, [[at, bytes]]);
    this.#used += lines(bytes);
    return new type(heap.buffer, at, size) as DTypeArray[D];
  }

  release(owner: object): void {
    for (const [at, bytes] of this.#blocks.get(owner) ?? []) {
      this.#place.heap.give(at, bytes);
      this.#used -= lines(bytes);
    }
    this.#blocks.delete(owner);
  }

  within<T>(owner: object, make: (moved: boolean) => T): T {
    for (let moved = false; ; moved = true)
      try {
        return make(moved);
      } catch (error) {
        const used = this.#used;
        this.release(owner);
        if (!(error instanceof Full)) throw error;
        this.#move(used + error.bytes);
      }
  }

  /** Takes everything back, and goes on where there is room for more than `least` bytes. */
  #move(least: number): void {
    // Twice what is known to be needed: what comes after the array that found no room is not known yet.
    const next = this.#heaps.place(2 * least, least, this.#place);
    this.close();
    this.#place = next;
  }

  close(): void {
    for (const owner of this.#blocks.keys()) this.release(owner);
    this.#heaps.left(this.#place);
  }
}
