import { type Adapter, builtin, gruCell, input, recurrent, spec, tensor } from "@unroll/api";
import { programFromJson, unrollError } from "@unroll/api/adapter";
import { describe, expect, it } from "vitest";
import { weightsOf } from "../src/cases/cases.js";
import { broken } from "../src/faults/planting/fault.js";
import { numbersOf, written } from "../src/report/numbers.js";
import { certify, certifySuite, expanded } from "../src/index.js";

const few = { seed: 5, runs: 6, forms: ["as is"] as const };
const one = async (engine: Adapter, only: string, rest = {}) =>
  (await certify(engine, { ...few, only: [only], ...rest })).properties[0]!;
const throwing = (error: unknown): Adapter => ({
  ...builtin(),
  compileSync: () => {
    throw error;
  },
  compile: () => Promise.reject(error as Error),
});
const answering = (value: number): Adapter =>
  broken(builtin(), {
    results: (results) =>
      Object.fromEntries(
        Object.entries(results).map(([name, held]) => [name, { ...held, data: held.data.map(() => value) }]),
      ),
  });
const error = (code: "UNROLL_SHAPE" | "UNROLL_UNSUPPORTED") =>
  unrollError({ code, place: "engine", expected: "less", got: "more", cure: "ask for less" });

describe("the engine expanded", () => {
  it("has what the engine has, and no composites", () => {
    const { name, device, capabilities, compile } = builtin();
    expect(Object.keys(expanded({ name, device, capabilities, compile })).sort()).toEqual([
      "capabilities",
      "compile",
      "device",
      "name",
    ]);
    const more = expanded({ ...builtin(), version: "7", start: async () => undefined });
    expect(more).toMatchObject({ version: "7", capabilities: { composites: {} } });
    expect([more.start, more.compileSync]).not.toContain(undefined);
  });
});

