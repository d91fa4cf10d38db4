import { prepare } from "@unroll/api/adapter";
import { compareWithBound, deriveProgramBounds, type ProgramBounds } from "@unroll/conformance";
import { beforeAll, describe, expect, it } from "vitest";
import { engines } from "./engines.js";
import { recordedGradients } from "./torch-gradients.js";

const cases = recordedGradients();

describe("gradients that PyTorch recorded in float64", () => {
  const derived = new Map<string, ProgramBounds>();
  beforeAll(() => {
    for (const one of cases) derived.set(one.name, deriveProgramBounds(one, "f32"));
  });

  it("are of 23 cases", () => {
    expect(cases).toHaveLength(23);
  });

  it.each(cases)("$name: equal those of its program in float64", ({ name, want }) => {
    const { exact } = derived.get(name)!;
    expect(Object.keys(exact).sort()).toEqual(Object.keys(want).sort());
    for (const [output, { shape, data }] of Object.entries(want)) {
      expect(exact[output]!.shape, output).toEqual(shape);
      data.forEach((value, k) => {
        if (!(Math.abs(exact[output]!.data[k]! - value) < 1e-12))
          expect.fail(`${output}[${k}]: ${exact[output]!.data[k]}, recorded ${value}`);
      });
    }
  });

  for (const [engine, make] of Object.entries(engines))
    it.each(cases)(
      `$name on ${engine}: within the bound of its program`,
      async ({ name, program, weights, feeds, want }) => {
        const { bounds } = derived.get(name)!;
        const executable = await prepare(make(), program, weights);
        const results = await executable.run(feeds);
        for (const [output, truth] of Object.entries(want)) {
          const got = await results[output]!.read();
          results[output]!.dispose();
          expect(compareWithBound(got, truth, bounds[output]!).errorOverBound, output).toBeLessThan(1);
        }
        executable.dispose();
      },
    );
});
