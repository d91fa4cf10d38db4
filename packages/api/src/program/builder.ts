import { unrollError } from "../contract/error.js";
import type { DType } from "../contract/tensor.js";
import type { PrimitiveName, primitives } from "./primitives.js";
import type { Call, Primitive, PrimitiveRecord } from "./primitives/primitive.js";
import type { NamedValues, Value } from "./value.js";
import type { Attrs, Named, Node, Program, Region, Typed, ValueId, ValueType } from "../contract/program.js";

export type { NamedValues, Value } from "./value.js";

/** What a primitive's `call` takes, with the values of a block in the place of its operands. */
type Arguments<P extends PrimitiveName> = (typeof primitives)[P]["call"] extends (
  ...given: infer A
) => unknown
  ? { [K in keyof A]: InValues<A[K]> }
  : never;

/** Operands of a generic `call` are unknown where it is looked at as a type. */
type InValues<A> = unknown extends A
  ? Value
  : A extends readonly (infer Item)[]
    ? unknown extends Item
      ? readonly Value[]
      : A
    : A;

/** A method for each primitive, as its record says it is called. */
type Methods = { readonly [P in PrimitiveName]: (...given: Arguments<P>) => Value };

/**
 * Collects nodes of one region. Every method appends a node, infers its type and returns its value; a shape
 * that does not fit throws UNROLL_SHAPE or UNROLL_DTYPE where it is made.
 */
export type Block = RegionBuilder & Methods;

/** Primitives by name: all of them, or those that a page has need of. */
export type PrimitiveSet = Readonly<Partial<Record<string, PrimitiveRecord>>>;

/** Works out the type of a primitive's result. @throws UNROLL_SHAPE, UNROLL_DTYPE where operands don't fit */
export type TypeOf = (
  place: string,
  record: Primitive,
  operands: readonly ValueType[],
  attrs: Attrs,
) => ValueType;

/** For operands and attributes that are known to be those of the record. */
const inferred: TypeOf = (place, record, operands, attrs) => record.infer(operands, attrs, place);

class RegionBuilder {
  readonly #nodes: Node[] = [];
  readonly #inputs: Typed[] = [];
  #next = 0;
  readonly #place: string;
  readonly #primitives: PrimitiveSet;
  readonly #typeOf: TypeOf;
  readonly #prefix: string;

  constructor(place: string, primitives: PrimitiveSet, typeOf: TypeOf, prefix = "v") {
    this.#place = place;
    this.#primitives = primitives;
    this.#typeOf = typeOf;
    this.#prefix = prefix;
    // Own properties, so that `values.reduce(block.add)` works too.
    const methods = this as unknown as Record<string, (...given: unknown[]) => Value>;
    for (const [op, record] of Object.entries(primitives))
      methods[op] = (...given) =>
        this.primitive(
          op as PrimitiveName,
          ...(record!.call as (...given: unknown[]) => Call<Value>)(...given),
        );
  }

