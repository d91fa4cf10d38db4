import { describe, expect, it } from "vitest";
import { isUnrollError } from "../../contract/error.js";
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
    const memory = new SimdMemory(heaps, 1000);
    const small = memory.allocate("float32", 10).fill(3);
    const large = (): Float32Array => memory.allocate("float32", 1 << 20);
    let full: unknown;
    try {
      large();
    } catch (error) {
      full = error;
    }
    memory.move(full);
    expect([...small]).toEqual(Array(10).fill(3));
    expect(large().length).toBe(1 << 20);
    const other = new Error("something else");
    expect(() => memory.move(other)).toThrow(other);
  });

  it("says what is wrong when there is no memory left", () => {
    const heaps = new Heaps(module);
    const codeOf = (bytes: number): string => {
      try {
        new SimdMemory(heaps, bytes);
      } catch (error) {
        if (isUnrollError(error)) return `${error.code} ${error.message}`;
      }
      return "none";
    };
    expect(codeOf(2 ** 33)).toContain("UNROLL_ENGINE builtin memory: expected 8192 MiB in one piece");
  });

  it("gives everything back, twice if asked twice, and heaps go when they are empty", () => {
    const heaps = new Heaps(module);
    const memories = Array.from({ length: 300 }, () => {
      const memory = new SimdMemory(heaps, 100_000);
      memory.allocate("int32", 20_000);
      memory.allocate("bool", 3);
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
