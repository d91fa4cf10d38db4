import {
  builtin,
  bidirectional,
  compile,
  dense,
  embedding,
  gruCell,
  type HostTensor,
  input,
  isUnrollError,
  lstmCell,
  recurrent,
  spec,
  specWeights,
  State,
  type SteppableModel,
  type StreamId,
  streamPool,
  tensor,
} from "@unroll/api";
import type { Adapter } from "@unroll/api/adapter";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fast } from "../conformance/test/settings.js";
import { engines } from "./engines.js";

const causal = spec({
  name: "streams",
  inputs: [input({ name: "x", shape: [2] })],
  layers: [
    recurrent({ name: "one", input: "x", cell: lstmCell({ inputSize: 2, units: 5 }) }),
    recurrent({ name: "two", input: "one", cell: gruCell({ inputSize: 5, units: 3 }) }),
    dense({ name: "out", input: "two", inputSize: 3, units: 2 }),
  ],
});
const words = spec({
  name: "words",
  inputs: [input({ name: "ids", dtype: "int32", shape: [] })],
  layers: [
    embedding({ name: "embed", input: "ids", inputSize: 9, outputSize: 3 }),
    recurrent({ name: "one", input: "embed", cell: lstmCell({ inputSize: 3, units: 4 }) }),
  ],
});
let seed = 0;
const weightsOf = (of: Parameters<typeof specWeights>[0]): Record<string, HostTensor> =>
  Object.fromEntries(
    specWeights(of).map(({ name, shape }) => [
      name,
      tensor(
        Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.sin(++seed * 1.7) * 0.7),
        shape,
      ),
    ]),
  );
const weights = weightsOf(causal);
const modelOn = (adapter: Adapter): Promise<SteppableModel> =>
  compile(causal, { adapter, weights }) as Promise<SteppableModel>;
const codeOf = async (act: () => unknown): Promise<string> => {
  try {
    await act();
  } catch (error) {
    if (isUnrollError(error)) return error.code;
    throw error;
  }
  return "nothing";
};

/** What is done with a pool: numbers choose among the streams that are open. */
type Act =
  | { readonly do: "open" }
  | { readonly do: "branch"; readonly of: number }
  | { readonly do: "close"; readonly of: number }
  | { readonly do: "reset"; readonly of: number }
  | { readonly do: "step"; readonly which: readonly boolean[]; readonly seed: number };

const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant("open" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("branch" as const), of: fc.nat({ max: 9 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("close" as const), of: fc.nat({ max: 9 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("reset" as const), of: fc.nat({ max: 9 }) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("step" as const),
        which: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        seed: fc.nat({ max: 99 }),
      }),
    },
  ),
  { minLength: 4, maxLength: 30, size: "max" },
);

/** So few that rows of closed streams are soon taken by others. */
const CAPACITY = 4;

/** A row has the same bits alone and among others, on every engine here. */
const same = (got: readonly number[], want: readonly number[]): void => expect(got).toEqual(want);

const copied = async (state: State): Promise<State> => State.fromTypedArrays(await state.toTypedArrays());

