import type { Capabilities, CompositeClaim } from "../contract/capabilities.js";
import { unrollError } from "../contract/error.js";
import type { CompositeNode, Node, Program, Region, Typed, ValueId } from "../contract/program.js";

/**
 * Rewrites a program into what an adapter claims: composites it does not claim are replaced by their bodies,
 * and a primitive it does not claim is refused here, before the engine sees anything.
 *
 * @throws UNROLL_UNSUPPORTED naming the adapter, the primitive and the program
 */
export function legalize(
  program: Program,
  adapter: { readonly name: string; readonly capabilities: Capabilities },
): Program {
  const { capabilities } = adapter;
  const primitives = new Set(capabilities.primitives);
  let counter = 0;

  function rewrite(
    nodes: readonly Node[],
    weights: ReadonlySet<ValueId>,
    rename: Map<ValueId, ValueId>,
  ): Node[] {
    const result: Node[] = [];
    const at = (id: ValueId): ValueId => rename.get(id) ?? id;
    for (const node of nodes) {
      const inputs = node.inputs.map(at);
      switch (node.kind) {
        case "primitive":
          if (!primitives.has(node.op)) {
            throw unrollError({
              code: "UNROLL_UNSUPPORTED",
              place: `adapter "${adapter.name}"`,
              expected: "only primitives it claims",
              got: `"${node.op}" in program "${program.name}"`,
              cure: "choose another adapter, see docs/support.md",
              details: { adapter: adapter.name, primitive: node.op },
            });
          }
          result.push({ ...node, inputs });
          break;
        case "scan":
          result.push({ ...node, inputs, body: rewriteRegion(node.body) });
          break;
        case "composite": {
          const claim = Object.hasOwn(capabilities.composites, node.op)
            ? capabilities.composites[node.op]
            : undefined;
          if (claim && meets(node, inputs, claim, weights)) {
            result.push({ ...node, inputs });
            break;
          }
          // First the body's ids become unique here, then the body is rewritten like the nodes around it.
          const prefix = `x${counter++}.`;
          const local = new Map<ValueId, ValueId>(node.body.inputs.map((input, k) => [input.id, inputs[k]!]));
          const renamed = node.body.nodes.map((n) => withIds(n, prefix, local));
          result.push(...rewrite(renamed, weights, rename));
          node.outputs.forEach((output, k) =>
            rename.set(output.id, at(resolve(local, node.body.outputs[k]!))),
          );
          break;
        }
        default:
          node satisfies never;
      }
    }
    return result;
  }

  // A scan body's captures are the same weights on every step, but they reach the body as inputs, so a
  // composite that wants its weights known at compile time is expanded there.
  function rewriteRegion(region: Region): Region {
    const rename = new Map<ValueId, ValueId>();
    const nodes = rewrite(region.nodes, new Set(), rename);
    return { inputs: region.inputs, nodes, outputs: region.outputs.map((id) => resolve(rename, id)) };
  }

  const rename = new Map<ValueId, ValueId>();
  const nodes = rewrite(program.nodes, new Set(program.params.map((p) => p.id)), rename);
  return { ...program, nodes, outputs: program.outputs.map((o) => ({ ...o, id: resolve(rename, o.id) })) };
}

function resolve(rename: ReadonlyMap<ValueId, ValueId>, id: ValueId): ValueId {
  return rename.get(id) ?? id;
}

function withIds(node: Node, prefix: string, local: Map<ValueId, ValueId>): Node {
  const inputs = node.inputs.map((id) => resolve(local, id));
  const outputs: Typed[] = node.outputs.map((output) => {
    const id = prefix + output.id;
    local.set(output.id, id);
    return { id, type: output.type };
  });
  return { ...node, inputs, outputs };
}

/**
 * Whether a node meets an adapter's claim. `inputs` are the node's, renamed; `weights` the ids known when
 * compiling.
 */
function meets(
  node: CompositeNode,
  inputs: readonly ValueId[],
  claim: CompositeClaim,
  weights: ReadonlySet<ValueId>,
): boolean {
  for (const [name, allowed] of Object.entries(claim.attrs ?? {})) {
    if (!allowed.includes(node.attrs[name] ?? null)) return false;
  }
  for (const name of claim.without ?? []) if (node.inputNames.includes(name)) return false;
  for (const name of claim.weights ?? []) {
    const k = node.inputNames.indexOf(name);
    if (k >= 0 && !weights.has(inputs[k]!)) return false;
  }
  return true;
}
