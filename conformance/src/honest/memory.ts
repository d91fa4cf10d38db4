import type { Adapter } from "@unroll/api";
import { type DeviceTensor, type Executable, type HostTensor, unrollError } from "@unroll/api/adapter";
import { generator } from "../tolerance/random.js";

/** A result that is held in host memory. */
export class Held implements DeviceTensor {
  private tensor: HostTensor | null;
  readonly dtype: HostTensor["dtype"];
  readonly shape: readonly number[];

  constructor(
    held: HostTensor,
    private readonly keeping: Keeping = owned,
  ) {
    this.dtype = held.dtype;
    this.shape = held.shape;
    this.tensor = keeping.keep(held);
  }

  /** As the engine sees it. */
  contents(): HostTensor {
    if (this.tensor) return this.tensor;
    throw unrollError({
      code: "UNROLL_DISPOSED",
      place: "result",
      expected: "one in use",
      got: "a disposed one",
      cure: "read it before you dispose it",
    });
  }

  async read(): Promise<HostTensor> {
    const copy = this.keeping.copy(this.contents());
    await this.keeping.wait?.();
    return copy;
  }

  dispose(): void {
    if (this.tensor) this.keeping.free?.(this.tensor);
    this.tensor = null;
  }
}

/** What memory results are kept in, and what memory they are given to the caller in. */
export interface Keeping {
  keep(result: HostTensor): HostTensor;
  copy(kept: HostTensor): HostTensor;
  free?(kept: HostTensor): void;
  /** Before and after each run, and before each reading. */
  wait?(): Promise<void>;
  /** When an executable is made and when it is freed. */
  made?(): void;
  gone?(): void;
}

const withData = (held: HostTensor, data: HostTensor["data"]): HostTensor =>
  ({ ...held, data }) as HostTensor;

const copied = (held: HostTensor): HostTensor => withData(held, held.data.slice());

export const owned: Keeping = { keep: copied, copy: copied };

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** The same numbers within a larger buffer, from `offset` elements on, among others that mean nothing. */
function within({ dtype, shape, data }: HostTensor, buffer: ArrayBufferLike, offset: number): HostTensor {
  const view = new arrays[dtype](buffer as ArrayBuffer, offset * data.BYTES_PER_ELEMENT, data.length);
  view.set(data);
  return { dtype, shape, data: view } as HostTensor;
}

/** Results are views, at an offset, of larger buffers. */
export const views: Keeping = {
  keep: copied,
  copy: (kept) =>
    within(kept, new Uint8Array((kept.data.length + 7) * kept.data.BYTES_PER_ELEMENT).fill(0x7f).buffer, 3),
};

/** Results lie in memory that threads share. */
export const shared: Keeping = {
  keep: copied,
  copy: (kept) => within(kept, new SharedArrayBuffer(kept.data.byteLength), 0),
};

/** Results are kept one beside the other in one arena, and what is freed there is spoilt at once. */
export function arena(bytes = 1 << 24): Keeping {
  const memory = new ArrayBuffer(bytes);
  const used = new Map<HostTensor, readonly [from: number, to: number]>();
  const roomFor = (size: number): number => {
    let from = 0;
    for (const [start, end] of [...used.values()].sort((a, b) => a[0] - b[0])) {
      if (start - from >= size) break;
      from = end;
    }
    return from;
  };
  return {
    keep(result) {
      const size = Math.ceil(Math.max(1, result.data.byteLength) / 8) * 8;
      const from = roomFor(size);
      const kept = within(result, memory, from / result.data.BYTES_PER_ELEMENT);
      used.set(kept, [from, from + size]);
      return kept;
    },
    copy: copied,
    free(kept) {
      new Uint8Array(memory, kept.data.byteOffset, kept.data.byteLength).fill(0xff);
      used.delete(kept);
    },
  };
}

/** Everything takes a while, and never as long as the last time. */
export function delayed(seed: number): Keeping {
  const random = generator(seed);
  return {
    ...owned,
    async wait() {
      const turns = Math.floor(random() * 8);
      if (turns === 7) await new Promise((resolve) => setTimeout(resolve, 2 * random()));
      else for (let k = 0; k < turns; k++) await Promise.resolve();
    },
  };
}

/** What is freed is gone only so many milliseconds later. */
export function freedLate(after: number): Keeping & { readonly alive: () => number } {
  let count = 0;
  const late = (): void => {
    setTimeout(() => count--, after);
  };
  return {
    keep(result) {
      count++;
      return copied(result);
    },
    copy: copied,
    free: late,
    made: () => {
      count++;
    },
    gone: late,
    alive: () => count,
  };
}

/** An engine whose results are kept in memory of some kind. */
export function keptIn(name: string, keeping: Keeping, honest: Adapter): Adapter {
  const { wait = async () => undefined } = keeping;
  return {
    name,
    device: honest.device,
    capabilities: { ...honest.capabilities, synchronous: false },
    async compile(program, weights) {
      await wait();
      const executable = await honest.compile(program, weights);
      keeping.made?.();
      const under = new Set<Promise<unknown>>();
      let disposed = false;
      const run: Executable["run"] = async (feeds) => {
        const given = Object.fromEntries(
          Object.entries(feeds).map(([own, feed]) => [
            own,
            "data" in feed ? feed : (feed as Held).contents(),
          ]),
        );
        await wait();
        const results = await executable.run(given);
        const kept = await Promise.all(
          Object.entries(results).map(async ([own, result]) => {
            const held = new Held(await result.read(), keeping);
            result.dispose();
            return [own, held] as const;
          }),
        );
        await wait();
        return Object.fromEntries(kept);
      };
      const settled = (): Promise<unknown> => Promise.allSettled(under);
      return {
        run(feeds) {
          const running = run(feeds);
          under.add(running);
          const over = (): boolean => under.delete(running);
          running.then(over, over);
          return running;
        },
        ...(executable.rebind && {
          async rebind(next) {
            // Runs that were asked for before see the old weights.
            await settled();
            await executable.rebind!(next);
          },
        }),
        dispose() {
          if (disposed) return;
          disposed = true;
          keeping.gone?.();
          void settled().then(() => executable.dispose());
        },
      };
    },
  };
}
