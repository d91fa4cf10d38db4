import type { DType } from "@unroll/api";
import type { Block, Dim, PrimitiveName, Value } from "@unroll/api/adapter";

/** Which numbers an operand holds. None of them is rounded where it is stored, at any precision. */
export type Domain =
  /** From -2 to 2 in quarters, so that comparisons are met on both sides and in between. */
  | "quarters"
  /** From 1/2 to 2 in quarters, of either sign. */
  | "awayFromZero"
  /** From 1/2 to 2 in quarters. */
  | "positive"
  /** Whole numbers from -5 to 5. */
  | "whole"
  /** Rows of a table of four. */
  | "rows"
  /** 0 and 1. */
  | "truth"
  /** NaN at every other element, beginning with the first. */
  | "nanAtEven"
  /** True at every other element, beginning with the second. */
  | "odd"
  /** No two alike, in an order of chance, as long as there are at most 2,048. */
  | "apart"
  /** Rows of a table of so many. */
  | { readonly below: number };

/** An operand of a form. */
export interface OperandForm {
  readonly dtype: DType;
  readonly shape: readonly Dim[];
  readonly domain: Domain;
}

/** One way to use a primitive: what it is given, and how. */
export interface PrimitiveForm {
  readonly label: string;
  readonly operands: readonly OperandForm[];
  apply(b: Block, operands: readonly Value[]): Value;
}

export type Shape = readonly Dim[];

export const float = (shape: Shape, domain: Domain = "quarters"): OperandForm => ({
  dtype: "float32",
  shape,
  domain,
});
export const int = (shape: Shape, domain: Domain = "whole"): OperandForm => ({
  dtype: "int32",
  shape,
  domain,
});
export const bool = (shape: Shape, domain: Domain = "truth"): OperandForm => ({
  dtype: "bool",
  shape,
  domain,
});

const textOf = ({ dtype, shape }: OperandForm): string => `${dtype} [${shape.join(", ")}]`;

/** A form, named after its operands. */
export const form = (
  operands: readonly OperandForm[],
  apply: PrimitiveForm["apply"],
  detail = "",
): PrimitiveForm => ({
  label: [operands.map(textOf).join(" and ") || "nothing", detail].filter((part) => part !== "").join(", "),
  operands,
  apply,
});

/** Operands of some shape, of one dtype. */
export type OperandOf = (shape: Shape, domain?: Domain) => OperandForm;

/** An operand of each dtype. */
export const everyType: readonly OperandOf[] = [float, int, bool];

type PairOp = (b: Block, a: Value, c: Value) => Value;
type ElementOp = (b: Block, x: Value) => Value;

/** Numbers of the left operand, of the right one, and of one value that is both. */
interface PairDomains {
  readonly left: Domain;
  readonly right: Domain;
  readonly both: Domain;
}

/** Forms of a primitive of two operands, `of` giving each of them. */
export type PairForms = (
  op: PairOp,
  of: OperandOf,
  domains?: Partial<PairDomains>,
) => readonly PrimitiveForm[];
/** Forms of a primitive of one operand, `of` giving it. */
export type ElementForms = (op: ElementOp, of: OperandOf, domain?: Domain) => readonly PrimitiveForm[];

const divided: PairDomains = { left: "quarters", right: "awayFromZero", both: "awayFromZero" };
const raised: PairDomains = { left: "positive", right: "quarters", both: "positive" };

/** Every primitive that works element by element, in the forms that `pairs` and `elements` give of each. */
export function elementwise(pairs: PairForms, elements: ElementForms) {
  const numbers = (op: PairOp): PrimitiveForm[] => [...pairs(op, float), ...pairs(op, int)];
  return {
    add: numbers((b, a, c) => b.add(a, c)),
    sub: numbers((b, a, c) => b.sub(a, c)),
    mul: numbers((b, a, c) => b.mul(a, c)),
    min: numbers((b, a, c) => b.min(a, c)),
    max: numbers((b, a, c) => b.max(a, c)),
    less: numbers((b, a, c) => b.less(a, c)),
    equal: numbers((b, a, c) => b.equal(a, c)),
    div: pairs((b, a, c) => b.div(a, c), float, divided),
    pow: pairs((b, a, c) => b.pow(a, c), float, raised),
    and: pairs((b, a, c) => b.and(a, c), bool),
    not: elements((b, x) => b.not(x), bool),
    neg: elements((b, x) => b.neg(x), float),
    abs: elements((b, x) => b.abs(x), float),
    floor: elements((b, x) => b.floor(x), float),
    exp: elements((b, x) => b.exp(x), float),
    log: elements((b, x) => b.log(x), float, "positive"),
    sqrt: elements((b, x) => b.sqrt(x), float, "positive"),
    sin: elements((b, x) => b.sin(x), float),
    cos: elements((b, x) => b.cos(x), float),
    tanh: elements((b, x) => b.tanh(x), float),
    sigmoid: elements((b, x) => b.sigmoid(x), float),
  } satisfies { readonly [P in PrimitiveName]?: readonly PrimitiveForm[] };
}
