import {
  type AttrValue,
  type DType,
  type HostTensor,
  type PrimitiveName,
  primitiveNames,
  ProgramBuilder,
  tensor,
} from "@unroll/api/adapter";
import { builtin } from "@unroll/api";
import { precisions } from "@unroll/conformance";
import * as ortNode from "onnxruntime-node";
import * as ortWeb from "onnxruntime-web";
import { describe, expect, it } from "vitest";
import { onnx } from "../src/index.js";
import { modelOf } from "../src/onnx-model.js";

ortWeb.env.wasm.numThreads = 1;
const adapters = [
  ["onnxruntime-web", onnx(ortWeb, { device: "wasm" })],
  ["onnxruntime-node", onnx(ortNode, { device: "cpu" })],
] as const;

let seed = 7;
const random = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};
const special = [NaN, Infinity, -Infinity, 0, -0, 1, -1];

/** Seeded elements; floats hold what is not finite too, one in eight, where asked for. */
function draw(dtype: DType, shape: readonly number[], wild: boolean): HostTensor {
  const one = (): number => {
    if (dtype === "bool") return Number(random() < 0.5);
    if (dtype === "int32") return Math.floor(random() * 11) - 5;
    return wild && random() < 0.125 ? special[Math.floor(random() * special.length)]! : random() * 8 - 4;
  };
  return tensor(Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, one), shape, dtype);
}

interface Case {
  readonly dtypes: readonly DType[];
  readonly shapes: readonly (readonly number[])[];
  readonly attrs?: Readonly<Record<string, AttrValue>>;
  /** Finite elements only: what is not is undefined (float to integer). */
  readonly tame?: boolean;
}

// Lengths beyond one vector of the engine's kernels and not a multiple of it, so that body and remainder both
// run.
const pairs = [
  [[67], [67]],
  [[5, 67], [67]],
  [
    [5, 67],
    [5, 1],
  ],
  [[], [3, 37]],
  [[3, 37], []],
  [
    [5, 1],
    [1, 67],
  ],
  [
    [2, 3, 19],
    [3, 1],
  ],
] as const;
const rows = [[67], [5, 67], [3, 1, 37]] as const;
const over = (
  dtypes: readonly DType[],
  shapes: readonly (readonly (readonly number[])[])[],
  count: number,
  rest: Partial<Case> = {},
): Case[] =>
  dtypes.flatMap((dtype) =>
    shapes.map((each) => ({ dtypes: new Array<DType>(count).fill(dtype), shapes: each, ...rest })),
  );
const every = ["float32", "int32", "bool"] as const;
const numbers = ["float32", "int32"] as const;
const unary = over(
  ["float32"],
  rows.map((shape) => [shape]),
  1,
);
const axes = (
  attr: (axis: number) => Readonly<Record<string, AttrValue>>,
  dtypes: readonly DType[],
): Case[] => [0, 1, 2].flatMap((axis) => over(dtypes, [[[4, 19, 5]]], 1, { attrs: attr(axis) }));

/** Over more than one axis, side by side and apart. */
const several: readonly Case[] = [
  [0, 1],
  [1, 2],
  [0, 2],
  [0, 1, 2],
].map((axes) => ({
  dtypes: ["float32"],
  shapes: [[2, 3, 5]],
  attrs: { axes },
}));

