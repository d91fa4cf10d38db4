import {
  type Attrs,
  composedSines,
  type PrimitiveName,
  type PrimitiveNode,
  type ValueType,
} from "@unroll/api/adapter";
import type { Graph } from "./graph.js";

/** Writes one node: operand names in, result name out. */
export type Emit = (
  g: Graph,
  operands: readonly string[],
  attrs: Attrs,
  types: readonly ValueType[],
) => string;

// Beyond every length, as int64 in the range JavaScript counts exactly.
const END = 2 ** 31;

/** Operands of one Concat at most: with its result, as many buffers as every WebGPU gives a shader. */
const JOINED = 7;

const same =
  (op: string): Emit =>
  (g, operands) =>
    g.node(op, operands);
const toInt = (g: Graph, name: string): string => g.node("Cast", [name], { to: { int: 6 } });
const toBool = (g: Graph, name: string): string => g.node("Cast", [name], { to: { int: 9 } });

/**
 * On webgpu onnxruntime-web 1.30 runs Min and Max on the CPU, and where they read an input of the graph that
 * a GPU operator reads too, that one gets a later value in its place. The choice by a comparison stays on the
 * GPU.
 */
const extremum =
  (op: string, chosen: (less: string, a: string, b: string) => readonly [string, string, string]): Emit =>
  (g, operands, _attrs, types) => {
    const [a, b] = operands as [string, string];
    if (g.device !== "webgpu") return g.node(op, operands);
    const [x, y] = stretched(g, [a, b], types) as [string, string];
    return g.node("Where", chosen(g.node("Less", [x, y]), x, y));
  };

/** Operands brought to their common shape: Where takes wrong elements there of what it has to stretch. */
function stretched(g: Graph, operands: readonly string[], types: readonly ValueType[]): readonly string[] {
  if (new Set(types.map(({ shape }) => shape.join())).size === 1) return operands;
  return operands.map((operand, k) =>
    operands.reduce(
      (value, other, n) => (n === k ? value : g.node("Expand", [value, g.node("Shape", [other])])),
      operand,
    ),
  );
}

/** Sizes of the axes from `start` to before `end`, as a list; null where there are none. */
const sizes = (g: Graph, x: string, start: number, end?: number): string | null =>
  start === end
    ? null
    : g.node("Shape", [x], { start: { int: start }, ...(end === undefined ? {} : { end: { int: end } }) });

const reshaped = (g: Graph, x: string, parts: readonly (string | null)[]): string => {
  const shape = g.node(
    "Concat",
    parts.filter((part) => part !== null),
    { axis: { int: 0 } },
  );
  return g.node("Reshape", [x, shape]);
};

/** Size of one axis, as a scalar. */
const sizeOf = (g: Graph, x: string, axis: number): string =>
  g.node("Squeeze", [sizes(g, x, axis, axis + 1)!, g.integers([0])]);

/**
 * Where along an axis the first of the largest elements is: of several, ArgMax on webgpu gives any. What
 * Where takes is stretched first, see {@link stretched}.
 */
function firstOfLargest(g: Graph, x: string, axis: number, rank: number): string {
  const [shape, length] = [g.node("Shape", [x]), sizeOf(g, x, axis)];
  const whole = (one: string): string => g.node("Expand", [one, shape]);
  const toFloat = (one: string): string => g.node("Cast", [one], { to: { int: codes["float32"]! } });
  const most = g.node("ReduceMax", [x], { axes: { ints: [axis] }, keepdims: { int: 1 } });
  const counted = toFloat(g.node("Range", [g.integer(0), length, g.integer(1)]));
  const others = Array.from({ length: rank }, (_, k) => k).filter((k) => k !== axis);
  const places = others.length === 0 ? counted : g.node("Unsqueeze", [counted, g.integers(others)]);
  const candidates = g.node("Where", [
    g.node("Equal", [x, whole(most)]),
    whole(places),
    whole(toFloat(length)),
  ]);
  return toInt(g, g.node("ReduceMin", [candidates], { axes: { ints: [axis] }, keepdims: { int: 1 } }));
}

