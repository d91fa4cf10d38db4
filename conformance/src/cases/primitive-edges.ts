import { tensor } from "@unroll/api";
import { type Block, type PrimitiveName, ProgramBuilder, type Value } from "@unroll/api/adapter";
import type { GivenProgram } from "./programs.js";

type Numbers = readonly number[];

/** A primitive at the numbers where engines break: each list of numbers is one operand. */
interface EdgeForm {
  readonly operands: readonly Numbers[];
  /** Of the operands; float32 where none is given. */
  readonly dtype?: "int32";
  /** What it gives of one pair of integers, where only some pairs have a result that is an integer. */
  readonly of?: (a: number, c: number) => number;
  apply(b: Block, operands: readonly Value[]): Value;
}

/** The least normal float32, and numbers near the largest. */
const [TINY, HUGE] = [2 ** -126, 3e38];

/** Zeros of either sign, halves, numbers of every size. */
const finite: Numbers = [
  ...[0, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3.5, 10, 100, 1e4, 1e10, 1e20, HUGE, TINY, 1e-30, 1e-10, 1e-3],
  ...[16777215, 16777217, 2 ** 31],
].flatMap((x) => [Math.fround(x), -Math.fround(x)]);
const all: Numbers = [...finite, Infinity, -Infinity, NaN];

/** Around where e to the x overflows, and where it and its reciprocal vanish. */
const exponents: Numbers = [16, 17, 30, 45, 87, 88, 88.5, 89, 90, 104, 1000].flatMap((x) => [x, -x]);
const positive: Numbers = all.filter((x) => !(x < 0) && !Object.is(x, -0));
/** Within a few turns: past them engines lose the angle, each in its way. */
const angles: Numbers = [0, -0, 1e-10, 0.5, 1, 1.5707964, 3.1415927, 6.2831855, 20, -20, NaN].map(
  Math.fround,
);

/** Every number beside every other, as two operands that fill one axis. */
const crossed = (left: Numbers, right: Numbers = left): readonly [Numbers, Numbers] => [
  left.flatMap((a) => right.map(() => a)),
  left.flatMap(() => right),
];
const some: Numbers = [0, -0, 1, -1, 2.5, HUGE, -HUGE, Infinity, -Infinity, NaN].map(Math.fround);

const unary =
  (op: (b: Block, x: Value) => Value) =>
  (numbers: Numbers): EdgeForm[] => [{ operands: [numbers], apply: (b, [x]) => op(b, x!) }];
/** Around what floats of 16, 24 and 32 bits hold, and the ends. */
const integers: Numbers = [
  ...[0, 1, 2, 3, 46_340, 2047, 2049, 65_535, 16_777_215, 16_777_216, 16_777_217, 33_554_433, 1_000_000_007],
  2_147_483_647,
].flatMap((x) => (x === 0 ? [0] : [x, -x]));

/** Integers beside each other, whose result is one too. */
const whole = (op: (b: Block, a: Value, c: Value) => Value, of: NonNullable<EdgeForm["of"]>): EdgeForm[] => [
  { operands: crossed(integers), dtype: "int32", of, apply: (b, [x, y]) => op(b, x!, y!) },
];

const binary = (
  op: (b: Block, a: Value, c: Value) => Value,
  operands: readonly [Numbers, Numbers] = crossed(some),
): EdgeForm[] => [{ operands, apply: (b, [x, y]) => op(b, x!, y!) }];

const both = (op: (b: Block, a: Value, c: Value) => Value, of: NonNullable<EdgeForm["of"]>): EdgeForm[] => [
  ...binary(op),
  ...whole(op, of),
];

const sets: readonly Numbers[] = [
  [-Infinity, -Infinity],
  [-HUGE, -Infinity, -1],
  [1, NaN, 2],
  [NaN, Infinity],
  [HUGE, 1, Infinity],
  [-0, -1],
  [TINY, 0],
];

