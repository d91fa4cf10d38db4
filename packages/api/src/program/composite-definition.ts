import type { Attrs, AttrValue } from "../contract/program.js";
import type { DType } from "../contract/tensor.js";
import type { Block, NamedValues } from "./builder.js";

/**
 * An input of a composite. Each axis is named: `time`, `batch` and `source` stand for any length, other
 * names for a number, `4 units` for so many times one; a name has one length among all inputs. `...` at the
 * front stands for any axes.
 */
export interface CompositeInput {
  /** What its elements are. */
  readonly dtype: DType;
  /** Every choice of axes that it may have. */
  readonly axes: readonly (readonly string[])[];
  /** Whether a node may lack it. */
  readonly optional?: true;
}

/** What an attribute of a composite may hold; nullable where a node may lack it. */
export type CompositeAttr = { readonly nullable?: true } & (
  { readonly kind: "oneOf"; readonly of: readonly AttrValue[] } | { readonly kind: "positive" | "count" }
);

/** All that there is to know of a composite that the library makes. */
export interface CompositeDefinition {
  /** By name. Those that name axes for others stand first. */
  readonly inputs: Readonly<Record<string, CompositeInput>>;
  /** By name. */
  readonly attrs: Readonly<Record<string, CompositeAttr>>;
  /** Why inputs or attributes don't go together, or null where they do: what is expected of them. */
  readonly refuse?: (inputs: ReadonlySet<string>, attrs: Attrs, sizes: AxisSizes) => string | null;
  /** Appends the composite to a block, as lowering does. */
  readonly build: (block: Block, inputs: NamedValues, attrs: Attrs) => unknown;
}

/** Lengths of the axes that inputs name. */
export type AxisSizes = ReadonlyMap<string, number | string>;

/** Definitions by the name of the composite. */
export type CompositeDefinitions = Readonly<Record<string, CompositeDefinition>>;
