import { lower, whyNotSteppable } from "@unroll/api";
import type { AttrValue, CompositeClaim, Node } from "@unroll/api/adapter";
import * as fc from "fast-check";
import { cases } from "../../cases/cases.js";

/** What nodes of one composite looked like. */
interface Seen {
  readonly inputs: Record<string, CompositeClaim["inputs"][string]>;
  readonly attrs: Record<string, Set<AttrValue>>;
}

function note(nodes: readonly Node[], seen: Map<string, Seen>): void {
  for (const node of nodes) {
    if (node.kind === "primitive") continue;
    note(node.body.nodes, seen);
    if (node.kind !== "composite") continue;
    const known = seen.get(node.op) ?? { inputs: {}, attrs: {} };
    seen.set(node.op, known);
    node.inputNames.forEach((name, k) => {
      known.inputs[name] = node.body.inputs[k]!.type.dtype;
    });
    for (const [name, value] of Object.entries(node.attrs)) (known.attrs[name] ??= new Set()).add(value);
  }
}

const claimOf = ({ inputs, attrs }: Seen): CompositeClaim => ({
  inputs,
  attrs: Object.fromEntries(
    Object.entries(attrs).map(([name, values]) => [
      name,
      [...values].some((value) => typeof value === "number") ? ("any" as const) : [...values],
    ]),
  ),
});

let known: Readonly<Record<string, CompositeClaim>> | undefined;

/**
 * Claims of every composite that cases are made of, with every input and attribute that they have: what a
 * fault must claim to see composites whole. Gathered from drawn cases, so that no list of them can fall
 * behind.
 */
export function everyComposite(): Readonly<Record<string, CompositeClaim>> {
  if (known) return known;
  const seen = new Map<string, Seen>();
  for (const { spec } of fc.sample(cases(), { seed: 1, numRuns: 400 }))
    for (const time of ["none", "lengths", "mask"] as const) {
      const extents = time === "none" ? {} : { time, ...(spec.inputs.length > 1 && { source: time }) };
      note(lower(spec, { mode: "sequence", extents }).nodes, seen);
      if (time === "none" && whyNotSteppable(spec) === null) note(lower(spec, { mode: "step" }).nodes, seen);
    }
  known = Object.fromEntries([...seen].map(([name, one]) => [name, claimOf(one)]));
  return known;
}
