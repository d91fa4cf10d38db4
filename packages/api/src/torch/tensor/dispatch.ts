import type { Operation, Sized } from "./operation.js";

/**
 * What carries operations out for tensors without values: a trace, or the description of a spec. Tensors with
 * values have none, and are computed at once.
 */
export interface Backend {
  /** Results of an operation, in order. */
  apply(operation: Operation, operands: readonly Sized[]): readonly Sized[];
}

/** A trace that is being made: operations on what it was given belong into it, values or not. */
export interface Recording extends Backend {
  /** Whether a tensor was made since the trace began, and from nothing that was there before. */
  isNew(tensor: object): boolean;
  /** Notes one that is. */
  noteNew(tensor: object): void;
  /** Notes one that only stands for what was there before. */
  noteOld(tensor: object): void;
  /** Refuses what a trace can't hold. */
  refuse(got: string, cure: string): never;
}

let current: Recording | null = null;

/** The trace that is being made, or null. */
export const recordingNow = (): Recording | null => current;

/** Makes a trace of what a function does. */
export function recorded<T>(recording: Recording, run: () => T): T {
  const outer = current;
  current = recording;
  try {
    return run();
  } finally {
    current = outer;
  }
}
