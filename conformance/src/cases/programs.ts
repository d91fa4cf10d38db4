import { type HostTensor, tensor } from "@unroll/api";
import { type Block, type Program, ProgramBuilder, type Value } from "@unroll/api/adapter";
import * as fc from "fast-check";
import { generator } from "../tolerance/random.js";

/** A program over primitives, and what it is fed. */
export interface ProgramCase {
  readonly program: Program;
  readonly feeds: Readonly<Record<string, HostTensor>>;
}

interface Move {
  readonly op: string;
  /** Chooses among what fits. */
  readonly pick: number;
}

const float = (v: Value): boolean => v.type.dtype === "float32";
const stretch = (a: Value, b: Value): boolean => {
  const [long, short] = a.type.shape.length >= b.type.shape.length ? [a, b] : [b, a];
  return short.type.shape.every((dim, k) => {
    const other = long.type.shape[long.type.shape.length - short.type.shape.length + k];
    return dim === other || dim === 1 || other === 1;
  });
};

/** How each primitive is put on values that are there; null where none of them fits. */
const moves: Readonly<Record<string, (b: Block, values: readonly Value[], pick: number) => Value | null>> = {
  ...Object.fromEntries(
    ["add", "sub", "mul", "min", "max", "less", "equal"].map((op) => [
      op,
      (b: Block, values: readonly Value[], pick: number) =>
        pairOf(
          values,
          pick,
          (a, c) => a.type.dtype === c.type.dtype && a.type.dtype !== "bool" && stretch(a, c),
          (a, c) => b.primitive(op as "add", [a, c]),
        ),
    ]),
  ),
  // Away from 0, so that a quotient is no matter of chance.
  div: (b, values, pick) =>
    pairOf(
      values,
      pick,
      (a, c) => float(a) && float(c) && stretch(a, c),
      (a, c) => b.div(a, b.add(b.abs(c), b.constant(1))),
    ),
  and: (b, values, pick) =>
    pairOf(
      values,
      pick,
      (a, c) => a.type.dtype === "bool" && c.type.dtype === "bool" && stretch(a, c),
      (a, c) => b.primitive("and", [a, c]),
    ),
  select: (b, values, pick) => {
    const condition = one(values, pick, (v) => v.type.dtype === "bool");
    return (
      condition &&
      pairOf(
        values,
        pick >> 2,
        (a, c) =>
          a.type.dtype === c.type.dtype &&
          stretch(a, c) &&
          stretch(condition, a) &&
          stretch(condition, c) &&
          a.type.shape.length >= c.type.shape.length &&
          a.type.shape.join() === c.type.shape.join(),
        (a, c) => b.select(condition, a, c),
      )
    );
  },
  ...Object.fromEntries(
    ["neg", "abs", "tanh", "sigmoid"].map((op) => [
      op,
      (b: Block, values: readonly Value[], pick: number) =>
        on(values, pick, float, (v) => b.primitive(op as "neg", [v])),
    ]),
  ),
  exp: (b, values, pick) => on(values, pick, float, (v) => b.exp(b.tanh(v))),
  log: (b, values, pick) => on(values, pick, float, (v) => b.log(b.add(b.abs(v), b.constant(0.5)))),
  sqrt: (b, values, pick) =>
    on(values, pick, float, (v) => b.primitive("sqrt", [b.add(b.abs(v), b.constant(0.25))])),
  not: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => v.type.dtype === "bool",
      (v) => b.not(v),
    ),
  cast: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => v.type.dtype !== "float32",
      (v) => b.primitive("cast", [v], { dtype: "float32" }),
    ),
  matmul: (b, values, pick) =>
    pairOf(
      values,
      pick,
      (a, c) =>
        float(a) &&
        float(c) &&
        a.type.shape.length >= 2 &&
        c.type.shape.length === 2 &&
        a.type.shape[a.type.shape.length - 1] === c.type.shape[0],
      (a, c) => b.matmul(a, c),
    ),
  sum: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => float(v) && v.type.shape.length > 0,
      (v) => b.sum(v, pick % v.type.shape.length),
    ),
  reduceMax: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => float(v) && v.type.shape.length > 0,
      (v) => b.reduceMax(v, pick % v.type.shape.length),
    ),
  expandDims: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => v.type.shape.length < 4,
      (v) => b.expandDims(v, pick % (v.type.shape.length + 1)),
    ),
  squeeze: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => v.type.shape.includes(1),
      (v) => b.squeeze(v, v.type.shape.indexOf(1)),
    ),
  transpose: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => v.type.shape.length >= 2,
      (v) =>
        b.transpose(
          v,
          v.type.shape.map((_, k) => (k + 1 + (pick % (v.type.shape.length - 1))) % v.type.shape.length),
        ),
    ),
  reverse: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => v.type.shape.length > 0 && v.type.dtype !== "bool",
      (v) => b.reverse(v, pick % v.type.shape.length),
    ),
  slice: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => v.type.shape.some((dim) => typeof dim === "number" && dim > 1),
      (v) => {
        const axis = v.type.shape.findIndex((dim) => typeof dim === "number" && dim > 1);
        return b.slice(v, axis, pick % 2 === 0 ? 1 : -1, 1);
      },
    ),
  concat: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => typeof v.type.shape[v.type.shape.length - 1] === "number" && v.type.dtype !== "bool",
      (v) => b.concat([v, v, v].slice(0, 1 + (pick % 3)), v.type.shape.length - 1),
    ),
  gather: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => float(v) && v.type.shape.length > 0 && v.type.shape[0] === 3,
      (v) => b.gather(v, b.constant([2, 0, 1, 2], [2, 2], "int32")),
    ),
  iota: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => v.type.shape.length > 0,
      (v) => b.iota(v, pick % v.type.shape.length),
    ),
  expand: (b, values, pick) =>
    on(
      values,
      pick,
      (v) => float(v) && v.type.shape.length >= 1,
      (v) => b.expand(b.constant(0.375), v),
    ),
};

