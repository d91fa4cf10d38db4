import { type Adapter, compile, isUnrollError, lower } from "@unroll/api";
import { legalize } from "@unroll/api/adapter";
import { type Case, describeCase } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { exactOutcome, type Property, Violation } from "./property.js";

/** Capabilities are data: an engine that refuses what it claims has none that anyone can plan by. */
async function expectTaken({ spec, weights }: Case, adapter: Adapter): Promise<void> {
  const claimed = legalize(lower(spec, { mode: "sequence" }), adapter);
  try {
    (await adapter.compile(claimed, weights)).dispose();
  } catch (error) {
    if (isUnrollError(error) && error.code === "UNROLL_UNSUPPORTED")
      throw new Violation("compile", `a program of what it claims to be taken, got ${error.message}`);
    throw error;
  }
}

export const unclaimedIsRefused: Property<Case> = {
  id: "unclaimed-is-refused",
  title:
    "what an engine does not claim is refused by name before the engine sees it, and what it claims it takes",
  rules: ["capabilities", "R21"],
  share: 0.5,
  arbitrary: () => cases({ extent: "none" }),
  describe: describeCase,
  async check(given, { adapter }) {
    await expectTaken(given, adapter);
    let seen = false;
    const without: Adapter = {
      name: adapter.name,
      device: adapter.device,
      capabilities: {
        ...adapter.capabilities,
        primitives: adapter.capabilities.primitives.filter((name) => name !== "matmul"),
        composites: {},
      },
      compile: async (program, weights) => {
        seen = true;
        return adapter.compile(program, weights);
      },
    };
    try {
      (await compile(given.spec, { adapter: without, weights: given.weights })).dispose();
    } catch (error) {
      if (
        isUnrollError(error) &&
        error.code === "UNROLL_UNSUPPORTED" &&
        error.message.includes("matmul") &&
        !seen
      )
        return exactOutcome;
      const got = error instanceof Error ? error.message : String(error);
      throw new Violation(
        "an engine without matmul",
        `UNROLL_UNSUPPORTED naming matmul, and no call of the engine, got ${got}`,
      );
    }
    throw new Violation("an engine without matmul", "UNROLL_UNSUPPORTED, got a model");
  },
};
