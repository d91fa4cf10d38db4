import type { Block, PrimitiveName, Value } from "@unroll/api/adapter";
import {
  bool,
  type Domain,
  elementwise,
  type ElementForms,
  everyType,
  float,
  form,
  int,
  type OperandOf,
  type PairForms,
  type PrimitiveForm,
} from "./operand-forms.js";

/** Whole tiles and blocks of many widths, and what is one short of them, or one over. */
const LENGTHS = [16, 31, 32, 33, 64, 65, 100, 127, 128, 129, 256, 257, 513, 1025] as const;

/** Sides of matrices, both of them past a tile. */
const SIDES: readonly (readonly [number, number])[] = [
  [37, 34],
  [32, 64],
  [3, 257],
];
/** Sides that are exchanged: past a block. */
const EXCHANGED: typeof SIDES = [...SIDES, [70, 67]];

/** Every length as a row of its own, and every pair of sides. */
const everyShape: readonly (readonly number[])[] = [...LENGTHS.map((n) => [n]), ...SIDES];

const elements: ElementForms = (op, of, domain) =>
  everyShape.map((shape) => form([of(shape, domain)], (b, [x]) => op(b, x!)));

const pairs: PairForms = (op, of, { left, right } = {}) => [
  ...everyShape.map((shape) => form([of(shape, left), of(shape, right)], (b, [x, y]) => op(b, x!, y!))),
  ...SIDES.flatMap(([m, n]) => [
    form([of([m, n], left), of([n], right)], (b, [x, y]) => op(b, x!, y!)),
    form([of([m, 1], left), of([n], right)], (b, [x, y]) => op(b, x!, y!)),
  ]),
];

/** Along every length, the last axis and the one before it. */
const along = (
  op: (b: Block, x: Value, axis: number) => Value,
  of: OperandOf = float,
  domain?: Domain,
): PrimitiveForm[] =>
  LENGTHS.flatMap((n) => [
    form([of([2, n], domain)], (b, [x]) => op(b, x!, 1), "axis 1"),
    form([of([n, 2], domain)], (b, [x]) => op(b, x!, 0), "axis 0"),
  ]);

/**
 * Every primitive on axes as long as tiles and blocks, and a little longer: what is right of a few elements
 * may be wrong past the first vector of them. By type, so that a primitive without does not compile.
 */
