import { unrollError } from "../contract/error.js";
import type { Dim, Named, Program } from "../contract/program.js";
import type { Block, NamedValues, Value } from "../program/builder.js";
import { assertProgramForm } from "../program/form.js";
import { inline } from "../program/inline.js";
import { whyNotRowwise } from "../program/rowwise.js";
import { verify } from "../program/verify.js";
import type { CellDefinition } from "./definition.js";
import type { Fields, FilledOf } from "./fields.js";
import { type OutputForm, type RecurrentAttrs, sequenceOf, type Stepped } from "./recurrence.js";

const fields = {
  /** Of the equations: error texts, reports, paths of weights in other frameworks. */
  name: { kind: "name" },
  inputSize: { kind: "count" },
  /** Size of the output. */
  units: { kind: "count" },
  /** Size of each state part, in the order in which states are listed. */
  state: { kind: "countsByName" },
  /** Shape of each weight. */
  weights: { kind: "shapesByName" },
  step: { kind: "program" },
} as const satisfies Fields;

/**
 * A cell by its own equations: what one step computes, as a program. It runs on every engine by that definition
 * alone; write one with `customCell`.
 */
export interface CustomCellSpec extends Omit<FilledOf<typeof fields>, "step"> {
  readonly kind: "custom";
  /**
   * One step. Inputs: `x` [batch, inputSize] and every state part [batch, size]; parameters: the weights; outputs:
   * every state part after the step and `output` [batch, units]. Each row by itself: no operation runs along the batch.
   */
  readonly step: Program;
}

type State = Readonly<Record<string, Value>>;

/** One step by a custom cell's own equations; semantics rule `custom-cell`. */
export function customStep(
  block: Block,
  step: Program,
  x: Value,
  state: State,
  weights: NamedValues,
): Stepped<string> {
  const { output, ...after } = inline(block, step, { x, ...state, ...(weights as State) });
  return { state: after, output: output! };
}

/** A custom cell folded over time. Inputs and outputs as composite `lstm`, with the cell's own parts. */
export function custom(
  block: Block,
  step: Program,
  x: Value,
  state: State,
  weights: NamedValues,
  extent: NamedValues,
  attrs: RecurrentAttrs,
  form: OutputForm<string>,
): { y: Value; state: Record<string, Value> } {
  const { y, carries } = sequenceOf(
    block,
    { x, ...weights, ...extent },
    state,
    Object.keys(weights),
    attrs,
    form,
    (inner, element, carried, w) => customStep(inner, step, element, carried, w),
  );
  return { y, state: carries };
}

const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

/**
 * Checks that a custom cell's step takes and gives what the cell says.
 *
 * @throws UNROLL_SPEC, UNROLL_PROGRAM, UNROLL_SHAPE or UNROLL_DTYPE
 */
export function assertCustomCell(cell: CustomCellSpec, place: string): void {
  const { step } = cell;
  for (const part of Object.keys(cell.state)) {
    if (!NAME.test(part) || ["x", "output", "forward", "backward"].includes(part))
      refuse(
        `${place} state`,
        "names of letters, digits and _ other than x, output, forward and backward",
        `"${part}"`,
        "rename the part",
      );
  }
  for (const name of Object.keys(cell.weights)) {
    if (!NAME.test(name) || ["x", "mask", "lengths"].includes(name) || Object.hasOwn(cell.state, name))
      refuse(
        `${place} weights`,
        "names of letters, digits and _ other than x, mask, lengths and those of state parts",
        `"${name}"`,
        "rename the weight",
      );
  }
  const rows = (size: number): readonly Dim[] => ["batch", size];
  same(`${place} step inputs`, step.inputs, { x: rows(cell.inputSize), ...mapped(cell.state, rows) });
  same(`${place} step params`, step.params, cell.weights);
  same(`${place} step outputs`, step.outputs, { ...mapped(cell.state, rows), output: rows(cell.units) });
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

const mapped = (
  sizes: Readonly<Record<string, number>>,
  of: (size: number) => readonly Dim[],
): Record<string, readonly Dim[]> =>
  Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, of(size)]));

/** Compares names, dtypes and shapes, whatever their order. */
function same(
  place: string,
  given: readonly Named[],
  wanted: Readonly<Record<string, readonly Dim[]>>,
): void {
  const text = (name: string, shape: readonly Dim[], dtype = "float32"): string =>
    `${name} ${dtype} [${shape.join(", ")}]`;
  const [want, got] = [
    Object.entries(wanted).map(([name, shape]) => text(name, shape)),
    given.map(({ name, type }) => text(name, type.shape, type.dtype)),
  ];
  if ([...want].sort().join() !== [...got].sort().join())
    refuse(
      place,
      want.join(", "),
      got.join(", ") || "none",
      "make the step and what the cell declares agree",
    );
}

function refuse(place: string, expected: string, got: string, cure: string): never {
  throw unrollError({
    code: "UNROLL_SPEC",
    place: place,
    expected: expected,
    got: got,
    cure: cure,
    details: {
      place,
      expected,
      got,
    },
  });
}

/** The state part that is a custom cell's output; null where none is. */
function outputPart({ state, step }: CustomCellSpec): string | null {
  const id = (name: string): string | undefined => step.outputs.find((output) => output.name === name)?.id;
  return Object.keys(state).find((part) => id(part) === id("output")) ?? null;
}

export const customDefinition = {
  kind: "custom",
  fields,
  check(cell, path) {
    assertProgramForm(cell.step, `spec ${path}.step`);
    assertCustomCell(cell, `spec ${path}`);
  },
  state: ({ state }) =>
    Object.entries(state).map(([part, size]) => ({ part, shape: [size], dtype: "float32" })),
  outputSize: ({ units }) => units,
  outputPart,
  weights: ({ weights }) => Object.entries(weights).map(([name, shape]) => ({ name, shape })),
  step: (cell, x, { b, weights, state }) => customStep(b, cell.step, x, state, weights),
  fold(cell, x, { b, weights, state }, extent, how) {
    const part = outputPart(cell);
    const form = part === null ? { size: cell.units } : { part };
    return custom(b, cell.step, x, state, weights, extent, how, form);
  },
} as const satisfies CellDefinition<CustomCellSpec>;
