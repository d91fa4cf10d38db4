import { unrollError } from "../contract/error.js";
import { type Block, ProgramBuilder, type Value } from "../program/builder.js";
import { assertCustomCell, type CustomCellSpec } from "../layers/custom.js";

/** What {@link customCell} is given. */
export interface CustomCellOptions<
  State extends Record<string, number>,
  Weights extends Record<string, readonly number[]>,
> {
  /** Of the equations, e.g. `recurrentHighway`. */
  readonly name: string;
  readonly inputSize: number;
  /** Size of each state part, e.g. `{ h: 64 }`. Each is float32 [batch, size]. */
  readonly state: State;
  /** Shape of each weight, e.g. `{ kernel: [48, 64] }`. All float32. */
  readonly weights: Weights;
  /**
   * Builds one step: `x` [batch, inputSize], the state before it and the weights, in; the state after it and
   * the output, out.
   *
   * @returns every state part under its name, and `output` [batch, units], without which the first part is
   *   put out
   */
  step(
    block: Block,
    given: {
      readonly x: Value;
      readonly state: { readonly [Part in keyof State]: Value };
      readonly weights: { readonly [Name in keyof Weights]: Value };
    },
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
 * @throws UNROLL_SHAPE, UNROLL_DTYPE where operands do not fit; UNROLL_SPEC for names and results that do not
 */
export function customCell<
  const State extends Record<string, number>,
  const Weights extends Record<string, readonly number[]>,
>(options: CustomCellOptions<State, Weights>): CustomCellSpec {
  const place = `customCell "${options.name}"`;
  const builder = new ProgramBuilder(options.name);
  const each = <T>(
    of: Readonly<Record<string, T>>,
    make: (name: string, value: T) => Value,
  ): Record<string, Value> =>
    Object.fromEntries(Object.entries(of).map(([name, value]) => [name, make(name, value)]));
  const x = builder.input("x", { dtype: "float32", shape: ["batch", options.inputSize] });
  const state = each<number>(options.state, (part, size) =>
    builder.input(part, { dtype: "float32", shape: ["batch", size] }),
  );
  const weights = each<readonly number[]>(options.weights, (name, shape) => builder.param(name, shape));
  const result = options.step(builder.block, {
    x,
    state: state as { [Part in keyof State]: Value },
    weights: weights as { [Name in keyof Weights]: Value },
  });

  const after: Readonly<Record<string, Value>> = result.state;
  const extra = Object.keys(after).find((part) => !Object.hasOwn(options.state, part));
  if (extra !== undefined)
    refuse(
      `${place} step`,
      `state parts ${Object.keys(options.state).join(", ")}`,
      `"${extra}" too`,
      "declare it in state",
    );
  for (const part of Object.keys(options.state))
    builder.output(
      part,
      after[part] ??
        refuse(
          `${place} step`,
          `state parts ${Object.keys(options.state).join(", ")}`,
          `no "${part}"`,
          "return every part, a part that does not change too",
        ),
    );
  const output =
    result.output ??
    Object.values(after)[0] ??
    refuse(place, "at least one state part", "none", "a recurrence needs something to keep");
  builder.output("output", output);
  const cell: CustomCellSpec = {
    kind: "custom",
    name: options.name,
    inputSize: options.inputSize,
    units: output.type.shape[1] as number,
    state: { ...options.state },
    weights: { ...options.weights },
    step: builder.finish(),
  };
  assertCustomCell(cell, place);
  return cell;
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
