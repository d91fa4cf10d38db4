import type { Dim } from "../contract/program.js";
import type { Block, Value } from "../program/builder.js";
import { addDims } from "../program/dim-arithmetic.js";
import type { along } from "../program/primitives/along.js";
import type { layout } from "../program/primitives/layout.js";
import type { lengths } from "../program/primitives/lengths.js";
import type { reductions } from "../program/primitives/reductions.js";
import type { rows } from "../program/primitives/rows.js";
import type { Rule, RuleScope } from "./rule.js";

const axisOf = ({ attrs }: RuleScope): number => attrs["axis"] as number;
const numberOf = ({ attrs }: RuleScope, name: string): number => attrs[name] as number;

/** An axis in front of the others, and back. */
const inFront = (rank: number, axis: number): number[] => [
  axis,
  ...Array.from({ length: rank }, (_, k) => k).filter((k) => k !== axis),
];
const inverse = (perm: readonly number[]): number[] => perm.map((_, k) => perm.indexOf(k));

function moved(b: Block, x: Value, perm: readonly number[]): Value {
  return perm.every((axis, k) => axis === k) ? x : b.transpose(x, perm);
}

/** Elements of g along an axis added to places of zeros that are as long there as `like`. */
function placed(b: Block, g: Value, like: Value, axis: number, places: Value): Value {
  const perm = inFront(like.type.shape.length, axis);
  return moved(b, b.scatterAdd(moved(b, g, perm), places, moved(b, like, perm)), inverse(perm));
}

/** Last two axes in the other order. */
function turned(b: Block, x: Value): Value {
  const rank = x.type.shape.length;
  return b.transpose(
    x,
    Array.from({ length: rank }, (_, k) => (k < rank - 2 ? k : 2 * rank - 3 - k)),
  );
}

/** int32 [1], how long an axis is. */
const lengthOf = (b: Block, x: Value, axis: number): Value =>
  b.add(b.slice(b.iota(x, axis), 0, -1, 1), b.constant(1, [], "int32"));

/** What of the result's cotangent belongs to one of the parts that were joined. */
function partOf(scope: RuleScope, k: number): Value {
  const { b, g, types } = scope;
  const axis = axisOf(scope);
  const dims = types.map(({ shape }) => shape[axis]!);
  const [before, after]: readonly Dim[] = [addDims(0, ...dims.slice(0, k)), addDims(0, ...dims.slice(k + 1))];
  const own = dims[k]!;
  if (typeof own === "number" && typeof before === "number") return b.slice(g, axis, before, own);
  if (typeof own === "number" && typeof after === "number") return b.slice(g, axis, -after - own, own);
  if (typeof before === "number" && typeof after === "number") return b.stride(g, axis, before, after);
  const perm = inFront(g.type.shape.length, axis);
  const places = dims
    .slice(0, k)
    .reduce<Value>(
      (at, _, part) => b.add(at, lengthOf(b, scope.like(part), axis)),
      b.iota(scope.like(k), axis),
    );
  return moved(b, b.gather(moved(b, g, perm), places), inverse(perm));
}

const shapesAlone: Rule = { none: "it reads a shape alone" };

/**
 * Derivatives of operations that bring elements together or move them: each is linear but for `matmul`, which
 * is so in either operand, and `reduceMax`. What moves elements is undone, what stretches is summed up, and
 * the other way round; docs/semantics.md, rule `gradient`.
 */
export const movingRules: {
  readonly [
    P in
      | keyof typeof reductions
      | keyof typeof layout
      | keyof typeof lengths
      | keyof typeof along
      | keyof typeof rows
  ]: Rule;
} = {
  matmul({ b, g, operand, types }, k) {
    if (k === 0) return b.matmul(g, turned(b, operand(1)));
    const rank = types[0]!.shape.length;
    // One product over all leading axes, and not one for each, which would be summed up after.
    if (rank > 2 && types[1]!.shape.length === 2)
      return b.matmul(turned(b, b.mergeAxes(operand(0), 0, rank - 1)), b.mergeAxes(g, 0, rank - 1));
    return b.matmul(turned(b, operand(0)), g);
  },
  sum: ({ b, g, like }) => b.expand(g, like(0)),
  // Of equals each gets the same share, as PyTorch's `amax`.
  reduceMax({ b, g, attrs, operand, result }) {
    const largest = b.equal(operand(0), result());
    const count = b.sum(b.cast(largest, "float32"), attrs["axes"] as readonly number[]);
    return b.select(largest, b.div(g, count), b.constant(0));
  },
  constant: { none: "it is a literal" },
  expandDims: (scope) => scope.b.squeeze(scope.g, axisOf(scope)),
  squeeze: (scope) => scope.b.expandDims(scope.g, axisOf(scope)),
  transpose: ({ b, g, attrs }) => b.transpose(g, inverse(attrs["perm"] as readonly number[])),
  reverse: (scope) => scope.b.reverse(scope.g, axisOf(scope)),
  slice(scope) {
    const { b, g, like, types } = scope;
    const axis = axisOf(scope);
    const [start, length] = [numberOf(scope, "start"), numberOf(scope, "length")];
    const dim = types[0]!.shape[axis]!;
    if (typeof dim === "number") {
      const low = start < 0 ? dim + start : start;
      return b.pad(g, axis, low, dim - low - length);
    }
    return placed(b, g, like(0), axis, b.slice(b.iota(like(0), axis), 0, start, length));
  },
  iota: shapesAlone,
  expand: ({ g }) => g,
  concat: partOf,
  stride(scope) {
    const { b, g, like } = scope;
    const axis = axisOf(scope);
    const [low, high, step] = [numberOf(scope, "low"), numberOf(scope, "high"), numberOf(scope, "step")];
    if (step === 1) return b.pad(g, axis, low, high);
    return placed(b, g, like(0), axis, b.stride(b.iota(like(0), axis), 0, low, high, step));
  },
  pad: (scope) => scope.b.stride(scope.g, axisOf(scope), numberOf(scope, "low"), numberOf(scope, "high")),
  mergeAxes: (scope) => scope.b.splitAxis(scope.g, scope.like(0), axisOf(scope), numberOf(scope, "count")),
  splitAxis: (scope) => scope.b.mergeAxes(scope.g, axisOf(scope), numberOf(scope, "count")),
  argmax: { none: "its result is a place" },
  cumsum(scope) {
    const { b, g } = scope;
    const axis = axisOf(scope);
    return b.reverse(b.cumsum(b.reverse(g, axis), axis), axis);
  },
  gather: ({ b, g, operand, like }) => b.scatterAdd(g, operand(1), like(0)),
  scatterAdd: ({ b, g, operand }) => b.gather(g, operand(1)),
};
