import {
  type Node,
  type PrimitiveNode,
  type Program,
  type Region,
  type Typed,
  unrollError,
} from "@unroll/api/adapter";
import { type Numbers, primitive, type Rounding } from "../oracle/primitives.js";
import type { Approximation } from "./functions.js";
import type { Round } from "./rounding.js";
import { fusedMultiplyAdd, type Summation } from "./summation.js";

/** The arithmetic of an engine: all of it is right, and none of it need be another's. */
export interface Arithmetic {
  /** What the engine claims. Default `f32`. */
  readonly precision?: "f16" | "mixed";
  /** What numbers are held as. */
  readonly round: Round;
  /** What sums are held as while they are added up. Default `round`. */
  readonly accumulate?: Round;
  readonly add: Summation;
  /** Whether a product and the sum it goes into are rounded once, in float32. */
  readonly fused?: boolean;
  /** Whether sums of products begin with what is added to them. */
  readonly biasesFirst?: boolean;
  readonly functions?: Readonly<Record<string, Approximation>>;
  /** Whether a quotient is a product with a reciprocal, and a root the reciprocal of one. */
  readonly reciprocals?: boolean;
}

/** What an engine makes of the result of an operation, which is right. */
export type Kernel = (
  right: Numbers,
  given: { readonly xs: readonly Numbers[]; readonly attrs: PrimitiveNode["attrs"]; readonly depth: number },
) => Numbers;

/** A matrix product that begins with a third operand. It is in programs of this engine alone. */
const MATMUL_FROM = "matmul from";

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Runs programs of primitives in one arithmetic. */
export class Evaluator {
  private readonly rounding: Rounding;
  private readonly summed: Round;

  /** How many scans are around what is being run. */
  private depth = 0;

  /**
   * @param kernels operations of its own, by the names of primitives
   */
  constructor(
    private readonly arithmetic: Arithmetic,
    private readonly kernels: Readonly<Record<string, Kernel>> = {},
  ) {
    const { round, accumulate = round, functions = {} } = arithmetic;
    this.summed = accumulate;
    this.rounding = {
      value: (value, approximated) => {
        const own = approximated && Object.hasOwn(functions, approximated.op) && functions[approximated.op];
        return round(own ? own(approximated.argument) : value);
      },
      sum: (value) => round(value),
    };
  }

  /** A program as this engine runs it. */
  prepared(program: Program): Program {
    if (!this.arithmetic.biasesFirst) return program;
    const given = [...program.params, ...program.inputs];
    const yielded = program.outputs.map(({ id }) => id);
    return { ...program, nodes: biasesFirst(given, program.nodes, yielded) };
  }

  /** Values as they are held. */
  held({
    dtype,
    shape,
    data,
  }: {
    dtype: Numbers["dtype"];
    shape: readonly number[];
    data: ArrayLike<number>;
  }): Numbers {
    const { round } = this.arithmetic;
    return { dtype, shape, data: Float64Array.from(data, dtype === "float32" ? round : (value) => value) };
  }

  run(nodes: readonly Node[], values: Map<string, Numbers>): void {
    for (const node of nodes) {
      const operands = node.inputs.map((id) => values.get(id)!);
      const results = this.resultsOf(node, operands);
      node.outputs.forEach(({ id }, k) => values.set(id, results[k]!));
    }
  }

  private resultsOf(node: Node, operands: readonly Numbers[]): readonly Numbers[] {
    switch (node.kind) {
      case "primitive": {
        const right = this.primitive(node, operands);
        const { attrs, op } = node;
        const own = Object.hasOwn(this.kernels, op) ? this.kernels[op] : undefined;
        return [own ? own(right, { xs: operands, attrs, depth: this.depth }) : right];
      }
      case "composite":
        return this.yielded(node.body, operands);
      case "scan":
        return this.scan(node, operands);
      default:
        return node satisfies never;
    }
  }

  private yielded({ inputs, nodes, outputs }: Region, given: readonly Numbers[]): Numbers[] {
    const values = new Map(inputs.map(({ id }, k) => [id, given[k]!]));
    this.run(nodes, values);
    return outputs.map((id) => values.get(id)!);
  }

  private scan(node: Extract<Node, { kind: "scan" }>, operands: readonly Numbers[]): Numbers[] {
    const { carries, sequences, reverse, body } = node;
    const time = operands[carries]!.shape[0]!;
    const stacked: Numbers[] = [];
    let carried = operands.slice(0, carries);
    this.depth++;
    for (let s = 0; s < time; s++) {
      const t = reverse ? time - 1 - s : s;
      const elements = operands.slice(carries, carries + sequences).map(({ dtype, shape, data }) => {
        const size = data.length / time;
        return { dtype, shape: shape.slice(1), data: data.subarray(t * size, (t + 1) * size) };
      });
      const results = this.yielded(body, [...carried, ...elements, ...operands.slice(carries + sequences)]);
      carried = results.slice(0, carries);
      results.slice(carries).forEach(({ dtype, shape, data }, k) => {
        stacked[k] ??= { dtype, shape: [time, ...shape], data: new Float64Array(time * data.length) };
        stacked[k].data.set(data, t * data.length);
      });
    }
    this.depth--;
    return [...carried, ...stacked];
  }

