import { type Adapter, builtin, input, recurrent, simpleRnnCell, spec, tensor } from "@unroll/api";
import { type SyncExecutable, unrollError } from "@unroll/api/adapter";
import { describe, expect, it } from "vitest";
import type { Case } from "../src/cases/case.js";
import { caseOn, weightsOf } from "../src/cases/cases.js";
import { namedProperties } from "../src/properties/index.js";
import { exploding, subjectOf } from "./broken-engines.js";

const { synchronousPath } = namedProperties;

type RunInto = Parameters<SyncExecutable["runInto"]>;

/** One run at once: of which executable, as they were compiled, and the how-manieth of it. */
interface Run {
  readonly executable: number;
  readonly run: number;
  readonly given: RunInto;
}

/** Executables as the property makes them; those of the model for `stepInto` come after. */
const [ofSequence, ofStep, ofModel] = [0, 1, 2];

/** The builtin engine whose runs at once are done by `how`, and what it holds that nobody has disposed. */
function atOnce(how: (run: Run, honest: (...given: RunInto) => void) => void): {
  adapter: Adapter;
  alive: () => number;
} {
  const honest = builtin();
  const alive = new Set<object>();
  let compiled = 0;
  const adapter: Adapter = {
    ...honest,
    compileSync(program, weights) {
      const inner = honest.compileSync!(program, weights);
      const executable = compiled++;
      alive.add(inner);
      let runs = 0;
      return {
        run: inner.run.bind(inner),
        runInto: (...given) => how({ executable, run: runs++, given }, (...all) => inner.runInto(...all)),
        dispose() {
          alive.delete(inner);
          inner.dispose();
        },
      };
    },
  };
  return { adapter, alive: () => alive.size };
}

/** An engine that is off in its first output wherever `where` says so. */
const offWhere = (where: (run: Run) => boolean, by = 0.5): Adapter =>
  atOnce((run, honest) => {
    honest(...run.given);
    if (where(run)) run.given[1][0]![0]! += by;
  }).adapter;

const cell = simpleRnnCell({ inputSize: 2, units: 3 });
/** Two rows of two steps through a layer of 3 units, from no state. */
function plain(returns: "sequence" | "last"): Case {
  const of = spec({
    name: "case",
    inputs: [input({ name: "x", shape: [2] })],
    layers: [recurrent({ name: "layer0", input: "x", cell, returns })],
  });
  const weights = weightsOf(of, { seed: 3, fine: true }, 1);
  return caseOn({ spec: of, weights }, { seed: 4, batch: 2, time: 2, extent: "none" });
}

const judged = (adapter: Adapter, given = plain("sequence")): Promise<unknown> =>
  synchronousPath.check(given, subjectOf(adapter));

const problem = (code: "UNROLL_SHAPE" | "UNROLL_ARGUMENT"): Error =>
  unrollError({ code, place: "here", expected: "other arrays", got: "these", cure: "give others" });

/** An engine that does as told where the last output of a step is too short, and says nothing to others. */
const shortOutput = (then: (run: Run, honest: () => void) => void): Adapter =>
  atOnce((run, honest) => {
    const { executable, given } = run;
    const [inputs, outputs, dims] = given;
    const last = outputs[outputs.length - 1]!;
    // The state is an output and an input: the array in full is among the inputs.
    const full = inputs.find((array) => array.buffer === last.buffer)!;
    if (executable !== ofStep || full.length === last.length) return honest(...given);
    then(run, () => honest(inputs, [...outputs.slice(0, -1), full], dims));
  }).adapter;