  #fresh(): ValueId {
    return `${this.#prefix}${this.#next++}`;
  }

  #idOf(value: Value): ValueId {
    if (value.block !== this) {
      throw unrollError({
        code: "UNROLL_PROGRAM",
        place: this.#place,
        expected: "a value of this region",
        got: `${value.id} of another`,
        cure: "pass it in as a capture or an input",
      });
    }
    return value.id;
  }

  /** A new input of this region. */
  input(type: ValueType): Value {
    const input = { id: this.#fresh(), type };
    this.#inputs.push(input);
    return { ...input, block: this };
  }

  /** Appends a primitive of any name; the methods of that name are shorter. */
  primitive(op: PrimitiveName, operands: readonly Value[], attrs: Attrs = {}): Value {
    const place = `${this.#place} ${op}`;
    const inputs = operands.map((v) => this.#idOf(v));
    const record = this.#primitives[op];
    if (!record)
      throw unrollError({
        code: "UNROLL_PROGRAM",
        place,
        expected: `one of ${Object.keys(this.#primitives).join(", ")}`,
        got: `"${op}"`,
        cure: "a layer of a kit names in `primitives` what it needs beside the common ones",
      });
    const type = this.#typeOf(
      place,
      record,
      operands.map((v) => v.type),
      attrs,
    );
    const output = { id: this.#fresh(), type };
    this.#nodes.push({ kind: "primitive", op, inputs, attrs, outputs: [output] });
    return { ...output, block: this };
  }

  /**
   * Folds over time; see {@link ScanNode}. `carries` go from step to step, `sequences` give one element a
   * step, `captures` stay the same; `reverse`, false by default, runs from the last step to the first.
   *
   * @param body gets the body's block and, in its terms, carries, elements and captures; returns the next
   *   carries and the elements to stack, `stacked`
   * @returns the last carries and the stacked outputs
   */
  scan(
    options: {
      carries: readonly Value[];
      sequences: readonly Value[];
      captures?: readonly Value[];
      reverse?: boolean;
    },
    body: (
      block: Block,
      carries: readonly Value[],
      elements: readonly Value[],
      captures: readonly Value[],
    ) => { carries: readonly Value[]; stacked: readonly Value[] },
  ): { carries: Value[]; stacked: Value[] } {
    const { carries, sequences, captures = [], reverse = false } = options;
    const time = sequences[0]?.type.shape[0];
    if (time === undefined || sequences.some((s) => s.type.shape[0] !== time)) {
      throw unrollError({
        code: "UNROLL_SHAPE",
        place: `${this.#place} scan`,
        expected: "sequences of one length",
        got: sequences.map((s) => `[${s.type.shape.join(", ")}]`).join(" and ") || "none",
        cure: "the first axis is time",
      });
    }
    const inner = new Block(`${this.#place} scan`, this.#primitives, this.#typeOf, `${this.#prefix}s`);
    const innerCarries = carries.map((v) => inner.input(v.type));
    const elements = sequences.map((v) => inner.input({ dtype: v.type.dtype, shape: v.type.shape.slice(1) }));
    const innerCaptures = captures.map((v) => inner.input(v.type));
    const result = body(inner, innerCarries, elements, innerCaptures);
    result.carries.forEach((next, k) =>
      expectType(`${this.#place} scan carry ${k}`, carries[k]!.type, next.type),
    );
    const outputs = [
      ...result.carries.map((v) => v.type),
      ...result.stacked.map((v) => ({ dtype: v.type.dtype, shape: [time, ...v.type.shape] })),
    ].map((type) => ({ id: this.#fresh(), type }));
    this.#nodes.push({
      kind: "scan",
      inputs: [...carries, ...sequences, ...captures].map((v) => this.#idOf(v)),
      carries: carries.length,
      sequences: sequences.length,
      reverse,
      body: inner.region([...result.carries, ...result.stacked]),
      outputs,
    });
    const values = outputs.map((o) => ({ ...o, block: this }));
    return { carries: values.slice(0, carries.length), stacked: values.slice(carries.length) };
  }

  /**
   * Appends a composite whose meaning is what `body` builds.
   *
   * @param inputs by name; absent optional inputs are undefined and left out
   * @param body gets the composite's own block and its inputs in that block's terms; returns outputs by name
   */
  composite<Outputs extends string>(
    op: string,
    inputs: NamedValues,
    attrs: Attrs,
    body: (block: Block, inputs: NamedValues) => Readonly<Record<Outputs, Value>>,
  ): Record<Outputs, Value> {
    const present = Object.entries(inputs).filter(
      (entry): entry is [string, Value] => entry[1] !== undefined,
    );
    const inner = new Block(`${this.#place} ${op}`, this.#primitives, this.#typeOf, `${this.#prefix}c`);
    const results = body(inner, Object.fromEntries(present.map(([name, v]) => [name, inner.input(v.type)])));
    const entries = Object.entries<Value>(results);
    const outputs = entries.map(([, v]) => ({ id: this.#fresh(), type: v.type }));
    this.#nodes.push({
      kind: "composite",
      op,
      attrs,
      inputNames: present.map(([name]) => name),
      inputs: present.map(([, v]) => this.#idOf(v)),
      body: inner.region(entries.map(([, v]) => v)),
      outputNames: entries.map(([name]) => name),
      outputs,
    });
    const values: Record<string, Value> = Object.fromEntries(
      entries.map(([name], k) => [name, { ...outputs[k]!, block: this }]),
    );
    return values as Record<Outputs, Value>;
  }

  /** Closes the region. */
  region(outputs: readonly Value[]): Region {
    return { inputs: this.#inputs, nodes: this.#nodes, outputs: outputs.map((v) => this.#idOf(v)) };
  }
}

// The methods follow from the records of the primitives; see `program/primitives/`.
export const Block = RegionBuilder as new (
  place: string,
  primitives: PrimitiveSet,
  typeOf: TypeOf,
  prefix?: string,
) => Block;

function expectType(place: string, want: ValueType, got: ValueType): void {
  if (
    want.dtype !== got.dtype ||
    want.shape.length !== got.shape.length ||
    want.shape.some((dim, k) => dim !== got.shape[k])
  ) {
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: place,
      expected: `${want.dtype} [${want.shape.join(", ")}]`,
      got: `${got.dtype} [${got.shape.join(", ")}]`,
      cure: "a carry keeps its type from step to step",
      details: { want, got },
    });
  }
}

/**
 * The only way to make a {@link Program}. `ProgramBuilder`, for everybody else, has every primitive and
 * checks what it is given against their records.
 */
export class PartialProgramBuilder {
  /** Where the program's operations are appended. */
  readonly block: Block;
  readonly #params: Named[] = [];
  readonly #inputs: Named[] = [];
  readonly #outputs: Named[] = [];
  readonly #name: string;

  constructor(name: string, primitives: PrimitiveSet, typeOf: TypeOf = inferred) {
    this.#name = name;
    this.block = new Block(`program "${name}"`, primitives, typeOf);
  }

  /** A weight, given to `Adapter.compile` under this name. The same name twice is the same weight. */
  param(name: string, shape: readonly number[], dtype: DType = "float32"): Value {
    const known = this.#params.find((p) => p.name === name);
    if (known) return { id: known.id, type: known.type, block: this.block };
    const value = this.block.input({ dtype, shape });
    this.#params.push({ name, id: value.id, type: value.type });
    return value;
  }

  /** A value fed to each run. */
  input(name: string, type: ValueType): Value {
    this.#distinct(this.#inputs, name, "input");
    const value = this.block.input(type);
    this.#inputs.push({ name, id: value.id, type });
    return value;
  }

  /** A value each run returns. */
  output(name: string, value: Value): void {
    this.#distinct(this.#outputs, name, "output");
    this.#outputs.push({ name, id: value.id, type: value.type });
  }

  /** The program of what was appended so far, as plain data. */
  finish(): Program {
    const { nodes } = this.block.region([]);
    return {
      format: "unroll.program",
      version: 1,
      name: this.#name,
      params: this.#params,
      inputs: this.#inputs,
      nodes,
      outputs: this.#outputs,
    };
  }

  #distinct(list: readonly Named[], name: string, what: string): void {
    if (list.some((entry) => entry.name === name)) {
      throw unrollError({
        code: "UNROLL_PROGRAM",
        place: `program "${this.#name}"`,
        expected: `distinct ${what} names`,
        got: `"${name}" twice`,
        cure: "rename one",
        details: { name },
      });
    }
  }
}
