import type { CustomCellSpec, PrimitiveName } from "@unroll/api";
import { type Numbers, primitive } from "./primitives.js";
import { elementOf, stack } from "./programs.js";

type Program = CustomCellSpec["step"];
type Node = Program["nodes"][number];
type Region = Extract<Node, { kind: "scan" }>["body"];
type Attrs = Readonly<Record<string, unknown>>;

/** A value and how it changes in one direction; null where nothing that is given changes it. */
export interface Dual {
  readonly value: Numbers;
  readonly tangent: Numbers | null;
}

/** What a tangent is worked out of. */
interface Step {
  readonly xs: readonly Numbers[];
  /** Zeros where an operand does not change. */
  readonly ts: readonly Numbers[];
  readonly changes: readonly boolean[];
  readonly attrs: Attrs;
  readonly y: Numbers;
}

const zeros = ({ shape, data }: Numbers): Numbers => ({
  dtype: "float32",
  shape,
  data: new Float64Array(data.length),
});
const op = (name: PrimitiveName, xs: readonly Numbers[], attrs: Attrs = {}): Numbers =>
  primitive(name, xs, attrs);
const map = (x: Numbers, f: (value: number) => number): Numbers => ({ ...x, data: x.data.map(f) });

/** A linear function: it makes of tangents what it makes of values. */
const linear =
  (name: PrimitiveName) =>
  ({ xs, ts, attrs }: Step): Numbers =>
    op(
      name,
      xs.map((x, k) => (x.dtype === "float32" ? ts[k]! : x)),
      attrs,
    );
const slope =
  (f: (x: number, y: number) => number) =>
  ({ xs, ts, y }: Step): Numbers => ({
    ...y,
    data: y.data.map((value, k) => f(xs[0]!.data[k]!, value) * ts[0]!.data[k]!),
  });
/** Of two equals the mean; beside what does not change, no change. */
const chosen =
  (left: (a: Numbers, b: Numbers) => Numbers) =>
  ({ xs: [a, b], ts: [ta, tb], changes }: Step): Numbers => {
    const both = changes[0] && changes[1];
    const equals = both ? map(op("add", [ta!, tb!]), (t) => t / 2) : zeros(op("add", [ta!, tb!]));
    const apart = op("select", [left(a!, b!), ta!, tb!]);
    return op("select", [op("equal", [a!, b!]), equals, apart]);
  };

/** Tangents of float32 results: forward mode, by the definitions of the oracle and apart from any rule. */
const tangents: { readonly [P in PrimitiveName]: ((step: Step) => Numbers) | null } = {
  add: linear("add"),
  sub: linear("sub"),
  mul: ({ xs: [a, b], ts: [ta, tb] }) => op("add", [op("mul", [ta!, b!]), op("mul", [a!, tb!])]),
  div: ({ xs: [, b], ts: [ta, tb], y }) => op("div", [op("sub", [ta!, op("mul", [y, tb!])]), b!]),
  pow({ xs: [a, b], ts: [ta, tb], y, changes }) {
    const byBase = op("mul", [b!, op("pow", [a!, map(b!, (e) => e - 1)])]);
    const first = op("mul", [byBase, ta!]);
    return changes[1] ? op("add", [first, op("mul", [op("mul", [y, map(a!, Math.log)]), tb!])]) : first;
  },
  min: chosen((a, b) => op("less", [a, b])),
  max: chosen((a, b) => op("less", [b, a])),
  less: null,
  equal: null,
  and: null,
  not: null,
  select: ({ xs: [on], ts: [, ta, tb] }) => op("select", [on!, ta!, tb!]),
  neg: linear("neg"),
  exp: slope((_, y) => y),
  log: slope((x) => 1 / x),
  sqrt: slope((_, y) => 1 / (2 * y)),
  abs: slope((x) => Math.sign(x)),
  floor: null,
  sin: slope((x) => Math.cos(x)),
  cos: slope((x) => -Math.sin(x)),
  tanh: slope((_, y) => 1 - y * y),
  sigmoid: slope((_, y) => y * (1 - y)),
  cast: ({ ts: [t] }) => t!,
  matmul: ({ xs: [a, b], ts: [ta, tb] }) => op("add", [op("matmul", [ta!, b!]), op("matmul", [a!, tb!])]),
  sum: linear("sum"),
  // The mean over those that are equal.
  reduceMax({ xs: [x], ts: [t], attrs, y }) {
    const ones = op("cast", [op("equal", [x!, y])], { dtype: "float32" });
    return op("div", [op("sum", [op("mul", [ones, t!])], attrs), op("sum", [ones], attrs)]);
  },
  constant: null,
  expandDims: linear("expandDims"),
  squeeze: linear("squeeze"),
  transpose: linear("transpose"),
  reverse: linear("reverse"),
  slice: linear("slice"),
  iota: null,
  expand: linear("expand"),
  concat: linear("concat"),
  stride: linear("stride"),
  pad: ({ ts, attrs }) => op("pad", ts, { ...attrs, value: 0 }),
  mergeAxes: linear("mergeAxes"),
  splitAxis: linear("splitAxis"),
  argmax: null,
  cumsum: linear("cumsum"),
  gather: linear("gather"),
  scatterAdd: linear("scatterAdd"),
};

