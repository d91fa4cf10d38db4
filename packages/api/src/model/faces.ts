import type { Adapter, WeightMap } from "../contract/adapter.js";
import type { HostTensor } from "../contract/tensor.js";
import type { Runnable } from "../program/runnable.js";
import type { BidirectionalSpec, LayerSpec, RecurrentSpec, Spec, ValueRef } from "../specification/types.js";
import type { InputsLike } from "./arguments.js";
import type { Extent } from "./row-ends.js";
import type { State, StateLike } from "./state.js";
import type { Stream } from "./stream.js";

/** How to compile a model. */
export interface CompileOptions {
  /** The engine, e.g. `builtin()`. */
  readonly adapter: Adapter;
  /**
   * Every weight under its canonical name; see `specWeights`. Copied: the arrays may be changed or reused
   * afterwards.
   */
  readonly weights: WeightMap;
  /** Axes of sequences as they come and go: [time, batch, ...] if true. Default false: [batch, time, ...]. */
  readonly timeMajor?: boolean;
}

/** What a run returns, whatever the engine. */
export interface RunResult {
  /** The first output: [batch, time, ...] for a sequence, [batch, ...] otherwise. */
  readonly output: HostTensor;
  /** Every output by reference. */
  readonly outputs: Readonly<Record<ValueRef, HostTensor>>;
  /** The state after the run. */
  readonly state: State;
}

/** Options of a run over a whole sequence. */
export interface SequenceOptions extends Extent {
  /** Initial state. Default zeros. */
  readonly state?: StateLike | undefined;
}

/** What a model is made from: a spec, or anything else that has a signature and programs. */
export type ModelSource = Spec | Runnable;

/** A compiled model that runs whole sequences. */
export interface SequenceModel<S extends ModelSource = Spec> {
  /** What the model was made from. */
  readonly spec: S;
  /** The engine that it runs on. */
  readonly adapter: Adapter;
  /**
   * Where it runs: the adapter's device, or another where any of its programs had to leave that one, as the
   * builtin engine does when there is no WebAssembly memory left. It may change with a longer sequence.
   */
  readonly device: string;
  /**
   * Runs whole sequences.
   *
   * @param x the input [batch, time, ...], or every input by name
   * @throws UNROLL_SHAPE, UNROLL_DTYPE, UNROLL_ARGUMENT, UNROLL_STATE, UNROLL_DISPOSED
   */
  sequence(x: InputsLike, options?: SequenceOptions): Promise<RunResult>;
  /** A state of zeros for `batch` rows. @throws UNROLL_ARGUMENT for less than one row; UNROLL_DISPOSED */
  zeroState(batch: number): State;
  /**
   * Gives weights new values, without compiling again where the engine can do that. Runs asked for before
   * see the old ones, runs asked for afterwards the new ones; states stay as they are.
   *
   * @param weights new values by canonical name, copied; weights that are not among them keep theirs
   * @throws UNROLL_WEIGHTS, UNROLL_DTYPE, UNROLL_DISPOSED
   */
  rebind(weights: WeightMap): Promise<void>;
  /**
   * Frees everything the model holds; states that it returned last no longer than it. A second call does
   * nothing.
   */
  dispose(): void;
  [Symbol.dispose](): void;
}

/** A compiled model that also runs one step at a time: every layer sees only the past. */
export interface SteppableModel<S extends ModelSource = Spec> extends SequenceModel<S> {
  /**
   * Runs one step.
   *
   * @param x one element of each sequence, [batch, ...] without a time axis, or every input by name; inputs
   *   along other time axes whole
   * @param state the state that the last step returned, or `zeroState(batch)`. It is read, not changed.
   * @param options how rows end along the other time axes
   * @throws UNROLL_SHAPE, UNROLL_DTYPE, UNROLL_ARGUMENT, UNROLL_STATE, UNROLL_DISPOSED; UNROLL_UNSUPPORTED
   *   for a model that needs the whole sequence
   */
  step(x: InputsLike, state: StateLike, options?: Extent): Promise<RunResult>;
  /**
   * Runs one step at once on the caller's arrays, without allocating after the first call: for audio
   * threads and hot loops. Needs a synchronous adapter (`builtin()`) and a model with one input and one
   * output.
   *
   * @param x one element of each sequence, [batch, ...] flat
   * @param state updated in place
   * @param out overwritten with the output, [batch, ...] flat
   * @throws UNROLL_UNSUPPORTED on an adapter that is not synchronous, for a model that needs the whole
   *   sequence, and for one with several inputs or outputs
   */
  stepInto(x: Float32Array | Int32Array, state: State, out: Float32Array): void;
  /**
   * Runs a block of steps at once on the caller's arrays, as {@link stepInto} runs one: for an audio thread's
   * 128 samples, say. Allocates nothing after the first call with a block of this length; the lengths used
   * last, up to four, are remembered. The program is compiled at the first call.
   *
   * @param x the block, [batch, time, ...] flat, or [time, batch, ...] in a time-major model; its length says
   *   how many steps there are
   * @param state moved on by as many steps, in place
   * @param out overwritten with the output, [batch, time, ...] flat (or time-major, as x); [batch, ...] where
   *   the output is that of the last step alone
   * @throws UNROLL_SHAPE for arrays that do not fit; UNROLL_UNSUPPORTED as for {@link stepInto};
   *   UNROLL_STATE, UNROLL_ARGUMENT, UNROLL_DISPOSED
   */
  sequenceInto(x: Float32Array | Int32Array, state: State, out: Float32Array): void;
  /**
   * A stream that keeps its own state and queues its steps.
   *
   * @param options.batch rows that run side by side; default 1, or as many as the state has
   * @param options.state where it starts; default zeros
   */
  stream(options?: { readonly batch?: number; readonly state?: StateLike }): Stream;
}

type Acausal = BidirectionalSpec | (RecurrentSpec & { readonly direction: "backward" });

/** The faces of a model whose spec's type is known: no `step` where a layer needs the whole sequence. */
export type ModelOf<S extends ModelSource> = S extends Spec
  ? // A spec read from JSON has the wide type; whether it can be stepped shows when it is called.
    LayerSpec extends S["layers"][number]
    ? SteppableModel<S>
    : Extract<S["layers"][number], Acausal> extends never
      ? SteppableModel<S>
      : SequenceModel<S>
  : SteppableModel<S>;
