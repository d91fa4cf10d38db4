import {
  anything,
  type Form,
  list,
  named,
  nullable,
  object,
  oneOf,
  optional,
  text,
  whole,
} from "../../json/form.js";
import { limits } from "../../json/limits.js";

/** A case of a manifest that says in the library's own words what was recorded: a spec. */
export interface SpecEntry {
  readonly name: string;
  /** Where the tensors are. */
  readonly file: string;
  /** A spec as JSON; checked when the case is made ready. */
  readonly spec: unknown;
  /** Under whose names, and in whose layouts, the file keeps the weights. */
  readonly weights: "canonical" | "torch" | "keras" | "tf1";
  /**
   * Where the file has other names: every tensor of the case by the name that is read, and its name in the
   * file. Default: as the file has them.
   */
  readonly tensors?: Readonly<Record<string, string>>;
  /** Real steps of each row, where the file has no tensor `lengths`. Default, and null: as the file says. */
  readonly lengths?: readonly number[] | null;
}

export const specEntry: Form<SpecEntry> = object({
  name: text,
  file: text,
  spec: anything,
  weights: oneOf("canonical", "torch", "keras", "tf1"),
  tensors: optional(named(text)),
  lengths: optional(nullable(list(whole(0, limits.size), 1, limits.size))),
}) as Form<SpecEntry>;
