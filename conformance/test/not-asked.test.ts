import { type Adapter, builtin, type HostTensor, recurrent, simpleRnnCell, tensor } from "@unroll/api";
import { type CompositeClaim, type Program, ProgramBuilder, unrollError } from "@unroll/api/adapter";
import { describe, expect, it } from "vitest";
import type { Case } from "../src/cases/case.js";
import type { GivenProgram } from "../src/cases/programs.js";
import type { Dialect } from "../src/dialects.js";
import { broken } from "../src/faults/planting/fault.js";
import { namedProperties } from "../src/properties/index.js";
import { all, caseOfLayers, changing, exploding, subjectOf } from "./broken-engines.js";

const {
  nanPassesOn,
  programsEqualDefinitions,
  primitivesAtTheEdges,
  layersAtTheEdges,
  everySize,
  weightsSurvive,
} = namedProperties;

const plain = caseOfLayers([
  recurrent({ name: "layer0", input: "x", cell: simpleRnnCell({ inputSize: 2, units: 3 }) }),
]);
const ends: Readonly<Record<string, Partial<Case>>> = {
  nothing: {},
  lengths: { lengths: [3, 2] },
  mask: {
    mask: [
      [true, true, true],
      [true, false, true],
    ],
  },
};

/** The builtin engine, which says of its simple layers what the claim says, and knows those inputs alone. */
function claiming(claim: Partial<CompositeClaim>, without: readonly string[]): Adapter {
  const honest = builtin();
  const own = honest.capabilities.composites["simpleRnn"]!;
  const inputs = Object.fromEntries(Object.entries(own.inputs).filter(([name]) => !without.includes(name)));
  const composites = { simpleRnn: { ...own, inputs, ...claim } };
  return { ...honest, capabilities: { ...honest.capabilities, composites } };
}
const skipOf = async (adapter: Adapter, given: Case): Promise<string | undefined> =>
  (await nanPassesOn.check(given, subjectOf(adapter))).skipped;

describe("nan-passes-on:", () => {
  it.each(Object.keys(ends))("is not asked of composites that lose a NaN, with %s", async (how) => {
    const given = { ...plain, ...ends[how] };
    expect(await skipOf(claiming({ losesNaN: true }, []), given)).toMatch(/its own simpleRnn may lose a NaN/);
    expect(await skipOf(claiming({ losesNaN: false }, []), given)).toBeUndefined();
  });

  it.each([
    ["nothing", ["lengths", "mask"], true],
    ["lengths", ["lengths"], false],
    ["lengths", ["mask"], true],
    ["mask", ["mask"], false],
    ["mask", ["lengths"], true],
  ] as const)("with %s it is asked of what is run without %s: lost is %s", async (how, without, lost) => {
    const skipped = await skipOf(claiming({ losesNaN: true }, without), { ...plain, ...ends[how] });
    expect(skipped !== undefined).toBe(lost);
  });

  it("is not asked of an engine that loses a NaN anywhere", async () => {
    const honest = builtin();
    const losing = { ...honest, capabilities: { ...honest.capabilities, losesNaN: true, composites: {} } };
    expect(await skipOf(losing, plain)).toMatch(/any of its operations may lose a NaN/);
  });

  it("is asked where a state, or a step, is NaN or infinite", async () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      const x = { ...plain.x, data: plain.x.data.map((own, k) => (k < 2 ? value : own)) } as Case["x"];
      expect(await skipOf(builtin(), { ...plain, x })).toBeUndefined();
    }
    const h = { dtype: "float32", shape: [2, 3], data: Float32Array.of(NaN, NaN, NaN, 1, 2, 3) } as const;
    expect(await skipOf(builtin(), { ...plain, state: { layer0: { h } } })).toBeUndefined();
  });
});

type Block = ProgramBuilder["block"];
type Value = ReturnType<ProgramBuilder["input"]>;

/** A program of two inputs of three numbers, or of their doubles. */
function programOf(dtype: HostTensor["dtype"], make: (block: Block, x: Value, y: Value) => Value): Program {
  const p = new ProgramBuilder("decided");
  const [x, y] = [p.input("x", { dtype, shape: [3] }), p.input("y", { dtype, shape: [3] })];
  p.output("out", make(p.block, x, y));
  return p.finish();
}
const less = (block: Block, x: Value, y: Value): Value => block.less(x, y);
const equal = (block: Block, x: Value, y: Value): Value => block.equal(x, y);
const floor = (block: Block, x: Value): Value => block.floor(x);
const largest = (block: Block, x: Value): Value => block.argmax(x, 0);
/** The comparison itself is of other numbers than those that came in. */
const lessOfDoubles = (block: Block, x: Value, y: Value): Value =>
  block.less(block.add(x, x), block.add(y, y));

const skipOfProgram = async (program: Program, x: HostTensor, y: HostTensor): Promise<string | undefined> => {
  const given: GivenProgram = { program, feeds: { x, y }, weights: {} };
  return (await programsEqualDefinitions.check(given, subjectOf(builtin()))).skipped;
};
const numbers = (...data: number[]): HostTensor => tensor(data, [data.length]);
const ints = (...data: number[]): HostTensor => tensor(data, [data.length], "int32");
const [apart, far] = [0.005, numbers(5, 6, 7)];

