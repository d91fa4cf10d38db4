import { unrollError } from "../contract/error.js";
import { boundedSize, limits } from "../contract/limits.js";
import type { Program, Region } from "../contract/program.js";
import { evaluateDim } from "./dims.js";

/** Refuses sizes of a program's symbolic dims with which one of its values would be too large. */
export type RunLimit = (sizes: Readonly<Record<string, number>>) => void;

/** The largest of the values that grow with the same symbolic dims. */
interface Grown {
  readonly dims: readonly string[];
  readonly per: number;
}

/** What an engine allocates for the nodes of a region; how it computes a composite it claims is its own. */
function collect({ nodes }: Pick<Region, "nodes">, grown: Map<string, Grown>): void {
  for (const node of nodes) {
    for (const { type } of node.outputs) {
      const dims = type.shape.filter((dim) => typeof dim === "string");
      const per = type.shape.reduce<number>((size, dim) => (typeof dim === "string" ? size : size * dim), 1);
      const key = dims.join();
      if (per > (grown.get(key)?.per ?? 0)) grown.set(key, { dims, per });
    }
    if (node.kind === "scan") collect(node.body, grown);
  }
}

/**
 * What the values of a program may grow to, worked out once for it: a run is refused before an engine
 * allocates anything, since too much memory ends a process where a failed allocation is an error. A part of
 * a kit, for pages whose specs come from elsewhere.
 */
export function runLimits(program: Program): RunLimit {
  const grown = new Map<string, Grown>();
  collect(program, grown);
  return (sizes) => {
    for (const { dims, per } of grown.values()) {
      const shape = [...dims.map((dim) => evaluateDim(dim, (axis) => sizes[axis])), per];
      // A dim that comes out as less than 1 is refused where the engine says by which node.
      if (boundedSize(shape) >= 0 || shape.some((dim) => !(dim >= 1))) continue;
      throw unrollError({
        code: "UNROLL_SHAPE",
        place: `program "${program.name}" run`,
        expected: `values of at most ${limits.elements} elements`,
        got: `one of ${[...dims.map((dim, k) => `${dim} = ${shape[k]}`), per].join(" x ")}`,
        cure: "run fewer rows or shorter sequences at a time",
        details: { dims, sizes: shape, limit: limits.elements },
      });
    }
  };
}
