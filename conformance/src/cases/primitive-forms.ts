import type { DType } from "@unroll/api";
import type { Block, PrimitiveName, Value } from "@unroll/api/adapter";
import {
  bool,
  elementwise,
  everyType,
  float,
  form,
  int,
  type OperandForm,
  type PairForms,
  type PrimitiveForm,
  type ElementForms,
  type Shape,
} from "./operand-forms.js";

const rows: Shape = ["batch", 3];
const steps: Shape = ["time", "batch", 2];
const cube: Shape = [2, 4, 3];
const deep: Shape = [2, 1, "batch", 3];

/** Shapes that meet each other: equal, stretched on one side or on both, scalars, ranks up to 4. */
const pairs: readonly (readonly [Shape, Shape])[] = [
  [rows, rows],
  [rows, [3]],
  [[1], rows],
  [["batch", 1], [3]],
  [[], rows],
  [steps, []],
  [[], []],
  [deep, [5, 1, 1]],
];

const pairForms: PairForms = (op, of, { left, right, both } = {}) => [
  ...pairs.map(([a, c]) => form([of(a, left), of(c, right)], (b, [x, y]) => op(b, x!, y!))),
  form([of(rows, both)], (b, [x]) => op(b, x!, x!), "with itself"),
];

/** Ranks 0 to 4. */
const elementShapes: readonly Shape[] = [[], ["batch"], rows, steps, deep];

const elementForms: ElementForms = (op, of, domain) =>
  elementShapes.map((shape) => form([of(shape, domain)], (b, [x]) => op(b, x!)));

/** One operand of each dtype. */
const typed = (shape: Shape, apply: (b: Block, x: Value) => Value, detail: string): PrimitiveForm[] =>
  everyType.map((of) => form([of(shape)], (b, [x]) => apply(b, x!), detail));

const reductionForms = (op: (b: Block, x: Value, axes: readonly number[]) => Value): PrimitiveForm[] =>
  (
    [
      [["batch"], [0]],
      [rows, [0]],
      [rows, [1]],
      [rows, [0, 1]],
      [steps, [0]],
      [steps, [1]],
      [steps, [0, 2]],
      [deep, [1]],
      [deep, [0, 1, 2, 3]],
      [[3, 1], [1]],
      [[40], [0]],
    ] as readonly (readonly [Shape, readonly number[]])[]
  ).map(([shape, axes]) => form([float(shape)], (b, [x]) => op(b, x!, axes), `axes ${axes.join(", ")}`));

const axisForms = (
  op: (b: Block, x: Value, axis: number) => Value,
  of: (shape: Shape) => OperandForm = float,
): PrimitiveForm[] =>
  (
    [
      [["batch"], 0],
      [rows, 0],
      [rows, 1],
      [steps, 0],
      [steps, 1],
      [cube, 1],
      [deep, 1],
      [[33], 0],
    ] as readonly (readonly [Shape, number])[]
  ).map(([shape, axis]) => form([of(shape)], (b, [x]) => op(b, x!, axis), `axis ${axis}`));

const matmulForms: readonly (readonly [Shape, Shape])[] = [
  [rows, [3, 5]],
  [
    ["batch", 1],
    [1, 2],
  ],
  [steps, [2, 3]],
  [
    [2, "batch", 3],
    [2, 3, 4],
  ],
  [
    [1, "batch", 3],
    [2, 3, 4],
  ],
  [
    [2, 3, 4],
    [1, 4, 1],
  ],
  [
    [5, 1, 2, 3],
    [2, 3, 2],
  ],
  [
    [2, 40],
    [40, 33],
  ],
  [
    ["time", "batch", 3],
    ["time", 3, 2],
  ],
];

const concatForms: readonly (readonly [shapes: readonly Shape[], axis: number])[] = [
  [[rows], 1],
  [[rows, ["batch", 1]], 1],
  [[rows, ["batch", 2], ["batch", 4]], 1],
  [
    [
      [2, "batch"],
      [1, "batch"],
    ],
    0,
  ],
  [
    [
      [2, 1, 3],
      [2, 3, 3],
    ],
    1,
  ],
  [[steps, ["time", "batch", 1]], 2],
  [[steps, steps], 0],
  [Array.from({ length: 5 }, () => rows), 1],
  [Array.from({ length: 9 }, (_, k) => [1 + (k % 2), "batch"]), 0],
  [Array.from({ length: 17 }, () => ["batch", 1]), 1],
];

const sliceForms: readonly (readonly [shape: Shape, axis: number, start: number, length: number])[] = [
  [[5], 0, 0, 5],
  [[5, "batch"], 0, 1, 3],
  [["batch", 5], 1, -2, 2],
  [["batch", 5], 1, -4, 1],
  [cube, 1, 2, 2],
  [["time", "batch"], 0, -1, 1],
  [["time", "batch"], 0, 0, 1],
];

