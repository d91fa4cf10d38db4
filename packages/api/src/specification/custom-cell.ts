import { unrollError } from "../contract/error.js";
import { isRecord } from "../contract/kind.js";
import type { ValueType } from "../contract/program.js";
import { shown } from "../contract/shown.js";
import { noteCell } from "../layers/built.js";
import { customDefinition, type CustomCellSpec } from "../layers/custom.js";
import type { CellDefinition } from "../layers/definition.js";
import { assertCustomCell, readInputs } from "../layers/custom-step.js";
import type { CellRead } from "../layers/custom-fields.js";
import { type Block, type Value } from "../program/builder.js";
import { ProgramBuilder } from "../program/program-builder.js";

export type { CellRead } from "../layers/custom-fields.js";

/** A whole sequence as a step sees it. */
export interface WholeValue {
  /** [batch, source, ...shape] */
  readonly value: Value;
  /** Which of its steps are real, bool [batch, source]. */
  readonly mask: Value;
}

/** What a step is given. */
export interface StepGiven<
  State extends Record<string, number | readonly number[]>,
  Weights extends Record<string, readonly number[]>,
  Reads extends Record<string, CellRead>,
> {
  /** [batch, inputSize] */
  readonly x: Value;
  /** Every part before the step, [batch, ...shape]. */
  readonly state: { readonly [Part in keyof State]: Value };
  /** Every weight by its name. */
  readonly weights: { readonly [Name in keyof Weights]: Value };
  /** What the cell reads: [batch, ...shape], or a {@link WholeValue}. */
  readonly reads: {
    readonly [Name in keyof Reads]: Reads[Name]["along"] extends "whole" ? WholeValue : Value;
  };
}

/** What {@link customCell} is given. */
export interface CustomCellOptions<
  State extends Record<string, number | readonly number[]>,
  Weights extends Record<string, readonly number[]>,
  Reads extends Record<string, CellRead> = Record<never, CellRead>,
> {
  /** Of the equations, e.g. `recurrentHighway`. */
  readonly name: string;
  /** Size of x, the input of one step. */
  readonly inputSize: number;
  /** Size or shape of each state part, e.g. `{ h: 64, matrix: [8, 8] }`. Each is float32 [batch, ...]. */
  readonly state: State;
  /** Shape of each weight, e.g. `{ kernel: [48, 64], "attention.kernel": [64, 32] }`. All float32. */
  readonly weights: Weights;
  /**
   * What a step sees beside its input, of values of the spec that the layer names, e.g.
   * `{ memory: { along: "whole", shape: [32] } }`. Default nothing.
   */
  readonly reads?: Reads;
  /**
   * Builds one step: the input, the state before it, the weights and what it reads, in; the state after it
   * and the output, out.
   *
   * @returns every state part under its name, and `output` [batch, units], without which the first part is
   *   the output
   */
  step(
    block: Block,
    given: StepGiven<State, Weights, Reads>,
  ): { readonly state: { readonly [Part in keyof State]: Value }; readonly output?: Value };
}

/**
 * A cell of your own: its equations, written once with the operations of a block, run on every engine, as a
 * whole sequence with lengths and masks, backward, bidirectional, and one step at a time.
 *
 * ```ts
 * const cell = customCell({
 *   name: "minimal", inputSize: 8, state: { h: 16 },
 *   weights: { kernel: [8, 16], recurrentKernel: [16, 16] },
 *   step: (b, { x, state, weights }) => ({
 *     state: { h: b.tanh(b.add(b.matmul(x, weights.kernel), b.matmul(state.h, weights.recurrentKernel))) },
 *   }),
 * });
 * recurrent({ name: "rnn", input: "x", cell });
 * ```
 *
 * A cell that reads a memory, as a decoder with attention does, says so in `reads`, and its layer says
 * which value that is: `recurrent({ name: "decoder", input: "y", cell, reads: { memory: "encoder" } })`.
 *
 * @throws UNROLL_SHAPE, UNROLL_DTYPE where operands do not fit; UNROLL_SPEC for names and results that do not
 */
export function customCell<
  const State extends Record<string, number | readonly number[]>,
  const Weights extends Record<string, readonly number[]>,
  const Reads extends Record<string, CellRead> = Record<never, CellRead>,
>(options: CustomCellOptions<State, Weights, Reads>): CustomCellSpec {
  const place = `customCell "${options.name}"`;
  const { inputSize, name } = options;
  const builder = new ProgramBuilder(name);
  const reads: Readonly<Record<string, CellRead>> = options.reads ?? {};
  const shapes = mapped<number | readonly number[], readonly number[]>(options.state, (shape) =>
    typeof shape === "number" ? [shape] : [...shape],
  );
  const given = (input: string, type: ValueType): Value => builder.input(input, type);
  const x = given("x", { dtype: "float32", shape: ["batch", inputSize] });
  const state = mapped(shapes, (shape, part) =>
    given(part, { dtype: "float32", shape: ["batch", ...shape] }),
  );
  const weights = mapped<readonly number[], Value>(options.weights, (shape, weight) =>
    builder.param(weight, shape),
  );
  const read = mapped(reads, (one, key) => {
    const values = mapped(readInputs(key, one), (type, input) => given(input, type));
    return one.along === "whole" ? { value: values[key]!, mask: values[`${key}.mask`]! } : values[key]!;
  });
  const step = { x, state, weights, reads: read } as unknown as StepGiven<State, Weights, Reads>;
  const made: unknown = options.step(builder.block, step);
  const { state: after, output } = (isRecord(made) ? made : {}) as Partial<ReturnType<typeof options.step>>;
  if (!isRecord(after)) {
    const got = isRecord(made) ? `{ ${Object.keys(made).join(", ")} }` : shown(made);
    refuse(`${place} step`, "{ state: { ... } }", got, "return every state part after the step");
  }
  const last = outputs(`${place} step`, Object.keys(shapes), after, builder);
  const result =
    output ??
    last ??
    refuse(place, "at least one state part", "none", "a recurrence needs something to keep");
  builder.output("output", result);
  const cell: CustomCellSpec = {
    kind: "custom",
    name,
    inputSize,
    units: result.type.shape[1] as number,
    state: shapes,
    weights: mapped<readonly number[], readonly number[]>(options.weights, (shape) => [...shape]),
    reads: mapped(reads, ({ along, shape }) => ({ along, shape: [...shape] })),
    step: builder.finish(),
  };
  assertCustomCell(cell, place);
  noteCell(customDefinition as unknown as CellDefinition);
  return cell;
}

const mapped = <T, R>(
  of: Readonly<Record<string, T>>,
  make: (value: T, name: string) => R,
): Record<string, R> =>
  Object.fromEntries(Object.entries(of).map(([name, value]) => [name, make(value, name)]));

/** Makes every state part an output; returns the first of them. */
function outputs(
  place: string,
  parts: readonly string[],
  after: Readonly<Record<string, Value>>,
  builder: ProgramBuilder,
): Value | undefined {
  const expected = `state parts ${parts.join(", ")}`;
  const extra = Object.keys(after).find((part) => !parts.includes(part));
  if (extra !== undefined) refuse(place, expected, `"${extra}" too`, "declare it in state");
  for (const part of parts)
    builder.output(
      part,
      after[part] ??
        refuse(place, expected, `no "${part}"`, "return every part, a part that does not change too"),
    );
  return Object.values(after)[0];
}

function refuse(place: string, expected: string, got: string, cure: string): never {
  throw unrollError({ code: "UNROLL_SPEC", place, expected, got, cure, details: { place, expected, got } });
}
