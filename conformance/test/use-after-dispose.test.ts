import { type Adapter, builtin, compile, State, type SteppableModel } from "@unroll/api";
import {
  type DeviceTensor,
  type Feed,
  type HostTensor,
  prepare,
  ProgramBuilder,
  type Program,
  unrollError,
} from "@unroll/api/adapter";
import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Case } from "../src/cases/case.js";
import { namedProperties } from "../src/properties/index.js";
import { subjectOf } from "./broken-engines.js";

const disposed = (code: "UNROLL_DISPOSED" | "UNROLL_STATE" = "UNROLL_DISPOSED"): Error =>
  unrollError({ code, place: "here", expected: "one in use", got: "one that is gone", cure: "keep it" });

/** What an engine does with what is disposed. Left out: as it should. */
interface Habits {
  /** Reading a result that is gone; `taken` where its memory was taken. */
  read?(held: Held, taken: boolean): HostTensor;
  /** Being fed a result that is gone. */
  fed?(held: Held, program: Program): HostTensor;
  /** A result that is disposed for the `time`-th time, and the others of its run. */
  freed?(held: Held, time: number, others: readonly Held[]): void;
  /** Handing over a result's memory, where it can. */
  take?(held: Held): HostTensor;
  /** An executable that is disposed for the `time`-th time. */
  ended?(program: Program, time: number): void;
  /** A run of an executable that is disposed, or after one that failed. */
  ran?(about: { readonly failed: boolean; readonly ended: boolean }, results: readonly Held[]): void;
}

/** A result as these engines have it. */
class Held implements DeviceTensor {
  private gone: "no" | "freed" | "taken" = "no";
  private times = 0;
  others: readonly Held[] = [];
  readonly take?: () => HostTensor;

  constructor(
    readonly host: HostTensor,
    private readonly habits: Habits,
  ) {
    const { take } = habits;
    if (!take) return;
    this.take = () => {
      this.gone = "taken";
      return take(this);
    };
  }
  get dtype(): HostTensor["dtype"] {
    return this.host.dtype;
  }
  get shape(): readonly number[] {
    return this.host.shape;
  }
  get alive(): boolean {
    return this.gone === "no";
  }
  async read(): Promise<HostTensor> {
    if (this.alive) return this.host;
    if (!this.habits.read) throw disposed();
    return this.habits.read(this, this.gone === "taken");
  }
  dispose(): void {
    this.gone = "freed";
    this.habits.freed?.(this, ++this.times, this.others);
  }
}

/** The builtin engine, as careful with what is disposed as told. */
function engine(habits: Habits = {}): Adapter {
  const honest = builtin();
  const { name, device, capabilities } = honest;
  return {
    name,
    device,
    capabilities: { ...capabilities, synchronous: false },
    async compile(program, weights) {
      const inner = await honest.compile(program, weights);
      let [failed, ended] = [false, 0];
      const hostOf = (feed: Feed): Feed => {
        if (!(feed instanceof Held)) return feed;
        if (feed.alive) return feed.host;
        failed = true;
        if (!habits.fed) throw disposed();
        return habits.fed(feed, program);
      };
      return {
        async run(feeds) {
          const given = Object.entries(feeds).map(([of, feed]) => [of, hostOf(feed)] as const);
          const results = await inner.run(Object.fromEntries(given));
          const held = Object.entries(results).map(
            ([of, one]) => [of, new Held(one.readSync!(), habits)] as const,
          );
          const all = held.map(([, one]) => one);
          for (const one of all) one.others = all.filter((other) => other !== one);
          habits.ran?.({ failed, ended: ended > 0 }, all);
          return Object.fromEntries(held);
        },
        dispose() {
          ended++;
          habits.ended?.(program, ended);
        },
      };
    },
  };
}

const { useAfterDispose } = namedProperties;
const [given] = fc.sample(useAfterDispose.arbitrary(), { seed: 5, numRuns: 1 }) as [Case];
const judged = (habits: Habits): Promise<unknown> => useAfterDispose.check(given, subjectOf(engine(habits)));

const others = (held: Held): HostTensor =>
  ({ ...held.host, data: held.host.data.map((value) => value + 1) }) as HostTensor;
