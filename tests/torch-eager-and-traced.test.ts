import type { Adapter } from "@unroll/api/adapter";
import * as torch from "@unroll/api/torch";
import { compareWithBound } from "@unroll/conformance";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundsOfModule } from "../conformance/src/ports/port-bounds.js";
import { runs, seed } from "../conformance/test/settings.js";
import { engines } from "./engines.js";
import { Chain, stepNames } from "./torch-chains.js";
import { drawWeights, kinds, kindsOf, moduleOf, plans } from "./torch-random-modules.js";

// What a module computes at once, and traced on every engine, is within one bound: that of its own program.
// `packages/api/src/torch/eager-and-traced.test.ts` holds chains to the bit on the builtin engine.

/** Holds both ways to run a module against its truth. */
async function agrees(module: torch.nn.Module, x: torch.Tensor, adapter: Adapter): Promise<void> {
  const compute = (given: torch.Tensor): torch.Tensor => module.call(...([given] as never[])) as torch.Tensor;
  const derive = boundsOfModule(module, [x], (given) => [compute(given)]);
  const traced = (await module.to(adapter).run(...([x] as never[]))) as torch.Tensor;
  for (const [how, got, precision] of [
    ["at once", compute(x), "f32"],
    ["traced", traced, adapter.capabilities.precision],
  ] as const) {
    const [{ exact, bound }] = derive(precision) as [ReturnType<typeof derive>[number]];
    expect([how, got.shape]).toEqual([how, exact.shape]);
    const { firstBadIndex, ...off } = compareWithBound(got, exact, bound);
    expect([how, firstBadIndex, off]).toEqual([how, -1, off]);
  }
  module.dispose();
}

// Each run compiles a program on an engine; UNROLL_RUNS asks for more of them.
const few = Math.max(1, Math.ceil(runs / 5));

describe.each(Object.keys(engines))("on %s", (engine) => {
  it("chains of operations agree with what they compute at once", async () => {
    const chain = fc.array(fc.tuple(fc.constantFrom(...stepNames), fc.nat(11)), {
      minLength: 1,
      maxLength: 6,
    });
    const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(chain, shape, fc.nat(1000), async (drawn, sizes, values) => {
        torch.manualSeed(values);
        await agrees(new Chain(drawn), torch.randn(sizes), engines[engine]!());
      }),
      { numRuns: 2 * few, seed },
    );
  });

  it("random modules agree with what they compute at once", async () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }));
    await fc.assert(
      fc.asyncProperty(
        plans,
        sizes,
        fc.constantFrom(2, 4),
        fc.nat(1000),
        async (plan, lead, size, values) => {
          const module = moduleOf(plan, size);
          drawWeights(module, values);
          await agrees(module, torch.randn([...lead, size]), engines[engine]!());
        },
      ),
      { numRuns: few, seed },
    );
  });
});

describe("random modules", () => {
  it("have every kind of part among a hundred", () => {
    const met = new Set(fc.sample(plans, { numRuns: 100, seed }).flatMap(kindsOf));
    expect([...met].sort()).toEqual([...kinds].sort());
  });

  it("that differ between the two would be caught", async () => {
    class Two extends torch.nn.Module {
      count = 0;
      forward(x: torch.Tensor): torch.Tensor {
        return x.mul(held.calls++ < 5 ? 1 : 1.00001);
      }
    }
    const held = { calls: 0 };
    await expect(agrees(new Two(), torch.ones(3), engines["builtin"]!())).rejects.toThrow();
  });
});
