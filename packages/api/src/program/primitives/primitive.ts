import { unrollError } from "../../contract/error.js";
import type { Attrs, AttrValue, Dim, ValueType } from "../../contract/program.js";
import type { DType } from "../../contract/tensor.js";

/** What an attribute may hold. */
export type AttrKind =
  /** An axis of the operand, counted from the front. */
  | "axis"
  /** One or more axes, rising. */
  | "axes"
  /** Every axis once. */
  | "permutation"
  | "whole"
  /** A whole number of at least 0. */
  | "count"
  /** A whole number of at least 1. */
  | "size"
  | "number"
  | "numbers"
  /** Lengths of axes. */
  | "sizes"
  | "dtype";

/**
 * What the builder, the verifier and an adapter author need to know of one primitive. What it means is the
 * comment on its record, which is that of the block's method too, so that pages don't load it.
 */
export interface Primitive {
  /** Names of the operands, in order. A last name ending in `...` stands for one or more. */
  readonly operands: readonly string[];
  /** Every attribute, all required, with what it may hold. */
  readonly attrs: Readonly<Record<string, AttrKind>>;
  /** Operands, by number, of which only the shape is read. */
  readonly shapeOnly?: readonly number[];
  /** Whether the result is the operand's memory in another shape. */
  readonly alias?: true;
  /**
   * Axes of each operand along which elements are combined or reordered; elsewhere each row, step, ... is
   * by itself. Default none.
   */
  along?(operands: readonly ValueType[], attrs: Attrs): readonly (readonly number[])[];
  /** Result type; throws UNROLL_SHAPE or UNROLL_DTYPE when operands do not fit. */
  infer(operands: readonly ValueType[], attrs: Attrs, place: string): ValueType;
}

/** How a block's method is called: its arguments as operands and attributes. */
export type Call<V> = readonly [operands: readonly V[], attrs?: Attrs];

/** A primitive with how the method of a block that appends it is called. */
export interface PrimitiveRecord extends Primitive {
  /** From the arguments of the block's method to operands and attributes. */
  readonly call: (...given: never) => Call<unknown>;
}

const whole = (value: AttrValue): value is number => Number.isInteger(value);
const listOf = (value: AttrValue, check: (item: AttrValue) => boolean): boolean =>
  Array.isArray(value) && (value as readonly AttrValue[]).every(check);
const rising = (value: AttrValue): boolean =>
  listOf(value, (axis) => whole(axis) && axis >= 0) &&
  (value as readonly number[]).every((axis, k, all) => k === 0 || all[k - 1]! < axis);

/** What each kind of attribute is, in words, and the check of a value. */
export const attrKinds: {
  readonly [K in AttrKind]: readonly [expected: string, check: (value: AttrValue) => boolean];
} = {
  // Whether it is one of the operand's, inference says.
  axis: ["a whole number", whole],
  axes: ["a rising list of axes", (value) => rising(value) && (value as readonly number[]).length > 0],
  permutation: ["a list of axes", (value) => listOf(value, whole)],
  whole: ["a whole number", whole],
  count: ["a whole number of at least 0", (value) => whole(value) && value >= 0],
  size: ["a whole number of at least 1", (value) => whole(value) && value >= 1],
  number: ["a number", (value) => typeof value === "number"],
  numbers: ["a list of numbers", (value) => listOf(value, (item) => typeof item === "number")],
  sizes: ["a list of lengths", (value) => listOf(value, (item) => whole(item) && item >= 0)],
  dtype: ["float32, int32 or bool", (value) => value === "float32" || value === "int32" || value === "bool"],
};

export const show = (type: ValueType): string => `${type.dtype} [${type.shape.join(", ")}]`;

/** Refuses operands that do not fit. @throws UNROLL_SHAPE */
export function refuseShape(place: string, expected: string, got: string, cure: string): never {
  throw unrollError({ code: "UNROLL_SHAPE", place, expected, got, cure });
}

export function expectDType(place: string, type: ValueType, allowed: readonly DType[]): void {
  if (!allowed.includes(type.dtype))
    throw unrollError({
      code: "UNROLL_DTYPE",
      place,
      expected: allowed.join(" or "),
      got: show(type),
      cure: "cast it first",
      details: { allowed, got: type },
    });
}

/**
 * Axis number of an attribute, counted from the front; negative ones are refused so that a program has one
 * spelling.
 */
export function axisOf(place: string, attrs: Attrs, name: string, rank: number): number {
  const axis = attrs[name];
  if (typeof axis !== "number" || !Number.isInteger(axis) || axis < 0 || axis >= rank)
    throw unrollError({
      code: "UNROLL_SHAPE",
      place,
      expected: `${name} in 0..${rank - 1}`,
      got: String(axis),
      cure: "count axes from the front",
      details: { axis, rank },
    });
  return axis;
}

/**
 * Shape of an elementwise operation on two shapes: aligned at the last axis, 1 stretches. A symbolic dim
 * equals only itself.
 */
export function broadcast(place: string, a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, k) => {
    const left = k < rank - a.length ? 1 : a[k - (rank - a.length)]!;
    const right = k < rank - b.length ? 1 : b[k - (rank - b.length)]!;
    if (left !== right && left !== 1 && right !== 1)
      throw unrollError({
        code: "UNROLL_SHAPE",
        place,
        expected: "shapes that broadcast",
        got: `[${a.join(", ")}] and [${b.join(", ")}]`,
        cure: "axes from the end must be equal or 1",
        details: { left: a, right: b },
      });
    return left === 1 ? right : left;
  });
}

export function same(place: string, a: ValueType, b: ValueType): void {
  if (a.dtype !== b.dtype)
    throw unrollError({
      code: "UNROLL_DTYPE",
      place,
      expected: "operands of one dtype",
      got: `${show(a)} and ${show(b)}`,
      cure: "cast one of them",
      details: { left: a, right: b },
    });
}

/** Every operand along the attribute `axis`. */
export const alongAxis = (operands: readonly ValueType[], attrs: Attrs): readonly (readonly number[])[] =>
  operands.map(() => [attrs["axis"] as number]);

/** A shape with one axis of another length. */
export const withAxis = (shape: readonly Dim[], axis: number, dim: Dim): Dim[] =>
  shape.map((own, k) => (k === axis ? dim : own));
