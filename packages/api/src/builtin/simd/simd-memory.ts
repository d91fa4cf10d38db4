import { unrollError } from "../../contract/error.js";
import { allocate, type DType, type DTypeArray } from "../../contract/tensor.js";
import type { Kernels, Memory } from "../kernel-types.js";
import { loops, scalarKernels } from "../kernels.js";
import { Heap, lines } from "./heap.js";
import { SimdKernels } from "./simd-kernels.js";
import type { Module } from "./web-assembly.js";

const MIB = 2 ** 20;
/** The first heap; each next is as large as all before it, up to the largest, unless more is asked for. */
const FIRST = MIB;
const LARGEST = 64 * MIB;
/** From so many bytes on, an executable has a heap of its own. */
const LARGE = MIB;
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

/** Where the executables of one module have their memory. */
export class Heaps {
  readonly #places: Place[] = [];
  readonly #module: Module;

  constructor(module: Module) {
    this.#module = module;
  }

  /** Whether there is memory for a first model; it is kept for that one. */
  get any(): boolean {
    if (this.#places.length > 0) return true;
    const place = this.#make([FIRST]);
    if (place) this.#places.push(place);
    return place !== undefined;
  }

  /** How many bytes there are for those that share, free or not. */
  get size(): number {
    return this.#places.reduce((sum, { heap }) => sum + heap.size, 0);
  }

  /**
   * Room for so many bytes in one piece, or for the least where there are no more; undefined where the host
   * has none left.
   *
   * @param owner with which it goes at the latest
   * @param other a heap that it is not in
   */
  open(owner: object, bytes: number, least: number, other?: Heap): Holding | undefined {
    // A large one has a heap of its own that nothing else refers to, and so goes as an ArrayBuffer does: what
    // ends with an owner is only heard of when the host comes to a turn of its loop, if it does.
    if (bytes >= LARGE) {
      const own = this.#make([bytes, least]);
      return own && new Holding(own);
    }
    const found = this.#places.find(({ heap }) => heap !== other && heap.fits(bytes));
    const place = found ?? this.#make([Math.max(FIRST, Math.min(LARGEST, this.size)), bytes]);
    if (!place) return undefined;
    if (!found) this.#places.push(place);
    const holding = new Holding(place, () => this.#left(place));
    ends.register(owner, holding, holding);
    return holding;
  }

  /** Drops a heap that nothing is in any more; one is kept for the next model. */
  #left(place: Place): void {
    const k = this.#places.indexOf(place);
    if (k < 0 || !place.heap.empty) return;
    const spare = this.#places.some((other) => other !== place && other.heap.empty);
    if (spare || place.heap.size > 4 * FIRST) this.#places.splice(k, 1);
  }

  /** A heap of the first of these sizes that there is; the last is what is needed. */
  #make(sizes: readonly number[]): Place | undefined {
    if (sizes[sizes.length - 1]! > LIMIT) return undefined;
    for (const size of sizes)
      try {
        const heap = new Heap(this.#module, Math.min(size, LIMIT));
        return { heap, kernels: new SimdKernels(heap.exports) };
      } catch (error) {
        // What there is of memory and of address space, only the attempt tells.
        if (!(error instanceof RangeError)) throw error;
      }
    return undefined;
  }
}

/** A stretch of memory in use: its address and its bytes. */
type Block = readonly [at: number, bytes: number];

/** What one executable has in one heap. */
class Holding {
  readonly place: Place;
  /** What is in use, rounded up as heaps do. */
  used = 0;
  readonly #blocks = new Map<object, Block[]>();
  readonly #left: (() => void) | undefined;

  /** @param left called when everything is taken back */
  constructor(place: Place, left?: () => void) {
    this.place = place;
    this.#left = left;
  }

  /** The address of so many bytes. @throws {@link Full} */
  take(bytes: number, owner: object): number {
    const at = this.place.heap.take(bytes);
    if (at === 0) throw new Full(lines(bytes));
    const blocks = this.#blocks.get(owner);
    if (blocks) blocks.push([at, bytes]);
    else this.#blocks.set(owner, [[at, bytes]]);
    this.used += lines(bytes);
    return at;
  }

  release(owner: object): void {
    for (const [at, bytes] of this.#blocks.get(owner) ?? []) {
      this.place.heap.give(at, bytes);
      this.used -= lines(bytes);
    }
    this.#blocks.delete(owner);
  }

  close(): void {
    ends.unregister(this);
    for (const owner of this.#blocks.keys()) this.release(owner);
    this.#left?.();
  }
}

/** Takes back what dropped executables had. */
const ends = /* @__PURE__ */ new FinalizationRegistry<Holding>((holding) => holding.close());

/**
 * The memory of one executable, which is in one heap at a time; where the host has none left, in arrays of
 * its own, on which loops work.
 */
export class SimdMemory implements Memory {
  #holding: Holding | undefined;
  readonly #heaps: Heaps;
  readonly #owner: object;
  readonly #required: boolean;

  /**
   * @param sizes of the arrays that are taken first, in bytes: there is room for those
   * @param required whether loops won't do
   * @throws UNROLL_ENGINE where they won't and there is no memory left
   */
  constructor(heaps: Heaps, owner: object, sizes: readonly number[], required = false) {
    this.#heaps = heaps;
    this.#owner = owner;
    this.#required = required;
    const bytes = sizes.reduce((sum, size) => sum + lines(size), 0);
    // Large weights need as much again when they are packed.
    this.#holding = this.#open(bytes < LARGE ? bytes : 2 * bytes + LARGE, bytes);
  }

  get kernels(): Kernels {
    return this.#holding?.place.kernels ?? scalarKernels;
  }

  get movedTo(): string | undefined {
    return this.#holding ? undefined : loops.device;
  }

  allocate<D extends DType>(dtype: D, size: number, owner: object): DTypeArray[D] {
    if (!this.#holding) return allocate(dtype, size);
    const type = arrays[dtype];
    const at = this.#holding.take(size * type.BYTES_PER_ELEMENT, owner);
    return new type(this.#holding.place.heap.buffer, at, size) as DTypeArray[D];
  }

  release(owner: object): void {
    this.#holding?.release(owner);
  }

  within<T>(owner: object, make: (moved: boolean) => T): T {
    for (let moved = false; ; moved = true)
      try {
        return make(moved);
      } catch (error) {
        const used = this.#holding?.used ?? 0;
        this.release(owner);
        if (!(error instanceof Full)) throw error;
        this.#move(used + error.bytes);
      }
  }

  close(): void {
    this.#holding?.close();
  }

  #open(bytes: number, least: number, other?: Heap): Holding | undefined {
    const holding = this.#heaps.open(this.#owner, bytes, least, other);
    return holding || !this.#required ? holding : noMemory(least);
  }

  /** Takes everything back, and goes on where there is room for at least so many bytes. */
  #move(least: number): void {
    // Twice what is known to be needed: what comes after the array that found no room is not known yet.
    const next = this.#open(2 * least, least, this.#holding?.place.heap);
    this.close();
    this.#holding = next;
  }
}

function noMemory(bytes: number): never {
  throw unrollError({
    code: "UNROLL_ENGINE",
    place: "builtin memory",
    expected: `${Math.ceil(bytes / MIB)} MiB in one piece`,
    got: "none left",
    cure: "dispose of models, run shorter sequences, or leave out `simd` for plain loops here",
    details: { bytes },
  });
}
