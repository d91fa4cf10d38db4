import type { Value } from "../program/builder.js";
import { foldCell } from "../layers/recurrence.js";
import { bodyOf } from "./body.js";
import { emit } from "./emit.js";
import { assertTensor, type Check, Tensor } from "./graph.js";
import { placeholder } from "./operations/index.js";
import { operation } from "./operations/operation.js";
import { refuse } from "./refuse.js";
import { assertRank, lastSize } from "./static-shapes.js";
import { filled, flatten, flattenLike, type Structure } from "./structure.js";

/** State of a cell: a tensor, an LSTM's (c, h), or the states of several cells. */
export type State = Structure<Tensor>;

/** One step of a cell, as its `call` is. */
export type Step = (inputs: Tensor, state: State) => [output: Tensor, state: State];

/** What a cell is folded over. */
export interface FoldOver {
  /** [time, batch, features] */
  readonly x: Tensor;
  /** Before the first step. */
  readonly state: State;
  /** Steps of each row, int32 [batch]; undefined where all are real. */
  readonly lengths: Tensor | undefined;
  /** From the last real step of each row to the first. */
  readonly reverse: boolean;
}

export const isTensor = (value: unknown): value is Tensor => value instanceof Tensor;

/** How TensorFlow 1 walks over time: zeros where a row has ended, its state as it was. */
export const WALK = { maskedOutput: "zero", heldStart: "zeros" } as const;

/** Refuses values of another number of rows: one row would be stretched. @throws UNROLL_SHAPE */
export function assertRows(place: string, rows: number, values: readonly Value[]): void {
  const off = values.find(({ type }) => type.shape[0] !== rows);
  if (off)
    refuse(
      place,
      `${rows} rows, as the input has`,
      `[${off.type.shape.join(", ")}]`,
      "batch is the first axis of a state and of lengths",
      "UNROLL_SHAPE",
    );
}

/**
 * The check of what a sequence [time, batch, ...] is folded with: as many rows, and lengths within the steps
 * there are, where those are fed.
 *
 * @throws UNROLL_SHAPE, of lengths at a run
 */
export function foldCheck(
  place: string,
  lengths: Tensor | undefined,
  sequence: Value,
  rest: readonly Value[],
): Check {
  const [steps, rows] = sequence.type.shape as readonly number[] as [number, number];
  assertRows(place, rows, rest);
  return (fed) => {
    const given = lengths && fed(lengths);
    const off = given?.data.findIndex((length) => length < 0 || length > steps) ?? -1;
    if (off >= 0)
      refuse(
        `${place} sequenceLength`,
        `lengths from 0 to ${steps}, the steps there are`,
        `${given!.data[off]} of row ${off}`,
        "lengths count the steps of each row",
        "UNROLL_SHAPE",
      );
  };
}

/** Folds any cell over time, its step traced once. */
export function foldStep(
  { x, state, lengths, reverse }: FoldOver,
  step: Step,
): [outputs: Tensor, state: State] {
  const place = "recurrence";
  const before = flatten(place, state, isTensor);
  const element = placeholder("float32", x.shape.slice(1), "step_input");
  const parts = before.map(({ shape }) => placeholder("float32", [null, ...shape.slice(1)], "step_state"));
  let next = 0;
  const [output, after] = step(
    element,
    filled(state, isTensor, () => parts[next++]!),
  );
  const results = flatten(place, after, isTensor);
  // Where each part of the state stands in what the step returns.
  let count = 0;
  const order = flattenLike(
    place,
    state,
    filled(after, isTensor, () => count++),
    isTensor,
  ) as number[];
  assertTensor(place, output);
  assertRank(`${place} output`, output, ["batch", "size"]);
  const size = lastSize(`${place} output`, output);
  const body = bodyOf([element, ...parts], [output, ...order.map((at) => results[at]!)]);
  const extent = lengths ? [lengths] : [];
  const keys = { state: before.map((_, k) => `s${k}`), captured: body.captured.map((_, k) => `c${k}`) };
  const named = (names: readonly string[], values: readonly Value[]): Record<string, Value> =>
    Object.fromEntries(names.map((name, k) => [name, values[k]!]));
  const [outputs, ...last] = operation(
    "While",
    {
      inputs: [x, ...extent, ...before, ...body.captured],
      weights: body.weights,
      check: ([sequence, ...rest]) =>
        foldCheck(place, lengths, sequence!, rest.slice(0, extent.length + before.length)),
      build(b, [sequence, ...rest], weights, checks) {
        const ends = lengths && rest.shift();
        const given = rest.splice(0, before.length);
        const weightKeys = weights.map((_, k) => `w${k}`);
        const { y, carries } = foldCell(
          b,
          {
            x: sequence!,
            extent: ends ? { lengths: ends } : {},
            state: named(keys.state, given),
            captures: { ...named(keys.captured, rest), ...named(weightKeys, weights) },
            attrs: { reverse, ...WALK },
            output: { size },
          },
          (inner, view) => {
            const known = new Map<Tensor, Value>([[element, view.x]]);
            parts.forEach((part, k) => known.set(part, view.state[keys.state[k]!]!));
            body.captured.forEach((tensor, k) => known.set(tensor, view.captures[keys.captured[k]!]!));
            const [y, ...state] = emit(body.outputs, {
              b: inner,
              known,
              checks,
              weightOf: (weight) => view.captures[weightKeys[body.weights.indexOf(weight)]!]!,
            });
            return { output: y!, state: named(keys.state, state) };
          },
        );
        return [y, ...keys.state.map((key) => carries[key]!)];
      },
    },
    [
      { dtype: "float32", shape: [x.shape[0]!, x.shape[1] ?? null, ...output.shape.slice(1)] },
      ...before.map(({ dtype, shape }) => ({ dtype, shape })),
    ],
  );
  next = 0;
  return [outputs!, filled(after, isTensor, () => last[order.indexOf(next++)]!)];
}
