import { kindOf } from "../contract/kind.js";
import { RNNCell } from "./cells/rnn-cell.js";
import { assertDType } from "./operations/operation.js";
import { assertFlags, optionsOf } from "./options.js";
import type { State } from "./fold.js";
import { assertTensor, getDefaultGraph, Tensor } from "./graph.js";
import { constant, shape, stack, transpose, unstack } from "./operations/index.js";
import { refuse } from "./refuse.js";
import { assertRank, refuseShape } from "./static-shapes.js";
import { assertFloat } from "./variables.js";
import type { VariableScope } from "./variable-scopes.js";

/** Steps of each row: a tensor int32 [batch], or numbers. */
export type SequenceLength = Tensor | readonly number[];

/** What every walk over time takes. */
interface WalkOptions {
  /** Steps of each row. Past them outputs are zeros and the state stays. Default: every step is real. */
  readonly sequenceLength?: SequenceLength | null;
  /** Only float32. */
  readonly dtype?: "float32";
  /** Variables' scope. Default `rnn`, of two directions `bidirectional_rnn`. */
  readonly scope?: string | VariableScope | null;
}

/** What walks that are unrolled by the engine take beside. */
interface DynamicOptions extends WalkOptions {
  /** Whether inputs and outputs are [time, batch, ...]. Default false: [batch, time, ...]. */
  readonly timeMajor?: boolean;
  /** Without effect: how to compute is the engine's matter. */
  readonly parallelIterations?: number | null;
  /** Without effect: how to compute is the engine's matter. */
  readonly swapMemory?: boolean;
}

/** Options of {@link dynamicRnn}. */
export interface DynamicRnnOptions extends DynamicOptions {
  /** Where the state starts. Default zeros. */
  readonly initialState?: State | null;
}

/** Options of {@link staticRnn}. */
export interface StaticRnnOptions extends WalkOptions {
  /** Where the state starts. Default zeros. */
  readonly initialState?: State | null;
}

/** Options of {@link bidirectionalDynamicRnn}. */
export interface BidirectionalRnnOptions extends DynamicOptions {
  /** Where the state of the forward cell starts. Default zeros. */
  readonly initialStateFw?: State | null;
  /** Where the state of the backward cell starts. Default zeros. */
  readonly initialStateBw?: State | null;
}

const walk = ["sequenceLength", "dtype", "scope"] as const;
const dynamic = [...walk, "timeMajor", "parallelIterations", "swapMemory"] as const;

function lengthsOf(place: string, given: SequenceLength | null | undefined, x: Tensor): Tensor | undefined {
  if (given === undefined || given === null) return undefined;
  const lengths = given instanceof Tensor ? given : constant(given, "int32");
  const batch = x.shape[1] ?? null;
  if (lengths.dtype !== "int32" || lengths.shape.length !== 1)
    refuse(
      `${place} sequenceLength`,
      "int32 [batch]",
      lengths.toString(),
      "one number for each row",
      "UNROLL_DTYPE",
    );
  if (batch !== null && lengths.shape[0] !== null && lengths.shape[0] !== batch)
    refuseShape(
      `${place} sequenceLength`,
      `${batch} lengths, one a row`,
      `${lengths.shape[0]}`,
      "batch comes first",
    );
  return lengths;
}

function assertCell(place: string, cell: unknown): asserts cell is RNNCell {
  if (!(cell instanceof RNNCell))
    refuse(place, "a cell", kindOf(cell), "e.g. new rnnCell.BasicLSTMCell(128)");
}

interface Walk {
  readonly place: string;
  readonly cell: RNNCell;
  /** [time, batch, features] */
  readonly x: Tensor;
  readonly options: WalkOptions & { readonly initialState?: State | null };
  readonly reverse?: boolean;
}

function walked({ place, cell, x, options, reverse = false }: Walk): [Tensor, State] {
  assertFloat(`${place} dtype`, options.dtype);
  const lengths = lengthsOf(place, options.sequenceLength, x);
  const state = options.initialState ?? cell.zeroState(shape(x)[1]!);
  return cell.fold({ x, state, lengths, reverse });
}

/** Axes 0 and 1 the other way round. */
const swapped = (x: Tensor): Tensor => transpose(x, [1, 0, ...x.shape.slice(2).map((_, k) => k + 2)]);

