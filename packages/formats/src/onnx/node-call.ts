import { unrollError } from "@unroll/api/adapter";
import type { Tensor } from "@unroll/api/torch";
import type { AnyTensor } from "@unroll/api/weights";
import type { GraphProto, NodeProto, OnnxAttribute } from "./graph-proto.js";
import { valuesOf } from "./tensors.js";

/** Elements that an operator may make of nothing: of a shape, of repeats, of numbers in a row. */
const MOST = 2 ** 24;

/** What runs the graphs that an operator holds. */
export interface Bodies {
  /** Results of a graph, whose inputs are given in order; with other values in place of some around it. */
  run(graph: GraphProto, inputs: readonly Tensor[], outer?: ReadonlyMap<string, Tensor>): Tensor[];
  /** A value around the graph, by name. */
  outer(name: string): Tensor | undefined;
}

/** A node that is being carried out: its operands, and its attributes with their defaults. */
export class NodeCall {
  readonly #read = new Set<number>();

  constructor(
    readonly node: NodeProto,
    readonly opset: number,
    /** Null for one that is left out. */
    readonly inputs: readonly (Tensor | null)[],
    readonly bodies: Bodies,
  ) {}

  get place(): string {
    return `onnx node "${this.node.name}" (${this.node.op})`;
  }

  /** Refuses what the node says. @throws UNROLL_UNSUPPORTED */
  refuse(expected: string, got: string, cure: string): never {
    const { name, op } = this.node;
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: this.place,
      expected,
      got,
      cure,
      details: { name, op },
    });
  }

  has(k: number): boolean {
    return (this.inputs[k] ?? null) !== null;
  }

  /** An operand that has to be there. */
  input(k: number): Tensor {
    this.#read.add(k);
    return this.inputs[k] ?? this.refuse(`operand ${k}`, "none", "export the model again");
  }

  /** Refuses an operand that the operator has not looked at: it would be left out silently. */
  assertRead(): void {
    const odd = this.inputs.findIndex((one, k) => one !== null && !this.#read.has(k));
    if (odd >= 0) this.refuse(`operands up to ${odd - 1}`, `operand ${odd} too`, "export the model again");
  }

  /** All operands, of an operator that takes any number of them. */
  all(): Tensor[] {
    return this.inputs.map((_, k) => this.input(k));
  }

  #of(name: string, kind: OnnxAttribute["kind"]): unknown {
    const attribute = this.node.attributes.get(name);
    if (attribute === undefined) return undefined;
    if (attribute.kind === kind) return attribute.value;
    return this.refuse(`attribute ${name} as ${kind}`, attribute.kind, "export the model again");
  }

  int(name: string, otherwise: number): number {
    const value = this.#of(name, "int") as number | undefined;
    if (value !== undefined && !Number.isSafeInteger(value))
      this.refuse(`attribute ${name} as a whole number`, String(value), "export the model again");
    return value ?? otherwise;
  }

  float(name: string, otherwise: number): number {
    return (this.#of(name, "float") as number | undefined) ?? otherwise;
  }

  text(name: string, otherwise: string): string {
    return (this.#of(name, "string") as string | undefined) ?? otherwise;
  }

  ints(name: string): readonly number[] | undefined {
    return this.#of(name, "ints") as readonly number[] | undefined;
  }

  floats(name: string): readonly number[] | undefined {
    return this.#of(name, "floats") as readonly number[] | undefined;
  }

  texts(name: string): readonly string[] | undefined {
    return this.#of(name, "strings") as readonly string[] | undefined;
  }

  tensor(name: string): AnyTensor | undefined {
    return this.#of(name, "tensor") as AnyTensor | undefined;
  }

  graph(name: string): GraphProto {
    return (
      (this.#of(name, "graph") as GraphProto | undefined) ??
      this.refuse(`attribute ${name}`, "none", "export the model again")
    );
  }

  /** Numbers of an operand that sizes or axes follow from. @throws UNROLL_UNSUPPORTED for computed ones */
  values(k: number): number[] {
    const values = valuesOf(this.input(k));
    if (values) return Array.from(values);
    return this.refuse(
      `operand ${k} as known numbers`,
      "numbers that the model computes of what it is fed",
      "export it with fixed sizes",
    );
  }

  /** One number of an operand. */
  value(k: number): number {
    const values = this.values(k);
    return values.length === 1
      ? values[0]!
      : this.refuse(`operand ${k} as one number`, `${values.length}`, "export the model again");
  }

  /** A list that is an attribute in older operator sets and an operand in newer ones. */
  list(name: string, k: number): number[] | undefined {
    const attribute = this.ints(name);
    if (attribute) return [...attribute];
    return this.has(k) ? this.values(k) : undefined;
  }

  /** An axis counted from the front. */
  axis(axis: number, rank: number): number {
    if (Number.isInteger(axis) && axis >= -rank && axis < Math.max(rank, 1))
      return axis < 0 ? axis + rank : axis;
    return this.refuse(`an axis of ${rank}`, String(axis), "export the model again");
  }

  /** Whether a shape may be made of nothing. @returns the shape */
  room(shape: readonly number[]): readonly number[] {
    let size = 1;
    for (const dim of shape) {
      if (!Number.isInteger(dim) || dim < 0)
        this.refuse("sizes", `[${shape.join(", ")}]`, "export the model again");
      size *= dim;
      if (size > MOST || shape.length > 32)
        this.refuse(`at most ${MOST} elements`, `[${shape.join(", ")}]`, "part the model in several");
    }
    return shape;
  }
}

/** Results of an operator: one, or a list of them, null where one is not made. */
export type Results = Tensor | readonly (Tensor | null)[];

/** An operator: the attributes that it knows, and what it does with tensors. */
export interface Operator {
  /** Attributes by name; others are refused before anything runs. */
  readonly attributes?: readonly string[];
  /** Attributes of which one value alone is supported, which is the default too. */
  readonly only?: Readonly<Record<string, number | string>>;
  /** Outputs that it has, more are refused before anything runs. Default 1. */
  readonly outputs?: number;
  readonly run: (call: NodeCall) => Results;
}

/** Operators by name. */
export type Operators = Readonly<Record<string, Operator>>;
