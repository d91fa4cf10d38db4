import { einsum, F, type Tensor } from "@unroll/api/torch";
import type { NodeCall, Operator, Operators, Results } from "./node-call.js";

/** Axes that are folded: an attribute, an operand since set 13 or 18, all of them where none is said. */
function axesOf(call: NodeCall, x: Tensor): number[] | null {
  const rank = x.shape.length;
  const axes = call.list("axes", 1)?.map((axis) => call.axis(axis, rank));
  if (axes && axes.length > 0) return axes;
  return call.int("noop_with_empty_axes", 0) === 1 ? null : Array.from({ length: rank }, (_, k) => k);
}

type Folding = (x: Tensor, dim: readonly number[], keepdim: boolean) => Tensor;

/** An operator that folds axes, after a function of each element and before another. */
const reduction = (fold: Folding, before = (x: Tensor): Tensor => x, after = before): Operator => ({
  attributes: ["axes", "keepdims", "noop_with_empty_axes"],
  run(call) {
    const x = call.input(0);
    const axes = axesOf(call, x);
    if (axes === null || axes.length === 0) return after(before(x));
    return after(fold(before(x), axes, call.int("keepdims", 1) === 1));
  },
});

const same = (x: Tensor): Tensor => x;
const sum: Folding = (x, dim, keepdim) => x.sum({ dim, keepdim });

/** The product along several axes, one after the other, the last first so that numbers stay. */
const product: Folding = (x, dim, keepdim) =>
  [...dim].sort((a, b) => b - a).reduce((value, axis) => value.prod({ dim: axis, keepdim }), x);

const extreme = (of: (x: Tensor, options: { dim: number; keepdim: boolean }) => Tensor): Operator => ({
  attributes: ["axis", "keepdims"],
  only: { select_last_index: 0 },
  run: (call) =>
    of(call.input(0), {
      dim: call.axis(call.int("axis", 0), call.input(0).shape.length),
      keepdim: call.int("keepdims", 1) === 1,
    }),
});

/** Before set 13 the axes from `axis` on are one. */
const shares = (of: (x: Tensor, dim: number) => Tensor): Operator => ({
  attributes: ["axis"],
  run(call) {
    const x = call.input(0);
    const rank = x.shape.length;
    if (call.opset >= 13) return of(x, call.axis(call.int("axis", -1), rank));
    const axis = call.axis(call.int("axis", 1), rank);
    return of(x.flatten(axis), axis).reshape(x.shape);
  },
});

function cumsum(call: NodeCall): Tensor {
  const x = call.input(0);
  const rank = x.shape.length;
  const axis = call.axis(call.value(1), rank);
  const turned = (one: Tensor): Tensor => (call.int("reverse", 0) === 1 ? one.flip(axis) : one);
  const own = turned(x);
  if (call.int("exclusive", 0) === 0) return turned(own.cumsum(axis));
  const pads = new Array<number>(2 * rank).fill(0);
  [pads[2 * (rank - 1 - axis)], pads[2 * (rank - 1 - axis) + 1]] = [1, -1];
  return turned(F.pad(own, pads).cumsum(axis));
}

function gemm(call: NodeCall): Tensor {
  const side = (k: number, name: string): Tensor =>
    call.int(name, 0) === 1 ? call.input(k).t() : call.input(k);
  const scaled = (x: Tensor, by: number): Tensor => (by === 1 ? x : x.mul(by));
  const product = scaled(side(0, "transA").matmul(side(1, "transB")), call.float("alpha", 1));
  return call.has(2) ? product.add(scaled(call.input(2), call.float("beta", 1))) : product;
}

function topk(call: NodeCall): Results {
  const x = call.input(0);
  const dim = call.axis(call.int("axis", -1), x.shape.length);
  const k = call.has(1) ? call.value(1) : call.int("k", 1);
  return x.topk(k, { dim, largest: call.int("largest", 1) === 1 });
}

/** Operators that bring elements of axes together. */
export const reducing = (): Operators => ({
  ReduceSum: reduction(sum, same),
  ReduceMean: reduction((x, dim, keepdim) => x.mean({ dim, keepdim }), same),
  ReduceMax: reduction((x, dim, keepdim) => x.amax({ dim, keepdim }), same),
  ReduceMin: reduction((x, dim, keepdim) => x.amin({ dim, keepdim }), same),
  ReduceProd: reduction(product, same),
  ReduceL1: reduction(sum, (x) => x.abs(), same),
  ReduceL2: reduction(
    sum,
    (x) => x.square(),
    (x) => x.sqrt(),
  ),
  ReduceSumSquare: reduction(sum, (x) => x.square(), same),
  ReduceLogSum: reduction(sum, same, (x) => x.log()),
  ReduceLogSumExp: reduction((x, dim, keepdim) => x.logsumexp({ dim, keepdim }), same),
  ArgMax: extreme((x, options) => x.argmax(options)),
  ArgMin: extreme((x, options) => x.argmin(options)),
  CumSum: { attributes: ["exclusive", "reverse"], run: cumsum },
  Softmax: shares((x, dim) => x.softmax(dim)),
  LogSoftmax: shares((x, dim) => x.logSoftmax(dim)),
  TopK: { attributes: ["axis", "largest", "sorted", "k"], outputs: 2, run: topk },
  MatMul: { run: (call) => call.input(0).matmul(call.input(1)) },
  Gemm: { attributes: ["alpha", "beta", "transA", "transB"], run: gemm },
  Einsum: { attributes: ["equation"], run: (call) => einsum(call.text("equation", ""), ...call.all()) },
});