describe("programs-equal-definitions:", () => {
  it.each([
    ["less", programOf("float32", less), numbers(1, 2, 3), numbers(2, 2.0005, 4)],
    ["less of what was made", programOf("float32", lessOfDoubles), numbers(1, 2, 3), numbers(2, 2.0002, 4)],
    ["equal", programOf("float32", equal), numbers(1, 2, 3), numbers(2, 3, 3.0005)],
    ["equal of equals", programOf("float32", equal), numbers(1, 2, 3), numbers(2, 3, 3)],
    ["floor", programOf("float32", floor), numbers(1.5, 2.9995, 0.5), far],
    ["floor of NaN", programOf("float32", floor), numbers(1.5, NaN, 0.5), far],
    ["argmax", programOf("float32", largest), numbers(1, 2.9996, 3), far],
  ])("says nothing where rounding decides: %s", async (_what, program, x, y) => {
    expect(await skipOfProgram(program, x, y)).toMatch(/rounding decides/);
  });

  it.each([
    ["less", programOf("float32", less), numbers(1, 2, 3), numbers(2, 2 + apart, 4)],
    ["equal", programOf("float32", equal), numbers(1, 2, 3), numbers(2, 3, 3 + apart)],
    ["floor", programOf("float32", floor), numbers(1.5, 3 - apart, 0.5), far],
    ["argmax", programOf("float32", largest), numbers(1, 3 - apart, 3), far],
    ["integers", programOf("int32", less), ints(1, 2, 3), ints(1, 2, 4)],
    ["equal integers", programOf("int32", equal), ints(1, 2, 3), ints(1, 2, 4)],
  ])("judges what is decided: %s", async (_what, program, x, y) => {
    expect(await skipOfProgram(program, x, y)).toBeUndefined();
  });

  it("shows a program in one line", () => {
    const program = programOf("float32", less);
    const shown = programsEqualDefinitions.describe({ program, feeds: {} });
    expect(shown).toMatch(/^program "decided"; input "x" .*; .*less.*; output "out" [^;]*$/);
    expect(shown).not.toMatch(/; *;|\n/);
  });
});

const with16Bits = (honest: Adapter): Adapter => ({
  ...honest,
  capabilities: { ...honest.capabilities, precision: "f16" },
});

describe("primitives-at-the-edges:", () => {
  it("is not asked of 16 bits, nor of an engine that loses a NaN", async () => {
    const honest = builtin();
    const losing = { ...honest, capabilities: { ...honest.capabilities, losesNaN: true } };
    for (const [adapter, why] of [
      [with16Bits(honest), /16 bits/],
      [losing, /promises nothing of NaN/],
    ] as const)
      expect((await primitivesAtTheEdges.check("exp", subjectOf(adapter))).skipped).toMatch(why);
    expect((await primitivesAtTheEdges.check("exp", subjectOf(honest))).skipped).toBeUndefined();
  });
});

describe("layers-at-the-edges:", () => {
  /** Whether all that an engine is fed at the edges of any layer is finite. */
  async function fedFinite(rest: Partial<Adapter["capabilities"]>): Promise<boolean> {
    let finite = true;
    const adapter = broken(builtin(), {
      feeds(feeds) {
        for (const { data } of Object.values(feeds)) finite &&= [...data].every(Number.isFinite);
        return feeds;
      },
    });
    const capabilities = { ...adapter.capabilities, ...rest };
    for (const given of layersAtTheEdges.examples!())
      await layersAtTheEdges.check(given, subjectOf({ ...adapter, capabilities }));
    return finite;
  }
  it("is asked of infinities and NaN where an engine passes them on, in 32 bits", async () => {
    expect(await fedFinite({})).toBe(false);
    expect(await fedFinite({ losesNaN: true })).toBe(true);
    expect(await fedFinite({ precision: "f16" })).toBe(true);
  });
});

/** An engine that is wrong in the runs of a sequence, of a step, or refuses them all. */
function sized(how: {
  readonly wrong?: "sequence" | "step";
  readonly refusal?: Error;
  readonly largest?: number;
}): Adapter {
  const { wrong, refusal, largest } = how;
  const adapter = changing((results, _run, program) => {
    if (refusal) throw refusal;
    return wrong && program.endsWith(wrong) ? all(results) : results;
  });
  const { capabilities } = adapter;
  return largest === undefined
    ? adapter
    : { ...adapter, capabilities: { ...capabilities, largestInteger: largest } };
}
const unsupported = (code: "UNROLL_UNSUPPORTED" | "UNROLL_STATE" = "UNROLL_UNSUPPORTED"): Error =>
  unrollError({ code, place: "here", expected: "less", got: "more", cure: "give less" });

