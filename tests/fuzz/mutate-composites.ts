import fc from "fast-check";
import type { AttrValue, CompositeNode, Node, Program } from "@unroll/api/adapter";

/** One change of a composite: which, what of it, and by how much, as numbers taken modulo what is there. */
interface Change {
  readonly node: number;
  readonly how:
    "attribute" | "drop" | "swap names" | "rename" | "operation" | "operand" | "constant" | "results";
  readonly at: number;
  readonly to: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  node: fc.nat(1000),
  how: fc.constantFrom(
    "attribute",
    "attribute",
    "drop",
    "swap names",
    "rename",
    "operation",
    "operand",
    "constant",
    "results",
  ),
  at: fc.nat(1000),
  to: fc.nat(1000),
});

/** What attributes of composites hold, and what none does. */
const values: readonly AttrValue[] = [
  ...["linear", "tanh", "sigmoid", "relu", "hardSigmoidFifth", "softsign", "softplus", "elu", "swish"],
  ...["zero", "hold", "zeros", "initialState", "constructor", "", true, false, null, 0, 1, 0.5, 2, -1, 1e-5],
  ...[NaN, Infinity, [1]],
];
/** Operations of one operand, and of two, that may stand for each other in a body. */
const operations = [
  ["tanh", "sigmoid", "neg", "abs", "exp"],
  ["add", "sub", "mul", "max", "min"],
];

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends object ? Mutable<T[K]> : T[K] };

function composites(nodes: readonly Node[]): CompositeNode[] {
  return nodes.flatMap((node) =>
    node.kind === "primitive"
      ? []
      : [...(node.kind === "composite" ? [node] : []), ...composites(node.body.nodes)],
  );
}

function primitives(nodes: readonly Node[]): Extract<Node, { kind: "primitive" }>[] {
  return nodes.flatMap((node) => (node.kind === "primitive" ? [node] : primitives(node.body.nodes)));
}

const swap = (list: unknown[], a: number, b: number): void => {
  if (list.length === 0) return;
  [a, b] = [a % list.length, b % list.length];
  [list[a], list[b]] = [list[b], list[a]];
};

function apply(program: Program, { node: which, how, at, to }: Change): void {
  const all = composites(program.nodes);
  const node = all[which % all.length] as unknown as Mutable<CompositeNode>;
  const attrs = node.attrs as Record<string, AttrValue>;
  const names = Object.keys(attrs);
  const inner = primitives(node.body.nodes as unknown as Node[]) as unknown as Mutable<
    ReturnType<typeof primitives>[number]
  >[];
  const one = inner[at % inner.length];
  switch (how) {
    case "attribute":
      if (names.length > 0) attrs[names[at % names.length]!] = values[to % values.length]!;
      return;
    case "drop":
      if (names.length > 0) delete attrs[names[at % names.length]!];
      return;
    case "swap names":
      return swap(to % 3 === 0 ? node.outputNames : node.inputNames, at, to);
    case "rename":
      node.op = all[to % all.length]!.op;
      return;
    case "operation": {
      const family = operations.find((ops) => one !== undefined && ops.includes(one.op));
      if (family) one!.op = family[to % family.length]!;
      return;
    }
    case "operand":
      return swap(one?.inputs ?? [], to, to + 1);
    case "constant": {
      const value = (one?.attrs as Record<string, unknown> | undefined)?.["value"];
      if (Array.isArray(value) && value.length > 0) value[0] = [0, 1, -1, 0.25, NaN][to % 5];
      return;
    }
    case "results":
      return swap(node.body.outputs, at, to);
    default:
      throw how satisfies never;
  }
}

/** One of some real programs, with a few changes of what its composites say or are. */
export const mutatedComposites = (
  real: readonly Program[],
): fc.Arbitrary<{ readonly which: number; readonly program: Program }> =>
  fc
    .tuple(fc.nat(real.length - 1), fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([which, changes]) => {
      const program = structuredClone(real[which]!);
      for (const one of changes) apply(program, one);
      return { which, program };
    });