describe("certify", () => {
  it("judges those that it is told to, in the forms that it is told to", async () => {
    const judged = async (only: string | readonly string[], forms?: readonly ("as is" | "expanded")[]) =>
      (await certify(builtin(), { seed: 5, runs: 1, only, ...(forms && { forms }) })).properties.map(
        ({ id, form }) => `${id} ${form}`,
      );
    expect(await judged("oracle-s")).toEqual([
      "oracle-sequence as is",
      "oracle-step as is",
      "oracle-sequence expanded",
      "oracle-step expanded",
    ]);
    expect(await judged(["oracle-step"], ["expanded"])).toEqual(["oracle-step expanded"]);
    expect(await judged("primitives-at-the-edges")).toEqual(["primitives-at-the-edges as is"]);
    await expect(judged(["oracle"])).rejects.toMatchObject({ code: "UNROLL_ARGUMENT" });
  });

  it("takes an engine, or what makes one, and tells what it was", async () => {
    const options = { ...few, runs: 1, only: ["repeatable"] };
    for (const engine of [builtin(), () => builtin(), async () => builtin()]) {
      const report = await certify(engine, options);
      expect(report).toMatchObject({ adapter: "builtin", support: null, seed: 5, runs: 1 });
      expect(report.summary).toEqual({ passed: 1, failed: 0, unsupported: 0, wrong: 0 });
      expect(report.runtime).toBe(`Node.js ${process.versions.node}`);
    }
    expect((await certify({ ...builtin(), version: "7" }, options)).version).toBe("7");
    const { name, device, capabilities, compile } = builtin();
    expect((await certify({ name, device, capabilities, compile }, options)).version).toBeNull();
  });

  it("expands only where it is told to", async () => {
    const seen = new Set<string>();
    const watched: Adapter = {
      ...builtin(),
      async compile(program, weights) {
        for (const node of program.nodes) seen.add(node.kind);
        return builtin().compile(program, weights);
      },
    };
    await certify(watched, { ...few, only: ["repeatable"] });
    expect(seen).toContain("composite");
    seen.clear();
    await certify(watched, { ...few, only: ["repeatable"], forms: ["expanded"] });
    expect(seen).not.toContain("composite");
  });

  it("hands on what it was given", async () => {
    const partner: Adapter = { ...throwing(new Error("the partner was asked")), name: "partner" };
    expect((await one(builtin(), "state-moves", { partner })).reason).toMatch(/the partner was asked/);
    expect((await one(builtin(), "nothing-stays-alive", { alive: () => 0 })).status).toBe("passed");
    const none = await one(builtin(), "weights-survive", { dialects: [] });
    expect(none).toMatchObject({ status: "unsupported", reason: expect.stringMatching(/^no framework/) });
  });

  it("counts what was said, what was skipped, and how far off", async () => {
    const report = await one(builtin(), "oracle-sequence", { runs: 15 });
    const { runs, skipped, skips, histogram, worstErrorOverBound: worst } = report;
    expect(runs + skipped).toBe(15);
    // Between none and all of the time there was.
    expect(Number.isInteger(report.milliseconds)).toBe(true);
    expect(report.milliseconds).toBeGreaterThan(0);
    expect(report.milliseconds).toBeLessThanOrEqual(Math.ceil(performance.now()));
    expect(Object.values(skips).reduce((a, b) => a + b, 0)).toBe(skipped);
    expect(histogram.reduce((a, b) => a + b)).toBe(runs);
    expect(worst).toBeGreaterThan(0.001);
    expect(histogram[Math.floor(Math.log10(worst!)) + 7]).toBeGreaterThan(0);
    expect(histogram[0]).toBeLessThan(runs);
    const exact = await one(builtin(), "repeatable");
    expect(exact).toMatchObject({ worstErrorOverBound: null, histogram: [0, 0, 0, 0, 0, 0, 0], skipped: 0 });
    const same = await one(builtin(), "step-equals-sequence");
    expect([same.worstErrorOverBound, same.histogram[0]]).toEqual([0, same.runs]);
  });

  it("skips what is refused before the engine is asked, and nothing else", async () => {
    const { capabilities } = builtin();
    const bare = { ...builtin(), capabilities: { ...capabilities, primitives: [], composites: {} } };
    expect(await one(bare, "repeatable")).toMatchObject({ status: "unsupported", runs: 0, skipped: 6 });
    expect((await one(throwing(error("UNROLL_SHAPE")), "repeatable")).status).toBe("failed");
    expect((await one(throwing(error("UNROLL_UNSUPPORTED")), "repeatable")).status).toBe("failed");
    const plain = Object.assign(new Error("plain"), { code: "UNROLL_UNSUPPORTED" });
    expect(await one(throwing(plain), "repeatable")).toMatchObject({ status: "failed", reason: "plain" });
    expect((await one(throwing("a string"), "repeatable")).reason).toMatch(/a string/);
  });

  it("tells where an engine is wrong", async () => {
    const { counterexample: found } = await one(answering(NaN), "oracle-sequence");
    expect(found).toMatchObject({ firstBadIndex: 0, got: "NaN", want: expect.any(Number) as unknown });
    expect(Object.keys(found!.shapes)).toContain("x");
    expect(found!.spec).not.toBeNull();
    const nowhere = await one(throwing(new Error("no")), "oracle-sequence");
    const nothing = { firstBadIndex: null, got: null, want: null, bound: null };
    expect(nowhere.counterexample).toMatchObject(nothing);
    const program = await one(answering(3), "programs-equal-definitions");
    expect(program.counterexample).toMatchObject({ shapes: { v: [3], w: [3, 2] }, got: 3 });
    expect(programFromJson(JSON.stringify(program.counterexample!.spec)).name).toBe("case");
  });

  it("makes a counterexample small, or leaves it as it was found", async () => {
    const large = await one(answering(3), "oracle-sequence", { shrink: false });
    expect(large.counterexample!.path).toMatch(/^\d+$/);
    const small = await one(answering(3), "oracle-sequence");
    expect(small.counterexample!.path).toMatch(/^\d+:/);
  });

  it("certifies everything of an engine that does nothing, and finds all of it wrong", async () => {
    const report = await certify(throwing(new Error("no")), { ...few, runs: 1, shrink: false });
    const { summary, support, properties } = report;
    expect(summary.failed + summary.unsupported + summary.passed).toBe(properties.length);
    expect(summary.passed).toBeLessThan(2);
    expect(summary.failed).toBeGreaterThan(25);
    expect(summary.wrong).toBe(support!.filter(({ how }) => how === "wrong").length);
    expect(summary.wrong).toBe(support!.length);
    expect(support![0]!.reason).toBe("no");
    const refused = await certify(
      { ...builtin(), capabilities: { ...builtin().capabilities, primitives: [], composites: {} } },
      { ...few, runs: 1, shrink: false },
    );
    expect(refused.summary.wrong).toBe(0);
    expect(new Set(refused.support!.map(({ how }) => how))).toEqual(new Set(["refused"]));
  }, 180_000);
});

