import { type Adapter, compile, isUnrollError } from "@unroll/api";
import { type Case, describeCase } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { exactOutcome, type Property, Violation } from "./property.js";

export const unclaimedIsRefused: Property<Case> = {
  id: "unclaimed-is-refused",
  title: "what an engine does not claim is refused by name before the engine sees it",
  rules: ["capabilities", "R21"],
  share: 0.2,
  arbitrary: () => cases({ extent: "none" }),
  describe: describeCase,
  async check(given, { adapter }) {
    let seen = false;
    const without: Adapter = {
      name: adapter.name, device: adapter.device,
      capabilities: { ...adapter.capabilities, primitives: adapter.capabilities.primitives.filter((name) => name !== "matmul"), composites: {} },
      compile: async (program, weights) => { seen = true; return adapter.compile(program, weights); },
    };
    try {
      (await compile(given.spec, { adapter: without, weights: given.weights })).dispose();
    } catch (error) {
      if (isUnrollError(error) && error.code === "UNROLL_UNSUPPORTED" && error.message.includes("matmul") && !seen) return exactOutcome;
      throw new Violation("an engine without matmul", `UNROLL_UNSUPPORTED naming matmul, and no call of the engine, got ${error instanceof Error ? error.message : String(error)}`);
    }
    throw new Violation("an engine without matmul", "UNROLL_UNSUPPORTED, got a model");
  },
};
