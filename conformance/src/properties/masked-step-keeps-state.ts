import { type Case, describeCase, slice } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { ENCODER } from "../cases/looking.js";
import { WRITER } from "../cases/specs.js";
import { holdAsStored, type Results, whole, withModel } from "./judge.js";
import { exactOutcome, type Property } from "./property.js";

export const maskedStepKeepsState: Property<Case> = {
  id: "masked-step-keeps-state",
  title: "a row without any real step ends with the state it began with, bit for bit",
  rules: ["empty-row", "masked-state", "R9"],
  arbitrary: () =>
    cases({ depth: 1 }).filter(
      ({ lengths, mask, state }) => state !== null && (lengths !== null || mask !== null),
    ),
  describe: describeCase,
  async check(given, { adapter }) {
    const emptied: Case = given.lengths
      ? { ...given, lengths: given.lengths.map((length, row) => (row === 0 ? 0 : length)) }
      : { ...given, mask: given.mask!.map((steps, row) => (row === 0 ? steps.map(() => false) : steps)) };
    const results = await withModel(emptied, adapter, (model) => whole(model, emptied));
    const first = (all: Results): Results =>
      Object.fromEntries(Object.entries(all).map(([name, held]) => [name, slice(held, 0, 0, 1)]));
    // What reads the memory, or a vector repeated, has steps of its own.
    const before = Object.fromEntries(
      Object.entries(given.state!)
        .filter(([layer]) => layer !== ENCODER && layer !== WRITER)
        .flatMap(([layer, parts]) =>
          Object.entries(parts).map(([part, held]) => [`state ${layer}.${part}`, held]),
        ),
    );
    holdAsStored("row 0, all steps masked", first(results), first(before), adapter.capabilities.precision);
    return exactOutcome;
  },
};
