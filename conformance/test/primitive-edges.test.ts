import { expect, describe, it } from "vitest";
import { engines } from "../../tests/engines.js";
import { edgePrimitives, edgeProgram } from "../src/cases/primitive-edges.js";
import { holdProgram } from "../src/properties/hold-program.js";

describe.each(Object.keys(engines))("edges on %s", (name) => {
  it.each(edgePrimitives)("of %s", async (op) => {
    expect(await holdProgram(edgeProgram(op), engines[name]!(), { apart: true })).toBeLessThan(1);
  });
});
