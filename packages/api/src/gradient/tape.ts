import type { Node, PrimitiveNode, Region, ScanNode, ValueId } from "../contract/program.js";
import type { Block, Value } from "../program/builder.js";
import { append } from "../program/inline.js";
import { reads } from "./rules.js";
import { spread, variedInScan } from "./varied.js";

/** A use of a primitive that a gradient passes, with its values as they were computed. */
export interface PrimitiveEntry {
  readonly kind: "primitive";
  readonly node: PrimitiveNode;
  readonly operands: readonly Value[];
  readonly result: Value;
  /** Which operands vary, and are read. */
  readonly varied: readonly boolean[];
  readonly literals: readonly boolean[];
}

/** A scan that a gradient passes. */
export interface ScanEntry {
  readonly kind: "scan";
  readonly node: ScanNode;
  readonly operands: readonly Value[];
  readonly results: readonly Value[];
  /** Which operands, and so inputs of the body, vary. Of a carry: at any step. */
  readonly varied: readonly boolean[];
  readonly body: BodyTape;
  /** Values of the body, and what they were at every step, [time, ...]. */
  readonly kept: readonly (readonly [inner: Value, all: Value])[];
}

export type Entry = PrimitiveEntry | ScanEntry;

/** What a region computed. */
interface Recorded {
  readonly entries: Entry[];
  readonly values: ReadonlyMap<ValueId, Value>;
}

/** What the body of a scan computes at each step, as the forward pass has it. */
export interface BodyTape {
  readonly entries: readonly Entry[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Which outputs vary. */
  readonly varied: readonly boolean[];
  /** How values that are the same at every step are made, by their ids. */
  readonly same: ReadonlyMap<ValueId, { readonly node: PrimitiveNode; readonly operands: readonly Value[] }>;
}

/** What is known of the values that a region is given. */
export interface Given {
  readonly values: ReadonlyMap<ValueId, Value>;
  readonly varied: ReadonlySet<ValueId>;
  readonly literals?: ReadonlySet<ValueId>;
}

/**
 * Writes nodes into a block as they are, and notes those that a gradient passes. Composites that it passes
 * are written as their bodies, and scans stack beside their outputs all that a step computes: what the way
 * back does not ask for is pruned.
 */
export function record(block: Block, nodes: readonly Node[], given: Given): Recorded {
  const values = new Map(given.values);
  const varied = new Set(given.varied);
  const literals = new Set(given.literals);
  spread(nodes, varied);
  const entries: Entry[] = [];
  for (const node of nodes) {
    const operands = node.inputs.map((id) => values.get(id)!);
    const passes = node.outputs.some(({ id }) => varied.has(id));
    const constant = node.kind === "primitive" && node.inputs.every((id) => literals.has(id));
    if (constant) literals.add(node.outputs[0]!.id);
    if (!passes) {
      append(block, [node], values);
      continue;
    }
    const known = {
      varied: node.inputs.map((id) => varied.has(id)),
      literals: node.inputs.map((id) => literals.has(id)),
    };
    let results: readonly Value[];
    switch (node.kind) {
      case "primitive": {
        append(block, [node], values);
        const result = values.get(node.outputs[0]!.id)!;
        const read = known.varied.map((is, k) => is && reads(node, k));
        entries.push({ kind: "primitive", node, operands, result, ...known, varied: read });
        continue;
      }
      case "composite": {
        const inner = record(block, node.body.nodes, givenTo(node.body, operands, known));
        entries.push(...inner.entries);
        results = node.body.outputs.map((id) => inner.values.get(id)!);
        break;
      }
      case "scan": {
        const entry = recordScan(block, node, operands, varied, known.literals);
        entries.push(entry);
        ({ results } = entry);
        break;
      }
      default:
        throw node satisfies never;
    }
    node.outputs.forEach(({ id }, k) => values.set(id, results[k]!));
  }
  return { entries, values };
}

function givenTo(
  { inputs }: Region,
  values: readonly Value[],
  { varied, literals }: { readonly varied: readonly boolean[]; readonly literals: readonly boolean[] },
): Given {
  const ids = inputs.map(({ id }) => id);
  return {
    values: new Map(ids.map((id, k) => [id, values[k]!])),
    varied: new Set(ids.filter((_, k) => varied[k])),
    literals: new Set(ids.filter((_, k) => literals[k])),
  };
}

function recordScan(
  block: Block,
  node: ScanNode,
  operands: readonly Value[],
  around: ReadonlySet<ValueId>,
  literals: readonly boolean[],
): ScanEntry {
  const { carries: count, sequences: wide, reverse, body } = node;
  const inside = variedInScan(node, around);
  const varied = body.inputs.map(({ id }) => inside.has(id));
  let tape: BodyTape | undefined;
  let inner: readonly Value[] = [];
  const { carries, stacked } = block.scan(
    {
      carries: operands.slice(0, count),
      sequences: operands.slice(count, count + wide),
      captures: operands.slice(count + wide),
      reverse,
    },
    (b, held, elements, captures) => {
      const inputs = [...held, ...elements, ...captures];
      // A carry and a sequence may be other than literal at some step.
      const fixed = literals.map((is, k) => is && k >= count + wide);
      const recorded = record(b, body.nodes, givenTo(body, inputs, { varied, literals: fixed }));
      const outputs = body.outputs.map((id) => recorded.values.get(id)!);
      const same = sameAtEveryStep(body.nodes, recorded.values, captures);
      tape = {
        entries: recorded.entries,
        inputs,
        outputs,
        varied: body.outputs.map((id) => inside.has(id)),
        same,
      };
      const known = new Set([...[...elements, ...captures].map(({ id }) => id), ...same.keys()]);
      inner = [
        ...new Map(recorded.entries.flatMap(valuesOf).map((value) => [value.id, value])).values(),
      ].filter(({ id }) => !known.has(id));
      return { carries: outputs.slice(0, count), stacked: [...outputs.slice(count), ...inner] };
    },
  );
  const own = body.outputs.length - count;
  return {
    kind: "scan",
    node,
    operands,
    results: [...carries, ...stacked.slice(0, own)],
    varied,
    body: tape!,
    kept: inner.map((value, k) => [value, stacked[own + k]!] as const),
  };
}

/** All that a rule may ask for, or a scan on the way back. */
const valuesOf = (entry: Entry): readonly Value[] =>
  entry.kind === "primitive"
    ? [...entry.operands, entry.result]
    : [...entry.operands, ...entry.results, ...entry.kept.map(([, all]) => all)];

/** Values of a body that follow from literals and captures alone. */
function sameAtEveryStep(
  nodes: readonly Node[],
  values: ReadonlyMap<ValueId, Value>,
  captures: readonly Value[],
): BodyTape["same"] {
  const known = new Set(captures.map(({ id }) => id));
  const same = new Map<ValueId, { node: PrimitiveNode; operands: readonly Value[] }>();
  for (const node of nodes) {
    if (node.kind !== "primitive") continue;
    const operands = node.inputs.map((id) => values.get(id)!);
    if (!operands.every(({ id }) => known.has(id))) continue;
    const { id } = values.get(node.outputs[0]!.id)!;
    known.add(id);
    same.set(id, { node, operands });
  }
  return same;
}