/** For each primitive that computes, what it is given at its edges; others only move numbers. */
export const primitiveEdges: { readonly [P in PrimitiveName]?: readonly EdgeForm[] } = {
  add: both(
    (b, a, c) => b.add(a, c),
    (a, c) => a + c,
  ),
  sub: both(
    (b, a, c) => b.sub(a, c),
    (a, c) => a - c,
  ),
  mul: both(
    (b, a, c) => b.mul(a, c),
    (a, c) => a * c,
  ),
  div: binary((b, a, c) => b.div(a, c)),
  min: both((b, a, c) => b.min(a, c), Math.min),
  max: both((b, a, c) => b.max(a, c), Math.max),
  less: both(
    (b, a, c) => b.less(a, c),
    (a, c) => Number(a < c),
  ),
  equal: both(
    (b, a, c) => b.equal(a, c),
    (a, c) => Number(a === c),
  ),
  // What 1 to the NaN and NaN to the 0 are, engines don't agree on.
  pow: binary(
    (b, a, c) => b.pow(a, c),
    crossed([0, 1, -1, 0.5, -2, 10, 1e20, Infinity], [0, 1, -1, 2, 3, 0.5, -3, 30]),
  ),
  neg: unary((b, x) => b.neg(x))(all),
  abs: unary((b, x) => b.abs(x))(all),
  floor: unary((b, x) => b.floor(x))(all),
  sqrt: unary((b, x) => b.sqrt(x))(all),
  exp: unary((b, x) => b.exp(x))([...exponents, 0, -0, 1e-10, HUGE, -HUGE, Infinity, -Infinity, NaN]),
  log: unary((b, x) => b.log(x))([...positive, -1, -Infinity]),
  sin: unary((b, x) => b.sin(x))(angles),
  cos: unary((b, x) => b.cos(x))(angles),
  tanh: unary((b, x) => b.tanh(x))([...all, ...exponents]),
  sigmoid: unary((b, x) => b.sigmoid(x))([...all, ...exponents]),
  cast: [
    {
      operands: [[0, -0, 0.5, -0.5, 0.999, -0.999, 1.5, -1.5, 2147483520, -2147483648, 16777216]],
      apply: (b, [x]) => b.cast(x!, "int32"),
    },
    { operands: [[...finite, Infinity, -Infinity, NaN]], apply: (b, [x]) => b.cast(x!, "bool") },
  ],
  reduceMax: sets.map((set) => ({ operands: [set], apply: (b, [x]) => b.reduceMax(x!, 0) })),
  sum: sets.map((set) => ({ operands: [set], apply: (b, [x]) => b.sum(x!, 0) })),
  cumsum: sets.map((set) => ({ operands: [set], apply: (b, [x]) => b.cumsum(x!, 0) })),
  argmax: sets
    .filter((set) => !set.some(Number.isNaN))
    .map((set) => ({ operands: [set], apply: (b, [x]) => b.argmax(x!, 0) })),
  matmul: sets.map((set) => ({
    operands: [set],
    apply: (b, [x]) => b.matmul(b.expandDims(x!, 0), b.expandDims(x!, 1)),
  })),
};

/** The primitives that have edges. */
export const edgePrimitives = Object.keys(primitiveEdges) as PrimitiveName[];

/** The largest integer of 32 bits. */
const LARGEST = 2 ** 31 - 1;

/** The pairs of two operands of which both, and what comes of them, an engine holds. */
function holdable({ operands: [left, right], of }: EdgeForm, largest: number): readonly Numbers[] {
  const pairs = left!.map((a, k) => [a, right![k]!] as const);
  const fit = pairs.filter(([a, c]) => [a, c, of!(a, c)].every((value) => Math.abs(value) <= largest));
  return [fit.map(([a]) => a), fit.map(([, c]) => c)];
}

/**
 * A primitive at its edges, as a program; each operand is fed.
 *
 * @param largest the largest integer that the engine holds
 */
export function edgeProgram(op: PrimitiveName, largest = LARGEST): GivenProgram {
  const builder = new ProgramBuilder(`${op} at its edges`);
  const feeds: Record<string, GivenProgram["feeds"][string]> = {};
  primitiveEdges[op]!.forEach((form, k) => {
    const { dtype = "float32", apply } = form;
    const operands = form.of ? holdable(form, largest) : form.operands;
    const values = operands.map((numbers, n) => {
      const name = `${op} ${k} operand ${n}`;
      feeds[name] = tensor([...numbers], [numbers.length], dtype);
      return builder.input(name, { dtype, shape: [numbers.length] });
    });
    builder.output(`${op} ${k}`, apply(builder.block, values));
  });
  return { program: builder.finish(), feeds, weights: {} };
}
