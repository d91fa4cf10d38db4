import { compareWithBound } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { builtin } from "@unroll/api";
import {
  type Block,
  type Dim,
  type DType,
  type HostTensor,
  isUnrollError,
  type Nested,
  primitiveNames,
  type PrimitiveName,
  prepare,
  ProgramBuilder,
  tensor,
  type Value,
} from "@unroll/api/adapter";
import { deriveProgramBounds } from "../../conformance/src/properties/hold-program.js";
import { variants } from "../engines.js";

interface Case {
  readonly op: PrimitiveName;
  readonly feeds: readonly HostTensor[];
  readonly build: (b: Block, values: readonly Value[]) => Value;
  readonly expected: HostTensor;
}

const f = (values: Nested): HostTensor => tensor(values);
const i = (values: Nested): HostTensor => tensor(values, undefined, "int32");
const t = (values: Nested): HostTensor => tensor(values, undefined, "bool");
const N = NaN;
const two = (op: PrimitiveName, a: HostTensor, b: HostTensor, expected: HostTensor): Case => ({
  op,
  feeds: [a, b],
  build: (k, v) => k.primitive(op, v),
  expected,
});
const one = (op: PrimitiveName, x: HostTensor, expected: HostTensor, attrs = {}): Case => ({
  op,
  feeds: [x],
  build: (k, v) => k.primitive(op, v, attrs),
  expected,
});

const cube = f([
  [
    [1, 2, 3],
    [4, 5, 6],
  ],
  [
    [7, 8, 9],
    [10, 11, 12],
  ],
]);

