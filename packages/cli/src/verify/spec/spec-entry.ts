import { anything, type Form, object, oneOf, text } from "../../json/form.js";

/** A case of a manifest that says in the library's own words what was recorded: a spec. */
export interface SpecEntry {
  readonly name: string;
  /** Where the tensors are. */
  readonly file: string;
  /** A spec as JSON; checked when the case is made ready. */
  readonly spec: unknown;
  /** Under whose names, and in whose layouts, the file keeps the weights. */
  readonly weights: "canonical" | "torch" | "keras" | "tf1";
}

export const specEntry: Form<SpecEntry> = object({
  name: text,
  file: text,
  spec: anything,
  weights: oneOf("canonical", "torch", "keras", "tf1"),
}) as Form<SpecEntry>;
