import { type Adapter, builtin, type HostTensor, tensor } from "@unroll/api";
import type { DeviceTensor, Program } from "@unroll/api/adapter";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Case } from "../src/cases/case.js";
import { expanded } from "../src/certify.js";
import { faults } from "../src/faults/index.js";
import { broken } from "../src/faults/planting/fault.js";
import { namedProperties, properties, type PropertyName } from "../src/properties/index.js";
import type { Outcome, Property, Subject } from "../src/properties/property.js";
import { all, changing, counting, doubled, exploding, settled, subjectOf } from "./broken-engines.js";

const drawnOf = (property: Property, numRuns: number): unknown[] =>
  fc.sample(property.arbitrary(), { seed: 20261123, numRuns });

/** How a property comes out of some of its cases. */
async function outcomes(property: Property, subject: Subject, count: number): Promise<Outcome[]> {
  const found: Outcome[] = [];
  for (const given of drawnOf(property, count)) found.push(await property.check(given, subject));
  return found;
}

const exact: readonly string[] = [
  "zero-state-is-the-default",
  "padding-never-matters",
  "padding-has-no-gradient",
  "masked-step-keeps-state",
  "repeatable",
  "results-are-owned",
  "given-means-taken",
  "use-after-dispose",
  "nothing-stays-alive",
  "unclaimed-is-refused",
];
const alike: readonly string[] = [
  "step-equals-sequence",
  "permuted-batch",
  "backward-is-reversed-forward",
  "bidirectional-is-two-runs",
  "stacked-is-composed",
];
const few: Readonly<Record<string, number>> = {
  "every-size": 6,
  "gradients-equal-dual-numbers": 6,
  "primitives-in-every-form": 12,
  "weights-survive": 25,
};

describe("an honest engine", () => {
  it.each(properties.map((property) => [property.id, property] as const))(
    "%s: passes, by how far it is off, and has given everything back",
    async (id, property) => {
      const { adapter, alive } = counting();
      const count = few[id] ?? 12;
      const synchronous = id === "synchronous-path";
      const found = await outcomes(property, subjectOf(synchronous ? builtin() : adapter, { alive }), count);
      expect(await settled(alive)).toBe(0);
      const said = found.filter(({ skipped }) => skipped === undefined);
      expect(said.length).toBeGreaterThan(count / 2);
      const worst = said.map(({ errorOverBound }) => errorOverBound);
      if (exact.includes(id)) expect(new Set(worst)).toEqual(new Set([null]));
      else {
        const most = Math.max(...worst.map((one) => one ?? 0));
        // What one engine does twice the same way may be equal.
        if (!alike.includes(id)) expect(most).toBeGreaterThan(0);
        expect(most).toBeLessThan(1);
        expect(worst.some((one) => one !== null)).toBe(true);
      }
    },
  );

  it.each(properties.map((property) => [property.id, property] as const))(
    "%s: passes expanded",
    async (id, property) => {
      if (property.primitivesOnly) return;
      await outcomes(property, subjectOf(expanded(builtin())), few[id] ?? 4);
    },
  );
});

describe("a case whose bound says nothing", () => {
  const wide: Readonly<Record<string, Case>> = {
    "oracle-sequence": exploding("one"),
    "oracle-step": exploding("one"),
    "step-equals-sequence": exploding("one"),
    "cut-anywhere": exploding("one"),
    "lengths-equal-shorter": exploding("one", { lengths: [5, 4] }),
    "rows-independent": exploding("one"),
    "permuted-batch": exploding("one"),
    "batch-may-change": exploding("one"),
    "backward-is-reversed-forward": exploding("one"),
    "bidirectional-is-two-runs": exploding("both ways"),
    "stacked-is-composed": exploding("two"),
    "state-moves": exploding("one"),
    "streams-do-not-mix": exploding("one"),
    "nan-passes-on": exploding("one"),
    "rebind-equals-compile": exploding("one"),
    "unknown-is-expanded": exploding("one"),
    "synchronous-path": exploding("one"),
  };
  it.each(Object.entries(wide))("%s: skips it", async (id, given) => {
    const property = properties.find((one) => one.id === id)!;
    const { skipped } = await property.check(given, subjectOf(builtin()));
    expect(skipped).toMatch(/bound/);
  });

  it("saturation: is judged by the scales that say something", async () => {
    const { saturation } = namedProperties;
    const { skipped } = await saturation.check(exploding("one"), subjectOf(builtin()));
    expect(skipped).toBeUndefined();
    const huge = tensor(new Float32Array(10).fill(1e38), [2, 5, 1]);
    const none = await saturation.check(exploding("one", { x: huge }), subjectOf(builtin()));
    expect(none.skipped).toBe("bound too wide");
  });
});

