import { allocate, type DType, type HostTensor, type ValueId } from "@unroll/api/adapter";
import type { Attribute, ElementType, GraphProto, Initializer, NodeProto, ValueInfo } from "./proto.js";

export type Attributes = Readonly<Record<string, Attribute>>;

/**
 * What the graphs of one model share: names must be unique in all of it, and initializers live in the
 * outermost.
 */
class Shared {
  readonly initializers: Initializer[] = [];
  /** Weights, as they are or packed, in the order in which they are written. */
  readonly weights: Initializer[] = [];
  private readonly known = new Map<string, string>();
  private next = 0;

  constructor(
    private readonly taken: ReadonlySet<string>,
    readonly device: string,
  ) {}

  fresh(): string {
    let name: string;
    do name = `v${this.next++}`;
    while (this.taken.has(name));
    return name;
  }

  /** A weight: never one with another, as each may be given another value. */
  weight(type: ElementType, shape: readonly number[], bytes: Uint8Array): string {
    const name = this.fresh();
    this.weights.push({ name, type, shape, bytes });
    return name;
  }

  /** An initializer; small equal ones are one. */
  constant(type: ElementType, shape: readonly number[], bytes: Uint8Array): string {
    const key = bytes.length > 64 ? undefined : `${type} ${shape.join()} ${bytes.join()}`;
    const known = key && this.known.get(key);
    if (known) return known;
    const name = this.fresh();
    this.initializers.push({ name, type, shape, bytes });
    if (key) this.known.set(key, name);
    return name;
  }
}

/**
 * Collects the nodes of one ONNX graph. Values have names; a program's ids are bound to them as they come up.
 */
export class Graph {
  readonly nodes: NodeProto[] = [];
  private readonly names = new Map<ValueId, string>();

  private constructor(private readonly shared: Shared) {}

  /**
   * The outermost graph of a model whose inputs and outputs have these names; no value in it gets one of
   * them.
   */
  static outermost(taken: ReadonlySet<string>, device: string): Graph {
    return new Graph(new Shared(taken, device));
  }

  /** Execution provider that the model is for: some write an operator another way. */
  get device(): string {
    return this.shared.device;
  }

  /** A graph inside a node: sees the names of this one. */
  inner(): Graph {
    return new Graph(this.shared);
  }

  fresh(): string {
    return this.shared.fresh();
  }

  bind(id: ValueId, name: string): void {
    this.names.set(id, name);
  }

  /** The name of a program's value. */
  name(id: ValueId): string {
    return this.names.get(id)!;
  }

  /** Appends an operator and returns the names of its results. */
  nodeOf(op: string, inputs: readonly string[], attributes: Attributes, outputs: number): string[] {
    const names = Array.from({ length: outputs }, () => this.fresh());
    this.nodes.push({ op, inputs, outputs: names, attributes });
    return names;
  }

  /** Appends an operator of one result. */
  node(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.nodeOf(op, inputs, attributes, 1)[0]!;
  }

  constant(dtype: DType, shape: readonly number[], values: ArrayLike<number>): string {
    const data = allocate(dtype, values.length);
    data.set(values);
    return this.shared.constant(dtype, shape, new Uint8Array(data.buffer));
  }

  /** A weight as it is; its bytes are copied. */
  weight({ dtype, shape, data }: HostTensor): string {
    const copy = allocate(dtype, data.length);
    copy.set(data);
    return this.shared.weight(dtype, shape, new Uint8Array(copy.buffer));
  }

  /** What follows from weights alone. */
  packed(shape: readonly number[], data: Float32Array): string {
    return this.shared.weight(
      "float32",
      shape,
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    );
  }

  /**
   * Weights, as they are or packed, in the order in which they were written; the same for every value of
   * them.
   */
  get weights(): readonly Initializer[] {
    return this.shared.weights;
  }

  float(value: number): string {
    return this.constant("float32", [], [value]);
  }

  /** Sizes and axes, which ONNX wants as int64. */
  integers(values: readonly number[]): string {
    return this.shared.constant(
      "int64",
      [values.length],
      new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
    );
  }

  integer(value: number): string {
    return this.shared.constant("int64", [], new Uint8Array(BigInt64Array.of(BigInt(value)).buffer));
  }

  /**
   * The finished graph. A result of its own nodes takes the output's name; what is an input, an initializer
   * or an output already can't, and is copied by an Identity.
   */
  finish(
    name: string,
    inputs: readonly ValueInfo[],
    outputs: readonly (ValueInfo & { readonly from: string })[],
    outermost: boolean,
  ): GraphProto {
    const made = new Set(this.nodes.flatMap((node) => node.outputs));
    const renamed = new Map<string, string>();
    for (const { name: to, from } of outputs) {
      if (made.has(from) && !renamed.has(from)) renamed.set(from, to);
      else this.nodes.push({ op: "Identity", inputs: [from], outputs: [to], attributes: {} });
    }
    return {
      name,
      nodes: withNames(this.nodes, renamed),
      initializers: outermost ? this.shared.initializers : [],
      inputs,
      outputs,
    };
  }
}

/** The nodes with values renamed, inside graphs too, which see those names. */
export function withNames(nodes: readonly NodeProto[], renamed: ReadonlyMap<string, string>): NodeProto[] {
  const named = (name: string): string => renamed.get(name) ?? name;
  return nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(named),
    outputs: node.outputs.map(named),
    attributes: Object.fromEntries(
      Object.entries(node.attributes).map(([key, value]) => [
        key,
        "graph" in value
          ? { graph: { ...value.graph, nodes: withNames(value.graph.nodes, renamed) } }
          : value,
      ]),
    ),
  }));
}
