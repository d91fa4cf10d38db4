import { type HostTensor, lower } from "@unroll/api";
import { allocate } from "@unroll/api/adapter";
import type { RowEnds } from "@unroll/api/gradient";
import { type Case, runOf } from "./case.js";
import type { GivenProgram } from "./programs.js";

/** A case as a program over whole sequences. */
export interface LoweredCase extends GivenProgram {
  /** How rows end along each time axis, as the program is fed it. */
  readonly extents: RowEnds;
}

/** Lowers a case as a whole sequence, with what its run is fed; states that it has none of are zeros. */
export function lowered(given: Case): LoweredCase {
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
  const program = lower(given.spec, { mode: "sequence", extents });
  for (const { name, type } of program.inputs) {
    if (Object.hasOwn(feeds, name)) continue;
    const [, layer, part] = /^state\.([^.]+)\.(.+)$/.exec(name)!;
    const shape = type.shape.map((dim) => (dim === "batch" ? given.batch : (dim as number)));
    const size = shape.reduce((a, b) => a * b, 1);
    const data = run.state?.[layer!]?.[part!]?.data ?? allocate(type.dtype, size);
    feeds[name] = { dtype: type.dtype, shape, data } as HostTensor;
  }
  return { program, feeds, weights: given.weights, extents };
}
