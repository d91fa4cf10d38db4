import { builtin, whyNotSteppable } from "@unroll/api";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Case } from "../src/cases/case.js";
import { mayGrow } from "../src/cases/specs.js";
import { namedProperties, type PropertyName } from "../src/properties/index.js";
import { subjectOf } from "./broken-engines.js";

type Fact = (given: Case) => boolean;

/** Draws of a property that its facts are counted in. */
const DRAWS = 60;

const wholeRows: Fact = ({ lengths, mask }) => lengths === null && mask === null;
const byLengths: Fact = ({ lengths }) => lengths !== null;
const byMask: Fact = ({ mask }) => mask !== null;
const ended: Fact = (given) => !wholeRows(given);
const memoryEnded: Fact = ({ memory }) => !!memory && (memory.lengths !== null || memory.mask !== null);
const twoRows: Fact = ({ batch }) => batch >= 2;
const withState: Fact = ({ state }) => state !== null;
const floats: Fact = ({ x }) => x.dtype === "float32";
const ids: Fact = ({ x }) => x.dtype === "int32";
const stepped: Fact = ({ spec }) => whyNotSteppable(spec) === null;
const growing: Fact = ({ spec }) => mayGrow(spec);
const withMemory: Fact = ({ memory }) => memory !== null;
const meanOfPadding: Fact = ({ spec }) =>
  spec.layers.some((layer) => "emptyRows" in layer && layer.emptyRows === "mean");
const layersOf =
  (count: number): Fact =>
  ({ spec }) =>
    // Other recurrent layers belong to what looks at a memory.
    spec.layers.filter(({ name }) => /^layer\d+$/.test(name)).length === count;
const repeating: Fact = ({ spec }) => spec.layers.some(({ type }) => type === "repeat");
const backward: Fact = ({ spec }) =>
  spec.layers.some((layer) => layer.type === "recurrent" && layer.direction === "backward");
const asProcessed: Fact = ({ spec }) =>
  spec.layers.some(
    (layer) =>
      layer.type === "recurrent" && layer.direction === "backward" && layer.outputOrder === "processing",
  );
const ordered: Fact = ({ spec }) =>
  spec.layers.some((layer) => layer.type === "recurrent" && layer.outputOrder === "processing");
const not =
  (fact: Fact): Fact =>
  (given) =>
    !fact(given);

/** Values of a case that are not finite, the steps of rows of `x` that have some, and the rows of states. */
function spoilt({ x, state, batch, time }: Case): {
  values: Set<number>;
  steps: Set<number>;
  rows: Set<number>;
} {
  const [values, steps, rows] = [new Set<number>(), new Set<number>(), new Set<number>()];
  const size = x.data.length / batch / time;
  x.data.forEach((value: number, k: number) => {
    if (Number.isFinite(value)) return;
    values.add(value);
    steps.add(Math.floor(k / size));
  });
  for (const { data } of Object.values(state ?? {}).flatMap((parts) => Object.values(parts)))
    data.forEach((value: number, k: number) => {
      if (Number.isFinite(value)) return;
      values.add(value);
      rows.add(Math.floor((k * batch) / data.length));
    });
  return { values, steps, rows };
}
const filledBy =
  (value: number): Fact =>
  (given) =>
    spoilt(given).values.has(value);
const atStep =
  (where: (step: number, row: number, given: Case) => boolean): Fact =>
  (given) =>
    [...spoilt(given).steps].some((at) => where(at % given.time, Math.floor(at / given.time), given));

/** What is so of each case that a property draws, and of some. */
interface Draws {
  readonly each?: readonly Fact[];
  readonly some?: readonly Fact[];
}

const steppedWhole: Draws = { each: [stepped, wholeRows], some: [withState, not(withState), ids, floats] };
const any: Draws = { some: [wholeRows, byLengths, byMask, withState, growing, ids, withMemory] };