function sequence(place: string, inputs: Tensor, timeMajor: boolean | undefined): Tensor {
  assertTensor(`${place} inputs`, inputs);
  assertDType(`${place} inputs`, [inputs], ["float32"]);
  assertFlags(place, { timeMajor });
  assertRank(
    `${place} inputs`,
    inputs,
    timeMajor ? ["time", "batch", "features"] : ["batch", "time", "features"],
  );
  return timeMajor ? inputs : swapped(inputs);
}

const within = <T>(scope: string | VariableScope, build: (scope: VariableScope) => T): T =>
  getDefaultGraph().scopes.within({ scope }, build);

/**
 * A cell over a sequence: `tf.nn.dynamic_rnn`. Past a row's length outputs are zeros and the state is what it
 * was; the length of time is what a run feeds.
 *
 * @param inputs [batch, time, features]
 * @returns outputs [batch, time, outputSize] and the state after each row's last step
 * @throws UNROLL_SHAPE, UNROLL_ARGUMENT, UNROLL_DTYPE
 */
export function dynamicRnn(
  cell: RNNCell,
  inputs: Tensor,
  options: DynamicRnnOptions = {},
): [outputs: Tensor, state: State] {
  const place = "dynamicRnn";
  assertCell(place, cell);
  optionsOf(place, options, [...dynamic, "initialState"]);
  const { timeMajor } = options;
  return within(options.scope ?? "rnn", () => {
    const [y, state] = walked({ place, cell, x: sequence(place, inputs, timeMajor), options });
    return [timeMajor ? y : swapped(y), state];
  });
}

/**
 * A cell over a list of inputs, one a step: `tf.nn.static_rnn`.
 *
 * @param inputs each [batch, features]
 * @returns the output of each step and the state after each row's last one
 * @throws UNROLL_SHAPE, UNROLL_ARGUMENT, UNROLL_DTYPE
 */
export function staticRnn(
  cell: RNNCell,
  inputs: readonly Tensor[],
  options: StaticRnnOptions = {},
): [outputs: Tensor[], state: State] {
  const place = "staticRnn";
  assertCell(place, cell);
  optionsOf(place, options, [...walk, "initialState"]);
  if (!Array.isArray(inputs) || inputs.length === 0)
    refuse(
      `${place} inputs`,
      "tensors in a list, one a step",
      kindOf(inputs),
      "unstack(x, null, 1) makes it of [batch, time, features]",
    );
  for (const input of inputs) {
    assertTensor(`${place} inputs`, input);
    assertRank(`${place} inputs`, input, ["batch", "features"]);
  }
  return within(options.scope ?? "rnn", () => {
    const [y, state] = walked({ place, cell, x: stack(inputs), options });
    return [unstack(y, inputs.length), state];
  });
}

/**
 * Two cells, one over each row as it is and one from its last real step to its first:
 * `tf.nn.bidirectional_dynamic_rnn`. Both outputs stand in the order of the input.
 *
 * @param inputs [batch, time, features]
 * @returns outputs of both, [batch, time, outputSize] each, and the states of both
 * @throws UNROLL_SHAPE, UNROLL_ARGUMENT, UNROLL_DTYPE
 */
export function bidirectionalDynamicRnn(
  cellFw: RNNCell,
  cellBw: RNNCell,
  inputs: Tensor,
  options: BidirectionalRnnOptions = {},
): [outputs: [forward: Tensor, backward: Tensor], states: [forward: State, backward: State]] {
  const place = "bidirectionalDynamicRnn";
  for (const cell of [cellFw, cellBw]) assertCell(place, cell);
  optionsOf(place, options, [...dynamic, "initialStateFw", "initialStateBw"]);
  const { timeMajor, initialStateFw, initialStateBw, ...rest } = options;
  return within(options.scope ?? "bidirectional_rnn", () => {
    const x = sequence(place, inputs, timeMajor);
    const way = (name: string, cell: RNNCell, initialState: State | null | undefined): [Tensor, State] =>
      within(name, () => {
        const given = { ...rest, ...(initialState !== undefined && { initialState }) };
        const [y, state] = walked({ place, cell, x, options: given, reverse: name === "bw" });
        return [timeMajor ? y : swapped(y), state];
      });
    const [forward, stateFw] = way("fw", cellFw, initialStateFw);
    const [backward, stateBw] = way("bw", cellBw, initialStateBw);
    return [
      [forward, backward],
      [stateFw, stateBw],
    ];
  });
}