const cases: readonly Case[] = [
  two(
    "add",
    f([
      [1, 2],
      [3, 4],
    ]),
    f([
      [10, 20],
      [30, 40],
    ]),
    f([
      [11, 22],
      [33, 44],
    ]),
  ),
  two(
    "add",
    f([
      [1, 2],
      [3, 4],
    ]),
    f([10, 20]),
    f([
      [11, 22],
      [13, 24],
    ]),
  ),
  two(
    "add",
    f([
      [1, 2],
      [3, 4],
    ]),
    f([[10], [20]]),
    f([
      [11, 12],
      [23, 24],
    ]),
  ),
  two(
    "add",
    f([[1], [2]]),
    f([[10, 20, 30]]),
    f([
      [11, 21, 31],
      [12, 22, 32],
    ]),
  ),
  two(
    "add",
    f(5),
    f([
      [[1], [2]],
      [[3], [4]],
    ]),
    f([
      [[6], [7]],
      [[8], [9]],
    ]),
  ),
  two(
    "add",
    cube,
    f([[[1, 2, 3]], [[4, 5, 6]]]),
    f([
      [
        [2, 4, 6],
        [5, 7, 9],
      ],
      [
        [11, 13, 15],
        [14, 16, 18],
      ],
    ]),
  ),
  two("add", i([1, 2]), i([3, 4]), i([4, 6])),
  two("sub", f([5, Infinity]), f([3, Infinity]), f([2, N])),
  two("mul", f([2, 0]), f([4, Infinity]), f([8, N])),
  two("div", f([1, -1, 0]), f([4, 0, 0]), f([0.25, -Infinity, N])),
  two("min", f([1, N, 3]), f([2, 1, N]), f([1, N, N])),
  two("max", f([1, N, 3]), f([2, 1, N]), f([2, N, N])),
  two("less", f([1, 2, N]), f([2, 2, 1]), t([true, false, false])),
  two(
    "equal",
    i([1, 2]),
    i([[2], [1]]),
    t([
      [false, true],
      [true, false],
    ]),
  ),
  two("equal", f([N, 1]), f([N, 1]), t([false, true])),
  two("and", t([true, true, false]), t([true, false, false]), t([true, false, false])),
  one("not", t([true, false]), t([false, true])),
  {
    op: "select",
    feeds: [
      t([[true], [false]]),
      f([1, 2]),
      f([
        [N, 7],
        [8, 9],
      ]),
    ],
    build: (b, v) => b.select(v[0]!, v[1]!, v[2]!),
    expected: f([
      [1, 2],
      [8, 9],
    ]),
  },
  one("neg", f([1, -2]), f([-1, 2])),
  one("exp", f([0, 1, -Infinity, 100]), f([1, Math.E, 0, Infinity])),
  one("log", f([1, Math.E, 0, -1]), f([0, Math.log(Math.fround(Math.E)), -Infinity, N])),
  one("sqrt", f([4, 2, -1]), f([2, Math.SQRT2, N])),
  one("abs", f([-3, 3, -Infinity]), f([3, 3, Infinity])),
  one("tanh", f([0.5, -100, N]), f([Math.tanh(0.5), -1, N])),
  one("sigmoid", f([0, 100, -200]), f([0.5, 1, 0])),
  one("cast", t([true, false]), f([1, 0]), { dtype: "float32" }),
  one("cast", f([1.9, -1.9, 300]), i([1, -1, 300]), { dtype: "int32" }),
  one("cast", f([0.5, 0, 256, N]), t([true, false, true, true]), { dtype: "bool" }),
  two(
    "matmul",
    f([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
    f([
      [1, 2, 3],
      [4, 5, 6],
    ]),
    f([
      [9, 12, 15],
      [19, 26, 33],
      [29, 40, 51],
    ]),
  ),
  two(
    "matmul",
    cube,
    f([[1], [1], [2]]),
    f([
      [[9], [21]],
      [[33], [45]],
    ]),
  ),
  two(
    "matmul",
    f([[[1, 2]], [[3, 4]]]),
    f([
      [[1], [1]],
      [[2], [2]],
    ]),
    f([[[3]], [[14]]]),
  ),
  two(
    "matmul",
    f([[1, 2]]),
    f([
      [[1], [1]],
      [[2], [2]],
    ]),
    f([[[3]], [[6]]]),
  ),
  two(
    "matmul",
    f([[[[1, 2]]], [[[3, 4]]]]),
    f([
      [
        [[1], [1]],
        [[2], [2]],
      ],
    ]),
    f([
      [[[3]], [[6]]],
      [[[7]], [[14]]],
    ]),
  ),
  one(
    "sum",
    cube,
    f([
      [
        [8, 10, 12],
        [14, 16, 18],
      ],
    ]),
    { axes: [0] },
  ),
  one("sum", cube, f([[[5, 7, 9]], [[17, 19, 21]]]), { axes: [1] }),
  one(
    "sum",
    cube,
    f([
      [[6], [15]],
      [[24], [33]],
    ]),
    { axes: [2] },
  ),
  one(
    "reduceMax",
    f([
      [1, 5, 3],
      [-1, N, -3],
    ]),
    f([[5], [N]]),
    { axes: [1] },
  ),
  one("sum", cube, f([[[30], [48]]]), { axes: [0, 2] }),
  one("reduceMax", cube, f([[[12]]]), { axes: [0, 1, 2] }),
  two("pow", f([2, 4, -2, 0, 9]), f([3, 0.5, 3, 0, -1]), f([8, 2, -8, 1, 1 / 9])),
  one("floor", f([1.5, -1.5, 2, -0.25, N]), f([1, -2, 2, -1, N])),
  one("sin", f([0, Math.PI / 2, -1, N]), f([0, 1, Math.sin(-1), N])),
  one("cos", f([0, Math.PI, 2, N]), f([1, -1, Math.cos(2), N])),
  one(
    "argmax",
    f([
      [1, 5, 5],
      [-1, -3, -2],
    ]),
    i([[1], [0]]),
    { axis: 1 },
  ),
  one("argmax", cube, i([[[1, 1, 1]], [[1, 1, 1]]]), { axis: 1 }),
  one(
    "cumsum",
    f([
      [1, 2, 3],
      [4, N, 6],
    ]),
    f([
      [1, 3, 6],
      [4, N, N],
    ]),
    { axis: 1 },
  ),
  one(
    "cumsum",
    cube,
    f([
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [
        [8, 10, 12],
        [14, 16, 18],
      ],
    ]),
    { axis: 0 },
  ),
  one(
    "mergeAxes",
    cube,
    f([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
      [10, 11, 12],
    ]),
    { axis: 0, count: 2 },
  ),
  one(
    "mergeAxes",
    cube,
    f([
      [1, 2, 3, 4, 5, 6],
      [7, 8, 9, 10, 11, 12],
    ]),
    { axis: 1, count: 2 },
  ),
  {
    op: "splitAxis",
    feeds: [
      f([
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
        [10, 11, 12],
      ]),
      f([
        [[N], [0]],
        [[0], [0]],
      ]),
    ],
    build: (b, [x, like]) => b.splitAxis(x!, like!, 0, 2),
    expected: cube,
  },
  one("stride", f([1, 2, 3, 4, 5, 6, 7]), f([2, 4, 6]), { axis: 0, low: 1, high: 1, step: 2 }),
  one(
    "stride",
    cube,
    f([
      [[3], [6]],
      [[9], [12]],
    ]),
    { axis: 2, low: 2, high: 0, step: 1 },
  ),
  one("stride", cube, f([[[1, 2, 3]], [[7, 8, 9]]]), { axis: 1, low: 0, high: 1, step: 1 }),
  one(
    "pad",
    f([
      [1, 2],
      [N, 4],
    ]),
    f([
      [0, 0, 1, 2, 0],
      [0, 0, N, 4, 0],
    ]),
    { axis: 1, low: 2, high: 1, value: 0 },
  ),
  one(
    "pad",
    f([[1, 2]]),
    f([
      [1, 2],
      [-5, -5],
    ]),
    { axis: 0, low: 0, high: 1, value: -5 },
  ),
  {
    op: "scatterAdd",
    feeds: [
      f([
        [1, 2],
        [3, 4],
        [N, 6],
      ]),
      i([2, 2, 0]),
      f([
        [0, 0],
        [N, 0],
        [0, 0],
        [0, 0],
      ]),
    ],
    build: (b, [updates, indices, like]) => b.scatterAdd(updates!, indices!, like!),
    expected: f([
      [N, 6],
      [0, 0],
      [4, 6],
      [0, 0],
    ]),
  },
  {
    op: "scatterAdd",
    feeds: [
      f([
        [1, 2],
        [3, 4],
      ]),
      i([
        [0, 1],
        [1, 1],
      ]),
      f([0, 0, 0]),
    ],
    build: (b, [updates, indices, like]) => b.scatterAdd(updates!, indices!, like!),
    expected: f([1, 9, 0]),
  },
  one("expandDims", f([1, 2]), f([[1], [2]]), { axis: 1 }),
  one("squeeze", f([[1], [2]]), f([1, 2]), { axis: 1 }),
  one(
    "transpose",
    cube,
    f([
      [
        [1, 7],
        [4, 10],
      ],
      [
        [2, 8],
        [5, 11],
      ],
      [
        [3, 9],
        [6, 12],
      ],
    ]),
    { perm: [2, 1, 0] },
  ),
  one(
    "transpose",
    cube,
    f([
      [
        [1, 2, 3],
        [7, 8, 9],
      ],
      [
        [4, 5, 6],
        [10, 11, 12],
      ],
    ]),
    { perm: [1, 0, 2] },
  ),
  one(
    "reverse",
    cube,
    f([
      [
        [7, 8, 9],
        [10, 11, 12],
      ],
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]),
    { axis: 0 },
  ),
  one(
    "reverse",
    cube,
    f([
      [
        [3, 2, 1],
        [6, 5, 4],
      ],
      [
        [9, 8, 7],
        [12, 11, 10],
      ],
    ]),
    { axis: 2 },
  ),
  one(
    "slice",
    cube,
    f([
      [
        [2, 3],
        [5, 6],
      ],
      [
        [8, 9],
        [11, 12],
      ],
    ]),
    { axis: 2, start: 1, length: 2 },
  ),
  one(
    "slice",
    cube,
    f([
      [
        [7, 8, 9],
        [10, 11, 12],
      ],
    ]),
    { axis: 0, start: -1, length: 1 },
  ),
  {
    op: "concat",
    feeds: [
      f([[1], [2]]),
      f([
        [3, 4],
        [5, 6],
      ]),
    ],
    build: (b, v) => b.concat(v, 1),
    expected: f([
      [1, 3, 4],
      [2, 5, 6],
    ]),
  },
  {
    op: "concat",
    feeds: [f([[1], [2]]), f([[3]])],
    build: (b, v) => b.concat([...v, v[1]!], 0),
    expected: f([[1], [2], [3], [3]]),
  },
  two(
    "gather",
    f([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
    i([
      [2, 0],
      [1, 1],
    ]),
    f([
      [
        [5, 6],
        [1, 2],
      ],
      [
        [3, 4],
        [3, 4],
      ],
    ]),
  ),
  one("iota", cube, i([0, 1, 2]), { axis: 2 }),
  two(
    "expand",
    f([[1], [2]]),
    f([
      [
        [0, 0],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ]),
    f([
      [
        [1, 1],
        [2, 2],
      ],
      [
        [1, 1],
        [2, 2],
      ],
    ]),
  ),
  {
    op: "constant",
    feeds: [f([1])],
    build: (b) => b.constant([1, -2, 3], [3], "int32"),
    expected: i([1, -2, 3]),
  },
];

it("every primitive has a case", () => {
  expect([...new Set(cases.map(({ op }) => op))].sort()).toEqual([...primitiveNames].sort());
});

describe.each(Object.entries(variants))("%s: primitives", (_name, engine) => {
  it.each(cases.map((entry, k) => [k, entry.op, entry] as const))(
    "%i: %s",
    async (_k, _op, { feeds, build, expected }) => {
      // Once from feeds and once from weights, where an engine may fold results.
      for (const weights of [false, true]) {
        const p = new ProgramBuilder("primitive");
        const values = feeds.map(({ dtype, shape }, k) =>
          weights ? p.param(`w${k}`, shape as number[], dtype) : p.input(`w${k}`, { dtype, shape }),
        );
        p.output("y", build(p.block, values));
        const given = Object.fromEntries(feeds.map((feed, k) => [`w${k}`, feed]));
        const program = p.finish();
        const { bounds } = deriveProgramBounds(
          { program, feeds: weights ? {} : given, weights: weights ? given : {} },
          "f32",
          { apart: true },
        );
        const want = { shape: expected.shape, data: Float64Array.from(expected.data) };
        const copies = feeds.map((feed) => feed.data.slice());
        const executable = await prepare(engine(), program, weights ? given : {});
        for (let again = 0; again < 2; again++) {
          const { y } = await executable.run(weights ? {} : given);
          const got = await y!.read();
          expect({ dtype: got.dtype, shape: [...got.shape] }).toEqual({
            dtype: expected.dtype,
            shape: [...expected.shape],
          });
          expect(compareWithBound(got, want, bounds["y"]!)).toMatchObject({ firstBadIndex: -1 });
          y!.dispose();
        }
        executable.dispose();
        expect(feeds.map((feed) => feed.data)).toEqual(copies);
      }
    },
  );
});

describe("builtin primitives refuse what other engines leave undefined", () => {
  const failure = async (
    shape: readonly Dim[],
    dtype: DType,
    feed: HostTensor,
    build: (b: Block, x: Value) => Value,
  ): Promise<string> => {
    const p = new ProgramBuilder("refused");
    p.output("y", build(p.block, p.input("x", { dtype, shape })));
    try {
      await builtin().compileSync!(p.finish(), {}).run({ x: feed });
    } catch (error) {
      if (isUnrollError(error)) return `${error.code} ${error.message}`;
    }
    return "no error";
  };

  it("gather names an index that has no row", async () => {
    for (const index of [3, -1]) {
      expect(
        await failure(["batch"], "int32", i([0, index]), (b, x) => b.gather(b.constant([1, 2, 3], [3]), x)),
      ).toMatch(new RegExp(`^UNROLL_ARGUMENT .*got ${index} at position 1`));
    }
  });

  it("slice refuses a symbolic axis that turns out too short", async () => {
    expect(await failure(["time"], "float32", f([1, 2]), (b, x) => b.slice(x, 0, -3, 3))).toMatch(
      /^UNROLL_SHAPE .*got length 2/,
    );
  });
});
