import { type HostTensor, tensor, type WeightMap } from "@unroll/api";
import {
  type Block,
  type Dim,
  type PrimitiveName,
  type Program,
  ProgramBuilder,
  type Value,
} from "@unroll/api/adapter";
import * as fc from "fast-check";
import { generator } from "../tolerance/random.js";
import { drawnPrimitives, moves } from "./program-moves.js";

/** A program over primitives, and what it is fed. */
export interface ProgramCase {
  /** What is computed. */
  readonly program: Program;
  /** By input of the program, of its type and shape. */
  readonly feeds: Readonly<Record<string, HostTensor>>;
}

/** A program with all that it is given. */
export interface GivenProgram extends ProgramCase {
  /** By param of the program, of its type and shape. */
  readonly weights: WeightMap;
}

/** A primitive on values that are there, `pick` choosing among what fits. */
interface Move {
  readonly op: PrimitiveName;
  readonly pick: number;
}

/** A scan over a value that is there, whose step is a few moves. */
interface ScanMove {
  readonly op: "scan";
  readonly pick: number;
  readonly reverse: boolean;
  readonly step: readonly (Move | ScanMove)[];
}

type AnyMove = Move | ScanMove;

/** Values have at most as many axes. */
const RANK = 4;

const sameType = (a: Value, b: Value): boolean =>
  a.type.dtype === b.type.dtype && a.type.shape.join() === b.type.shape.join();

/** What a list of moves makes of values, those first. */
function made(b: Block, values: readonly Value[], list: readonly AnyMove[]): Value[] {
  const all = [...values];
  for (const move of list) {
    const results = move.op === "scan" ? scanOf(b, all, move) : [moves[move.op](b, all, move.pick)];
    for (const value of results) if (value && value.type.shape.length <= RANK) all.push(value);
  }
  return all;
}

/**
 * A scan over one value, from another; two more are seen from within. What is carried on is what the step
 * made last of the carry's type, held below 1 where it is a float, so that no number of steps is too many.
 */
function scanOf(b: Block, values: readonly Value[], { pick, reverse, step }: ScanMove): Value[] {
  const along = values.filter(({ type }) => type.shape.length > 0);
  const sequence = along[pick % along.length]!;
  const start = values[(pick >> 2) % values.length]!;
  const captures = [values[(pick >> 3) % values.length]!, values[(pick >> 4) % values.length]!];
  const { carries, stacked } = b.scan(
    { carries: [start], sequences: [sequence], captures, reverse },
    (inner, [carry], [element], captured) => {
      const all = made(inner, [carry!, element!, ...captured], step);
      const next = all.filter((value) => sameType(value, carry!)).at(-1)!;
      const held = next.type.dtype === "float32" && next !== carry ? inner.tanh(next) : next;
      return { carries: [held], stacked: [all.at(-1)!] };
    },
  );
  return [...carries, ...stacked];
}

/** Lengths of axes; `batch` is drawn. */
const TIME = 3;

function build({
  list,
  seed,
  batch,
  outputs,
}: {
  list: readonly AnyMove[];
  seed: number;
  batch: number;
  outputs: number;
}): GivenProgram {
  const p = new ProgramBuilder("case");
  const random = generator(seed);
  const feeds: Record<string, HostTensor> = {};
  const weights: Record<string, HostTensor> = {};
  const filled = (shape: readonly Dim[]): HostTensor => {
    const sizes = shape.map((dim) => (dim === "batch" ? batch : dim === "time" ? TIME : (dim as number)));
    return tensor(
      Float32Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, () => random() * 4 - 2),
      sizes,
    );
  };
  const fed = (name: string, shape: readonly Dim[]): Value => {
    feeds[name] = filled(shape);
    return p.input(name, { dtype: "float32", shape });
  };
  const bound = (name: string, shape: readonly number[]): Value => {
    weights[name] = filled(shape);
    return p.param(name, shape);
  };
  const given = [
    fed("a", ["batch", 3]),
    fed("b", [3, 3]),
    fed("c", ["batch", 1]),
    p.block.less(p.block.constant([-1, 0, 1], [3]), p.block.constant([0.5, -0.5, 1.5], [3])),
    fed("d", ["time", "batch", 3]),
    bound("w", [3, 2]),
    bound("v", [3]),
  ];
  const values = made(p.block, given, list);
  values.slice(-outputs).forEach((value, k) => p.output(`out${k}`, value));
  return { program: p.finish(), feeds, weights };
}

const move: fc.Arbitrary<Move> = fc.record({
  op: fc.constantFrom(...drawnPrimitives),
  pick: fc.nat({ max: 63 }),
});

/** A scan, in whose step there may be another. */
const scanMove = (depth: number): fc.Arbitrary<ScanMove> =>
  fc.record({
    op: fc.constant("scan" as const),
    pick: fc.nat({ max: 1023 }),
    reverse: fc.boolean(),
    step: fc.array(depth === 0 ? move : anyMove(depth - 1), { minLength: 1, maxLength: 4 }),
  });

const anyMove = (depth: number): fc.Arbitrary<AnyMove> =>
  fc.oneof({ weight: 12, arbitrary: move }, { weight: 1, arbitrary: scanMove(depth) });

/** Random programs over every primitive and scans of them, of inputs and params; they shrink to few nodes. */
export function programs(): fc.Arbitrary<GivenProgram> {
  return fc
    .record({
      list: fc.array(anyMove(1), { minLength: 1, maxLength: 10 }),
      seed: fc.integer({ min: 1, max: 2 ** 30 }),
      batch: fc.integer({ min: 1, max: 4 }),
      outputs: fc.integer({ min: 1, max: 4 }),
    })
    .map(build);
}
