import { assertContract, type Capabilities, type CompositeClaim } from "../contract/capabilities.js";
import { unrollError } from "../contract/error.js";
import type {
  CompositeNode,
  Node,
  PrimitiveNode,
  Program,
  Region,
  Typed,
  ValueId,
} from "../contract/program.js";

/** What is asked of an adapter: its `name` for errors, and what it claims, its `capabilities`. */
type Claimant = { readonly name: string; readonly capabilities: Capabilities };

/**
 * Rewrites a program into what an adapter claims: composites it does not claim are replaced by their
 * bodies, and a primitive it does not claim is refused here, before the engine sees anything. What is legal
 * already stays as it is.
 *
 * @throws UNROLL_UNSUPPORTED naming the adapter, the primitive and the program; UNROLL_ENGINE for an adapter
 *   of another version of the contract
 */
export function legalize(program: Program, adapter: Claimant): Program {
  assertContract(adapter);
  const legalizer = new Legalizer(program, adapter);
  const rename = new Map<ValueId, ValueId>();
  const nodes = legalizer.rewrite(program.nodes, new Set(program.params.map(({ id }) => id)), rename);
  return { ...program, nodes, outputs: program.outputs.map((o) => ({ ...o, id: resolve(rename, o.id) })) };
}

class Legalizer {
  readonly #primitives: ReadonlySet<string>;
  /**
   * Ids of expanded nodes begin with `x`, a number and a dot; no id of the program does with that number or
   * a later one.
   */
  #next: number;
  readonly #program: Program;
  readonly #adapter: Claimant;

  constructor(program: Program, adapter: Claimant) {
    this.#program = program;
    this.#adapter = adapter;
    this.#primitives = new Set(adapter.capabilities.primitives);
    this.#next = firstFree(program.nodes);
  }

  rewrite(nodes: readonly Node[], weights: ReadonlySet<ValueId>, rename: Map<ValueId, ValueId>): Node[] {
    return nodes.flatMap((node): Node[] => {
      const inputs = node.inputs.map((id) => resolve(rename, id));
      switch (node.kind) {
        case "primitive":
          this.#expectClaimed(node);
          return [{ ...node, inputs }];
        case "scan":
          return [{ ...node, inputs, body: this.#region(node.body) }];
        case "composite":
          return this.#claimed(node, inputs, weights)
            ? [{ ...node, inputs }]
            : this.#expanded(node, inputs, weights, rename);
        default:
          return node satisfies never;
      }
    });
  }

  // A scan body's captures are the same weights on every step, but they reach the body as inputs, so a
  // composite that wants its weights known at compile time is expanded there.
  #region(region: Region): Region {
    const rename = new Map<ValueId, ValueId>();
    const nodes = this.rewrite(region.nodes, new Set(), rename);
    return { inputs: region.inputs, nodes, outputs: region.outputs.map((id) => resolve(rename, id)) };
  }

  /**
   * A composite's body in its place: first its ids become unique here, then it is rewritten like the nodes
   * around it.
   */
  #expanded(
    { body, outputs }: CompositeNode,
    inputs: readonly ValueId[],
    weights: ReadonlySet<ValueId>,
    rename: Map<ValueId, ValueId>,
  ): Node[] {
    const prefix = `x${this.#next++}.`;
    const local = new Map<ValueId, ValueId>(body.inputs.map((input, k) => [input.id, inputs[k]!]));
    const nodes = this.rewrite(
      body.nodes.map((node) => withIds(node, prefix, local)),
      weights,
      rename,
    );
    outputs.forEach(({ id }, k) => rename.set(id, resolve(rename, resolve(local, body.outputs[k]!))));
    return nodes;
  }

  #claimed(node: CompositeNode, inputs: readonly ValueId[], weights: ReadonlySet<ValueId>): boolean {
    const { composites } = this.#adapter.capabilities;
    return Object.hasOwn(composites, node.op) && meets(node, inputs, composites[node.op]!, weights);
  }

  #expectClaimed({ op, outputs: [made] }: PrimitiveNode): void {
    const { mostAxes = Infinity } = this.#adapter.capabilities;
    const fits = made!.type.shape.length <= mostAxes;
    if (fits && this.#primitives.has(op)) return;
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: `adapter "${this.#adapter.name}"`,
      expected: fits ? "only primitives it claims" : `values of at most ${mostAxes} axes`,
      got: `"${op}"${fits ? "" : ` of ${made!.type.shape.length}`} in program "${this.#program.name}"`,
      cure: "choose another adapter, see docs/support.md",
      details: { adapter: this.#adapter.name, primitive: op },
    });
  }
}

/** The first number that no id of these nodes has after an `x` at its start, as ids of expanded nodes do. */
function firstFree(nodes: readonly Node[]): number {
  let free = 0;
  for (const node of nodes) {
    for (const { id } of node.outputs) free = Math.max(free, Number(/^x(\d+)\./.exec(id)?.[1] ?? -1) + 1);
    if (node.kind !== "primitive") free = Math.max(free, firstFree(node.body.nodes));
  }
  return free;
}

const resolve = (rename: ReadonlyMap<ValueId, ValueId>, id: ValueId): ValueId => rename.get(id) ?? id;

function withIds(node: Node, prefix: string, local: Map<ValueId, ValueId>): Node {
  const inputs = node.inputs.map((id) => resolve(local, id));
  const outputs: Typed[] = node.outputs.map((output) => {
    const id = prefix + output.id;
    local.set(output.id, id);
    return { id, type: output.type };
  });
  return { ...node, inputs, outputs };
}

/** Whether a node meets a claim. `inputs` are the node's, renamed; `weights` the ids known when compiling. */
function meets(
  node: CompositeNode,
  inputs: readonly ValueId[],
  claim: CompositeClaim,
  weights: ReadonlySet<ValueId>,
): boolean {
  const known = node.inputNames.every(
    (name, k) => Object.hasOwn(claim.inputs, name) && claim.inputs[name] === node.body.inputs[k]!.type.dtype,
  );
  if (!known) return false;
  for (const [name, value] of Object.entries(node.attrs)) {
    const allowed = Object.hasOwn(claim.attrs ?? {}, name) ? claim.attrs![name]! : [];
    if (allowed === "any" ? typeof value !== "number" : !allowed.includes(value)) return false;
  }
  return (claim.weights ?? []).every((name) => {
    const k = node.inputNames.indexOf(name);
    return k < 0 || weights.has(inputs[k]!);
  });
}
