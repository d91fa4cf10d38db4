import { expect, describe, it } from "vitest";
import { engines } from "../../tests/engines.js";
import { primitiveCases, primitiveProgram } from "../src/cases/primitive-programs.js";
import { holdProgram } from "../src/properties/hold-program.js";

describe.each(Object.keys(engines))("primitives on %s", (name) => {
  it.each(primitiveCases)("$op in a $place", async ({ op, place }) => {
    const given = primitiveProgram({ op, place, batch: 2, seed: 5 });
    expect(await holdProgram(given, engines[name]!())).toBeLessThan(1);
  });
});
