import type { Value } from "../program/builder.js";
import type { elementwise } from "../program/primitives/elementwise.js";
import type { Pull, Rule, RuleScope } from "./rule.js";

const zero = ({ b }: RuleScope): Value => b.constant(0);

/** Of truths and whole numbers, which change in jumps. */
const decides: Rule = { none: "its result is true or false" };

/** g times a derivative by the operand. */
const times =
  (derivative: (scope: RuleScope) => Value): Pull =>
  (scope) =>
    scope.b.mul(scope.g, derivative(scope));

/**
 * The operand that is taken gets the cotangent. Of two that are equal each gets half, as in PyTorch; beside a
 * literal it gets none, so that the derivative of `max(x, 0)` at 0 is 0, as that of relu is everywhere.
 */
const taken =
  (wins: (scope: RuleScope, mine: Value, other: Value) => Value): Pull =>
  (scope, k) => {
    const { b, g } = scope;
    const [mine, other] = [scope.operand(k), scope.operand(1 - k)];
    const otherwise = scope.literal(1 - k)
      ? zero(scope)
      : b.select(b.equal(mine, other), b.mul(g, b.constant(0.5)), zero(scope));
    return b.select(wins(scope, mine, other), g, otherwise);
  };

/**
 * Derivatives of operations on each element by itself; docs/semantics.md, rule `gradient`. At points without
 * one they are PyTorch's: `derivatives.yaml` and `torch/csrc/autograd/FunctionsManual.cpp`.
 */
export const pointwiseRules: { readonly [P in keyof typeof elementwise]: Rule } = {
  add: ({ g }) => g,
  sub: ({ b, g }, k) => (k === 0 ? g : b.neg(g)),
  mul: ({ b, g, operand }, k) => b.mul(g, operand(1 - k)),
  div({ b, g, operand, result }, k) {
    const share = b.div(g, operand(1));
    return k === 0 ? share : b.neg(b.mul(share, result()));
  },
  pow(scope, k) {
    const { b, g, operand, result } = scope;
    const [x, exponent] = [operand(0), operand(1)];
    if (k === 0) {
      const slope = b.mul(exponent, b.pow(x, b.sub(exponent, b.constant(1))));
      return b.select(b.equal(exponent, zero(scope)), zero(scope), b.mul(g, slope));
    }
    // 0 to the b stays 0 where b grows.
    const flat = b.and(b.equal(x, zero(scope)), b.not(b.less(exponent, zero(scope))));
    return b.select(flat, zero(scope), b.mul(g, b.mul(result(), b.log(x))));
  },
  min: taken(({ b }, mine, other) => b.less(mine, other)),
  max: taken(({ b }, mine, other) => b.less(other, mine)),
  less: decides,
  equal: decides,
  and: decides,
  not: decides,
  // Never a product with 0 and 1: what was not chosen may be NaN.
  select(scope, k) {
    const { b, g, operand } = scope;
    return k === 1 ? b.select(operand(0), g, zero(scope)) : b.select(operand(0), zero(scope), g);
  },
  neg: ({ b, g }) => b.neg(g),
  exp: times(({ result }) => result()),
  log: ({ b, g, operand }) => b.div(g, operand(0)),
  sqrt: ({ b, g, result }) => b.div(b.mul(g, b.constant(0.5)), result()),
  abs(scope) {
    const { b, g, operand } = scope;
    const x = operand(0);
    return b.select(b.less(x, zero(scope)), b.neg(g), b.select(b.equal(x, zero(scope)), zero(scope), g));
  },
  floor: { none: "it is constant between whole numbers" },
  sin: times(({ b, operand }) => b.cos(operand(0))),
  cos: times(({ b, operand }) => b.neg(b.sin(operand(0)))),
  tanh: times(({ b, result }) => b.sub(b.constant(1), b.mul(result(), result()))),
  sigmoid: times(({ b, result }) => b.mul(result(), b.sub(b.constant(1), result()))),
  // Of float32 to float32; whole numbers and truths carry no gradient.
  cast: ({ g }) => g,
};