const one = (values: readonly Value[], pick: number, fits: (v: Value) => boolean): Value | null => {
  const fitting = values.filter(fits);
  return fitting[pick % Math.max(1, fitting.length)] ?? null;
};
const on = (
  values: readonly Value[],
  pick: number,
  fits: (v: Value) => boolean,
  f: (v: Value) => Value,
): Value | null => {
  const found = one(values, pick, fits);
  return found && f(found);
};
const pairOf = (
  values: readonly Value[],
  pick: number,
  fits: (a: Value, b: Value) => boolean,
  f: (a: Value, b: Value) => Value,
): Value | null => {
  const pairs = values.flatMap((a) => values.filter((b) => fits(a, b)).map((b) => [a, b] as const));
  const found = pairs[pick % Math.max(1, pairs.length)];
  return found ? f(found[0], found[1]) : null;
};

/** Names of the primitives that programs draw from. */
export const drawnPrimitives = Object.keys(moves);

function build({
  list,
  seed,
  batch,
  outputs,
}: {
  list: readonly Move[];
  seed: number;
  batch: number;
  outputs: number;
}): ProgramCase {
  const p = new ProgramBuilder("case");
  const random = generator(seed);
  const feeds: Record<string, HostTensor> = {};
  const given = (name: string, shape: readonly (number | "batch")[]): Value => {
    const sizes = shape.map((dim) => (dim === "batch" ? batch : dim));
    feeds[name] = tensor(
      Float32Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, () => random() * 4 - 2),
      sizes,
    );
    return p.input(name, { dtype: "float32", shape });
  };
  const values = [
    given("a", ["batch", 3]),
    given("b", [3, 3]),
    given("c", ["batch", 1]),
    p.block.less(p.block.constant([-1, 0, 1], [3]), p.block.constant([0.5, -0.5, 1.5], [3])),
  ];
  for (const { op, pick } of list) {
    const made = moves[op]!(p.block, values, pick);
    if (made && made.type.shape.length <= 4) values.push(made);
  }
  values.slice(-outputs).forEach((value, k) => p.output(`out${k}`, value));
  return { program: p.finish(), feeds };
}

/** Random programs over every primitive; they shrink to few nodes. */
export function programs(): fc.Arbitrary<ProgramCase> {
  return fc
    .record({
      list: fc.array(fc.record({ op: fc.constantFrom(...drawnPrimitives), pick: fc.nat({ max: 63 }) }), {
        minLength: 1,
        maxLength: 10,
      }),
      seed: fc.integer({ min: 1, max: 2 ** 30 }),
      batch: fc.integer({ min: 1, max: 4 }),
      outputs: fc.integer({ min: 1, max: 4 }),
    })
    .map(build);
}
