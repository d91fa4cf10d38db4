import type { DType, HostTensor } from "../contract/tensor.js";
import { kindOf } from "../contract/kind.js";
import { shown } from "../contract/shown.js";
import type { Block, Value } from "../program/builder.js";
import { builtAtOnce, refuse } from "./refuse.js";
import { VariableScopes } from "./variable-scopes.js";

/** Sizes of a tensor's axes as far as they are known before a run; null where a run chooses. */
export type StaticShape = readonly (number | null)[];

/** Values of the variables that a session holds. */
export type VariableReader = (variable: Tensor) => HostTensor<"float32">;

/**
 * What an operation has beside its operands, worked out before anything runs: a variable as it is, or one in
 * another layout; or a literal.
 */
export interface Weight {
  /** For errors of engines. */
  readonly name: string;
  /** What its elements are. */
  readonly dtype: DType;
  /** Sizes of its axes. */
  readonly shape: readonly number[];
  /** Variables that it is made of. */
  readonly variables: readonly Tensor[];
  /** Its numbers, of those that the variables have. */
  valueOf(read: VariableReader): HostTensor;
}

/** Looks at what a run is fed before it starts; undefined for a tensor whose value is not known by then. */
export type Check = (fed: (tensor: Tensor) => HostTensor | undefined) => void;

/** Runs a part of the graph: tensors, given others. */
export type Evaluate = (
  targets: readonly Tensor[],
  given: ReadonlyMap<Tensor, HostTensor>,
) => Promise<HostTensor[]>;

/** What an operation is, beside its name and where it stands. */
export interface OperationParts {
  /** What it reads. */
  readonly inputs: readonly Tensor[];
  /** What it has beside. */
  readonly weights?: readonly Weight[];
  /** What there is to check of values that are fed, once sizes are known. */
  check?(inputs: readonly Value[]): Check;
  /** Appends it to a program. Sizes are known by then: no axis has a name. A body adds its own checks. */
  build?(b: Block, inputs: readonly Value[], weights: readonly Value[], checks: Check[]): readonly Value[];
  /** Of a loop whose length follows from what it computes: runs it, a program for each step. */
  run?(evaluate: Evaluate): Promise<HostTensor[]>;
}

/** A node of the graph. Made by {@link Graph.add}. */
export interface Operation extends OperationParts {
  /** Later operations have larger ones. */
  readonly id: number;
  readonly name: string;
  /** What it does, in TensorFlow's words: `Placeholder`, `MatMul`. */
  readonly type: string;
  readonly outputs: readonly Tensor[];
}

/** What an operation returns. */
export interface Result {
  readonly dtype: DType;
  readonly shape: StaticShape;
}

/**
 * A value of the graph, which has no numbers until `session.run`. Made by `placeholder`, `getVariable` and
 * the operations.
 */
export class Tensor {
  /** The graph that it belongs to. */
  readonly graph: Graph;
  /** What its elements are. */
  readonly dtype: DType;
  /** Sizes of its axes; null where a run chooses. */
  readonly shape: StaticShape;
  /** @internal What computes it. */
  readonly op: Operation;
  readonly #index: number;

  /** @internal By {@link Graph.add} alone. */
  constructor(graph: Graph, op: Operation, index: number, { dtype, shape }: Result) {
    this.graph = graph;
    this.op = op;
    this.#index = index;
    this.dtype = dtype;
    this.shape = shape;
  }

  /** As TensorFlow has it: the operation's, and which of its results it is. */
  get name(): string {
    return `${this.op.name}:${this.#index}`;
  }

  /** TensorFlow's `get_shape()`. */
  getShape(): StaticShape {
    return this.shape;
  }

  /** Name, dtype and shape. */
  toString(): string {
    const sizes = this.shape.map((size) => size ?? "?").join(", ");
    return `Tensor("${this.name}", shape=(${sizes}), ${this.dtype})`;
  }
}

/** The operations of a model, its variables and its scopes: TensorFlow's `tf.Graph`. */
export class Graph {
  /** @internal Every variable by its name, in the order in which they were made. */
  readonly variables = new Map<string, Tensor>();
  /** @internal Where new variables are named. */
  readonly scopes = new VariableScopes();
  readonly #tensors = new Map<string, Tensor>();
  #operations = 0;

  /** @internal Appends an operation and returns its results. */
  add(type: string, name: string, parts: OperationParts, results: readonly Result[]): Tensor[] {
    for (const { graph } of parts.inputs)
      if (graph !== this)
        refuse(type, "tensors of one graph", "one of another", "build them between the same asDefault()");
    const scope = this.scopes.current.name;
    if (!isName(name)) refuse(type, "a name of letters, digits and _ . - /", shown(name), "name it so");
    const base = scope === "" ? name : `${scope}/${name}`;
    let unique = base;
    for (let k = 1; this.#tensors.has(`${unique}:0`); k++) unique = `${base}_${k}`;
    const outputs: Tensor[] = [];
    const op: Operation = { ...parts, id: this.#operations++, name: unique, type, outputs };
    results.forEach((result, k) => outputs.push(new Tensor(this, op, k, result)));
    for (const tensor of outputs) this.#tensors.set(tensor.name, tensor);
    return outputs;
  }

  /** A tensor by its name, `x:0`; without `:0` the first result. @throws UNROLL_ARGUMENT for none */
  getTensorByName(name: string): Tensor {
    const found =
      typeof name === "string" ? this.#tensors.get(name.includes(":") ? name : `${name}:0`) : undefined;
    return (
      found ??
      refuse(
        "getTensorByName",
        "the name of a tensor of this graph",
        typeof name === "string" ? `"${name}"` : kindOf(name),
        "scopes are part of a name; a tensor's `name` tells it",
      )
    );
  }

  /**
   * Builds in this graph, whatever the default is: TensorFlow's `with graph.as_default():`.
   *
   * @returns what `build` returns
   * @throws UNROLL_ARGUMENT for what is no function, and for an async one
   */
  asDefault<T>(build: () => T): T {
    if (typeof build !== "function")
      refuse(
        "asDefault",
        "a function that builds in the graph",
        kindOf(build),
        "e.g. () => placeholder(...)",
      );
    const before = standing.graph;
    standing.graph = this;
    try {
      return builtAtOnce("asDefault", build);
    } finally {
      standing.graph = before;
    }
  }
}

const standing = { graph: new Graph() };

/** The graph that operations are appended to. */
export const getDefaultGraph = (): Graph => standing.graph;

/** Begins a new default graph, with nothing in it. */
export function resetDefaultGraph(): void {
  standing.graph = new Graph();
}

/** What TensorFlow takes for a name. */
const isName = (name: unknown): boolean =>
  typeof name === "string" && /^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$/.test(name);

/** Refuses what is no tensor of a graph. @throws UNROLL_ARGUMENT */
export function assertTensor(place: string, value: unknown): asserts value is Tensor {
  if (!(value instanceof Tensor))
    refuse(place, "a tensor of the graph", kindOf(value), "numbers come in by constant() or a placeholder");
}
