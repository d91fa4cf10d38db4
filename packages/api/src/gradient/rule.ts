import type { Attrs, ValueType } from "../contract/program.js";
import type { Block, Value } from "../program/builder.js";

/** What a derivative rule sees of a use of its primitive. All values are of the block that it appends to. */
export interface RuleScope {
  /** Where the rule appends. */
  readonly b: Block;
  /** The cotangent of the result, of its shape: how much what is differentiated changes with each element. */
  readonly g: Value;
  /** The primitive's attributes. */
  readonly attrs: Attrs;
  /** Types of the operands. */
  readonly types: readonly ValueType[];
  /** An operand's value. What a rule asks for is kept from the forward pass. */
  operand(k: number): Value;
  /** The result's value. */
  result(): Value;
  /** Some value of an operand's shape: what is in it is not read, so nothing need be kept. */
  like(k: number): Value;
  /** Whether an operand is a literal: nothing that is fed, and no weight, changes it. */
  literal(k: number): boolean;
}

/**
 * The share of operand `k` in the cotangent. Where the operand was stretched, its share may be of the
 * result's shape: whoever applies the rule sums it up. Asked only of float32 operands whose values are read.
 */
export type Pull = (scope: RuleScope, k: number) => Value;

/** A derivative rule, or why there is none: the result does not change, or in jumps. */
export type Rule = Pull | { readonly none: string };
