import { isUnrollError, unrollError } from "@unroll/api/adapter";
import type { Tensor } from "@unroll/api/torch";
import { DAMAGED, refuse } from "../refuse.js";
import type { GraphProto, NodeProto } from "./graph-proto.js";
import { type Bodies, NodeCall } from "./node-call.js";
import { operatorNamed } from "./operators.js";
import { hostTensorOf, known } from "./tensors.js";

/** Elements that tensors which are known before a run may have in all, for each element of the file. */
const GROWTH = 64;
const LEAST_ROOM = 2 ** 24;
/** Nodes that are carried out in all: a body once for each run of its loop. */
const STEPS = 2 ** 17;

/** Values by name; those of a body see those around it. */
class Scope {
  readonly #values = new Map<string, Tensor>();
  constructor(readonly outer: Scope | null) {}

  find(name: string): Tensor | undefined {
    return this.#values.get(name) ?? this.outer?.find(name);
  }

  set(name: string, value: Tensor): void {
    if (this.#values.has(name))
      refuse("onnx graph", "each value made once", `"${name}" twice`, "export the model again");
    this.#values.set(name, value);
  }
}

/** A value and its name. */
type Named = readonly [name: string, value: Tensor];

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Carries a graph out on tensors: what is known is computed now, the rest is appended to a trace. */
export class Interpreter {
  readonly #opset: number;
  #room: number;
  #steps = 0;

  /** @param size bytes of the file */
  constructor(opset: number, size: number) {
    this.#opset = opset;
    this.#room = Math.max(LEAST_ROOM, GROWTH * size);
  }

  /**
   * Results of a graph, in order.
   *
   * @throws UNROLL_UNSUPPORTED for what operators refuse; UNROLL_FORMAT for a value that no node before makes
   */
  run(graph: GraphProto, given: readonly Named[]): Tensor[] {
    return this.#graph(graph, new Scope(null), given);
  }

  #graph(graph: GraphProto, scope: Scope, given: readonly Named[]): Tensor[] {
    for (const [name, value] of given) scope.set(name, value);
    const fed = new Set(given.map(([name]) => name));
    for (const [name, tensor] of graph.initializers)
      if (!fed.has(name)) scope.set(name, known(hostTensorOf(`onnx initializer "${name}"`, tensor)));
    for (const node of graph.nodes) this.#node(node, scope);
    return graph.outputs.map(({ name }) => this.#value(`onnx graph output "${name}"`, name, scope));
  }

  #value(place: string, name: string, scope: Scope): Tensor {
    return (
      scope.find(name) ??
      refuse(place, "values that nodes before it make", `"${name}"`, "sort its nodes; a graph has no cycles")
    );
  }

  #node(node: NodeProto, scope: Scope): void {
    const place = `onnx node "${node.name}" (${node.op})`;
    if (++this.#steps > STEPS)
      refuse(place, `at most ${STEPS} nodes, loops unrolled`, "more", "part the model in several");
    const inputs = node.inputs.map((name) => (name === "" ? null : this.#value(place, name, scope)));
    // Beyond known operators nothing comes this far.
    const results = this.#results(node, place, inputs, scope);
    node.outputs.forEach((name, k) => {
      if (name === "") return;
      const result = results[k];
      if (!result) return void refuse(place, `output ${k}`, "none", "export the model again");
      if (result.backend === null && !inputs.includes(result)) this.#spend(place, sizeOf(result.shape));
      scope.set(name, result);
    });
  }

  #results(
    node: NodeProto,
    place: string,
    inputs: readonly (Tensor | null)[],
    scope: Scope,
  ): readonly (Tensor | null)[] {
    const bodies: Bodies = {
      outer: (name) => scope.find(name),
      run: (graph, values, outer) => {
        const around = new Scope(outer ? this.#copies(scope) : scope);
        for (const [name, value] of outer ?? []) around.set(name, value);
        const entries = graph.inputs.map(({ name }, k) => [name, values[k]!] as const);
        return this.#graph(graph, new Scope(around), entries);
      },
    };
    try {
      this.#fits(place, inputs);
      const call = new NodeCall(node, this.#opset, inputs, bodies);
      const made = operatorNamed(node.op)!.run(call);
      call.assertRead();
      return Array.isArray(made) ? (made as readonly (Tensor | null)[]) : [made as Tensor];
    } catch (cause) {
      throw located(place, cause);
    }
  }

  /** Known values as a trace of its own has them: anew, as they were made in another. */
  #copies(scope: Scope): Scope {
    return new CopyScope(scope);
  }

  /**
   * Refuses operands that are known and could make far more than they are, before anything is allocated.
   *
   * @throws UNROLL_FORMAT
   */
  #fits(place: string, inputs: readonly (Tensor | null)[]): void {
    const all = inputs.filter((one): one is Tensor => one !== null);
    if (all.some(({ backend }) => backend !== null)) return;
    // Of what stretches no result is larger than this.
    const sizes = all.map(({ shape }) => sizeOf(shape));
    const rank = Math.max(0, ...all.map(({ shape }) => shape.length));
    const most = Array.from({ length: rank }, (_, k) =>
      Math.max(1, ...all.map(({ shape }) => shape[shape.length - 1 - k] ?? 1)),
    );
    if (Math.max(sizeOf(most), ...sizes) > this.#room)
      refuse(
        place,
        `constants of at most ${this.#room} elements`,
        "more",
        "the file asks for more than it holds",
      );
  }

  #spend(place: string, elements: number): void {
    this.#room -= elements;
    if (this.#room < 0)
      refuse(place, "constants in proportion to the file", "more", "the file asks for more than it holds");
  }
}

/** What a scope around another trace holds: its known values, copied when they are first asked for. */
class CopyScope extends Scope {
  readonly #copied = new Map<string, Tensor>();
  constructor(readonly from: Scope) {
    super(null);
  }

  override find(name: string): Tensor | undefined {
    const own = super.find(name) ?? this.#copied.get(name);
    if (own) return own;
    const found = this.from.find(name);
    if (!found || found.backend !== null) return undefined;
    const { dtype, shape, data } = found;
    const copy = known({ dtype, shape, data });
    this.#copied.set(name, copy);
    return copy;
  }
}

/** An error with the node that it is of. */
function located(place: string, cause: unknown): unknown {
  if (!isUnrollError(cause))
    return unrollError({
      code: "UNROLL_FORMAT",
      place,
      expected: "what its operator takes",
      got: cause instanceof Error ? cause.message : String(cause),
      cure: DAMAGED,
      cause,
    });
  if (cause.message.startsWith("onnx ")) return cause;
  return unrollError({
    code: cause.code,
    place,
    expected: "what its operator takes",
    got: cause.message.split(";")[0]!,
    cure: "feed other sizes, or export the model again",
    cause,
  });
}