const takes = { take: (held: Held) => held.host };
const again = "it was disposed before";
/** Throws when something is done again. */
const once = (time: number): void => {
  if (time > 1) throw new Error(again);
};
const isContract = ({ name }: Program): boolean => name === "contract";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("use-after-dispose", () => {
  it("passes an engine that is careful, whether or not it hands over memory", async () => {
    await judged({});
    await judged(takes);
  });

  it.each<[string, Habits, RegExp]>([
    [
      "reads a result that is gone",
      { read: ({ host }) => host },
      /^reading a disposed result: .*got a result/,
    ],
    [
      "says something else of a result that is gone",
      {
        read: () => {
          throw new Error("no memory");
        },
      },
      /^reading a disposed result: expected an error of code UNROLL_DISPOSED, got no memory$/,
    ],
    [
      "has another code for a result that is gone",
      {
        read: () => {
          throw disposed("UNROLL_STATE");
        },
      },
      /^reading a disposed result: expected an error of code UNROLL_DISPOSED, got here: /,
    ],
    [
      "has the code on an error that is none of ours",
      {
        read: () => {
          throw Object.assign(new Error("no memory"), { code: "UNROLL_DISPOSED" });
        },
      },
      /^reading a disposed result: .*got no memory$/,
    ],
    [
      "throws what is no error",
      {
        read: () => {
          throw "no memory";
        },
      },
      /^reading a disposed result: .*got no memory$/,
    ],
    [
      "takes a result that is gone",
      { fed: ({ host }) => host },
      /^feeding a disposed result: .*got a result/,
    ],
    [
      "clears what was read before",
      { freed: ({ host }) => void host.data.fill(0) },
      /^a result that was read before it was disposed: expected 4, 6 still, got 0, 0/,
    ],
    [
      "clears all results of a run with one",
      { freed: (_held, _time, all) => all.forEach(({ host }) => void host.data.fill(0)) },
      /^a result beside the one that was disposed: expected 1, 2 still, got 0, 0/,
    ],
    [
      "is wrong after a run that failed",
      { ran: ({ failed }, all) => failed && all.forEach(({ host }) => void host.data.fill(9)) },
      /^a run after one that failed: expected 4, 6, got 9, 9/,
    ],
    [
      "hands over other memory",
      { take: others },
      /^a result whose memory was taken: expected 4, 6, got 5, 7/,
    ],
    [
      "reads what it has handed over",
      {
        ...takes,
        read: (held, taken) => {
          if (!taken) throw disposed();
          return held.host;
        },
      },
      /^reading a result whose memory was taken: .*got a result/,
    ],
  ])("an engine dies that %s", async (_what, habits, place) => {
    await expect(judged(habits)).rejects.toThrow(place);
  });

  it("what is disposed twice says nothing: results and executables", async () => {
    await expect(judged({ freed: (_held, time) => once(time) })).rejects.toThrow(again);
    const twice: Habits = { ended: (program, time) => isContract(program) && once(time) };
    await expect(judged(twice)).rejects.toThrow(again);
  });

  it("executables that were prepared are asked too, whoever answers", async () => {
    const p = new ProgramBuilder("any");
    p.output("same", p.input("x", { dtype: "float32", shape: [1] }));
    const prepared = Object.getPrototypeOf(await prepare(engine(), p.finish(), {})) as {
      assertAlive(): void;
    };
    vi.spyOn(prepared, "assertAlive").mockReturnValue();
    const careful: Habits = {
      ran: ({ ended }) => {
        if (ended) throw disposed();
      },
    };
    await judged(careful);
    await expect(judged({})).rejects.toThrow(/^a run of a disposed executable: .*got a result/);
  });

  it("states and models are asked too", async () => {
    const model = (await compile(given.spec, {
      adapter: engine(),
      weights: given.weights,
    })) as SteppableModel;
    const owner = Object.getPrototypeOf(model) as SteppableModel;
    const sequence = vi.spyOn(owner, "sequence").mockResolvedValue({} as never);
    await expect(judged({})).rejects.toThrow(/^sequence of a disposed model: .*got a result/);
    sequence.mockRestore();
    const alive = vi.spyOn(State.prototype, "assertAlive").mockReturnValue();
    const lenient: Habits = {
      fed(held, program) {
        if (isContract(program)) throw disposed();
        return held.host;
      },
    };
    await expect(judged(lenient)).rejects.toThrow(/^step with a disposed state: .*got a result/);
    alive.mockRestore();
  });

  it("states and models are disposed twice", async () => {
    const model = await compile(given.spec, { adapter: engine(), weights: given.weights });
    for (const owner of [State.prototype, Object.getPrototypeOf(model) as typeof model]) {
      const times = new WeakMap<object, number>();
      const dispose = vi.spyOn(owner, "dispose").mockImplementation(function (this: object) {
        const time = (times.get(this) ?? 0) + 1;
        times.set(this, time);
        once(time);
      });
      await expect(judged({})).rejects.toThrow(again);
      dispose.mockRestore();
    }
  });
});
