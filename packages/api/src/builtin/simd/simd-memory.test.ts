import { describe, expect, it } from "vitest";
import { isUnrollError } from "../../contract/error.js";
import { scalarKernels } from "../kernels.js";
import { Heap } from "./heap.js";
import { Heaps, SimdMemory } from "./simd-memory.js";
import { compiledKernels } from "./simd-kernel-source.js";

const module = compiledKernels()!;

describe("a heap", () => {
  it("lends no address twice, and is one gap again when everything is back, in any order", () => {
    let seed = 5;
    const random = (n: number): number => (seed = (seed * 48271) % 2147483647) % n;
    const heap = new Heap(module, 1 << 20);
    const lent = new Map<number, number>();
    for (let round = 0; round < 5000; round++) {
      const bytes = random(8000);
      const at = random(3) < 2 ? heap.take(bytes) : 0;
      if (at > 0) {
        for (const [other, size] of lent)
          if (at < other + size && other < at + bytes) throw new Error(`${at} is in use`);
        expect(at % 64).toBe(0);
        lent.set(at, bytes);
      } else if (lent.size > 0) {
        const one = [...lent.keys()][random(lent.size)]!;
        heap.give(one, lent.get(one)!);
        lent.delete(one);
      }
    }
    expect(heap.empty).toBe(false);
    for (const [at, bytes] of lent) heap.give(at, bytes);
    expect(heap.empty).toBe(true);
    expect(heap.fits(heap.size)).toBe(true);
  });
});

describe("memory of an executable", () => {
  it("moves to where there is more, with what it had still there to be copied", () => {
    const heaps = new Heaps(module);
    const memory = new SimdMemory(heaps, {}, [1000]);
    const small = memory.allocate("float32", 10, memory).fill(3);
    const calls: boolean[] = [];
    const owner = {};
    const large = memory.within(owner, (moved) => {
      calls.push(moved);
      if (moved) expect([...small]).toEqual(Array(10).fill(3));
      return memory.allocate("float32", 1 << 20, owner);
    });
    expect(calls).toEqual([false, true]);
    expect(large.length).toBe(1 << 20);
  });

  it("takes back what an owner had, and throws, where something else is wrong", () => {
    const heaps = new Heaps(module);
    const memory = new SimdMemory(heaps, {}, [1000]);
    const [owner, other] = [{}, new Error("something else")];
    const first = memory.allocate("float32", 1000, memory);
    const at = (): number => memory.allocate("bool", 1, memory).byteOffset;
    const failing = (): void =>
      memory.within(owner, () => {
        memory.allocate("float32", 5000, owner);
        throw other;
      });
    expect(failing).toThrow(other);
    expect(at()).toBe(first.byteOffset + Math.ceil(4000 / 64) * 64);
  });

  it("has room for as many small weights as there are, though each takes a line", () => {
    const sizes = Array<number>(40_000).fill(4);
    const memory = new SimdMemory(new Heaps(module), {}, sizes);
    for (const bytes of sizes) memory.allocate("float32", bytes / 4, memory);
    // And when it moves.
    const owner = {};
    const calls: boolean[] = [];
    memory.within(owner, (moved) => {
      calls.push(moved);
      if (moved) for (const bytes of sizes) memory.allocate("float32", bytes / 4, memory);
      memory.allocate("float32", 1 << 20, owner);
    });
    expect(calls).toEqual([false, true]);
  });

  it("says what is wrong when there is no memory left", () => {
    const heaps = new Heaps(module);
    const codeOf = (bytes: number): string => {
      try {
        new SimdMemory(heaps, {}, [bytes], true);
      } catch (error) {
        if (isUnrollError(error)) return `${error.code} ${error.message}`;
      }
      return "none";
    };
    expect(codeOf(2 ** 33)).toContain("UNROLL_ENGINE builtin memory: expected 8192 MiB in one piece");
    const memory = new SimdMemory(heaps, {}, [1000], true);
    const owner = {};
    const tooLong = (): unknown => memory.within(owner, () => memory.allocate("float32", 2 ** 31, owner));
    expect(tooLong).toThrow("builtin memory: expected 8192 MiB in one piece, got none left");
  });

  it("is arrays for loops where there is none left and loops will do", () => {
    const memory = new SimdMemory(new Heaps(module), {}, [2 ** 33]);
    expect(memory.kernels).toBe(scalarKernels);
    const owner = {};
    const array = memory.within(owner, (moved) => {
      expect(moved).toBe(false);
      return memory.allocate("int32", 5, owner);
    });
    expect([array.constructor, array.length, array.buffer.byteLength]).toEqual([Int32Array, 5, 20]);
    memory.release(owner);
    memory.close();
  });

  it("gives everything back, twice if asked twice, and heaps go when they are empty", () => {
    const heaps = new Heaps(module);
    const memories = Array.from({ length: 300 }, () => {
      const memory = new SimdMemory(heaps, {}, [100_000]);
      memory.allocate("int32", 20_000, memory);
      memory.allocate("bool", 3, {});
      return memory;
    });
    expect(heaps.size).toBeGreaterThan(300 * 80_000);
    for (const memory of memories) {
      memory.close();
      memory.close();
    }
    expect(heaps.size).toBeLessThan(5 << 20);
  });
});
