import {
  anything,
  type Form,
  list,
  named,
  nullable,
  object,
  optional,
  text,
  whole,
} from "../../json/form.js";
import { limits } from "../../json/limits.js";

/** A case of a manifest that names a cell of `@unroll/api/cells`, and its options. */
export interface CellEntry {
  readonly name: string;
  /** Where the tensors are. */
  readonly file: string;
  /** Name of the export: `sruCell`. */
  readonly cell: string;
  /** Of a cell by itself; of one around another the recording's own. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Of a cell around another: that other one, and what the wrapper is given beside it. */
  readonly wraps?: {
    readonly cell: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly given?: unknown;
  };
  /** Real steps of each row; null where all are. */
  readonly lengths: readonly number[] | null;
}

const options = named(anything);
const form = object({
  name: text,
  file: optional(text),
  cell: text,
  options,
  wraps: optional(object({ cell: text, options, given: anything })),
  lengths: nullable(list(whole(0, limits.size), 1, limits.size)),
});

export const cellEntry: Form<CellEntry> = (value, place) => {
  const read = form(value, place);
  return { ...read, file: read.file ?? `${read.name}.safetensors` } as CellEntry;
};