const cases: Readonly<Record<PrimitiveName, readonly Case[]>> = {
  constant: every.map((dtype) => ({
    dtypes: [],
    shapes: [],
    attrs: { dtype, shape: [3], value: [1, 0, 1] },
  })),
  add: over(numbers, pairs, 2),
  sub: over(numbers, pairs, 2),
  mul: over(numbers, pairs, 2),
  div: over(["float32"], pairs, 2),
  pow: over(["float32"], pairs, 2, { tame: true }),
  min: over(numbers, pairs, 2),
  max: over(numbers, pairs, 2),
  less: over(numbers, pairs, 2),
  equal: over(numbers, pairs, 2),
  and: over(["bool"], pairs, 2),
  not: over(
    ["bool"],
    rows.map((shape) => [shape]),
    1,
  ),
  select: every.flatMap((dtype) =>
    (
      [
        [[67], [67], [67]],
        [[5, 1], [5, 67], [67]],
        [[], [5, 67], []],
        [[5, 67], [], []],
      ] as const
    ).map((shapes) => ({ dtypes: ["bool", dtype, dtype] as const, shapes })),
  ),
  neg: unary,
  exp: unary,
  log: unary,
  sqrt: unary,
  abs: unary,
  floor: unary,
  sin: unary.map((entry) => ({ ...entry, tame: true })),
  cos: unary.map((entry) => ({ ...entry, tame: true })),
  tanh: unary,
  sigmoid: unary,
  cast: every.flatMap((from) =>
    every.map((to) => ({
      dtypes: [from],
      shapes: [[5, 67]],
      attrs: { dtype: to },
      tame: from === "float32" && to === "int32",
    })),
  ),
  matmul: over(
    ["float32"],
    [
      [
        [7, 19],
        [19, 11],
      ],
      [
        [3, 7, 19],
        [19, 11],
      ],
      [
        [3, 7, 19],
        [3, 19, 11],
      ],
      [
        [7, 19],
        [3, 19, 11],
      ],
      [
        [2, 1, 7, 19],
        [3, 19, 11],
      ],
      [
        [1, 1],
        [1, 1],
      ],
    ],
    2,
    { tame: true },
  ),
  sum: [...axes((axis) => ({ axes: [axis] }), ["float32"]), ...several],
  reduceMax: [...axes((axis) => ({ axes: [axis] }), ["float32"]), ...several],
  argmax: axes((axis) => ({ axis }), ["float32"]).map((entry) => ({ ...entry, tame: true })),
  cumsum: axes((axis) => ({ axis }), ["float32"]).map((entry) => ({ ...entry, tame: true })),
  mergeAxes: [0, 1].flatMap((axis) => over(every, [[[4, 19, 5]]], 1, { attrs: { axis, count: 2 } })),
  splitAxis: every.flatMap((dtype) => [
    {
      dtypes: [dtype, "float32"],
      shapes: [
        [76, 5],
        [4, 19, 5],
      ],
      attrs: { axis: 0, count: 2 },
    },
    {
      dtypes: [dtype, "bool"],
      shapes: [
        [4, 95],
        [1, 19, 5],
      ],
      attrs: { axis: 1, count: 2 },
    },
  ]),
  stride: [0, 1, 2].flatMap((axis) =>
    over(every, [[[14, 19, 15]]], 1, { attrs: { axis, low: 2, high: axis, step: axis + 1 } }),
  ),
  pad: [0, 1, 2].flatMap((axis) =>
    over(["float32"], [[[4, 19, 5]]], 1, { attrs: { axis, low: 2, high: axis, value: -1.5 } }),
  ),
  scatterAdd: [
    { dtypes: ["float32", "int32", "float32"], shapes: [[19, 5], [19], [6, 5]], tame: true },
    {
      dtypes: ["float32", "int32", "bool"],
      shapes: [
        [4, 3, 5, 2],
        [4, 3],
        [6, 5, 2],
      ],
      tame: true,
    },
    { dtypes: ["float32", "int32", "float32"], shapes: [[19], [19], [6]], tame: true },
  ],
  expandDims: [0, 1, 2].flatMap((axis) => over(every, [[[5, 7]]], 1, { attrs: { axis } })),
  squeeze: [0, 2].flatMap((axis) => over(every, [[[1, 5, 1]]], 1, { attrs: { axis } })),
  transpose: [
    [0, 1, 2],
    [2, 0, 1],
    [1, 0, 2],
    [0, 2, 1],
  ].flatMap((perm) => over(every, [[[4, 19, 5]]], 1, { attrs: { perm } })),
  reverse: axes((axis) => ({ axis }), every),
  slice: [
    [0, 1],
    [0, 4],
    [2, 2],
    [-1, 1],
    [-3, 2],
    [-4, 4],
  ].flatMap(([start, length]) => axes((axis) => ({ axis, start: start!, length: length! }), every)),
  concat: [0, 1]
    .flatMap((axis) =>
      over(
        every,
        [
          [
            [4, 7],
            [4, 7],
            [4, 7],
          ],
          [[4, 7]],
        ],
        3,
        { attrs: { axis } },
      ),
    )
    .map((entry) => ({ ...entry, dtypes: entry.dtypes.slice(0, entry.shapes.length) })),
  gather: every.flatMap((dtype) =>
    (
      [
        [[6], [5]],
        [
          [6, 7],
          [3, 4],
        ],
        [[6, 2, 3], []],
      ] as const
    ).map((shapes) => ({ dtypes: [dtype, "int32"] as const, shapes })),
  ),
  iota: axes((axis) => ({ axis }), every),
  expand: every.flatMap((dtype) =>
    (
      [
        [[], [3, 5]],
        [[5], [3, 5]],
        [
          [3, 1],
          [3, 5],
        ],
        [
          [1, 5],
          [2, 3, 5],
        ],
      ] as const
    ).map((shapes) => ({ dtypes: [dtype, "float32"] as const, shapes })),
  ),
};

// Every sum here has at most 19 terms, in an order of each engine's own: either is within 19 half-ulps of the
// terms' sum.
const terms = (largest: number) => (): number => 2 * 19 * 2 ** -24 * 19 * largest;
// What an engine may approximate is off by the budget of its precision, and rounded; so is the other's.
const { unit, activation } = precisions.f32;
const relative = (value: number): number =>
  2 * (activation * Math.max(1, Math.abs(value)) + unit * Math.abs(value));

/**
 * How far results may lie apart. Engines round exp and its kin each their own way; what is not here is exact.
 */
const bounds: Partial<Record<PrimitiveName, (value: number) => number>> = {
  exp: relative,
  log: relative,
  sin: relative,
  cos: relative,
  pow: relative,
  cumsum: terms(4),
  scatterAdd: terms(4),
  tanh: relative,
  sigmoid: relative,
  matmul: terms(16),
  sum: terms(4),
};

it("has cases of every primitive", () =>
  expect(Object.keys(cases).sort()).toEqual([...primitiveNames].sort()));