export const longForms: { readonly [P in PrimitiveName]: readonly PrimitiveForm[] } = {
  ...elementwise(pairs, elements),
  select: everyType.flatMap((of) =>
    everyShape.map((shape) =>
      form([bool(shape), of(shape), of(shape)], (b, [on, x, y]) => b.select(on!, x!, y!)),
    ),
  ),
  cast: everyType.flatMap((of) =>
    (["float32", "int32", "bool"] as const).flatMap((dtype) =>
      [65, 257].map((n) => form([of([n])], (b, [x]) => b.cast(x!, dtype), `to ${dtype}`)),
    ),
  ),
  constant: [33, 129, 513].map((n) =>
    form([], (b) =>
      b.constant(
        Array.from({ length: n }, (_, k) => (k % 7) - k / 4),
        [n],
      ),
    ),
  ),
  matmul: [
    ...LENGTHS.flatMap((n) => [
      form([float([2, n], "apart"), float([n, 3])], (b, [x, y]) => b.matmul(x!, y!), `${n} terms`),
      form([float([2, 3]), float([3, n])], (b, [x, y]) => b.matmul(x!, y!), `${n} columns`),
      form([float([n, 3]), float([3, 2])], (b, [x, y]) => b.matmul(x!, y!), `${n} rows`),
    ]),
    form([float([33, 40]), float([40, 35])], (b, [x, y]) => b.matmul(x!, y!)),
    form([float([3, 17, 33]), float([3, 33, 18])], (b, [x, y]) => b.matmul(x!, y!)),
  ],
  // Sums of numbers of many bits: those of few are exact in any precision.
  sum: along((b, x, axis) => b.sum(x, [axis]), float, "apart"),
  // Among numbers that repeat the largest is in the first block too.
  reduceMax: along((b, x, axis) => b.reduceMax(x, [axis]), float, "apart"),
  argmax: along((b, x, axis) => b.argmax(x, axis), float, "apart"),
  cumsum: along((b, x, axis) => b.cumsum(x, axis), float, "apart"),
  expandDims: everyShape.map((shape) => form([float(shape)], (b, [x]) => b.expandDims(x!, shape.length))),
  squeeze: LENGTHS.map((n) => form([float([n, 1])], (b, [x]) => b.squeeze(x!, 1))),
  mergeAxes: SIDES.map((shape) => form([float(shape)], (b, [x]) => b.mergeAxes(x!, 0, 2))),
  splitAxis: SIDES.map(([m, n]) =>
    form([float([m * n]), float([m, n])], (b, [x, like]) => b.splitAxis(x!, like!, 0, 2)),
  ),
  transpose: everyType.flatMap((of) => [
    ...EXCHANGED.map((shape) => form([of(shape)], (b, [x]) => b.transpose(x!, [1, 0]))),
    form([of([2, 40, 35])], (b, [x]) => b.transpose(x!, [0, 2, 1])),
    form([of([40, 2, 35])], (b, [x]) => b.transpose(x!, [1, 0, 2])),
  ]),
  reverse: everyType.flatMap((of) => along((b, x, axis) => b.reverse(x, axis), of)),
  slice: everyType.flatMap((of) =>
    LENGTHS.flatMap((n) => [
      form([of([n, 3])], (b, [x]) => b.slice(x!, 0, 1, n - 2), "the middle of axis 0"),
      form([of([2, n])], (b, [x]) => b.slice(x!, 1, n - 9, 9), "the last of axis 1"),
    ]),
  ),
  stride: LENGTHS.flatMap((n) => [
    form([float([n, 2])], (b, [x]) => b.stride(x!, 0, 1, 0, 2), "axis 0, every second from 1"),
    form([float([2, n])], (b, [x]) => b.stride(x!, 1, 0, 1, 3), "axis 1, every third"),
  ]),
  pad: LENGTHS.flatMap((n) => [
    form([float([n, 2])], (b, [x]) => b.pad(x!, 0, 2, 1, 0.5), "axis 0, 2 before and 1 after"),
    form([float([2, n])], (b, [x]) => b.pad(x!, 1, 1, 3, -1), "axis 1, 1 before and 3 after"),
  ]),
  concat: everyType.flatMap((of) =>
    LENGTHS.flatMap((n) => [
      form([of([2, n]), of([2, 3])], (b, xs) => b.concat(xs, 1), "axis 1"),
      form([of([3, 2]), of([n, 2])], (b, xs) => b.concat(xs, 0), "axis 0"),
    ]),
  ),
  gather: everyType.flatMap((of) =>
    LENGTHS.flatMap((n) => [
      form([of([n, 2]), int([5], { below: n })], (b, [x, at]) => b.gather(x!, at!), `of ${n} rows`),
      form([of([4, 2]), int([n], "rows")], (b, [x, at]) => b.gather(x!, at!), `${n} at once`),
      form([of([4, n]), int([3], "rows")], (b, [x, at]) => b.gather(x!, at!), `rows of ${n}`),
    ]),
  ),
  scatterAdd: LENGTHS.flatMap((n) => [
    form([float([n, 2]), int([n], "rows"), float([4, 2])], (b, [x, at, like]) =>
      b.scatterAdd(x!, at!, like!),
    ),
    form([float([3, 2]), int([3], { below: n }), float([n, 2])], (b, [x, at, like]) =>
      b.scatterAdd(x!, at!, like!),
    ),
  ]),
  iota: everyShape.map((shape) => form([float(shape)], (b, [x]) => b.iota(x!, shape.length - 1))),
  expand: everyType.flatMap((of) => [
    ...LENGTHS.map((n) => form([of([]), float([n])], (b, [x, like]) => b.expand(x!, like!))),
    ...SIDES.flatMap(([m, n]) => [
      form([of([n]), float([m, n])], (b, [x, like]) => b.expand(x!, like!)),
      form([of([m, 1]), float([m, n])], (b, [x, like]) => b.expand(x!, like!)),
    ]),
  ]),
};