/** Runs acts on a pool, and on a stream for each id. `awaited` waits for each step before the next act. */
async function live(
  model: SteppableModel,
  alone: SteppableModel,
  list: readonly Act[],
  awaited: boolean,
): Promise<void> {
  const pool = streamPool(model, { capacity: CAPACITY });
  // What each stream is at by itself, as soon as that is known.
  const states = new Map<StreamId, Promise<State>>();
  const ended: Promise<void>[] = [];
  let next = 0;
  const chosen = (of: number): StreamId | undefined => [...states.keys()][of % Math.max(1, states.size)];
  for (const act of list) {
    const of = "of" in act ? chosen(act.of) : undefined;
    if ("of" in act && of === undefined) continue;
    switch (act.do) {
      case "open":
        if (states.size >= CAPACITY) break;
        pool.open(++next);
        states.set(next, Promise.resolve(alone.zeroState(1)));
        break;
      case "branch": {
        const state = await pool.state(of!);
        if (states.size >= CAPACITY) break;
        pool.open(++next, { state });
        states.set(next, states.get(of!)!.then(copied));
        break;
      }
      case "close":
        pool.close(of!);
        states.delete(of!);
        break;
      case "reset":
        pool.reset(of!);
        states.set(of!, Promise.resolve(alone.zeroState(1)));
        break;
      case "step": {
        const ids = [...states.keys()].filter((_, k) => act.which[k]).reverse();
        if (ids.length === 0) break;
        const x = ids.map((_, k) => [Math.sin(act.seed + k), Math.cos(act.seed * 3 + k)]);
        const asked = pool.step(ids, x);
        const want = ids.map(async (id, k) => {
          const stepped = states.get(id)!.then((state) => alone.step([x[k]!], state));
          states.set(
            id,
            stepped.then(({ state }) => state),
          );
          return [...(await stepped).output.data];
        });
        const check = Promise.all([asked, ...want]).then(([{ output }, ...rows]) => {
          expect(output.shape).toEqual([ids.length, 2]);
          same([...output.data], rows.flat());
        });
        ended.push(check);
        if (awaited) await check;
        break;
      }
      default:
        act satisfies never;
    }
  }
  await Promise.all(ended);
  expect(pool.ids()).toEqual([...states.keys()]);
  for (const [id, state] of states) {
    const got = await (await pool.state(id)).toTypedArrays();
    const want = await (await state).toTypedArrays();
    for (const [layer, parts] of Object.entries(want))
      for (const [part, { data }] of Object.entries(parts)) same([...got[layer]![part]!.data], [...data]);
  }
}

describe.each(Object.entries(engines))("a pool of streams on %s", (name, make) => {
  it("steps any of them as each would by itself, whatever is opened and closed meanwhile", async () => {
    const [model, alone] = [await modelOn(make()), await modelOn(make())];
    const numRuns = fast ? 2 : name === "builtin" ? 60 : 8;
    await fc.assert(
      fc.asyncProperty(acts, fc.boolean(), (list, awaited) => live(model, alone, list, awaited)),
      { seed: 31, numRuns },
    );
    model.dispose();
  });
});

