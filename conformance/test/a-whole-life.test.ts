import { type Adapter, builtin, compile, dense, recurrent, simpleRnnCell, State } from "@unroll/api";
import { type DeviceTensor, type HostTensor, unrollError } from "@unroll/api/adapter";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Case } from "../src/cases/case.js";
import { type Act, knownLives, type RunChoice } from "../src/cases/lives.js";
import { namedProperties } from "../src/properties/index.js";
import type { Outcome } from "../src/properties/property.js";
import { all, caseOfLayers, exploding, subjectOf } from "./broken-engines.js";

const { aWholeLife } = namedProperties;

/** What an engine sees of a run. */
interface Run {
  /** How many runs there were before. */
  readonly before: number;
  /** Where the state lies that it is fed. */
  readonly state: "host" | "device";
  /** Whether any number of that state is another than zero. */
  readonly begun: boolean;
  /** Results that nobody has disposed. */
  readonly held: number;
}

/** An engine with memory of its own, that is wrong in the runs that `off` tells, and what it has run. */
function engine(off: (run: Run) => boolean = () => false): { adapter: Adapter; runs: Run[] } {
  const honest = builtin();
  const held = new Set<DeviceTensor>();
  const runs: Run[] = [];
  const result = (host: HostTensor): DeviceTensor => {
    const own: DeviceTensor = {
      dtype: host.dtype,
      shape: host.shape,
      read: async () => host,
      dispose: () => void held.delete(own),
    };
    inside.set(own, host);
    held.add(own);
    return own;
  };
  const inside = new WeakMap<object, HostTensor>();
  const { name, device, capabilities } = honest;
  const adapter: Adapter = {
    name,
    device,
    capabilities: { ...capabilities, synchronous: false, memory: "device" },
    async compile(program, weights) {
      const inner = await honest.compile(program, weights);
      return {
        async run(feeds) {
          const given = Object.entries(feeds).map(([of, feed]) => [of, inside.get(feed) ?? feed] as const);
          const states = given.filter(([of]) => of.startsWith("state."));
          const run: Run = {
            before: runs.length,
            state: states.some(([of]) => inside.has(feeds[of]!)) ? "device" : "host",
            begun: states.some(([, feed]) => (feed as HostTensor).data.some((value) => value !== 0)),
            held: held.size,
          };
          runs.push(run);
          const wrong = off(run);
          const read = Object.entries(await inner.run(Object.fromEntries(given))).map(
            ([of, one]) => [of, one.readSync!()] as const,
          );
          const results = wrong ? all(Object.fromEntries(read)) : Object.fromEntries(read);
          return Object.fromEntries(Object.entries(results).map(([of, one]) => [of, result(one)]));
        },
        rebind: (others) => inner.rebind!(others),
        dispose: () => inner.dispose(),
      };
    },
  };
  return { adapter, runs };
}

const rnn = (name: string, from: string, rest: object = {}) =>
  recurrent({
    name,
    input: from,
    cell: simpleRnnCell({ inputSize: name === "layer0" ? 2 : 3, units: 3 }),
    ...rest,
  });
const plain = caseOfLayers([rnn("layer0", "x")]);
const mixed = caseOfLayers([
  rnn("layer0", "x"),
  dense({ name: "layer1", input: "layer0", inputSize: 3, units: 2 }),
]);
const other = caseOfLayers([rnn("layer0", "x"), rnn("layer1", "layer0")]);
/** A layer that starts from what the one before it ends with. */
const handed = caseOfLayers([
  rnn("layer0", "x"),
  rnn("layer1", "layer0", { initialState: { h: "layer0.h" } }),
]);

const choice = (rest: Partial<RunChoice> = {}): RunChoice => ({
  model: 0,
  batch: 2,
  time: 2,
  seed: 5,
  extent: "none",
  state: null,
  ...rest,
});
const sequence = (rest: Partial<RunChoice> = {}): Act => ({ do: "sequence", runs: [choice(rest)] });
const step = (rest: Partial<RunChoice> = {}): Act => ({ do: "step", run: choice(rest), steps: 1 });
const inFlight: Act = { do: "dispose", run: choice() };