const strideForms: readonly (readonly [shape: Shape, axis: number, of: readonly number[]])[] = [
  [[7], 0, [0, 0, 1]],
  [["batch", 7], 1, [1, 0, 2]],
  [[2, 7, 3], 1, [0, 2, 3]],
  [["batch", 7], 1, [2, 1, 5]],
  [["time", "batch"], 0, [0, 0, 2]],
  [["time", 2, "batch"], 0, [0, 0, 3]],
];

const padForms: readonly (readonly [shape: Shape, axis: number, of: readonly number[]])[] = [
  [[3], 0, [1, 2, 0]],
  [rows, 1, [0, 2, -1.5]],
  [cube, 1, [3, 0, 0.25]],
  [steps, 0, [1, 1, 2]],
  [rows, 0, [0, 0, 1]],
];

const gatherShapes: readonly (readonly [table: Shape, indices: Shape])[] = [
  [[4], ["batch"]],
  [[4, 3], []],
  [
    [4, 3],
    ["time", "batch"],
  ],
  [[4, 2, 3], ["batch"]],
  [
    [4, 3],
    [2, 1, 2],
  ],
];

const casts = everyType.flatMap((of) =>
  (["float32", "int32", "bool"] as const).map((dtype) =>
    form([of(steps)], (b, [x]) => b.cast(x!, dtype), `to ${dtype}`),
  ),
);

const constants: readonly (readonly [value: readonly number[], shape: readonly number[], dtype: DType])[] = [
  [[0.375], [], "float32"],
  [[-0, 1, -2, 0.5, 1.5, 3], [2, 3], "float32"],
  // Alike but for one number, for whoever merges what is equal.
  [[-0, 1, -2, 0.5, 1.5, 4], [2, 3], "float32"],
  [[0, 1, -2, 0.5, 1.5, 3], [2, 3], "float32"],
  [[-0, 1, -2, 0.25, 1.5, 3], [2, 3], "float32"],
  [[-0, 1, -2, 0.5, 1.5, 3], [3, 2], "float32"],
  [[0.375], [1], "float32"],
  [[0.376953125], [], "float32"],
  [[1, 0, 1], [3], "float32"],
  [[1, 0, 1], [3], "int32"],
  [[1, 1, 1], [3], "int32"],
  [[7], [], "int32"],
  [[-1, 2049, -1025, 0], [2, 2], "int32"],
  [[1, 0, 1], [3], "bool"],
  [[1, 1, 0], [3], "bool"],
  [[0], [1, 1], "bool"],
];

const selects: readonly PrimitiveForm[] = [
  ...everyType.flatMap((of) =>
    (
      [
        [rows, rows, rows],
        [["batch", 1], rows, rows],
        [[], rows, rows],
        [rows, [], []],
        [["batch", 1], [3], [1, 1]],
        [steps, steps, [2]],
      ] as readonly (readonly [Shape, Shape, Shape])[]
    ).map(([condition, a, c]) =>
      form([bool(condition), of(a), of(c)], (b, [on, x, y]) => b.select(on!, x!, y!)),
    ),
  ),
  form([bool(rows), float(rows)], (b, [on, x]) => b.select(on!, x!, x!), "of one value"),
  form([bool(rows)], (b, [on]) => b.select(on!, on!, on!), "of its condition"),
  form(
    [bool(["batch", 4], "odd"), float(["batch", 4], "nanAtEven"), float(["batch", 4])],
    (b, [on, x, y]) => b.select(on!, x!, y!),
    "with NaN where it does not look",
  ),
];

/**
 * Every way to use each primitive that an engine may treat in its own way: dtypes, ranks, axes that are
 * numbers, rows and steps, stretching on either side, one value as several operands, edges of attributes. By
 * type, so that a primitive without does not compile.
 */
