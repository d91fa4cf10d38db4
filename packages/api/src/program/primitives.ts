import { along } from "./primitives/along.js";
import { elementwise } from "./primitives/elementwise.js";
import { layout } from "./primitives/layout.js";
import { lengths } from "./primitives/lengths.js";
import type { Primitive } from "./primitives/primitive.js";
import { reductions } from "./primitives/reductions.js";
import { rows } from "./primitives/rows.js";

export { broadcast, type Primitive } from "./primitives/primitive.js";

// As functions called once, so that a bundler can leave out what a page does not use.

/** What cells and most layers are made of. */
export const commonPrimitives = /* @__PURE__ */ (() => ({ ...elementwise, ...reductions, ...layout }))();

/**
 * Every primitive there is, one record each. An adapter names the ones it runs in its capabilities; a new one
 * needs a reason that no combination of these can meet (docs/decisions/0002-primitives.md).
 */
export const primitives = /* @__PURE__ */ (() =>
  ({ ...commonPrimitives, ...lengths, ...along, ...rows }) satisfies Readonly<Record<string, Primitive>>)();

/** Name of a primitive, as capabilities and nodes have it. */
export type PrimitiveName = keyof typeof primitives;

/** Primitives whose result is the operand's memory in another shape. */
export type AliasName = {
  [P in PrimitiveName]: (typeof primitives)[P] extends { readonly alias: true } ? P : never;
}[PrimitiveName];

/** Names of all primitives, for adapters that run every one. */
export const primitiveNames = /* @__PURE__ */ Object.keys(primitives) as PrimitiveName[];

/** The primitive of a name, or undefined. */
export function primitiveOf(name: string): Primitive | undefined {
  return Object.hasOwn(primitives, name) ? primitives[name as PrimitiveName] : undefined;
}
