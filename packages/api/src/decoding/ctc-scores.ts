import { unrollError } from "../contract/error.js";
import { knownOptions } from "../contract/known-options.js";
import { shown } from "../contract/shown.js";
import { type HostTensor, isHostTensor, tensorProblem } from "../contract/tensor.js";

/** What both ways to decode take. */
export interface CtcOptions {
  /** Real steps of each row, from the start; [batch]. Default: every step is real. */
  readonly lengths?: ArrayLike<number> | undefined;
  /**
   * Which class is the blank, Keras's `mask_index`. Default 0, as in Keras 3 and PyTorch; in TensorFlow the
   * last one usually is.
   */
  readonly blankIndex?: number | undefined;
}

/** Scores of classes that are checked, and how far each row goes. */
export interface CtcScores {
  readonly batch: number;
  readonly time: number;
  readonly classes: number;
  readonly blank: number;
  /** Real steps of a row. */
  length(row: number): number;
  /** Scores [classes] of a row at one of its real steps, without NaN and +∞, and not all -∞. */
  at(row: number, step: number): Float32Array;
}

function refuse(place: string, expected: string, got: string, cure: string): never {
  throw unrollError({ code: "UNROLL_ARGUMENT", place, expected, got, cure, details: { expected, got } });
}

/** Whether a value is a whole number of a range. */
export const isWhole = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

/** Checks an option that counts something. @throws UNROLL_ARGUMENT */
export function wholeOption(place: string, key: string, value: number, least: number, most: number): number {
  if (!isWhole(value, least, most))
    refuse(`${place} ${key}`, `a whole number from ${least} to ${most}`, shown(value), "see its docstring");
  return value;
}

/**
 * Checks scores [batch, time, classes] and the options that say how they are read.
 *
 * @param own options that the caller has beside those of {@link CtcOptions}
 * @throws UNROLL_ARGUMENT and UNROLL_SHAPE; `at` throws UNROLL_ARGUMENT for scores that no class can have
 */
export function ctcScores(
  place: string,
  scores: HostTensor,
  options: CtcOptions,
  own: readonly string[],
): CtcScores {
  knownOptions(place, options, ["lengths", "blankIndex", ...own]);
  if (!isHostTensor(scores) || scores.dtype !== "float32")
    refuse(place, "scores as a float32 tensor", shown(scores), "make it with tensor(values)");
  const problem = tensorProblem(scores);
  const [batch, time, classes] = scores.shape as [number, number, number];
  if (problem !== null || scores.shape.length !== 3 || batch < 1 || time < 1 || classes < 1)
    throw unrollError({
      code: "UNROLL_SHAPE",
      place,
      expected: problem?.[0] ?? "scores [batch, time, classes], at least 1 of each",
      got: problem?.[1] ?? `[${scores.shape.join(", ")}]`,
      cure: "one row alone is a batch of 1",
      details: { shape: scores.shape },
    });
  const { lengths, blankIndex = 0 } = options;
  const blank = wholeOption(place, "blankIndex", blankIndex, 0, classes - 1);
  if (lengths !== undefined) checkLengths(place, lengths, batch, time);
  const data = scores.data as Float32Array;
  return {
    batch,
    time,
    classes,
    blank,
    length: (row) => lengths?.[row] ?? time,
    at(row, step) {
      const from = (row * time + step) * classes;
      const given = data.subarray(from, from + classes);
      const bad = given.findIndex((score) => Number.isNaN(score) || score === Infinity);
      if (bad >= 0 || given.every((score) => score === -Infinity))
        refuse(
          `${place} row ${row} step ${step}`,
          "numbers below Infinity, and one above -Infinity",
          bad < 0 ? "-Infinity for every class" : `${given[bad]} for class ${bad}`,
          "pass logits or log-probabilities",
        );
      return given;
    },
  };
}

function checkLengths(place: string, lengths: ArrayLike<number>, batch: number, time: number): void {
  const wrong =
    typeof lengths !== "object" || lengths === null || lengths.length !== batch
      ? shown(lengths)
      : Array.from(lengths).find((length) => !isWhole(length, 0, time));
  if (wrong !== undefined)
    refuse(
      `${place} lengths`,
      `${batch} whole numbers from 0 to ${time}, one for each row`,
      shown(wrong),
      "they count real steps",
    );
}
