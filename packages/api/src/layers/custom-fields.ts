import type { Program } from "../contract/program.js";
import { checkField, checkFields, type Fields, isRecord, type OwnField, refuseSpec } from "./fields.js";

/** What a custom cell sees beside its input and its state, of a value of the spec around it. */
export interface CellRead {
  /**
   * `steps`: of a sequence along the layer's own axis, one element at each step. `whole`: all of a sequence
   * at every step, with a mask that tells which of its steps are real. `none`: a value without time.
   */
  readonly along: "steps" | "whole" | "none";
  /** Axes of one element. */
  readonly shape: readonly number[];
}

const shape = { kind: "shape" } as const;
const read = { along: { kind: "oneOf", of: ["steps", "whole", "none"] }, shape } as const satisfies Fields;

/** Only a layer holds a cell. */
const noCell = (value: unknown, path: string): never =>
  refuseSpec(path, "no cell", value, "a custom cell holds none");

function eachByName(value: unknown, path: string, check: (item: unknown, path: string) => void): void {
  if (!isRecord(value)) refuseSpec(path, "an object", value, "of name to value");
  for (const [key, item] of Object.entries(value)) check(item, `${path}.${key}`);
}

/** Lists of whole numbers of at least 1, by name. */
export const shapesByName: OwnField<Readonly<Record<string, readonly number[]>>> = {
  kind: "own",
  check: (value, path) => eachByName(value, path, (item, at) => checkField(item, at, shape, noCell)),
};

/** {@link CellRead}s by name. */
export const readsByName: OwnField<Readonly<Record<string, CellRead>>> = {
  kind: "own",
  check: (value, path) =>
    eachByName(value, path, (item, at) => {
      checkFields(item, at, read, noCell);
    }),
};

/** A program as plain data; what it says is for the cell to check. */
export const program: OwnField<Program> = {
  kind: "own",
  check(value, path) {
    if (!isRecord(value)) refuseSpec(path, "a program", value, "make it with a builder");
  },
};
