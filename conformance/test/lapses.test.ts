import {
  type Adapter,
  attention,
  builtin,
  embedding,
  type HostTensor,
  input,
  layerNorm,
  recurrent,
  simpleRnnCell,
  spec,
  State,
  tensor,
} from "@unroll/api";
import { type Executable, unrollError } from "@unroll/api/adapter";
import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Case } from "../src/cases/case.js";
import { caseOn, weightsOf } from "../src/cases/cases.js";
import { ENCODER } from "../src/cases/looking.js";
import { broken } from "../src/faults/planting/fault.js";
import { derived } from "../src/properties/derived.js";
import { namedProperties, type PropertyName } from "../src/properties/index.js";
import { all, caseOfLayers, changing, subjectOf } from "./broken-engines.js";

type Tensors = Record<string, HostTensor>;

const cell = simpleRnnCell({ inputSize: 2, units: 3 });
const plain = caseOfLayers([recurrent({ name: "layer0", input: "x", cell })]);
/** The same on ids, in a table of five rows. */
const ofIds = ((): Case => {
  const of = spec({
    name: "case",
    inputs: [input({ name: "x", dtype: "int32", shape: [] })],
    layers: [
      embedding({ name: "table", input: "x", inputSize: 5, outputSize: 2 }),
      recurrent({ name: "layer0", input: "table", cell }),
    ],
  });
  const given = caseOn(
    { spec: of, weights: weightsOf(of, { seed: 3, fine: true }, 1) },
    { seed: 4, batch: 2, time: 3, extent: "none" },
  );
  return { ...given, x: tensor([1, 2, 3, 4, 0, 2], [2, 3], "int32") };
})();
const h = tensor([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [2, 3]);
const shorter: Partial<Case> = { lengths: [3, 1] };
const masked: Partial<Case> = {
  mask: [
    [true, false, true],
    [false, true, true],
  ],
};

const judged = (name: PropertyName, given: unknown, adapter: Adapter) =>
  namedProperties[name].check(given, subjectOf(adapter));

/** An engine that is wrong in the runs that `where` tells, by what they are fed and how many were before. */
const wrongWhere = (where: (feeds: Tensors, run: number) => boolean): Adapter => {
  let runs = 0;
  return broken(builtin(), {
    results: (results, { feeds }) => (where(feeds, runs++) ? all(results) : results),
  });
};
const someOf = (feed: HostTensor, is: (value: number) => boolean): boolean => [...feed.data].some(is);
const notFinite = (value: number): boolean => !Number.isFinite(value);

afterEach(() => {
  vi.restoreAllMocks();
});

describe("padding-never-matters:", () => {
  it.each([
    ["lengths", { ...plain, ...shorter }],
    ["a mask", { ...plain, ...masked }],
  ])("padding by %s is filled with what is no number", async (_how, given) => {
    await judged("paddingNeverMatters", given, builtin());
    const reading = wrongWhere((feeds) => someOf(feeds["x"]!, notFinite));
    await expect(judged("paddingNeverMatters", given, reading)).rejects.toThrow(/^padding of NaN, layer0: /);
  });

  it("padding of ids is filled with other ids, and what is real is left alone", async () => {
    const given = { ...ofIds, lengths: [3, 1] };
    const fed: number[][] = [];
    const watching = wrongWhere(({ x }) => {
      fed.push([...x!.data]);
      return false;
    });
    await judged("paddingNeverMatters", given, watching);
    const own = [...given.x.data];
    expect(fed.map((ids) => ids.slice(0, 4))).toEqual(fed.map(() => own.slice(0, 4)));
    for (const ids of fed.slice(1))
      for (const k of [4, 5]) {
        expect([0, 1, 2, 3, 4]).toContain(ids[k]);
        expect(ids[k]).not.toBe(own[k]);
      }
    expect(fed.length).toBe(4);
  });

  it("padding of a memory is filled too", async () => {
    const drawn = fc.sample(namedProperties.paddingNeverMatters.arbitrary(), {
      seed: 6,
      numRuns: 100,
    }) as Case[];
    const given = drawn.find(
      ({ memory, lengths, mask }) =>
        !lengths &&
        !mask &&
        memory &&
        (memory.lengths ?? memory.mask?.map((row) => row.filter(Boolean).length))!.some(
          (length) => length < memory.time,
        ),
    )!;
    const reading = wrongWhere((feeds) => someOf(feeds["source"]!, notFinite));
    await expect(judged("paddingNeverMatters", given, reading)).rejects.toThrow(/^padding of NaN, /);
  });
});

describe("masked-step-keeps-state:", () => {
  it.each([
    ["lengths", { lengths: [2, 3] }],
    [
      "mask",
      {
        mask: [
          [true, true, true],
          [false, true, true],
        ],
      },
    ],
  ])("only the first row is emptied, by %s", async (feed, ends) => {
    const given = { ...plain, ...ends, state: { layer0: { h } } };
    await judged("maskedStepKeepsState", given, builtin());
    const otherRows = wrongWhere((feeds) => someOf(feeds[feed]!, (value) => value !== 0));
    await expect(judged("maskedStepKeepsState", given, otherRows)).rejects.toThrow(
      /^row 0, all steps masked, /,
    );
    const firstRow = wrongWhere((feeds) => feeds[feed]!.data[0] !== 0);
    await judged("maskedStepKeepsState", given, firstRow);
  });

  it("what reads a memory has steps all the same", async () => {
    const drawn = fc.sample(namedProperties.maskedStepKeepsState.arbitrary(), {
      seed: 6,
      numRuns: 100,
    }) as Case[];
    const reading = drawn.filter(({ state }) => state![ENCODER]);
    expect(reading.length).toBeGreaterThan(0);
    for (const given of reading.slice(0, 2)) await judged("maskedStepKeepsState", given, builtin());
  });
});

describe("lengths-equal-shorter:", () => {
  it("states may be off by twice the bound, and not by three times", async () => {
    const given = caseOfLayers([recurrent({ name: "layer0", input: "x", cell })], { run: { batch: 1 } });
    const short: Case = { ...given, time: 2, x: tensor(given.x.data.slice(0, 4) as Float32Array, [1, 2, 2]) };
    const { exact, bounds } = derived(short, "f32");
    const [truth, bound] = [exact.state["layer0"]!["h"]!.data, bounds.state["layer0"]!["h"]!.data];
    const off = (by: number): Adapter =>
      changing((results) => ({
        ...results,
        "state.layer0.h": tensor(
          truth.map((value, k) => value + by * bound[k]!),
          [1, 3],
        ),
      }));
    const padded = { ...given, lengths: [2] };
    const { errorOverBound } = await judged("lengthsEqualShorter", padded, off(1.9));
    expect(errorOverBound).toBeGreaterThan(0.9);
    await expect(judged("lengthsEqualShorter", padded, off(3))).rejects.toThrow(/^row 0 of 2 steps, state /);
  });
});

describe("unknown-is-expanded:", () => {
  /** The builtin engine, whose claim of simple layers takes what nobody has heard of. */
  function claiming(what: { readonly attrs?: object; readonly inputs?: object }): Adapter {
    const honest = builtin();
    const claim = honest.capabilities.composites["simpleRnn"]!;
    const grown = {
      inputs: { ...claim.inputs, ...what.inputs },
      attrs: { ...claim.attrs, ...what.attrs },
    } as typeof claim;
    return { ...honest, capabilities: { ...honest.capabilities, composites: { simpleRnn: grown } } };
  }
  it.each([
    ["attribute", { attrs: { unheardOf: "any" } }],
    ["input", { inputs: { unheardOf: "float32" } }],
  ])("a new %s that reaches the engine is seen", async (by, what) => {
    const place = new RegExp(`^composite "simpleRnn" with a new ${by}: expected its decomposition to reach`);
    await expect(judged("unknownIsExpanded", plain, claiming(what))).rejects.toThrow(place);
  });

  it("what stands in a decomposition, and is claimed as it is, may reach it", async () => {
    const look = attention({ name: "look", query: "x", value: "x", inputSize: 2, score: "dot" });
    const seen: string[] = [];
    const watching = broken(builtin(), {
      program(program) {
        for (const node of program.nodes) if (node.kind === "composite") seen.push(node.op);
        return program;
      },
    });
    const { errorOverBound } = await judged("unknownIsExpanded", caseOfLayers([look]), watching);
    expect(errorOverBound).toBeLessThan(1);
    expect(seen).toEqual(["softmax", "softmax"]);
  });
});

describe("unclaimed-is-refused:", () => {
  const norm = caseOfLayers([layerNorm({ name: "norm", input: "x", inputSize: 2 })]);
  const refusal = (code: "UNROLL_UNSUPPORTED" | "UNROLL_WEIGHTS", got: string): Error =>
    unrollError({ code, place: "here", expected: "another", got, cure: "give another" });
  const nothing: Executable = { run: async () => ({}), dispose: () => undefined };
  const fake = Object.assign(new Error("no matmul here"), { code: "UNROLL_UNSUPPORTED" });
  const compiling = (compile: Adapter["compile"]): Adapter => {
    const { name, device, capabilities } = builtin();
    return { name, device, capabilities: { ...capabilities, synchronous: false }, compile };
  };

  it("an engine takes what it claims", async () => {
    await judged("unclaimedIsRefused", plain, builtin());
    const refusing = (error: Error): Adapter =>
      compiling(() => {
        throw error;
      });
    const unsupported = refusing(refusal("UNROLL_UNSUPPORTED", "one"));
    await expect(judged("unclaimedIsRefused", plain, unsupported)).rejects.toThrow(
      /^compile: expected a program of/,
    );
    for (const error of [refusal("UNROLL_WEIGHTS", "one"), fake])
      await expect(judged("unclaimedIsRefused", plain, refusing(error))).rejects.toBe(error);
  });

  it("a model that needs no matmul is no refusal", async () => {
    await expect(judged("unclaimedIsRefused", norm, builtin())).rejects.toThrow(
      /UNROLL_UNSUPPORTED, got a model/,
    );
  });

  it.each<[string, unknown, string]>([
    [
      "another code",
      refusal("UNROLL_WEIGHTS", "no matmul"),
      "here: expected another, got no matmul; give another",
    ],
    [
      "another name",
      refusal("UNROLL_UNSUPPORTED", "no add"),
      "here: expected another, got no add; give another",
    ],
    ["an error that is none of ours", fake, "no matmul here"],
    ["what is no error", "no matmul", "no matmul"],
  ])("a refusal with %s is none", async (_what, thrown, got) => {
    // Compiled weights are looked at after the engine is, and no engine has a part in it.
    const weights = {
      get "norm.gamma"(): HostTensor {
        throw thrown as Error;
      },
      "norm.beta": norm.weights["norm.beta"]!,
    };
    const taking = compiling(async () => nothing);
    await expect(judged("unclaimedIsRefused", { ...norm, weights }, taking)).rejects.toThrow(
      `and no call of the engine, got ${got}`,
    );
  });
});

describe("rebind-equals-compile:", () => {
  it("rows that end early are run whole alone", async () => {
    for (const ends of [shorter, masked]) {
      const { skipped } = await judged("rebindEqualsCompile", { ...plain, ...ends }, builtin());
      expect(skipped).toBeUndefined();
    }
  });

  it("an engine whose steps keep their weights dies", async () => {
    const honest = builtin();
    const { name, device, capabilities } = honest;
    const keeping: Adapter = {
      name,
      device,
      capabilities: { ...capabilities, synchronous: false },
      async compile(program, weights) {
        const inner = await honest.compile(program, weights);
        const timed = program.inputs.some(({ type }) => type.shape.includes("time"));
        return {
          run: (feeds) => inner.run(feeds),
          rebind: async (others) => (timed ? inner.rebind!(others) : undefined),
          dispose: () => inner.dispose(),
        };
      },
    };
    await expect(judged("rebindEqualsCompile", plain, keeping)).rejects.toThrow(
      /^step by step with weights bound/,
    );
  });
});

describe("repeatable:", () => {
  it("a zero of the other sign is another number", async () => {
    const zeros = { ...plain, x: tensor(new Float32Array(12), [2, 3, 2]) };
    const writing = changing((results) => {
      zeros.x.data[0] = -0;
      return results;
    });
    await expect(judged("repeatable", zeros, writing)).rejects.toThrow(/^after three runs: /);
  });

  it("the run between is of other numbers", async () => {
    let last: string | null = null;
    const remembering = wrongWhere(({ x }) => {
      const [before, now] = [last, String(x!.data)];
      last = now;
      return before !== null && before !== now;
    });
    await expect(judged("repeatable", plain, remembering)).rejects.toThrow(/^the second run, /);
  });
});

describe("state-moves:", () => {
  it("goes as JSON, as arrays, and as it is, by turns", async () => {
    const json = vi.spyOn(State, "fromJSON");
    const clone = vi.spyOn(globalThis, "structuredClone");
    const { errorOverBound } = await judged(
      "stateMoves",
      caseOfLayers([recurrent({ name: "layer0", input: "x", cell })], { run: { time: 7 } }),
      builtin(),
    );
    expect(errorOverBound).toBeLessThan(1);
    // After steps 0 to 5; after the last nothing has to go anywhere.
    expect([json.mock.calls.length, clone.mock.calls.length]).toEqual([2, 2]);
  });
});