/** Wrong from a run on; the first is 0. */
const wrongFrom = (run: number): Adapter => changing((results, at) => (at >= run ? all(results) : results));
const wrongAt = (run: number): Adapter => changing((results, at) => (at === run ? all(results) : results));
const wrongStates = changing((results) =>
  Object.fromEntries(
    Object.entries(results).map(([name, held]) => [name, name.startsWith("state.") ? doubled(held) : held]),
  ),
);
const fault = (id: string): Adapter =>
  faults.find((one) => one.id === id)!.breakEngine!(builtin(), { count: 0 });

/** An engine, or one that is made anew for each case. */
type Engine = Adapter | ((given: unknown) => Adapter);

/**
 * For each check of each property an engine that gets as far as that check, and no further. Properties that
 * have none here have tests of their own.
 */
const dead: Readonly<Record<PropertyName, readonly (readonly [engine: Engine, place: RegExp])[]>> = {
  oracleSequence: [
    [wrongFrom(0), /^whole sequence, /],
    [wrongStates, /^whole sequence, state /],
  ],
  oracleStep: [
    [wrongFrom(0), /^step by step, /],
    [wrongStates, /^step by step, /],
  ],
  stepEqualsSequence: [[wrongAt(0), /^step by step against the whole, /]],
  cutAnywhere: [[wrongFrom(0), /^cut at \[/]],
  zeroStateIsTheDefault: [[wrongAt(1), /^the zero state against none, in a later run, /]],
  lengthsEqualShorter: [[wrongStates, /^row \d+ of \d+ steps, state /]],
  paddingNeverMatters: [
    [() => wrongAt(1), /^padding of NaN, /],
    [() => wrongAt(2), /^padding of 1e\+30, /],
    [() => wrongAt(3), /^padding of -Infinity, /],
  ],
  maskedStepKeepsState: [[wrongStates, /^row 0, all steps masked, state /]],
  rowsIndependent: [[wrongFrom(0), /^row 0 of \d+, /]],
  permutedBatch: [[() => wrongAt(0), /^rows in the order \[/]],
  batchMayChange: [
    [() => wrongAt(0), /^batch \d+ after none, /],
    [() => wrongAt(1), /^batch 1 after \d+, /],
    [() => wrongAt(2), /^batch \d+ after \d+, 1, /],
    [() => wrongAt(3), /^batch \d+ after \d+, 1, \d+, /],
  ],
  backwardIsReversedForward: [[() => wrongAt(0), /^backward against forward on the reversed input, /]],
  bidirectionalIsTwoRuns: [
    [() => wrongAt(0), /^bidirectional against two runs, /],
    [() => wrongAt(1), /^bidirectional against two runs, /],
    [() => wrongAt(2), /^bidirectional against two runs, /],
  ],
  stackedIsComposed: [
    [() => wrongAt(0), /^the stack against its parts, /],
    [() => wrongAt(1), /^the stack against its parts, /],
    [() => wrongAt(2), /^the stack against its parts, /],
  ],
  stateMoves: [[wrongFrom(0), /^steps in turn on faulty and builtin, /]],
  streamsDoNotMix: [[wrongFrom(0), /^stream 0 of \d+, /]],
  repeatable: [
    [() => wrongAt(2), /^the second run, /],
    [writing(({ x }) => x), /^after three runs: expected inputs, states and weights/],
    [writing(({ weights }) => Object.values(weights)[0]), /^after three runs: expected inputs, states and/],
    [writing(({ state }) => Object.values(Object.values(state ?? {})[0] ?? {})[0]), /^after three runs: exp/],
  ],
  resultsAreOwned: [
    [fault("results-shared"), /^the first result, after a second run, /],
    [() => wrongAt(2), /^a run after its results were written into, /],
  ],
  givenMeansTaken: [
    [() => wrongAt(1), /^a sequence whose input was written over meanwhile, /],
    [() => wrongAt(3), /^a run whose feeds were views, written over after it, /],
  ],
  saturation: [
    [() => wrongAt(0), /^inputs times 10000, /],
    [() => wrongAt(1), /^inputs times 1e-30, /],
    [() => wrongAt(2), /^inputs times 1e-41, /],
  ],
  nanPassesOn: [[wrongFrom(0), /^with a NaN or an infinity, /]],
  weightsSurvive: [],
  useAfterDispose: [],
  nothingStaysAlive: [],
  rebindEqualsCompile: [
    [sharedAfterRebind(), /^a result of the weights before, /],
    [() => wrongAtTimed(1), /^with weights bound anew, /],
    [wrongSteps(), /^step by step with weights bound anew, /],
  ],
  unclaimedIsRefused: [],
  unknownIsExpanded: [
    [() => wrongAt(0), /^composites with a new input, /],
    [() => wrongAt(1), /^composites with a new attribute, /],
  ],
  programsEqualDefinitions: [[wrongFrom(0), /^out0: expected /]],
  primitivesInEveryForm: [[wrongFrom(0), /, number \d+: expected /]],
  primitivesAtTheEdges: [[wrongFrom(0), / \d+: expected /]],
  scansInEveryForm: [[wrongFrom(0), /^(carry|stacked) \d+: expected /]],
  layersAtTheEdges: [[wrongFrom(0), /^at(\.weights)?: expected /]],
  layersInEveryForm: [
    [() => wrongAt(0), /^whole sequence, /],
    [() => wrongAt(1), /^whole sequence, by steps, /],
  ],
  everySize: [
    [wrongFrom(0), /^[a-z ]+ of \d+, /],
    [wrongSteps(), /^[a-z ]+ of \d+, by steps, /],
  ],
  everyPair: [
    [wrongFrom(0), /^whole sequence, /],
    [wrongSteps(), /^whole sequence, by steps, /],
  ],
  windowsInEveryForm: [
    [() => wrongAt(0), /^whole sequence, /],
    [() => wrongAt(1), /^whole sequence, by steps, /],
  ],
  // Hardly any of these can be stepped: those whose length stays.
  timeInEveryForm: [[() => wrongAt(0), /^whole sequence, /]],
  synchronousPath: [],
  aWholeLife: [
    [wrongFrom(0), /^(sequence|step|step of a stream|a run whose model was disposed meanwhile), /],
    [wrongSteps(), /^(step|step of a stream), /],
  ],
  gradientsEqualDualNumbers: [
    [() => wrongAt(0), /^gradient\.\S+: expected /],
    [() => wrongAt(1), /^gradient\.\S+: expected /],
  ],
  paddingHasNoGradient: [
    [padded(), /^gradient\.\S+: expected 0 in padding/],
    [() => wrongAt(1), /^padding of NaN, /],
    [() => wrongAt(2), /^padding of -Infinity, /],
  ],
};

/** Wrong wherever a result is 0. */
function padded(): Adapter {
  return changing((results) =>
    Object.fromEntries(
      Object.entries(results).map(([name, held]) => [
        name,
        { ...held, data: held.data.map((value: number) => value || 1) } as HostTensor,
      ]),
    ),
  );
}

/** An engine that has got hold of the caller's own memory, and writes into it after its third run. */
function writing(what: (given: Case) => HostTensor | undefined): (given: unknown) => Adapter {
  return (given) => {
    let runs = 0;
    return changing((results) => {
      const own = what(given as Case);
      if (++runs === 3 && own) own.data[0] = own.data[0] === 1 ? 2 : 1;
      return results;
    });
  };
}

const timed = ({ inputs }: Program): boolean => inputs.some(({ type }) => type.shape.includes("time"));

/** Wrong at one of the runs of programs that have steps. */
function wrongAtTimed(run: number): Adapter {
  let runs = 0;
  return broken(builtin(), {
    results: (results, { program }) => (timed(program) && runs++ === run ? all({ ...results }) : results),
  });
}
function wrongSteps(): Adapter {
  return broken(builtin(), {
    results: (results, { program }) => (timed(program) ? results : all({ ...results })),
  });
}
/** Results that change when weights are bound anew. */
function sharedAfterRebind(): Adapter {
  const honest = builtin();
  return {
    name: honest.name,
    device: honest.device,
    capabilities: { ...honest.capabilities, synchronous: false },
    async compile(program, weights) {
      const inner = await honest.compile(program, weights);
      const given: HostTensor[] = [];
      return {
        async run(feeds) {
          const results = await inner.run(feeds);
          return Object.fromEntries(
            Object.entries(results).map(([name, result]) => [
              name,
              {
                dtype: result.dtype,
                shape: result.shape,
                async read() {
                  const held = await result.read();
                  given.push(held);
                  return held;
                },
                dispose: () => result.dispose(),
              } as DeviceTensor,
            ]),
          );
        },
        async rebind(others) {
          for (const { data } of given) data.fill(3);
          await inner.rebind!(others);
        },
        dispose: () => inner.dispose(),
      };
    },
  };
}

describe("a broken engine", () => {
  const table = (Object.entries(dead) as [PropertyName, (typeof dead)[PropertyName]][]).flatMap(
    ([name, engines]) =>
      engines.map(([engine, place], k) => [namedProperties[name].id, k, engine, place] as const),
  );
  it.each(table)("%s: dies at its own check, number %d", async (id, _k, engine, place) => {
    const property = properties.find((one) => one.id === id)!;
    let found: string | null = null;
    // An engine that is wrong at one run is so at one of every case.
    for (const given of [...drawnOf(property, 40), ...(property.examples?.() ?? []).slice(0, 8)]) {
      const adapter = typeof engine === "function" ? engine(given) : engine;
      try {
        await property.check(given, subjectOf(adapter));
      } catch (error) {
        found = (error as Error).message;
        if (place.test(found)) break;
      }
    }
    expect(found).toMatch(place);
  });
});
