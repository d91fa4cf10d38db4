import { unrollError } from "../contract/error.js";
import { customCell, type WholeValue } from "../specification/custom-cell.js";
import type { CellRead } from "../layers/custom-fields.js";
import type { CustomCellSpec } from "../layers/custom.js";
import { type Block, type Value } from "../program/builder.js";
import { inline } from "../program/inline.js";

/** One step of a cell that stands in another, and what it was given. */
export interface WrappedStep {
  readonly x: Value;
  /** Before the step. */
  readonly before: Readonly<Record<string, Value>>;
  /** After it. */
  readonly state: Readonly<Record<string, Value>>;
  readonly output: Value;
  /** The wrapper's own weights. */
  readonly weights: Readonly<Record<string, Value>>;
}

/** What a wrapper is: its name, weights beside the cell's, and what it makes of a step. */
export interface Wrapper {
  readonly name: string;
  readonly weights?: Readonly<Record<string, readonly number[]>>;
  step(
    b: Block,
    step: WrappedStep,
  ): { readonly state?: Readonly<Record<string, Value>>; readonly output?: Value };
}

/**
 * A custom cell around another: its state, weights and reads are the inner one's, under the same names.
 *
 * @throws UNROLL_ARGUMENT where the inner cell has a weight of a name of the wrapper's
 */
export function wrapCell(cell: CustomCellSpec, wrapper: Wrapper): CustomCellSpec {
  const own = wrapper.weights ?? {};
  const taken = Object.keys(own).find((name) => Object.hasOwn(cell.weights, name));
  if (taken !== undefined)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: `${wrapper.name} of "${cell.name}"`,
      expected: "a cell without weights of the wrapper's names",
      got: `one with "${taken}"`,
      cure: "use two layers, one cell in each",
      details: { cell: cell.name, weight: taken },
    });
  return customCell<
    Record<string, readonly number[]>,
    Record<string, readonly number[]>,
    Record<string, CellRead>
  >({
    name: `${wrapper.name}_${cell.name}`,
    inputSize: cell.inputSize,
    state: { ...cell.state },
    weights: { ...cell.weights, ...own },
    reads: { ...cell.reads },
    step(b, { x, state: before, weights, reads }) {
      const read = Object.entries(reads as Readonly<Record<string, Value | WholeValue>>).flatMap(
        ([name, one]): [string, Value][] =>
          isWhole(one)
            ? [
                [name, one.value],
                [`${name}.mask`, one.mask],
              ]
            : [[name, one]],
      );
      const given = { x, ...before, ...weights, ...Object.fromEntries(read) };
      const { output, ...state } = inline(b, cell.step, given) as { output: Value } & Record<string, Value>;
      const made = wrapper.step(b, { x, before, state, output, weights });
      return { state: made.state ?? state, output: made.output ?? output };
    },
  });
}

const isWhole = (read: Value | WholeValue): read is WholeValue => "mask" in read;

/** Refuses a cell whose output is not of the size of its input. @throws UNROLL_ARGUMENT */
export function assertSameSize(place: string, { inputSize, units, name }: CustomCellSpec): void {
  if (inputSize !== units)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: "a cell whose output is as large as its input",
      got: `"${name}" with ${inputSize} in, ${units} out`,
      cure: "the two are added; put a dense layer before it",
      details: { cell: name, inputSize, units },
    });
}