describe("certifySuite", () => {
  it("throws what was found, with a line to replay it", async () => {
    const [test] = certifySuite(answering(NaN), few);
    await expect(test!.run()).rejects.toThrow(/oracle-sequence, as is: .*\n {2}case: .*\n {2}replay: /);
    await expect(certifySuite(builtin(), few)[0]!.report()).resolves.toMatchObject({ status: "passed" });
  });
});

describe("numbers of a counterexample", () => {
  const model = spec({
    name: "m",
    inputs: [input({ name: "x", shape: [1] })],
    layers: [recurrent({ name: "a", input: "x", cell: gruCell({ inputSize: 1, units: 1, bias: "none" }) })],
  });
  const weights = weightsOf(model, { seed: 1, fine: true }, 1);
  const given = {
    spec: model,
    weights,
    batch: 1,
    time: 2,
    x: tensor([NaN, 2], [1, 2, 1]),
    lengths: null,
    mask: null,
    memory: null,
    state: null,
    cuts: [],
  };
  const named = (rest = {}) =>
    Object.keys(numbersOf({ ...given, ...rest })!).filter((name) => !/^a\./.test(name));

  it("are all that go in, by name", () => {
    expect(named()).toEqual(["x"]);
    expect(named({ lengths: [1] })).toEqual(["x", "lengths"]);
    expect(named({ mask: [[true, false]] })).toEqual(["x", "mask"]);
    const memory = { time: 1, x: tensor([[[3]]]), lengths: null, mask: null };
    expect(named({ memory })).toEqual(["x", "source"]);
    expect(named({ memory: { ...memory, lengths: [1] } })).toEqual(["x", "source", "lengths.source"]);
    expect(named({ memory: { ...memory, mask: [[true]] } })).toEqual(["x", "source", "mask.source"]);
    expect(named({ state: { a: { h: tensor([[1]]) } } })).toEqual(["x", "state a.h"]);
    expect(Object.keys(numbersOf(given)!)).toEqual(["x", ...Object.keys(weights)]);
    expect(numbersOf(given)!["x"]).toEqual({ shape: [1, 2, 1], values: ["NaN", 2] });
    expect(numbersOf({ feeds: { b: tensor([1]) } })).toEqual({ b: { shape: [1], values: [1] } });
  });

  it("are left out where nobody would look", () => {
    const of = (size: number) => numbersOf({ feeds: { b: tensor(new Float32Array(size), [size]) } });
    expect(of(400)).not.toBeNull();
    expect(of(401)).toBeNull();
  });

  it("are written in brackets", () => {
    expect(written({ shape: [2, 2], values: [1, 2, 3, "NaN"] })).toBe("[[1, 2], [3, NaN]]");
    expect(written({ shape: [], values: [5] })).toBe("5");
  });
});
