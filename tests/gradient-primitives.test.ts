import { primitiveNames } from "@unroll/api/adapter";
import { describe, expect, it } from "vitest";
import { primitivePlaces, primitiveProgram } from "../conformance/src/cases/primitive-programs.js";
import { differentiated } from "../conformance/src/properties/gradient-truth.js";
import { holdProgram } from "../conformance/src/properties/hold-program.js";
import { fast } from "../conformance/test/settings.js";
import { engines } from "./engines.js";

const close = ({ byGradient, byDual, size }: ReturnType<typeof differentiated>, what: string): void => {
  expect(Number.isFinite(byDual), what).toBe(true);
  expect(Math.abs(byGradient - byDual) / size, what).toBeLessThan(1e-12);
};

// A NaN that a select does not choose is there on purpose; everything else is finite.
describe.each(primitiveNames)("the gradient of %s, in every form", (op) => {
  it("equals dual numbers at every place", () => {
    for (const place of primitivePlaces.filter((one) => !fast || one !== "long axes"))
      for (const seed of [1, 2, 3])
        close(
          differentiated(primitiveProgram({ op, place, batch: seed, seed }), seed),
          `${place}, seed ${seed}`,
        );
  });

  it.each(Object.entries(engines))("is within its bound on %s", async (_, make) => {
    for (const place of ["program", "scan"] as const) {
      const { gradient } = differentiated(primitiveProgram({ op, place, batch: 2, seed: 5 }), 5);
      if (gradient) expect(await holdProgram(gradient, make())).toBeLessThan(1);
    }
  });
});