/** On a GPU the operators are its own, and coarse. */
const sine =
  (name: "Sin" | "Cos"): Emit =>
  (g, operands, attrs, types) => {
    if (g.device !== "webgpu") return same(name)(g, operands, attrs, types);
    const sines = composedSines<string>({
      number: (value) => g.float(value),
      add: (a, b) => g.node("Add", [a, b]),
      sub: (a, b) => g.node("Sub", [a, b]),
      mul: (a, b) => g.node("Mul", [a, b]),
      floor: (x) => g.node("Floor", [x]),
    });
    return (name === "Sin" ? sines.sin : sines.cos)(operands[0]!);
  };

const codes: Readonly<Record<string, number>> = { float32: 1, int32: 6, bool: 9 };

/** One entry for every primitive. */
export const primitives: Readonly<Record<PrimitiveName, Emit>> = {
  constant: (g, _operands, attrs) =>
    g.constant(
      attrs["dtype"] as "float32",
      attrs["shape"] as readonly number[],
      attrs["value"] as readonly number[],
    ),
  add: same("Add"),
  sub: same("Sub"),
  mul: same("Mul"),
  div: same("Div"),
  pow: same("Pow"),
  min: extremum("Min", (less, a, b) => [less, a, b]),
  max: extremum("Max", (less, a, b) => [less, b, a]),
  less: same("Less"),
  equal: same("Equal"),
  and: same("And"),
  not: same("Not"),
  // Where has no bool kernel.
  select: (g, [condition, a, b], _attrs, types) =>
    types[1]!.dtype === "bool"
      ? toBool(g, g.node("Where", [condition!, toInt(g, a!), toInt(g, b!)]))
      : g.node("Where", [condition!, a!, b!]),
  neg: same("Neg"),
  exp: same("Exp"),
  log: same("Log"),
  sqrt: same("Sqrt"),
  abs: same("Abs"),
  floor: same("Floor"),
  sin: sine("Sin"),
  cos: sine("Cos"),
  tanh: same("Tanh"),
  sigmoid: same("Sigmoid"),
  cast: (g, [x], attrs) => g.node("Cast", [x!], { to: { int: codes[attrs["dtype"] as string]! } }),
  matmul: same("MatMul"),
  sum: (g, [x], attrs) =>
    g.node("ReduceSum", [x!, g.integers(attrs["axes"] as readonly number[])], { keepdims: { int: 1 } }),
  // The operator passes NaN over, so it is asked for by itself. Not on webgpu, where nothing is promised of
  // NaN and IsNaN runs on the CPU, on what may be another tensor by then.
  reduceMax: (g, [x], attrs) => {
    const how = { axes: { ints: attrs["axes"] as readonly number[] }, keepdims: { int: 1 } };
    const largest = g.node("ReduceMax", [x!], how);
    if (g.device === "webgpu") return largest;
    const nans = g.node("ReduceMax", [toInt(g, g.node("IsNaN", [x!]))], how);
    return g.node("Where", [toBool(g, nans), g.float(NaN), largest]);
  },
  argmax: (g, [x], attrs, [type]) => {
    const axis = attrs["axis"] as number;
    if (g.device === "webgpu") return firstOfLargest(g, x!, axis, type!.shape.length);
    return toInt(g, g.node("ArgMax", [x!], { axis: { int: axis }, keepdims: { int: 1 } }));
  },
  cumsum: (g, [x], attrs) => g.node("CumSum", [x!, g.integer(attrs["axis"] as number)]),
  expandDims: (g, [x], attrs) => g.node("Unsqueeze", [x!, g.integers([attrs["axis"] as number])]),
  squeeze: (g, [x], attrs) => g.node("Squeeze", [x!, g.integers([attrs["axis"] as number])]),
  mergeAxes: (g, [x], attrs) => {
    const [axis, count] = [attrs["axis"] as number, attrs["count"] as number];
    return reshaped(g, x!, [sizes(g, x!, 0, axis), g.integers([-1]), sizes(g, x!, axis + count)]);
  },
  splitAxis: (g, [x, like], attrs) => {
    const [axis, count] = [attrs["axis"] as number, attrs["count"] as number];
    const parts = [sizes(g, x!, 0, axis), sizes(g, like!, axis, axis + count), sizes(g, x!, axis + 1)];
    return reshaped(g, x!, parts);
  },
  transpose: (g, [x], attrs) =>
    g.node("Transpose", [x!], { perm: { ints: attrs["perm"] as readonly number[] } }),
  // Not Slice with a negative step: onnxruntime-web's WebGPU kernel then stops short of the first element.
  // Nor Range with one: onnxruntime's optimiser takes it for empty where the length comes out of a Scan.
  reverse: (g, [x], attrs) => {
    const axis = attrs["axis"] as number;
    const length = sizeOf(g, x!, axis);
    const backward = g.node("Sub", [
      g.node("Sub", [length, g.integer(1)]),
      g.node("Range", [g.integer(0), length, g.integer(1)]),
    ]);
    return g.node("Gather", [x!, backward], { axis: { int: axis } });
  },
  slice: (g, [x], attrs) => {
    const [axis, start, length] = [
      attrs["axis"] as number,
      attrs["start"] as number,
      attrs["length"] as number,
    ];
    const end = start + length;
    return g.node("Slice", [
      x!,
      g.integers([start]),
      g.integers([start < 0 && end >= 0 ? END : end]),
      g.integers([axis]),
    ]);
  },
  stride: (g, [x], attrs) => {
    const high = attrs["high"] as number;
    return g.node("Slice", [
      x!,
      g.integers([attrs["low"] as number]),
      g.integers([high === 0 ? END : -high]),
      g.integers([attrs["axis"] as number]),
      g.integers([attrs["step"] as number]),
    ]);
  },
  pad: (g, [x], attrs, [type]) => {
    const rank = type!.shape.length;
    const at = (axis: number, size: number): number[] =>
      Array.from({ length: rank }, (_, k) => (k === axis ? size : 0));
    const axis = attrs["axis"] as number;
    const pads = [...at(axis, attrs["low"] as number), ...at(axis, attrs["high"] as number)];
    return g.node("Pad", [x!, g.integers(pads), g.float(attrs["value"] as number)]);
  },
  concat(g, xs, attrs) {
    const axis = { axis: { int: attrs["axis"] as number } };
    let joined = xs.slice(0, JOINED);
    // Of more operands onnxruntime-web 1.30 makes zeros on webgpu, and says nothing.
    for (let k = JOINED; k < xs.length; k += JOINED - 1)
      joined = [g.node("Concat", joined, axis), ...xs.slice(k, k + JOINED - 1)];
    return g.node("Concat", joined, axis);
  },
  gather: (g, [table, indices]) => g.node("Gather", [table!, indices!], { axis: { int: 0 } }),
  scatterAdd: (g, [updates, indices, like], _attrs, types) => {
    const zeros = g.node("Expand", [g.float(0), g.node("Shape", [like!])]);
    const rows = g.node("Cast", [indices!], { to: { int: 7 } });
    const places = g.node("Unsqueeze", [rows, g.integers([types[1]!.shape.length])]);
    return g.node("ScatterND", [zeros, places, updates!], { reduction: { string: "add" } });
  },
  iota: (g, [x], attrs) => {
    const axis = attrs["axis"] as number;
    const length = sizeOf(g, x!, axis);
    return toInt(g, g.node("Range", [g.integer(0), length, g.integer(1)]));
  },
  expand: (g, [x, like]) => g.node("Expand", [x!, g.node("Shape", [like!])]),
};

export function emitPrimitive(g: Graph, node: PrimitiveNode, types: readonly ValueType[]): string {
  return primitives[node.op as PrimitiveName](
    g,
    node.inputs.map((id) => g.name(id)),
    node.attrs,
    types,
  );
}