const lived = (adapter: Adapter, acts: readonly Act[], models: readonly Case[] = [plain]): Promise<Outcome> =>
  aWholeLife.check({ models, acts }, subjectOf(adapter));
const begun = ({ begun: yes }: Run): boolean => yes;
/** An engine that throws at its first run. */
const throwing = (error: Error): Adapter =>
  engine(() => {
    throw error;
  }).adapter;
const gone = (code: "UNROLL_DISPOSED" | "UNROLL_STATE"): Error =>
  unrollError({ code, place: "here", expected: "one in use", got: "one that is gone", cure: "keep it" });

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a-whole-life", () => {
  it.each(knownLives().map((life, k) => [k, life] as const))(
    "an honest engine lives the known life %d",
    async (_k, life) => {
      const { skipped, errorOverBound } = await aWholeLife.check(life, subjectOf(engine().adapter));
      expect(skipped).toBeUndefined();
      expect(errorOverBound).toBeGreaterThan(0);
      expect(errorOverBound).toBeLessThan(1);
    },
  );

  it.each<[string, Act, RegExp]>([
    ["a sequence", sequence(), /^sequence, layer0: /],
    ["a step", step(), /^step, layer0: /],
    ["a stream", { do: "streams", runs: [choice()], steps: 1 }, /^step of a stream, layer0: /],
    ["a run in flight", inFlight, /^a run whose model was disposed meanwhile, layer0: /],
  ])("an engine that is wrong dies of %s alone", async (_what, act, place) => {
    await expect(lived(engine(() => true).adapter, [act])).rejects.toThrow(place);
  });

  it.each<[string, readonly Act[], readonly Case[]]>([
    ["a sequence from a state", [sequence(), sequence({ state: 0 })], [plain]],
    ["a step from a state", [sequence(), step({ state: 0 })], [plain]],
    ["a step from the state of a step", [step(), step({ state: 0 })], [plain]],
    ["a step of layers that keep nothing too", [sequence(), step({ state: 0 })], [mixed]],
    [
      "a state of the model's own, among others",
      [sequence({ model: 1 }), sequence(), step({ state: 0 })],
      [plain, other],
    ],
    ["a state that was moved", [step(), { do: "move", state: 0, as: "json" }, step({ state: 0 })], [plain]],
    [
      "a state whose neighbour was disposed",
      [sequence({ model: 1 }), inFlight, step({ model: 1, state: 0 })],
      [plain, plain],
    ],
  ])("an engine that is wrong from states that have begun dies of %s", async (_what, acts, models) => {
    await expect(lived(engine(begun).adapter, acts, models)).rejects.toThrow(/^(sequence|step), /);
  });

  it("runs from no state begin from zeros, whatever is kept", async () => {
    const { adapter, runs } = engine(begun);
    await lived(adapter, [sequence(), sequence(), step(), step()]);
    expect(runs.map((run) => run.begun)).toEqual([false, false, false, false]);
  });

  it("a model that starts from what a layer before it ends with is given no state", async () => {
    const { skipped } = await lived(engine().adapter, [sequence(), sequence({ state: 0 })], [handed]);
    expect(skipped).toBeUndefined();
  });

  it("a state of a model that was disposed is used no more", async () => {
    const { adapter, runs } = engine(begun);
    await lived(adapter, [sequence(), inFlight, step({ state: 0 })]);
    expect(runs.map((run) => run.begun)).toEqual([false, false, false]);
  });

  it("a state stays in the engine's memory until it has to be looked at", async () => {
    const { adapter, runs } = engine();
    const other: Act = { do: "rebind", model: 0, seed: 3 };
    const two = [plain, plain];
    await lived(adapter, [step(), step({ state: 0 })]);
    await lived(adapter, [sequence(), sequence({ state: 0 })]);
    // Weights of another model are no reason to look, and those of its own are.
    await lived(adapter, [step({ model: 1 }), other, step({ model: 1, state: 0 })], two);
    await lived(adapter, [step(), other, step({ state: 0 })], two);
    expect(runs.map(({ state }) => state)).toEqual([
      "host",
      "device",
      "host",
      "device",
      "host",
      "device",
      "host",
      "host",
    ]);
  });

  it("keeps few states, and frees those that it lets go", async () => {
    const many = engine();
    await lived(
      many.adapter,
      Array.from({ length: 20 }, () => sequence()),
    );
    expect(Math.max(...many.runs.map(({ held }) => held))).toBe(6);
    const forgetful = engine();
    await lived(forgetful.adapter, [sequence(), { do: "forget", state: 3 }, sequence()]);
    expect(forgetful.runs.map(({ held }) => held)).toEqual([0, 0]);
    const streaming = engine();
    await lived(streaming.adapter, [{ do: "streams", runs: [choice()], steps: 3 }, sequence()]);
    expect(streaming.runs.map(({ held }) => held)).toEqual([0, 1, 1, 0]);
  });

  it("states are moved as told: by arrays or as JSON", async () => {
    const json = vi.spyOn(State, "fromJSON");
    for (const [as, times] of [
      ["arrays", 0],
      ["json", 1],
    ] as const) {
      await lived(engine().adapter, [sequence(), { do: "move", state: 3, as }]);
      expect(json).toHaveBeenCalledTimes(times);
    }
  });

  it("an input that does not fit is refused by an error of ours", async () => {
    const failing: readonly Act[] = [sequence(), { do: "fail", model: 0 }];
    const model = await compile(plain.spec, { adapter: builtin(), weights: plain.weights });
    const owner = Object.getPrototypeOf(model) as typeof model;
    const honest = owner.sequence;
    const answer = vi.fn<() => Promise<never>>();
    vi.spyOn(owner, "sequence").mockImplementation(function (this: typeof model, ...given) {
      const [x] = given as unknown as [{ shape?: readonly number[] }];
      return x.shape ? answer() : honest.apply(this, given);
    });
    answer.mockResolvedValue({} as never);
    await expect(lived(builtin(), failing)).rejects.toThrow(
      /^a run of an input that does not fit: .*got a result/,
    );
    const wrong = new TypeError("x is undefined");
    answer.mockRejectedValue(wrong);
    await expect(lived(builtin(), failing)).rejects.toBe(wrong);
    answer.mockRejectedValue(gone("UNROLL_STATE"));
    await lived(builtin(), failing);
  });

  it("a run whose model is disposed may say so, and nothing else", async () => {
    const { skipped } = await lived(throwing(gone("UNROLL_DISPOSED")), [inFlight]);
    expect(skipped).toBe("no run that says something");
    for (const error of [
      gone("UNROLL_STATE"),
      new Error("no memory"),
      Object.assign(new Error("no memory"), { code: "UNROLL_DISPOSED" }),
    ])
      await expect(lived(throwing(error), [inFlight])).rejects.toBe(error);
  });

  it("what says nothing is not judged", async () => {
    const growing: Case = exploding("one");
    const { skipped } = await lived(engine(() => true).adapter, [sequence({ time: 6 })], [growing]);
    expect(skipped).toBe("no run that says something");
  });

  it("states are judged where they are looked at", async () => {
    const onlyStates = engine();
    const { adapter } = onlyStates;
    const wrong: Adapter = {
      ...adapter,
      async compile(program, weights) {
        const inner = await adapter.compile(program, weights);
        return {
          ...inner,
          async run(feeds) {
            const results = await inner.run(feeds);
            const changed = Object.entries(results).map(([of, one]) => {
              if (!of.startsWith("state.")) return [of, one] as const;
              const read = async (): Promise<HostTensor> => all({ of: await one.read() })["of"]!;
              return [
                of,
                { dtype: one.dtype, shape: one.shape, read, dispose: () => one.dispose() },
              ] as const;
            });
            return Object.fromEntries(changed);
          },
        };
      },
    };
    await expect(lived(wrong, [sequence({ extent: "lengths" })])).rejects.toThrow(
      /^sequence, state layer0\.h: /,
    );
  });
});
