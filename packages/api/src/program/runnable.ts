import type { Program } from "../contract/program.js";
import type { DType } from "../contract/tensor.js";
import type { WeightSpec } from "./expected-weights.js";

/** The axis that steps run along. */
export const STEPS = "time";

/** Which program of a runnable is wanted. */
export interface RunMode {
  /** A whole sequence, or one step of it. */
  readonly mode: "sequence" | "step";
  /**
   * For each time axis whether rows end early (`lengths` int32 [batch]) or have gaps (`mask` bool [batch,
   * time]). Default: every step is real.
   */
  readonly extents?: RowEnds;
  /** Axes of sequences as they come and go: [time, batch, ...] if true. Inside it is always time-major. */
  readonly timeMajor?: boolean;
}

/** How rows end along each time axis that has no end for all. */
export type RowEnds = Readonly<Record<string, "lengths" | "mask">>;

/** A value that goes in or comes out: [batch, axis, ...shape], without the axis where there is none. */
export interface SignatureValue {
  /** What it is fed or returned as. */
  readonly name: string;
  /** What its elements are. */
  readonly dtype: DType;
  /** Name of its time axis, or null without one. */
  readonly axis: string | null;
  /** Axes after batch and time. */
  readonly shape: readonly number[];
}

/** An input of a runnable. */
export interface SignatureInput extends SignatureValue {
  /** `int32` for ids, `float32` for everything else. */
  readonly dtype: "float32" | "int32";
  /**
   * Where its numbers are ids: how many there are, so that they lie from 0 to one less. Infinity otherwise.
   */
  readonly ids: number;
  /** How many steps a whole sequence has at most, of an input with a time axis. Default: any number. */
  readonly longest?: number;
}

/** A part of the state: [batch, ...shape]. */
export interface SignatureState {
  /** The layer that it belongs to. */
  readonly layer: string;
  /** Its name within the layer: `h`, `c`, `forward.h`. */
  readonly part: string;
  /** What its elements are. */
  readonly dtype: DType;
  /** Axes after the batch. */
  readonly shape: readonly number[];
  /** Whether the caller gives it; otherwise a run only returns it. */
  readonly given: boolean;
}

/**
 * What stands between a description of a model and an engine: a signature, and programs for it. Lowering a
 * spec makes one. A model runs it and knows nothing else. `compile` checks it, and verifies its programs.
 */
export interface Runnable {
  /** Tells a runnable from a spec. */
  readonly format: "unroll.runnable";
  /** For people: error texts. */
  readonly name: string;
  /** What every run is fed. */
  readonly inputs: readonly SignatureInput[];
  /** What every run returns. */
  readonly outputs: readonly SignatureValue[];
  /** Every part of the state, in the order in which states are listed. */
  readonly states: readonly SignatureState[];
  /**
   * Which mathematics its states belong to, as a short text: a model refuses the state of another. Default:
   * not known, any state that fits is taken.
   */
  readonly identity?: string;
  /** Every weight, by canonical name. */
  readonly weights: readonly WeightSpec[];
  /** Whether a run over no steps at all may leave the state as it is: nothing else has steps. */
  readonly mayBeEmpty: boolean;
  /**
   * A piece of a sequence has to have a multiple of so many steps for its state to be gone on with: what its
   * layers thin time out by; with an identity. Default 1.
   */
  readonly stride?: number;
  /** Why it can't run one step at a time, or null when it can. */
  readonly whyNotSteppable: string | null;
  /**
   * The program of a mode.
   *
   * Inputs: those of the signature by name, then how rows end along each time axis (`lengths` or `mask`, of
   * another axis than `time` e.g. `mask.source`), then the given states (`state.lstm.h`). Outputs: those of
   * the signature by name, then the states after the run. In a step program nothing has the axis of steps;
   * other time axes stay.
   *
   * @throws UNROLL_UNSUPPORTED for a step of what can't be stepped
   */
  program(how: RunMode): Program;
}

/** Whether a value is a runnable. */
export const isRunnable = (value: unknown): value is Runnable =>
  typeof value === "object" && value !== null && (value as Partial<Runnable>).format === "unroll.runnable";

/** Name of the program input that says how rows end along a time axis: `lengths`, `mask.source`. */
export const rowEndsName = (axis: string, kind: "lengths" | "mask"): string =>
  axis === STEPS ? kind : `${kind}.${axis}`;

/** Name of the program input and output that holds a state part. */
export const stateName = (layer: string, part: string): string => `state.${layer}.${part}`;
