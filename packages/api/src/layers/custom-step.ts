import { unrollError } from "../contract/error.js";
import type { Dim, Named, Program, ValueType } from "../contract/program.js";
import { whyNotRowwise } from "../program/rowwise.js";
import { verify } from "../program/verify.js";
import type { CellRead } from "./custom-fields.js";

/** What a custom cell says of its step. */
export interface CustomStep {
  readonly inputSize: number;
  readonly units: number;
  readonly state: Readonly<Record<string, readonly number[]>>;
  readonly weights: Readonly<Record<string, readonly number[]>>;
  readonly reads: Readonly<Record<string, CellRead>>;
  readonly step: Program;
}

const float = (shape: readonly Dim[]): ValueType => ({ dtype: "float32", shape });

/** Types of the program inputs that hold a read, by name. */
export const readInputs = (name: string, { along, shape }: CellRead): Record<string, ValueType> =>
  along === "whole"
    ? {
        [name]: float(["batch", name, ...shape]),
        [`${name}.mask`]: { dtype: "bool", shape: ["batch", name] },
      }
    : { [name]: float(["batch", ...shape]) };

const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
const DOTTED = /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$/;

/** Checks names of one kind. */
function assertNames(place: string, names: readonly string[], form: RegExp, taken: readonly string[]): void {
  const dots = form === DOTTED ? ", dots" : "";
  for (const name of names)
    if (!form.test(name) || taken.includes(name))
      refuse(
        place,
        `names of letters, digits${dots} and _ other than ${taken.join(", ")}`,
        `"${name}"`,
        "rename it",
      );
}

/**
 * Checks that a custom cell's step takes and returns what the cell says.
 *
 * @throws UNROLL_SPEC, UNROLL_PROGRAM, UNROLL_SHAPE or UNROLL_DTYPE
 */
export function assertCustomCell(cell: CustomStep, place: string): void {
  const { step, state, reads, weights } = cell;
  const parts = Object.keys(state);
  if (parts.length === 0)
    refuse(place, "at least one state part", "none", "a recurrence needs something to keep");
  assertNames(`${place} state`, parts, NAME, ["x", "output", "forward", "backward"]);
  assertNames(`${place} reads`, Object.keys(reads), NAME, ["x", "output", "batch", "time", ...parts]);
  const taken = Object.entries(reads).flatMap(([name, read]) => Object.keys(readInputs(name, read)));
  assertNames(`${place} weights`, Object.keys(weights), DOTTED, ["x", "mask", "lengths", ...parts, ...taken]);

  const row = (shape: readonly number[]): ValueType => float(["batch", ...shape]);
  const states = mapped(state, row);
  const read = Object.assign(
    {},
    ...Object.entries(reads).map(([name, one]) => readInputs(name, one)),
  ) as object;
  same(`${place} step inputs`, step.inputs, { x: row([cell.inputSize]), ...states, ...read });
  same(`${place} step params`, step.params, mapped(weights, float));
  same(`${place} step outputs`, step.outputs, { ...states, output: row([cell.units]) });
  verify(step);
  const reason = whyNotRowwise(step);
  if (reason !== null)
    refuse(
      `${place} step`,
      "operations on each row by itself",
      reason,
      "rows of a batch are independent sequences; work along the other axes",
    );
}

const mapped = <T>(
  of: Readonly<Record<string, T>>,
  type: (value: T) => ValueType,
): Record<string, ValueType> =>
  Object.fromEntries(Object.entries(of).map(([name, value]) => [name, type(value)]));

/** Compares names, dtypes and shapes, whatever their order. */
function same(place: string, given: readonly Named[], wanted: Readonly<Record<string, ValueType>>): void {
  const text = (name: string, { dtype, shape }: ValueType): string =>
    `${name} ${dtype} [${shape.join(", ")}]`;
  const want = Object.entries(wanted).map(([name, type]) => text(name, type));
  const got = given.map(({ name, type }) => text(name, type));
  if ([...want].sort().join() !== [...got].sort().join())
    refuse(
      place,
      want.join(", ") || "none",
      got.join(", ") || "none",
      "make the step and what the cell declares agree",
    );
}

function refuse(place: string, expected: string, got: string, cure: string): never {
  throw unrollError({ code: "UNROLL_SPEC", place, expected, got, cure, details: { place, expected, got } });
}
