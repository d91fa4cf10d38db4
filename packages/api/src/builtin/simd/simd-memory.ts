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

  /** How many bytes there are for those that share, free or not. */
  get size(): number {
    return this.#places.reduce((sum, { heap }) => sum + heap.size, 0);
  }

  /**
   * Room for so many bytes in one piece, or for the least where there are no more.
   *
   * @param owner with which it goes at the latest
   * @param other a heap that it is not in
   * @throws UNROLL_ENGINE
   */
  open(owner: object, bytes: number, least: number, other?: Heap): Holding {
    // A large one has a heap of its own that nothing else refers to, and so goes as an ArrayBuffer does: what
    // ends with an owner is only heard of when the host comes to a turn of its loop, if it does.
    if (bytes >= LARGE) return new Holding(this.#make([bytes, least]));
    const found = this.#places.find(({ heap }) => heap !== other && heap.fits(bytes));
    const place = found ?? this.#make([Math.max(FIRST, Math.min(LARGEST, this.size)), bytes]);
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
  #make(sizes: readonly number[]): Place {
    const least = sizes[sizes.length - 1]!;
    if (least > LIMIT) noMemory(least, `a limit of ${LIMIT / MIB} MiB`);
    for (const size of sizes)
      try {
        const heap = new Heap(this.#module, Math.min(size, LIMIT));
        return { heap, kernels: new SimdKernels(heap.exports) };
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    return noMemory(least, "none left");
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

/** The memory of one executable, which is in one heap at a time. */
export class SimdMemory implements Memory {
  #holding: Holding;
  readonly #heaps: Heaps;
  readonly #owner: object;

  /** @param sizes of the arrays that are taken first, in bytes: there is room for those */
  constructor(heaps: Heaps, owner: object, sizes: readonly number[]) {
    this.#heaps = heaps;
    this.#owner = owner;
    const bytes = sizes.reduce((sum, size) => sum + lines(size), 0);
    // Large weights need as much again when they are packed.
    this.#holding = heaps.open(owner, bytes < LARGE ? bytes : 2 * bytes + LARGE, bytes);
  }

  get kernels(): Kernels {
    return this.#holding.place.kernels;
  }

  allocate<D extends DType>(dtype: D, size: number, owner: object): DTypeArray[D] {
    const type = arrays[dtype];
    const at = this.#holding.take(size * type.BYTES_PER_ELEMENT, owner);
    return new type(this.#holding.place.heap.buffer, at, size) as DTypeArray[D];
  }

  release(owner: object): void {
    this.#holding.release(owner);
  }

  within<T>(owner: object, make: (moved: boolean) => T): T {
    for (let moved = false; ; moved = true)
      try {
        return make(moved);
      } catch (error) {
        const { used } = this.#holding;
        this.release(owner);
        if (!(error instanceof Full)) throw error;
        this.#move(used + error.bytes);
      }
  }

  close(): void {
    this.#holding.close();
  }

  /** Takes everything back, and goes on where there is room for at least so many bytes. */
  #move(least: number): void {
    // Twice what is known to be needed: what comes after the array that found no room is not known yet.
    const next = this.#heaps.open(this.#owner, 2 * least, least, this.#holding.place.heap);
    this.close();
    this.#holding = next;
  }
}
