import type { Typed } from "../contract/program.js";

/** A value under construction. Belongs to the block that made it. */
export interface Value extends Typed {
  /** The block that made it; another block's operations refuse it. */
  readonly block: object;
}

/** What a composite's inputs may look like: absent optional ones are left out. */
export type NamedValues = Readonly<Record<string, Value | undefined>>;
