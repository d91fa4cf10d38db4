import { unrollError } from "../contract/error.js";
import { type Block, ProgramBuilder, type Value } from "../program/builder.js";
import { whyNotRowwise } from "../program/rowwise.js";
import type { Dim, Named } from "../contract/program.js";
import { verify } from "../program/verify.js";
import type { CustomCellSpec } from "./types.js";

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
 *   step: (b, { x, state, weights }) => ({ state: { h: b.tanh(b.add(b.matmul(x, weights.kernel),
 *   b.matmul(state.h, weights.recurrentKernel))) } }), }); recurrent({ name: "rnn", input: "x", cell });
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