export const primitiveForms: { readonly [P in PrimitiveName]: readonly PrimitiveForm[] } = {
  ...elementwise(pairForms, elementForms),
  select: selects,
  cast: casts,
  constant: constants.map(([value, shape, dtype]) =>
    form([], (b) => b.constant(value, shape, dtype), `${dtype} [${shape.join(", ")}]`),
  ),
  matmul: [
    ...matmulForms.map(([a, c]) => form([float(a), float(c)], (b, [x, y]) => b.matmul(x!, y!))),
    form([float([3, 3])], (b, [x]) => b.matmul(x!, x!), "with itself"),
  ],
  sum: reductionForms((b, x, axes) => b.sum(x, axes)),
  reduceMax: reductionForms((b, x, axes) => b.reduceMax(x, axes)),
  argmax: axisForms((b, x, axis) => b.argmax(x, axis)),
  cumsum: axisForms((b, x, axis) => b.cumsum(x, axis)),
  expandDims: [
    ...typed([], (b, x) => b.expandDims(x, 0), "axis 0"),
    ...typed(rows, (b, x) => b.expandDims(x, 1), "axis 1"),
    ...typed(steps, (b, x) => b.expandDims(x, 3), "axis 3"),
  ],
  squeeze: [
    ...typed([1], (b, x) => b.squeeze(x, 0), "axis 0"),
    ...typed(["batch", 1, 3], (b, x) => b.squeeze(x, 1), "axis 1"),
    ...typed(["time", "batch", 1], (b, x) => b.squeeze(x, 2), "axis 2"),
  ],
  mergeAxes: [
    ...typed(steps, (b, x) => b.mergeAxes(x, 0, 2), "2 axes from 0"),
    ...typed(cube, (b, x) => b.mergeAxes(x, 1, 2), "2 axes from 1"),
    ...typed(["batch", 2, 3, 2], (b, x) => b.mergeAxes(x, 1, 3), "3 axes from 1"),
    ...typed(rows, (b, x) => b.mergeAxes(x, 1, 1), "1 axis from 1"),
  ],
  splitAxis: [
    ...typed(steps, (b, x) => b.splitAxis(b.mergeAxes(x, 0, 2), x, 0, 2), "2 axes from 0"),
    form(
      [float([12, "batch"]), float([3, 4])],
      (b, [x, like]) => b.splitAxis(x!, like!, 0, 2),
      "2 axes from 0",
    ),
    form(
      [int(["batch", 6]), bool([9, 2, 3])],
      (b, [x, like]) => b.splitAxis(x!, like!, 1, 2),
      "2 axes from 1",
    ),
  ],
  transpose: [
    ...typed(rows, (b, x) => b.transpose(x, [1, 0]), "[1, 0]"),
    ...typed(steps, (b, x) => b.transpose(x, [1, 0, 2]), "[1, 0, 2]"),
    ...typed(cube, (b, x) => b.transpose(x, [2, 0, 1]), "[2, 0, 1]"),
    ...typed(deep, (b, x) => b.transpose(x, [3, 1, 0, 2]), "[3, 1, 0, 2]"),
    ...typed(rows, (b, x) => b.transpose(x, [0, 1]), "[0, 1]"),
  ],
  reverse: everyType.flatMap((of) => axisForms((b, x, axis) => b.reverse(x, axis), of)),
  slice: sliceForms.flatMap(([shape, axis, start, length]) =>
    typed(shape, (b, x) => b.slice(x, axis, start, length), `axis ${axis}, ${length} from ${start}`),
  ),
  stride: strideForms.flatMap(([shape, axis, [low, high, step]]) =>
    typed(
      shape,
      (b, x) => b.stride(x, axis, low!, high!, step),
      `axis ${axis}, from ${low} without the last ${high} by ${step}`,
    ),
  ),
  pad: padForms.map(([shape, axis, [low, high, value]]) =>
    form(
      [float(shape)],
      (b, [x]) => b.pad(x!, axis, low!, high!, value),
      `axis ${axis}, ${low} before and ${high} after of ${value}`,
    ),
  ),
  concat: [
    ...everyType.flatMap((of) =>
      concatForms.map(([shapes, axis]) =>
        form(
          shapes.map((shape) => of(shape)),
          (b, xs) => b.concat(xs, axis),
          `axis ${axis}`,
        ),
      ),
    ),
    form([float(rows)], (b, [x]) => b.concat([x!, x!], 1), "twice itself"),
    form(
      [float(rows), float(["batch", 2])],
      (b, [x, y]) => b.concat([x!, y!, x!], 1),
      "one around the other",
    ),
  ],
  gather: everyType.flatMap((of) =>
    gatherShapes.map(([table, indices]) =>
      form([of(table), int(indices, "rows")], (b, [x, at]) => b.gather(x!, at!)),
    ),
  ),
  scatterAdd: (
    [
      [[3], [3], [4]],
      [["batch", 2], ["batch"], [4, 2]],
      [
        [2, 3, 5],
        [2, 3],
        [6, 5],
      ],
      [[2], [], [4, 2]],
    ] as readonly (readonly [Shape, Shape, Shape])[]
  ).map(([updates, indices, like]) =>
    form([float(updates), int(indices, "rows"), float(like)], (b, [x, at, shape]) =>
      b.scatterAdd(x!, at!, shape!),
    ),
  ),
  iota: [
    ...typed(rows, (b, x) => b.iota(x, 0), "axis 0"),
    ...typed(rows, (b, x) => b.iota(x, 1), "axis 1"),
    ...typed(steps, (b, x) => b.iota(x, 0), "axis 0 of steps"),
  ],
  expand: everyType.flatMap((of) => [
    form([of([]), float(rows)], (b, [x, like]) => b.expand(x!, like!)),
    form([of([3]), int(rows)], (b, [x, like]) => b.expand(x!, like!)),
    form([of(["batch", 1]), bool(rows)], (b, [x, like]) => b.expand(x!, like!)),
    form([of(["batch", 1]), float(steps)], (b, [x, like]) => b.expand(x!, like!)),
    form([of(rows), float(rows)], (b, [x, like]) => b.expand(x!, like!), "as it is"),
  ]),
};