describe.each(adapters)("%s: a primitive equals the builtin engine's", (_name, adapter) => {
  it.each(primitiveNames)("%s", async (op) => {
    for (const { dtypes, shapes, attrs = {}, tame = false } of cases[op]) {
      const p = new ProgramBuilder(
        `${op} ${dtypes.join()} ${JSON.stringify(shapes)} ${JSON.stringify(attrs)}`,
      );
      const values = shapes.map((shape, k) => p.input(`x${k}`, { dtype: dtypes[k]!, shape }));
      p.output("y", p.block.primitive(op, values, attrs));
      const program = p.finish();
      const feeds = Object.fromEntries(shapes.map((shape, k) => [`x${k}`, draw(dtypes[k]!, shape, !tame)]));
      if (op === "gather" || op === "scatterAdd")
        feeds["x1"]!.data.forEach((_, k, all) => {
          all[k] = Math.floor(random() * 6);
        });
      const [want, got] = await Promise.all(
        [builtin(), adapter].map(async (engine) => {
          const executable = await engine.compile(program, {});
          const result = await (await executable.run(feeds))["y"]!.read();
          // Each session of onnxruntime-node has threads of its own, which slow down those of all others.
          executable.dispose();
          return result;
        }),
      );
      expect({ dtype: got!.dtype, shape: got!.shape, size: got!.data.length }, program.name).toEqual({
        dtype: want!.dtype,
        shape: want!.shape,
        size: want!.data.length,
      });
      want!.data.forEach((value, k) => {
        const other = got!.data[k]!;
        const bound = bounds[op];
        const agrees =
          Number.isFinite(value) && bound
            ? Math.abs(other - value) <= bound(value)
            : other === value || (Number.isNaN(other) && Number.isNaN(value));
        if (!agrees) expect.fail(`${program.name}: expected ${value} at ${k}, got ${other}`);
      });
    }
  });
});

describe("reverse", () => {
  it("works on what a scan stacked, where onnxruntime's optimiser fails on a falling Range", async () => {
    const p = new ProgramBuilder("reversed scan");
    const x = p.input("x", { dtype: "float32", shape: ["time", "batch", 2] });
    const { stacked } = p.block.scan(
      { carries: [p.input("h", { dtype: "float32", shape: ["batch", 2] })], sequences: [x] },
      (b, [carry], [element]) => {
        const sum = b.add(carry!, element!);
        return { carries: [sum], stacked: [sum] };
      },
    );
    p.output("y", p.block.reverse(stacked[0]!, 0));
    const executable = await onnx(ortNode, { device: "cpu" }).compile(p.finish(), {});
    const { y } = await executable.run({ x: tensor([[[1, 2]], [[3, 4]], [[5, 6]]]), h: tensor([[0, 0]]) });
    expect([...(await y!.read()).data]).toEqual([9, 12, 4, 6, 1, 2]);
    executable.dispose();
  });
});

describe("what onnxruntime-web gets wrong on webgpu without an error", () => {
  // A shader has eight buffers, one of them for the result.
  it.each([
    [2, 1],
    [7, 1],
    [8, 2],
    [13, 2],
    [14, 3],
  ])("a join of %i operands takes %i nodes, and is in order", async (count, nodes) => {
    const p = new ProgramBuilder("joined");
    const xs = Array.from({ length: count }, (_, k) =>
      p.input(`x${k}`, { dtype: "float32", shape: ["batch", 1] }),
    );
    p.output("y", p.block.concat(xs, 1));
    const program = p.finish();
    expect(modelOf(program, {}, "webgpu").nodeCounts).toEqual({ Concat: nodes });
    const executable = await onnx(ortNode, { device: "cpu" }).compile(program, {});
    const { y } = await executable.run(
      Object.fromEntries(xs.map((_, k) => [`x${k}`, tensor([[k], [100 + k]])])),
    );
    const row = xs.map((_, k) => k);
    expect([...(await y!.read()).data]).toEqual([...row, ...row.map((k) => 100 + k)]);
    executable.dispose();
  });

  it("a node of a scan that nothing reads is left out, and what it alone reads", () => {
    const p = new ProgramBuilder("unread");
    const x = p.input("x", { dtype: "float32", shape: ["time", "batch", 2] });
    const h = p.input("h", { dtype: "float32", shape: ["batch", 2] });
    const { carries } = p.block.scan({ carries: [h], sequences: [x] }, (b, [carry], [element]) => {
      b.exp(b.mul(carry!, element!));
      return { carries: [b.tanh(b.add(carry!, element!))], stacked: [] };
    });
    p.output("y", carries[0]!);
    expect(modelOf(p.finish(), {}, "webgpu").nodeCounts).toEqual({ Scan: 1, Add: 1, Tanh: 1 });
  });

  it("two scatters in one program: there it is not claimed", () => {
    expect(onnx(ortWeb, { device: "webgpu" }).capabilities.primitives).not.toContain("scatterAdd");
    expect(onnx(ortWeb, { device: "wasm" }).capabilities.primitives).toContain("scatterAdd");
  });
});