describe("every-size:", () => {
  const sizeOf = (
    axis: "units" | "time" | "vocabulary" | "directions" | "norm width" | "batch",
    size: number,
    seed = 0,
  ) => ({ axis, size, seed });
  const judged = (adapter: Adapter, ...size: Parameters<typeof sizeOf>) =>
    everySize.check(sizeOf(...size), subjectOf(adapter));

  it("is asked of whole sequences, and of steps where they are few", async () => {
    await expect(judged(sized({ wrong: "sequence" }), "units", 4)).rejects.toThrow(/^units of 4, layer0: /);
    await expect(judged(sized({ wrong: "step" }), "units", 4)).rejects.toThrow(/^units of 4, by steps, /);
    expect(await judged(sized({ wrong: "step" }), "time", 16)).not.toHaveProperty("skipped");
  });

  it("is asked of whole sequences alone where a model has no steps, or rows end", async () => {
    for (const size of [7, 8, 9, 15]) await judged(builtin(), "directions", size);
    for (const size of [5, 9, 3]) await judged(builtin(), "batch", size);
  });

  it("is not asked where the bound is wide", async () => {
    const wrong = with16Bits(sized({ wrong: "sequence" }));
    expect((await judged(wrong, "norm width", 2, 10)).skipped).toBe("bound too wide");
  });

  it("what needs larger integers than an engine has may be refused, and nothing else", async () => {
    const refusing = sized({ refusal: unsupported(), largest: 2048 });
    expect((await judged(refusing, "vocabulary", 65_537)).skipped).toMatch(/expected less, got more/);
    await expect(judged(refusing, "vocabulary", 257)).rejects.toThrow(/expected less/);
    // An engine may have fewer, but not fewer than these.
    const least = sized({ refusal: unsupported(), largest: 16 });
    await expect(judged(least, "vocabulary", 257)).rejects.toThrow(/expected less/);
    const boundless = sized({ refusal: unsupported() });
    await expect(judged(boundless, "vocabulary", 65_537)).rejects.toThrow(/expected less/);
    for (const error of [
      unsupported("UNROLL_STATE"),
      Object.assign(new Error("no"), { code: "UNROLL_UNSUPPORTED" }),
    ])
      await expect(judged(sized({ refusal: error, largest: 2048 }), "vocabulary", 65_537)).rejects.toBe(
        error,
      );
  });
});

describe("weights-survive:", () => {
  const given = exploding("one", { time: 2, x: tensor([1, 1, 1, 1], [2, 2, 1]) });
  const wide = exploding("one");
  type Written = ReturnType<Dialect["to"]>;
  const plainly: Dialect = {
    name: "plain",
    to: (_spec, weights) => ({ weights, losses: [] }) as unknown as Written,
    from: (_spec, weights) => ({ weights, losses: [] }) as unknown as ReturnType<Dialect["from"]>,
  };
  const lossy = [{}] as unknown as Written["losses"];
  /** Weights read with each number off by some units in its last place. */
  const off = (by: number, losses: Partial<Written> = {}): Dialect => ({
    ...plainly,
    from: (of, named) => {
      const read = plainly.from(of, named);
      const moved = Object.entries(read.weights).map(([name, weight]) => [
        name,
        {
          dtype: "float32",
          shape: weight.shape,
          data: Float32Array.from(weight.data, (value) => value * (1 + by)),
        } as HostTensor,
      ]);
      return { ...read, ...losses, weights: Object.fromEntries(moved) as typeof read.weights } as typeof read;
    },
  });
  const judged = (dialect: Dialect, of = given) =>
    weightsSurvive.check(of, subjectOf(builtin(), { dialects: [dialect] }));

  it("what is written without a loss has the same bits", async () => {
    expect(await judged(plainly)).toEqual({ errorOverBound: null });
    await expect(judged(off(2 ** -22))).rejects.toThrow(/^weights through plain, layer0\.\w+: .*bit for bit/);
  });

  it("what is written or read with a loss gives the same results, where a bound says something", async () => {
    const writing = (dialect: Dialect): Dialect => ({
      ...dialect,
      to: (of, weights) => ({ ...plainly.to(of, weights), losses: lossy }),
    });
    for (const dialect of [off(2 ** -22, { losses: lossy }), writing(off(2 ** -22))]) {
      const { errorOverBound, skipped } = await judged(dialect);
      expect(skipped).toBeUndefined();
      expect(errorOverBound).toBeGreaterThan(0);
    }
    await expect(judged(off(0.1, { losses: lossy }))).rejects.toThrow(/^weights through plain, layer0: /);
    expect((await judged(off(0.1, { losses: lossy }), wide)).skipped).toMatch(/the bound is too wide/);
  });

  it("a framework that lacks a layer says so by its code", async () => {
    const refusing = (error: Error): Dialect => ({
      ...plainly,
      to: () => {
        throw error;
      },
    });
    expect((await judged(refusing(unsupported()))).skipped).toMatch(/no framework has such a layer/);
    for (const error of [
      unsupported("UNROLL_STATE"),
      Object.assign(new Error("no"), { code: "UNROLL_UNSUPPORTED" }),
    ])
      await expect(judged(refusing(error))).rejects.toBe(error);
  });
});