/** By property; what draws no cases of layers is not here. */
const draws: Readonly<Partial<Record<PropertyName, Draws>>> = {
  oracleSequence: any,
  oracleStep: { each: [stepped] },
  stepEqualsSequence: { each: [stepped, wholeRows] },
  cutAnywhere: { each: [wholeRows] },
  zeroStateIsTheDefault: { each: [not(withState)], some: [byLengths, byMask] },
  lengthsEqualShorter: {
    each: [byLengths, not(repeating), not(asProcessed)],
    some: [backward, ordered, not(backward), withMemory],
  },
  paddingNeverMatters: {
    each: [(given) => ended(given) || memoryEnded(given), layersOf(1), not(meanOfPadding)],
    some: [byLengths, byMask, (given) => wholeRows(given) && memoryEnded(given)],
  },
  paddingHasNoGradient: {
    each: [(given) => ended(given) || memoryEnded(given), floats, not(meanOfPadding)],
    some: [byLengths, byMask, (given) => wholeRows(given) && memoryEnded(given)],
  },
  maskedStepKeepsState: {
    each: [ended, withState, layersOf(1)],
    some: [byLengths, byMask],
  },
  rowsIndependent: { each: [twoRows] },
  permutedBatch: { each: [twoRows] },
  batchMayChange: { each: [twoRows] },
  backwardIsReversedForward: {},
  bidirectionalIsTwoRuns: {},
  // Long runs are those of one layer, where another one follows it.
  stackedIsComposed: { each: [not(layersOf(3)), not(withMemory)], some: [layersOf(2)] },
  stateMoves: steppedWhole,
  streamsDoNotMix: { each: [twoRows, stepped, wholeRows] },
  repeatable: any,
  resultsAreOwned: any,
  givenMeansTaken: any,
  saturation: { each: [floats, wholeRows, not(growing)] },
  nanPassesOn: {
    each: [
      floats,
      // One step of one row, all of it, or one row of the state; the infinite where it is held in.
      (given) => {
        const { values, steps, rows } = spoilt(given);
        return values.size === 1 && steps.size + rows.size === 1 && (rows.size === 0 || values.has(NaN));
      },
      (given) => filledBy(NaN)(given) || !growing(given),
      ({ x, batch, time }) =>
        [0, x.data.length / batch / time].includes(
          x.data.filter((value: number) => !Number.isFinite(value)).length,
        ),
    ],
    some: [
      filledBy(NaN),
      filledBy(Infinity),
      filledBy(-Infinity),
      (given) => spoilt(given).rows.size > 0,
      (given) => withState(given) && filledBy(NaN)(given) && spoilt(given).rows.size === 0,
      (given) => growing(given) && filledBy(NaN)(given),
      atStep((step, row) => step > 0 && row > 0),
      atStep((step, row) => step === 0 && row > 0),
      atStep((step, _row, { time }) => step !== 80 % time),
      atStep((_step, row, { batch }) => row !== 4 % batch),
    ],
  },
  weightsSurvive: { each: [wholeRows], some: [growing, not(growing)] },
  useAfterDispose: steppedWhole,
  nothingStaysAlive: steppedWhole,
  rebindEqualsCompile: any,
  unclaimedIsRefused: { each: [wholeRows] },
  unknownIsExpanded: { each: [wholeRows, layersOf(1), not(withMemory)] },
  synchronousPath: { ...steppedWhole, each: [stepped, wholeRows, not(withMemory)] },
};

const drawnOf = <T>(name: PropertyName, times = 1): T[] =>
  fc.sample(namedProperties[name].arbitrary(), { seed: 20261124, numRuns: DRAWS * times }) as T[];

