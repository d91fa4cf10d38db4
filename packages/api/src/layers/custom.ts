import type { Program } from "../contract/program.js";
import type { Value } from "../program/builder.js";
import { assertProgramForm } from "../program/form.js";
import { inline } from "../program/inline.js";
import { primitives } from "../program/primitives.js";
import { cellReads } from "./cell-reads.js";
import { assertCustomCell } from "./custom-step.js";
import type { CellDefinition, CellScope } from "./definition.js";
import { program, readsByName, shapesByName } from "./custom-fields.js";
import type { Fields, FilledOf } from "./fields.js";
import { foldCell } from "./recurrence.js";

const fields = {
  /** Of the equations: error texts, reports, paths of weights in other frameworks. */
  name: { kind: "name" },
  /** Size of x, the input of one step. */
  inputSize: { kind: "count" },
  /** Size of the output. */
  units: { kind: "count" },
  /** Shape of each state part's rows, in the order in which states are listed. */
  state: shapesByName,
  /** Shape of each weight. Names may have dots. */
  weights: shapesByName,
  /**
   * What a step sees beside its input and its state; see `CellRead`. The layer says which values of the
   * spec they are.
   */
  reads: readsByName,
  step: program,
} as const satisfies Fields;

/**
 * A cell by its own equations: what one step computes, as a program. It runs on every engine by that
 * definition alone; write one with `customCell`.
 */
export interface CustomCellSpec extends Omit<FilledOf<typeof fields>, "step"> {
  /** Which cell it is. */
  readonly kind: "custom";
  /**
   * One step. Inputs: `x` [batch, inputSize]; every state part [batch, ...shape]; every read `name`,
   * [batch, ...shape], or [batch, name, ...shape] with `name.mask` bool [batch, name] where it is whole.
   * Parameters: the weights. Outputs: every state part after the step and `output` [batch, units]. Each row
   * by itself: no operation runs along the batch.
   */
  readonly step: Program;
}

/** What a step of a custom cell returns, by its own equations; semantics rule `custom-cell`. */
function stepOf(
  { step }: CustomCellSpec,
  b: CellScope["b"],
  given: Readonly<Record<string, Value>>,
): { output: Value; state: Record<string, Value> } {
  const { output, ...state } = inline(b, step, given);
  return { state, output: output! };
}

/** The state part that is a custom cell's output; null where none is. */
function outputPart({ state, step }: CustomCellSpec): string | null {
  const id = (name: string): string | undefined => step.outputs.find((output) => output.name === name)?.id;
  return Object.keys(state).find((part) => id(part) === id("output")) ?? null;
}

/** Values that a step reads as they are, by the names of its inputs. */
const wholeReads = ({ reads }: CustomCellSpec, { reads: given }: CellScope): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(reads).flatMap(([name, { along }]): [string, Value][] => {
      if (along === "steps") return [];
      const { value, mask } = given[name]!;
      return mask
        ? [
            [name, value],
            [`${name}.mask`, mask],
          ]
        : [[name, value]];
    }),
  );

/** Values that a step reads one element of. */
const stepReads = ({ reads }: CustomCellSpec, { reads: given }: CellScope): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(reads).flatMap(([name, { along }]) =>
      along === "steps" ? [[name, given[name]!.value]] : [],
    ),
  );

/** Definition of cells by their own equations, for a kit of `@unroll/api/core`. */
export const customDefinition = {
  kind: "custom",
  fields,
  check(cell, path) {
    assertProgramForm(cell.step, `spec ${path}.step`);
    assertCustomCell(cell, `spec ${path}`);
  },
  state: ({ state }) => Object.entries(state).map(([part, shape]) => ({ part, shape, dtype: "float32" })),
  primitives,
  reads: cellReads(({ reads }) => reads),
  outputSize: ({ units }) => units,
  outputPart,
  weights: ({ weights }) => Object.entries(weights).map(([name, shape]) => ({ name, shape })),
  step: (cell, x, scope) =>
    stepOf(cell, scope.b, {
      x,
      ...scope.state,
      ...scope.weights,
      ...wholeReads(cell, scope),
      ...stepReads(cell, scope),
    }),
  fold(cell, x, scope, extent, attrs) {
    const part = outputPart(cell);
    const output = part === null ? { size: cell.units } : { part };
    const captures = { ...scope.weights, ...wholeReads(cell, scope) };
    const elements = stepReads(cell, scope);
    const { y, carries } = foldCell(
      scope.b,
      { x, extent, state: scope.state, captures, elements, attrs, output },
      (b, view) =>
        stepOf(cell, b, {
          x: view.x,
          ...view.state,
          ...(view.captures as Readonly<Record<string, Value>>),
          ...view.elements,
        }),
    );
    return { y, state: carries };
  },
} as const satisfies CellDefinition<CustomCellSpec>;
