import type { Adapter } from "@unroll/api";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Case } from "../src/cases/case.js";
import { namedProperties } from "../src/properties/index.js";
import { counting, subjectOf } from "./broken-engines.js";

const { nothingStaysAlive } = namedProperties;
const [given] = fc.sample(nothingStaysAlive.arbitrary(), { seed: 5, numRuns: 1 }) as [Case];

/** Objects that an engine holds beside its executables and results. */
interface Extra {
  count: number;
}

/** An engine that counts what it holds, and at each run does something about the count. */
function engine(ran: (extra: Extra, sequence: boolean) => void = () => undefined): {
  adapter: Adapter;
  alive: () => number;
  extra: Extra;
} {
  const { adapter, alive } = counting();
  const extra = { count: 0 };
  return {
    extra,
    alive: () => alive() + extra.count,
    adapter: {
      ...adapter,
      async compile(program, weights) {
        const inner = await adapter.compile(program, weights);
        const sequence = program.inputs.some(({ type }) => type.shape.includes("time"));
        return {
          ...inner,
          run(feeds) {
            ran(extra, sequence);
            return inner.run(feeds);
          },
        };
      },
    },
  };
}

const later = (milliseconds: number, then: () => void): void => void setTimeout(then, milliseconds);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** How a case ends, and how long was waited for it, in milliseconds. */
async function judged({
  adapter,
  alive,
}: ReturnType<typeof engine>): Promise<{ said: string; waited: number }> {
  const from = Date.now();
  let said: string | null = null;
  nothingStaysAlive.check(given, subjectOf(adapter, { alive })).then(
    () => (said = "nothing"),
    (error: Error) => (said = error.message),
  );
  // Everything but what waits for the clock happens while it stands still.
  for (let n = 0; n < 50; n++) await vi.advanceTimersByTimeAsync(0);
  for (let n = 0; n < 1000 && said === null; n++) await vi.advanceTimersByTimeAsync(5);
  return { said: said ?? "no answer", waited: Date.now() - from };
}

describe("nothing-stays-alive", () => {
  it("waits for a still count before its first case, and for nothing in those after it", async () => {
    const honest = engine();
    const first = await judged(honest);
    expect(first.said).toBe("nothing");
    expect(first.waited).toBeGreaterThanOrEqual(150);
    expect(first.waited).toBeLessThan(200);
    // Executables are gone a moment after their model.
    const second = await judged(honest);
    expect(second.said).toBe("nothing");
    expect(second.waited).toBeLessThan(10);
  });

  it("an engine whose objects nobody can count says nothing", async () => {
    const { adapter } = engine();
    const { skipped } = await nothingStaysAlive.check(given, subjectOf(adapter, { alive: null }));
    expect(skipped).toMatch(/can't be counted/);
  });

  it("what is still being freed when a case begins is none of its own", async () => {
    const honest = engine();
    honest.extra.count = 5;
    later(120, () => (honest.extra.count = 2));
    expect((await judged(honest)).said).toBe("nothing");
    // The count of the last case is another by now.
    honest.extra.count = 7;
    later(120, () => (honest.extra.count = 2));
    const second = await judged(honest);
    expect(second.said).toBe("nothing");
    expect(second.waited).toBeGreaterThanOrEqual(270);
    expect(second.waited).toBeLessThan(320);
  });

  it("an engine that never comes to rest is judged all the same", async () => {
    const restless = engine();
    let n = 0;
    const { said, waited } = await judged({ ...restless, alive: () => n++ });
    expect(said).toMatch(/^16 steps: expected a constant number of live objects, got /);
    expect(waited).toBeLessThan(2000);
  });

  it("an engine that keeps something of each step dies, and soon", async () => {
    const leaking = engine((extra, sequence) => (extra.count += sequence ? 0 : 1));
    const { said, waited } = await judged(leaking);
    expect(said).toMatch(
      /^16 steps: expected a constant number of live objects, got (\d+, ){15}\d+ and then \d+$/,
    );
    expect(waited).toBeLessThan(1000);
  });

  it("an engine that frees a little later passes, and one that frees too late does not", async () => {
    const freeing = (milliseconds: number): ReturnType<typeof engine> =>
      engine((extra) => {
        extra.count++;
        later(milliseconds, () => extra.count--);
      });
    const soon = await judged(freeing(60));
    expect(soon.said).toBe("nothing");
    expect(soon.waited).toBeLessThan(600);
    expect((await judged(freeing(400))).said).toBe("nothing");
    expect((await judged(freeing(1500))).said).toMatch(/^16 steps: /);
  });

  it("an engine that keeps something of a sequence dies after dispose, and soon", async () => {
    const leaking = engine((extra, sequence) => (extra.count += sequence ? 1 : 0));
    const { said, waited } = await judged(leaking);
    expect(said).toBe("after dispose: expected 0 live objects, got 1");
    expect(waited).toBeLessThan(1000);
  });

  it("an engine that frees what is not its own dies too", async () => {
    const taking = engine((extra, sequence) => (extra.count -= sequence ? 1 : 0));
    expect((await judged(taking)).said).toBe("after dispose: expected 0 live objects, got -1");
  });
});