describe("what a property draws", () => {
  it.each((Object.keys(draws) as PropertyName[]).map((name) => [namedProperties[name].id, name] as const))(
    "%s: fits it in each case, and is of every kind",
    (_id, name) => {
      const drawn = drawnOf<Case>(name, name === "nanPassesOn" ? 2 : 1);
      const { each = [], some = [] } = draws[name]!;
      each.forEach((fact, k) => expect([k, drawn.filter((given) => !fact(given)).length]).toEqual([k, 0]));
      some.forEach((fact, k) => expect([k, drawn.some(fact)]).toEqual([k, true]));
    },
  );

  it("weights-survive: few models that the frameworks don't have, as values that grow are", () => {
    const share = drawnOf<Case>("weightsSurvive", 8).filter(growing).length;
    const usual = drawnOf<Case>("oracleSequence", 8).filter(growing).length;
    expect(share / usual).toBeGreaterThan(0.3);
    expect(share / usual).toBeLessThan(0.75);
  });

  it.each([
    ["every-size", "everySize", 1000],
    ["primitives-in-every-form", "primitivesInEveryForm", 2 ** 30],
  ] as const)("%s: any numbers", (_id, name, most) => {
    const drawn = drawnOf<{ seed: number; batch?: number }>(name);
    const seeds = new Set(drawn.map(({ seed }) => seed));
    expect(seeds.size).toBeGreaterThan(DRAWS / 2);
    expect(Math.max(...seeds)).toBeLessThanOrEqual(most);
    if (name === "primitivesInEveryForm")
      expect(new Set(drawn.map(({ batch }) => batch))).toEqual(new Set([1, 2, 3]));
  });

  it.each(
    (
      [
        "everySize",
        "primitivesInEveryForm",
        "primitivesAtTheEdges",
        "scansInEveryForm",
        "layersAtTheEdges",
        "aWholeLife",
      ] as const
    ).map((name) => [namedProperties[name].id, name] as const),
  )("%s: has all its examples", (_id, name) => {
    const examples = namedProperties[name].examples!();
    expect(examples.length).toBeGreaterThan(9);
    expect(new Set(examples.map((one) => JSON.stringify(one))).size).toBe(examples.length);
  });

  it("programs-equal-definitions: another program each time", () => {
    const drawn = drawnOf<{ program: object }>("programsEqualDefinitions");
    expect(new Set(drawn.map(({ program }) => JSON.stringify(program))).size).toBeGreaterThan(DRAWS / 2);
  });

  it("primitives-in-every-form: examples are of one to three rows", () => {
    const examples = namedProperties.primitivesInEveryForm.examples!() as { batch: number }[];
    expect(new Set(examples.map(({ batch }) => batch))).toEqual(new Set([1, 2, 3]));
  });
});

describe("stacked-is-composed:", () => {
  const drawn = fc.sample(namedProperties.stackedIsComposed.arbitrary(), { seed: 6, numRuns: 400 }) as Case[];
  const cutOf = ({ spec: of }: Case): number =>
    of.layers.findIndex((one) => one.type === "recurrent" && one.returns === "sequence");
  const followed = (given: Case): string[] =>
    given.spec.layers.slice(cutOf(given) + 1).map(({ type }) => type);

  it("the cut is after the first recurrent layer, whatever is before and after it", async () => {
    expect(drawn.some((given) => followed(given).length > 2)).toBe(true);
    expect(
      drawn.some((given) =>
        given.spec.layers.slice(0, cutOf(given)).some(({ type }) => type === "bidirectional"),
      ),
    ).toBe(true);
    const joins = (type: string): boolean => type === "merge" || type === "stack";
    const merging = drawn.filter((given) => followed(given).some(joins));
    expect(merging.length).toBeGreaterThan(0);
    for (const given of merging.slice(0, 3))
      await namedProperties.stackedIsComposed.check(given, subjectOf(builtin()));
  });

  it("what is after the cut starts from nothing before it, and all is put out there", () => {
    for (const given of drawn) {
      const before = given.spec.layers.slice(0, cutOf(given) + 1).map(({ name }) => name);
      for (const layer of given.spec.layers.slice(cutOf(given) + 1)) {
        const started = "initialState" in layer ? Object.values(layer.initialState ?? {}) : [];
        expect(started.filter((ref) => before.includes(ref.split(".")[0]!))).toEqual([]);
      }
      expect(given.spec.outputs.filter((ref) => before.includes(ref.split(".")[0]!))).toEqual([]);
    }
  });
});