/**
 * Runs a program with dual numbers: exact directional derivatives in float64, against which gradients are
 * held. Where a function has no derivative they are what docs/semantics.md, rule `gradient`, says, and of a
 * jump none.
 *
 * @param given a value for each input and param, by name, with its tangent
 */
export function runDual(program: Program, given: ReadonlyMap<string, Dual>): Map<string, Dual> {
  const values = new Map(
    [...program.params, ...program.inputs].map(({ name, id }) => [id, given.get(name)!]),
  );
  run(program.nodes, values);
  return new Map(program.outputs.map(({ name, id }) => [name, values.get(id)!]));
}

function run(nodes: readonly Node[], values: Map<string, Dual>): void {
  for (const node of nodes) {
    const results = resultsOf(
      node,
      node.inputs.map((id) => values.get(id)!),
    );
    node.outputs.forEach(({ id }, k) => values.set(id, results[k]!));
  }
}

function yielded({ inputs, nodes, outputs }: Region, given: readonly Dual[]): Dual[] {
  const values = new Map(inputs.map(({ id }, k) => [id, given[k]!]));
  run(nodes, values);
  return outputs.map((id) => values.get(id)!);
}

const tangentOf = ({ value, tangent }: Dual): Numbers => tangent ?? zeros(value);

function resultsOf(node: Node, operands: readonly Dual[]): readonly Dual[] {
  switch (node.kind) {
    case "primitive": {
      const xs = operands.map(({ value }) => value);
      const y = primitive(node.op, xs, node.attrs);
      const rule = tangents[node.op as PrimitiveName];
      const changes = operands.map(({ tangent }) => tangent !== null);
      if (!rule || y.dtype !== "float32" || !changes.includes(true)) return [{ value: y, tangent: null }];
      const step = { xs, ts: operands.map(tangentOf), changes, attrs: node.attrs, y };
      return [{ value: y, tangent: rule(step) }];
    }
    case "composite":
      return yielded(node.body, operands);
    case "scan": {
      const ends = node.carries + node.sequences;
      // What is not the same at every step may change.
      const moving = operands.map((one, k) =>
        k < ends && one.value.dtype === "float32" ? { ...one, tangent: tangentOf(one) } : one,
      );
      let carries = moving.slice(0, node.carries);
      const sequences = moving.slice(node.carries, ends);
      const time = sequences[0]!.value.shape[0]!;
      const stacked: Dual[][] = [];
      for (let s = 0; s < time; s++) {
        const t = node.reverse ? time - 1 - s : s;
        const elements = sequences.map(({ value, tangent }) => ({
          value: elementOf(value, t),
          tangent: tangent && elementOf(tangent, t),
        }));
        const results = yielded(node.body, [...carries, ...elements, ...moving.slice(ends)]);
        carries = results
          .slice(0, node.carries)
          .map((one) => (one.value.dtype === "float32" ? { ...one, tangent: tangentOf(one) } : one));
        stacked[t] = results.slice(node.carries);
      }
      const all = stacked[0]!.map((first, k) => ({
        value: stack(stacked.map((step) => step[k]!.value)),
        tangent: first.value.dtype === "float32" ? stack(stacked.map((step) => tangentOf(step[k]!))) : null,
      }));
      return [...carries, ...all];
    }
    default:
      return node satisfies never;
  }
}
