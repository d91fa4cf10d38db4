import { unrollError } from "../contract/error.js";
import { boundedSize, limits } from "../contract/limits.js";
import type { Dim, Node, Program, Region, ValueId, ValueType } from "../contract/program.js";
import { evaluateDim } from "./dims.js";
import type { SignatureInput } from "./runnable.js";

/**
 * Refuses sizes of a program's symbolic dims with which one of its values would be too large, or would have
 * nothing in it.
 */
export type RunLimit = (sizes: Readonly<Record<string, number>>) => void;

/** The largest of the values that grow with the same symbolic dims. */
interface Grown {
  readonly dims: readonly string[];
  readonly per: number;
}

/** A symbolic dim that a slice takes so many elements of. */
interface Needed {
  readonly dim: string;
  readonly least: number;
}

/** The axis that a slice is of, and how long it has to be: engines may cut off what is not there. */
function neededBy(node: Node, types: ReadonlyMap<ValueId, ValueType>): Needed[] {
  if (node.kind !== "primitive" || node.op !== "slice") return [];
  const { axis, start, length } = node.attrs as { axis: number; start: number; length: number };
  const dim = types.get(node.inputs[0]!)?.shape[axis];
  return typeof dim === "string" ? [{ dim, least: start < 0 ? -start : start + length }] : [];
}

/** What an engine allocates for the nodes of a region; how it computes a composite it claims is its own. */
function collect(
  { inputs, nodes }: Pick<Region, "inputs" | "nodes">,
  grown: Map<string, Grown>,
  needed: Needed[],
): void {
  const types = new Map(inputs.map(({ id, type }) => [id, type]));
  for (const node of nodes) {
    needed.push(...neededBy(node, types));
    for (const { id, type } of node.outputs) types.set(id, type);
    for (const { type } of node.outputs) {
      const dims = type.shape.filter((dim) => typeof dim === "string");
      const per = type.shape.reduce<number>((size, dim) => (typeof dim === "string" ? size : size * dim), 1);
      const key = dims.join();
      if (per > (grown.get(key)?.per ?? 0)) grown.set(key, { dims, per });
    }
    if (node.kind === "scan") collect(node.body, grown, needed);
  }
}

/**
 * What the values of a program may grow to, worked out once for it: a run is refused before an engine
 * allocates anything, since too much memory ends a process where a failed allocation is an error. A part of
 * a kit, for pages whose specs come from elsewhere.
 *
 * @param inputs of the runnable that the program is of, whose sequences may have a longest length
 */
export function runLimits(program: Program, inputs: readonly SignatureInput[] = []): RunLimit {
  const grown = new Map<string, Grown>();
  const needed: Needed[] = [];
  collect(program, grown, needed);
  const tooShort = (dim: Dim, least: number, got: number, sizes: object): Error =>
    unrollError({
      code: "UNROLL_SHAPE",
      place: `program "${program.name}" run`,
      expected: `${dim} to be at least ${least}`,
      got: `${got} with ${Object.entries(sizes)
        .map(([axis, size]) => `${axis} ${size}`)
        .join(", ")}`,
      cure: "feed a longer one",
      details: { dim, least, sizes },
    });
  const tooLong = (axis: string, longest: number, got: number): Error =>
    unrollError({
      code: "UNROLL_SHAPE",
      place: `program "${program.name}" run`,
      expected: `${axis} to be at most ${longest}`,
      got: `${got}`,
      cure: "a layer has positions for so many steps; feed shorter sequences, or give it more",
      details: { dim: axis, longest, sizes: { [axis]: got } },
    });
  return (sizes) => {
    // A step has no size of the axis that steps run along.
    for (const { axis, longest = Infinity } of inputs)
      if (axis !== null && sizes[axis]! > longest) throw tooLong(axis, longest, sizes[axis]!);
    const sizeOf = (dim: Dim): number => evaluateDim(dim, (axis) => sizes[axis]);
    for (const { dim, least } of needed)
      if (sizeOf(dim) < least) throw tooShort(dim, least, sizeOf(dim), sizes);
    for (const { dims, per } of grown.values()) {
      const shape = [...dims.map(sizeOf), per];
      const none = dims.findIndex((_, k) => shape[k]! < 1);
      if (none >= 0) throw tooShort(dims[none]!, 1, shape[none]!, sizes);
      if (boundedSize(shape) >= 0 || shape.some(Number.isNaN)) continue;
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
