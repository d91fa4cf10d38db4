import type { PrimitiveNode } from "../contract/program.js";
import { primitiveOf, type PrimitiveName } from "../program/primitives.js";
import { movingRules } from "./moving-rules.js";
import { pointwiseRules } from "./pointwise-rules.js";
import type { Pull, Rule } from "./rule.js";

/** The derivative rule of each primitive: one that is missing does not compile. */
const rules = /* @__PURE__ */ (() =>
  ({ ...pointwiseRules, ...movingRules }) satisfies { readonly [P in PrimitiveName]: Rule })();

/** Why no gradient passes a node, or how its operands get theirs. */
export const ruleOf = ({ op }: PrimitiveNode): Rule => rules[op as PrimitiveName];

/** The rule of a node that a gradient passes. */
export const pullOf = (node: PrimitiveNode): Pull => ruleOf(node) as Pull;

/** Whether an operand's elements are read, and not its shape alone. */
export const reads = ({ op }: PrimitiveNode, k: number): boolean =>
  primitiveOf(op)?.shapeOnly?.includes(k) !== true;