describe("synchronous-path", () => {
  it.each(["sequence", "last"] as const)("an honest engine passes and holds nothing, %s", async (returns) => {
    const { adapter, alive } = atOnce(({ given }, honest) => honest(...given));
    expect(await judged(adapter, plain(returns))).toEqual({ errorOverBound: expect.any(Number) as number });
    expect(alive()).toBe(0);
  });

  it("the error is that of the worst of its parts, far below what is allowed in all of them", async () => {
    for (const [executable, run] of [
      [ofSequence, 0],
      [ofSequence, 2],
      [ofStep, 0],
      [ofModel, 0],
    ]) {
      const adapter = atOnce((one, honest) => {
        honest(...one.given);
        // The first output of tanh is of the size of 1, and may be off by some units of its last place.
        if (one.executable === executable && one.run === run) one.given[1][0]![0]! *= 1 + 2 ** -22;
      }).adapter;
      const [off, none] = [await judged(adapter), await judged(builtin())] as { errorOverBound: number }[];
      expect(off!.errorOverBound).toBeGreaterThan(none!.errorOverBound);
    }
  });

  it.each([
    ["a whole sequence", ofSequence, 0, /^runInto of a sequence, layer0: /],
    ["a step", ofStep, 0, /^runInto, step by step, layer0: /],
    ["a later step", ofStep, 1, /^runInto, step by step, layer0: /],
    ["a sequence of other sizes", ofSequence, 1, /^runInto of other sizes, layer0: /],
    ["a sequence after one of other sizes", ofSequence, 2, /^runInto after one of other sizes, layer0: /],
    ["stepInto", ofModel, 0, /^stepInto, layer0: /],
    ["a later stepInto", ofModel, 1, /^stepInto, layer0: /],
  ])("an engine that is wrong at %s alone dies of it", async (_what, executable, run, place) => {
    const adapter = offWhere((one) => one.executable === executable && one.run === run);
    await expect(judged(adapter)).rejects.toThrow(place);
  });

  it.each([
    ["before", -1],
    ["after", 1],
  ])("an engine that writes %s its arrays is seen, of whichever run", async (_where, side) => {
    for (const executable of [ofSequence, ofStep, ofModel]) {
      const { adapter, alive } = atOnce((one, honest) => {
        honest(...one.given);
        if (one.executable !== executable) return;
        const [out] = one.given[1];
        const whole = new Float32Array(out!.buffer);
        const at = out!.byteOffset / 4 + (side < 0 ? -1 : out!.length);
        whole[at] = 7;
      });
      await expect(judged(adapter)).rejects.toThrow(/nothing beside its arrays/);
      expect(alive()).toBe(0);
    }
  });

  it("an engine that reads or writes beside an input is seen too", async () => {
    const { adapter } = atOnce(({ given }, honest) => {
      honest(...given);
      new Float32Array(given[0][0]!.buffer)[0] = 7;
    });
    await expect(judged(adapter)).rejects.toThrow(/nothing beside its arrays/);
  });

  it("an array too short is refused by its code, before anything is written", async () => {
    await expect(judged(shortOutput((_run, honest) => honest()))).rejects.toThrow(/UNROLL_SHAPE, got a run/);
    for (const error of [
      problem("UNROLL_ARGUMENT"),
      new RangeError("too short"),
      // Has the code, and is no error of ours.
      Object.assign(new Error("too short"), { code: "UNROLL_SHAPE" }),
    ]) {
      const adapter = shortOutput(() => {
        throw error;
      });
      await expect(judged(adapter)).rejects.toBe(error);
    }
    const writing = shortOutput(({ given }) => {
      given[1][0]!.fill(0.5);
      throw problem("UNROLL_SHAPE");
    });
    await expect(judged(writing)).rejects.toThrow(/nothing to be written, got other numbers/);
  });

  it("an engine that is not synchronous is skipped, and one that only says so dies", async () => {
    const { name, device, capabilities, compile } = builtin();
    const asynchronous: Adapter = {
      name,
      device,
      capabilities: { ...capabilities, synchronous: false },
      compile,
    };
    expect(await judged(asynchronous)).toMatchObject({
      skipped: "the engine is not synchronous",
    });
    await expect(judged({ ...asynchronous, capabilities })).rejects.toThrow(/a method compileSync, got none/);
  });

  it("other sizes and no state are held against the truth only where it says something", async () => {
    // Grows two hundredfold with each step: after two it is narrow, after four it is not.
    const growing = exploding("one", { time: 2, x: tensor([1, 1, 1, 1], [2, 2, 1]) });
    const other = offWhere(({ given }) => given[2]["time"] === 4);
    expect(await judged(other, growing)).not.toHaveProperty("skipped");
    // Two huge inputs that cancel: beside a state of thousands the rest is nothing, from none it is all.
    const of = spec({
      name: "case",
      inputs: [input({ name: "x", shape: [2] })],
      layers: [
        recurrent({
          name: "layer0",
          input: "x",
          cell: simpleRnnCell({ inputSize: 2, units: 1, activation: "linear", bias: "none" }),
        }),
      ],
    });
    const cancelling: Case = {
      ...plain("sequence"),
      spec: of,
      weights: {
        "layer0.kernel": tensor([1e6, -1e6], [2, 1]),
        "layer0.recurrentKernel": tensor([1], [1, 1]),
      },
      x: tensor(new Float32Array(8).fill(1.1), [2, 2, 2]),
      state: { layer0: { h: tensor([1e5, 1e5], [2, 1]) } },
    };
    const fromNone = offWhere(({ executable }) => executable === ofModel, 1e4);
    expect(await judged(fromNone, cancelling)).not.toHaveProperty("skipped");
  });

  it("stepInto is only for models of one output", async () => {
    const two = spec({
      name: "case",
      inputs: [input({ name: "x", shape: [2] })],
      layers: [
        recurrent({ name: "layer0", input: "x", cell }),
        recurrent({ name: "layer1", input: "x", cell }),
      ],
      outputs: ["layer0", "layer1"],
    });
    const weights = weightsOf(two, { seed: 3, fine: true }, 1);
    const given = caseOn({ spec: two, weights }, { seed: 4, batch: 2, time: 2, extent: "none" });
    let compiled = 0;
    const { adapter } = atOnce((one, honest) => {
      compiled = Math.max(compiled, one.executable + 1);
      honest(...one.given);
    });
    expect(await judged(adapter, given)).not.toHaveProperty("skipped");
    expect(compiled).toBe(2);
  });
});
