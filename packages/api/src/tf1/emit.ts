import type { Block, Value } from "../program/builder.js";
import type { Check, Operation, Tensor, Weight } from "./graph.js";
import { refuse } from "./refuse.js";

/** The operations that tensors need where others are known, in the order in which they can be computed. */
export function operationsFor(targets: readonly Tensor[], known: ReadonlyMap<Tensor, unknown>): Operation[] {
  const found = new Set<Operation>();
  const open = targets.filter((tensor) => !known.has(tensor));
  for (let next = open.pop(); next; next = open.pop()) {
    if (found.has(next.op)) continue;
    found.add(next.op);
    for (const input of next.op.inputs) if (!known.has(input)) open.push(input);
  }
  // An operation is made after what it reads.
  return [...found].sort((a, b) => a.id - b.id);
}

/** Where operations are appended. */
export interface Emission {
  readonly b: Block;
  /** Values that are there; gains every one that is appended. */
  readonly known: Map<Tensor, Value>;
  /** Gains what is to be checked before each run. */
  readonly checks: Check[];
  weightOf(weight: Weight): Value;
}

/** Appends what tensors need to a program. @throws UNROLL_ARGUMENT for a placeholder that is not fed */
export function emit(targets: readonly Tensor[], { b, known, checks, weightOf }: Emission): Value[] {
  for (const op of operationsFor(targets, known)) {
    if (!op.build)
      refuse(
        `session.run of ${op.name}`,
        `a value for ${op.type.toLowerCase()} "${op.name}"`,
        "none",
        "feed it: session.run(fetches, [[tensor, value]])",
      );
    const inputs = op.inputs.map((input) => known.get(input)!);
    if (op.check) checks.push(op.check(inputs));
    const values = op.build!(b, inputs, (op.weights ?? []).map(weightOf), checks);
    op.outputs.forEach((output, k) => {
      if (!known.has(output)) known.set(output, values[k]!);
    });
  }
  return targets.map((tensor) => known.get(tensor)!);
}
