import { type Case, describeCase, runOf } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { holdBitwise, whole, withModel } from "./judge.js";
import { exactOutcome, type Property, Violation } from "./property.js";

const copyOf = (given: Case): string =>
  JSON.stringify({ weights: given.weights, run: runOf(given) }, (_key, value: unknown) =>
    ArrayBuffer.isView(value)
      ? Array.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
      : value,
  );

export const repeatable: Property<Case> = {
  id: "repeatable",
  title: "the same run twice gives the same bits, and changes neither inputs, states nor weights",
  rules: ["purity", "R11"],
  arbitrary: () => cases(),
  describe: describeCase,
  async check(given, { adapter }) {
    const before = copyOf(given);
    await withModel(given, adapter, async (model) => {
      const first = await whole(model, given);
      // Another run between, on other values, must leave no trace.
      const other: Case = {
        ...given,
        x: {
          ...given.x,
          data: given.x.dtype === "int32" ? given.x.data : given.x.data.map((value) => 0.5 - value),
        } as Case["x"],
      };
      await whole(model, other);
      holdBitwise("the second run", await whole(model, given), first);
    });
    if (copyOf(given) !== before)
      throw new Violation(
        "after three runs",
        "inputs, states and weights with the bits they had, got others",
      );
    return exactOutcome;
  },
};
