import { type HostTensor, lower, type LowerMode } from "@unroll/api";
import { allocate, type Program } from "@unroll/api/adapter";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Case, runOf } from "../conformance/src/cases/case.js";
import { cases } from "../conformance/src/cases/cases.js";
import { type GivenProgram, programs } from "../conformance/src/cases/programs.js";
import { runs, seed } from "../conformance/test/settings.js";
import { differentiated } from "./gradient-truth.js";

/** Lowers a case as a whole sequence, with what its run is fed; states that it has none of are zeros. */
function lowered(given: Case): GivenProgram {
  const run = runOf(given);
  const ends = { time: run, ...run.along };
  const extents: Record<string, "lengths" | "mask"> = {};
  const feeds: Record<string, HostTensor> = { ...run.inputs };
  for (const [axis, { lengths, mask }] of Object.entries(ends)) {
    const kind = lengths ? "lengths" : "mask";
    const tensor = lengths ?? mask;
    if (!tensor) continue;
    extents[axis] = kind;
    feeds[axis === "time" ? kind : `${kind}.${axis}`] = tensor;
  }
  const how: LowerMode = { mode: "sequence", extents };
  const program: Program = lower(given.spec, how);
  for (const { name, type } of program.inputs) {
    if (Object.hasOwn(feeds, name)) continue;
    const [, layer, part] = /^state\.([^.]+)\.(.+)$/.exec(name)!;
    const shape = type.shape.map((dim) => (dim === "batch" ? given.batch : (dim as number)));
    const size = shape.reduce((a, b) => a * b, 1);
    const data = run.state?.[layer!]?.[part!]?.data ?? allocate(type.dtype, size);
    feeds[name] = { dtype: type.dtype, shape, data } as HostTensor;
  }
  return { program, feeds, weights: given.weights };
}

/** Whether the two agree, or there is nothing to compare: at a pole, or past the largest number. */
function holds(given: GivenProgram, direction: number): boolean {
  const { byGradient, byDual, size } = differentiated(given, direction);
  if (!Number.isFinite(byDual) || byDual === 0) return false;
  expect(Math.abs(byGradient - byDual) / size).toBeLessThan(1e-9);
  return true;
}

describe("gradients equal dual numbers", () => {
  it.each([
    ["of random programs, scans within scans among them", programs()],
    ["of random models", cases().map(lowered)],
  ] as const)("%s", (_, arbitrary) => {
    let held = 0;
    fc.assert(
      fc.property(arbitrary as fc.Arbitrary<GivenProgram>, fc.nat({ max: 2 ** 30 }), (given, direction) => {
        held += Number(holds(given, direction));
      }),
      { numRuns: runs, seed },
    );
    expect(held).toBeGreaterThan(runs / 2);
  });
});