describe("a pool of streams", () => {
  it("steps in place as it does with promises, in blocks of every size", async () => {
    const model = await modelOn(builtin());
    const [into, asked] = [1, 2].map(() => streamPool(model, { capacity: 90 }));
    const ids = Array.from({ length: 83 }, (_, k) => `stream ${k}`);
    for (const id of ids) [into!, asked!].forEach((pool) => pool.open(id));
    for (const count of [83, 9, 1, 64, 83]) {
      const some = ids.slice(0, count);
      const x = Float32Array.from({ length: 2 * count }, (_, k) => Math.sin(k + count));
      const out = new Float32Array(2 * count);
      into!.stepInto(some, x, out);
      const { output, outputs } = await asked!.step(some, tensor(x, [count, 2]));
      same([...out], [...output.data]);
      expect(Object.keys(outputs)).toEqual(["out"]);
    }
    const [one, other] = await Promise.all([into!, asked!].map((pool) => pool.state("stream 8")));
    expect(one!.batch).toBe(1);
    same(
      [...(await one!.toTypedArrays())["one"]!["c"]!.data],
      [...(await other!.toTypedArrays())["one"]!["c"]!.data],
    );
  });

  it("takes what it is given when it is given", async () => {
    const model = await modelOn(builtin());
    const pool = streamPool(model, { capacity: 2 });
    pool.open("a");
    const x = tensor([0.5, -0.5], [1, 2]);
    const want = (await model.step([[0.5, -0.5]], model.zeroState(1))).output;
    const asked = pool.step(["a"], x);
    x.data.fill(9);
    same([...(await asked).output.data], [...want.data]);
    const state = await pool.state("a");
    const before = [...(await state.toTypedArrays())["two"]!["h"]!.data];
    await pool.step(["a"], [[1, 1]]);
    expect([...(await state.toTypedArrays())["two"]!["h"]!.data]).toEqual(before);
  });

  it("leaves every stream where it was when a step fails", async () => {
    const model = (await compile(words, {
      adapter: builtin(),
      weights: weightsOf(words),
    })) as SteppableModel;
    const pool = streamPool(model, { capacity: 70 });
    const ids = Array.from({ length: 70 }, (_, k) => k);
    for (const id of ids) pool.open(id);
    const before = await (await pool.state(0)).toTypedArrays();
    const x = Int32Array.from(ids, (k) => k % 9);
    x[69] = 9;
    expect(await codeOf(() => pool.stepInto(ids, x, new Float32Array(70 * 4)))).toBe("UNROLL_ARGUMENT");
    expect(await codeOf(() => pool.step(ids, tensor(x, [70], "int32")))).toBe("UNROLL_ARGUMENT");
    expect(await (await pool.state(0)).toTypedArrays()).toEqual(before);
  });

  it("refuses what does not fit, by name", async () => {
    const model = await modelOn(builtin());
    const pool = streamPool(model, { capacity: 2 });
    pool.open("a");
    expect(await codeOf(() => pool.open("a"))).toBe("UNROLL_ARGUMENT");
    expect(await codeOf(() => pool.open("b", { state: model.zeroState(2) }))).toBe("UNROLL_STATE");
    expect(await codeOf(() => pool.open("b", { start: 1 } as object))).toBe("UNROLL_ARGUMENT");
    expect(await codeOf(() => pool.open({} as string))).toBe("UNROLL_ARGUMENT");
    pool.open("b");
    expect(() => pool.open("c")).toThrow(/at most 2 open streams/);
    expect(() => pool.close("c")).toThrow(/an open stream, got "c"/);
    await expect(
      pool.step(
        ["a", "a"],
        [
          [1, 2],
          [1, 2],
        ],
      ),
    ).rejects.toThrow(/each stream once, got "a" twice/);
    await expect(pool.step(["a", "b"], [[1, 2]])).rejects.toThrow(/2 rows, one a stream/);
    expect(await codeOf(() => pool.step([], [[1, 2]]))).toBe("UNROLL_ARGUMENT");
    expect(await codeOf(() => pool.stepInto(["a"], new Float32Array(3), new Float32Array(2)))).toBe(
      "UNROLL_SHAPE",
    );
    const asked = pool.step(["a"], [[1, 2]]);
    expect(() => pool.stepInto(["b"], new Float32Array(2), new Float32Array(2))).toThrow(/no step under way/);
    await asked;
    pool.stepInto(["b"], new Float32Array(2), new Float32Array(2));
    pool.dispose();
    expect(await codeOf(() => pool.open("d"))).toBe("UNROLL_DISPOSED");
    for (const capacity of [0, 1.5, NaN, 1e12])
      expect(await codeOf(() => streamPool(model, { capacity }))).toBe("UNROLL_ARGUMENT");
    expect(await codeOf(() => streamPool({} as SteppableModel, { capacity: 1 }))).toBe("UNROLL_ARGUMENT");
    const both = spec({
      name: "both",
      inputs: [input({ name: "x", shape: [2] })],
      layers: [bidirectional({ name: "bi", input: "x", forward: lstmCell({ inputSize: 2, units: 1 }) })],
    });
    const acausal = await compile(both, { adapter: builtin(), weights: weightsOf(both) });
    expect(await codeOf(() => streamPool(acausal as unknown as SteppableModel, { capacity: 1 }))).toBe(
      "UNROLL_UNSUPPORTED",
    );
  });

  it("says why an engine does not step in place", async () => {
    const model = await modelOn(engines["tfjs cpu"]!());
    const pool = streamPool(model, { capacity: 1 });
    pool.open(1);
    expect(() => pool.stepInto([1], new Float32Array(2), new Float32Array(2))).toThrow(
      /answers with a promise/,
    );
    model.dispose();
  });
});