  private primitive({ op, attrs }: PrimitiveNode, xs: readonly Numbers[]): Numbers {
    const { round, reciprocals = false } = this.arithmetic;
    switch (op) {
      case "matmul":
      case MATMUL_FROM:
        return this.matmul(xs[0]!, xs[1]!, xs[2]);
      case "sum":
        return (attrs["axes"] as readonly number[]).reduce(
          (x, axis) => this.sumAlong(x, axis, false),
          xs[0]!,
        );
      case "cumsum":
        return this.sumAlong(xs[0]!, attrs["axis"] as number, true);
      case "gather":
        expectRows(xs[0]!, xs[1]!);
        break;
      case "div": {
        if (!reciprocals) break;
        const [a, b] = xs as [Numbers, Numbers];
        const inverse = { ...b, data: b.data.map((value) => round(1 / value)) };
        return primitive("mul", [a, inverse], {}, this.rounding);
      }
      case "sqrt": {
        if (!reciprocals) break;
        return { ...xs[0]!, data: xs[0]!.data.map((value) => round(1 / round(1 / Math.sqrt(value)))) };
      }
    }
    return primitive(op, xs, attrs, this.rounding);
  }

  /** [..., m, k] by [..., k, n], from `start` where there is one: [n] or as the result. */
  private matmul(a: Numbers, b: Numbers, start: Numbers | undefined): Numbers {
    const [m, inner] = a.shape.slice(-2) as [number, number];
    const n = b.shape[b.shape.length - 1]!;
    const numbered = ({ shape }: Numbers): Numbers => {
      const lead = shape.slice(0, -2);
      return { dtype: "int32", shape: lead, data: Float64Array.from({ length: sizeOf(lead) }, (_, k) => k) };
    };
    const [first, second] = [numbered(a), numbered(b)];
    // For each matrix of the result, which of either operand.
    const none = (x: Numbers): Numbers => ({ ...x, data: x.data.map(() => 0) });
    const left = primitive("add", [first, none(second)], {});
    const right = primitive("add", [none(first), second], {});
    const data = new Float64Array(left.data.length * m * n);
    const [row, column] = [new Float64Array(inner), new Float64Array(inner)];
    for (let lead = 0; lead < left.data.length; lead++)
      for (let j = 0; j < n; j++) {
        for (let k = 0; k < inner; k++) column[k] = b.data[(right.data[lead]! * inner + k) * n + j]!;
        for (let i = 0; i < m; i++) {
          const from = (left.data[lead]! * m + i) * inner;
          for (let k = 0; k < inner; k++) row[k] = a.data[from + k]!;
          const at = (lead * m + i) * n + j;
          const begun = start && start.data[start.data.length === n ? j : at]!;
          data[at] = this.products(row, column, begun);
        }
      }
    return { dtype: "float32", shape: [...left.shape, m, n], data };
  }

  private products(a: Float64Array, b: Float64Array, start: number | undefined): number {
    const { round, add, fused } = this.arithmetic;
    if (fused) return a.reduce((sum, value, k) => fusedMultiplyAdd(value, b[k]!, sum), start ?? 0);
    const offset = start === undefined ? 0 : 1;
    const terms = new Float64Array(a.length + offset);
    if (start !== undefined) terms[0] = start;
    for (let k = 0; k < a.length; k++) terms[k + offset] = this.summed(a[k]! * b[k]!);
    return round(add(terms, terms.length, this.summed));
  }

  /** The sum along an axis, or every sum so far. */
  private sumAlong({ dtype, shape, data }: Numbers, axis: number, running: boolean): Numbers {
    const { round, add } = this.arithmetic;
    const size = shape[axis]!;
    const inner = sizeOf(shape.slice(axis + 1));
    const terms = new Float64Array(size);
    const result = new Float64Array(running ? data.length : data.length / size);
    for (let at = 0; at < data.length / size; at++) {
      const first = Math.floor(at / inner) * size * inner + (at % inner);
      for (let k = 0; k < size; k++) terms[k] = data[first + k * inner]!;
      if (!running) result[at] = round(add(terms, size, this.summed));
      else for (let k = 0; k < size; k++) result[first + k * inner] = round(add(terms, k + 1, this.summed));
    }
    return { dtype, shape: running ? shape : shape.map((dim, k) => (k === axis ? 1 : dim)), data: result };
  }
}

/** Ids outside of a table are for the engine to refuse. */
function expectRows({ shape: [rows] }: Numbers, { data }: Numbers): void {
  const wrong = data.find((index) => index < 0 || index >= rows!);
  if (wrong === undefined) return;
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place: "gather",
    expected: `rows from 0 to ${rows! - 1}`,
    got: `${wrong}`,
    cure: "look up only what the table has",
  });
}

/** Sums of a matrix product and something else as one operation, where nothing else reads the product. */
function biasesFirst(given: readonly Typed[], nodes: readonly Node[], yielded: readonly string[]): Node[] {
  const uses = new Map<string, number>();
  for (const id of [...nodes.flatMap(({ inputs }) => inputs), ...yielded])
    uses.set(id, (uses.get(id) ?? 0) + 1);
  const types = new Map(given.map(({ id, type }) => [id, type]));
  const products = new Map<string, PrimitiveNode>();
  const gone = new Set<Node>();
  const result: Node[] = [];
  for (const node of nodes) {
    for (const { id, type } of node.outputs) types.set(id, type);
    if (node.kind !== "primitive") {
      const { body } = node;
      result.push({ ...node, body: { ...body, nodes: biasesFirst(body.inputs, body.nodes, body.outputs) } });
      continue;
    }
    const [output] = node.outputs as readonly [Typed];
    if (node.op === "matmul" && uses.get(output.id) === 1) products.set(output.id, node);
    const [a, b] = node.inputs as readonly [string, string];
    const product = products.get(a) ?? products.get(b);
    const other = products.has(a) ? b : a;
    const type = types.get(other);
    const shape = output.type.shape;
    const fits = [shape.join(), String(shape[shape.length - 1])].includes(type?.shape.join() ?? "");
    if (node.op !== "add" || !product || !fits) result.push(node);
    else {
      gone.add(product);
      result.push({ ...node, op: MATMUL_FROM, inputs: [...product.inputs, other] });
    }
  }
  return result.filter((node) => !gone.has(node));
}
