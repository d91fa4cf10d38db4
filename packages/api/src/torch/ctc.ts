import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import type { Block, Value } from "../program/builder.js";
import { noMore, optionsOf } from "./arguments.js";
import { type Given, type LossOptions, reduced, shapeError } from "./losses.js";
import { type Lengths, lengthsOf } from "./packed.js";
import { SymbolicTensor } from "./symbolic.js";
import { full, tensor } from "./tensor/creation.js";
import { assertFloats } from "./tensor/formulas.js";
import { cat, stack } from "./tensor/functions.js";
import { assertInside, whole } from "./tensor/given.js";
import type { Operation } from "./tensor/operation.js";
import { apply, type Tensor, tensorOf, valuesOf, where } from "./tensor/tensor.js";
import { TracedTensor } from "./tracer.js";

/** Options of `F.ctcLoss`, with PyTorch's defaults. */
export interface CtcOptions extends LossOptions {
  /** The class that stands for no label. Default 0. */
  readonly blank?: number;
  /** Whether a target that is too long for its input counts 0 rather than infinity. Default false. */
  readonly zeroInfinity?: boolean;
}

/** Names of {@link CtcOptions}, in PyTorch's order. */
export const ctcOptions = ["blank", "reduction", "zeroInfinity"];

const place = "F.ctcLoss";

const refuse = (expected: string, got: string, cure: string): never => {
  throw unrollError({ code: "UNROLL_ARGUMENT", place, expected, got, cure });
};

/** One length, or one for each row, which are numbers in a trace too. @throws UNROLL_ARGUMENT */
function rowsOf(name: string, given: Lengths | number, batch: number, most: number): number[] {
  const all = typeof given === "number" ? [given] : lengthsOf(given);
  if (all.length !== batch) refuse(`${batch} ${name}, one a row`, `${all.length}`, "give one for each row");
  const odd = all.find((one) => !Number.isInteger(one) || one < 0 || one > most);
  if (odd !== undefined) refuse(`${name} from 0 to ${most}`, shown(odd), "a row ends within the tensor");
  return all;
}

/** Labels as [batch, longest], 0 behind a row's end, whatever stands there. */
function padded(labels: Tensor, lengths: readonly number[]): Tensor {
  const longest = Math.max(...lengths);
  const starts = lengths.map((_, row) => lengths.slice(0, row).reduce((sum, one) => sum + one, 0));
  const width = labels.dim() === 2 ? labels.size(1) : 0;
  const at = lengths.flatMap((length, row) =>
    Array.from({ length: longest }, (_, k) =>
      k >= length ? 0 : (labels.dim() === 2 ? row * width : starts[row]!) + k,
    ),
  );
  const rows = labels.flatten().indexSelect(0, at).view(lengths.length, longest);
  return where(before(lengths, longest), rows, 0);
}

/** Which of the first places are before each row's end: [rows, size]. */
const before = (lengths: readonly number[], size: number): Tensor =>
  tensor(
    lengths.flatMap((length) => Array.from({ length: size }, (_, k) => k < length)),
    [lengths.length, size],
    "bool",
  );

/** log(e^x + e^y + ...) of each element; -∞ where all are. */
function logSum(b: Block, values: readonly [Value, ...Value[]]): Value {
  const most = values.slice(1).reduce<Value>((one, other) => b.max(one, other), values[0]);
  const finite = b.less(b.abs(most), b.constant(Infinity));
  const shift = b.select(finite, most, b.constant(0));
  const [first, ...others] = values.map((one) => b.exp(b.sub(one, shift)));
  const sum = others.reduce<Value>((all, one) => b.add(all, one), first!);
  return b.select(finite, b.add(b.log(sum), shift), most);
}

/**
 * log α of every row's last step: [batch, places]. An alignment that stands at a place after a step stood
 * there before it, or one place earlier, or two where that skips a blank between different labels.
 * Source: Graves et al., Connectionist temporal classification, 2006, equations 5 to 7.
 *
 * Operands: log probabilities of each place's label [time, batch, places], 0 where a row goes on and -∞
 * where it has ended [time, batch, 1], 0 where an alignment may begin and -∞ elsewhere [batch, places], and
 * the same of where a blank may be skipped.
 */
const forwards: Operation = {
  name: "ctcLoss",
  key: "ctc forwards",
  build(b, [emissions, goesOn, begins, skips]) {
    const places = begins!.type.shape[1] as number;
    const { carries } = b.scan(
      {
        carries: [begins!, b.expand(b.constant(1), b.squeeze(b.slice(goesOn!, 0, 0, 1), 0))],
        sequences: [emissions!, goesOn!],
        captures: [skips!],
      },
      (inner, [alpha, first], [own, on], [skip]) => {
        const later = (by: number): Value =>
          inner.slice(inner.pad(alpha!, 1, by, 0, -Infinity), 1, 0, places);
        const moved = logSum(inner, [alpha!, later(1), inner.add(later(2), skip!)]);
        // Before the first step stands where alignments begin, from which none has moved.
        const reached = inner.select(inner.less(inner.constant(0), first!), alpha!, moved);
        const real = inner.less(inner.constant(-Infinity), on!);
        return {
          carries: [
            inner.select(real, inner.add(reached, own!), alpha!),
            inner.mul(first!, inner.constant(0)),
          ],
          stacked: [],
        };
      },
    );
    return carries[0]!;
  },
};

/** 0 where a flag stands, -∞ elsewhere: what is added to logarithms. */
const open = (flags: Tensor): Tensor => where(flags, full(flags.shape, 0), -Infinity);

/**
 * The loss of connectionist temporal classification: -log of what all alignments of a target with its input
 * have together. Its value alone, without gradients. A mean is over rows, each over its number of labels.
 *
 * @param logProbs log probabilities, float32 [time, batch, classes], or [time, classes]
 * @param targets labels, int32 [batch, most], or those of all rows one after the other; of one row [labels]
 * @param inputLengths how many steps each row has: numbers, in a trace too, which is then for these
 * @param targetLengths how many labels each row has; what stands behind them is not looked at
 * @param options see {@link CtcOptions}; `blank` by itself or by name
 * @throws UNROLL_SHAPE, UNROLL_DTYPE for tensors that don't fit; UNROLL_ARGUMENT for lengths beyond them and
 *   for a blank that is no class
 */
export function ctcLoss(
  logProbs: Given,
  targets: Given,
  inputLengths: Lengths | number,
  targetLengths: Lengths | number,
  options?: number | CtcOptions,
  ...rest: never[]
): Tensor {
  noMore(place, rest);
  const known = optionsOf<CtcOptions>(place, options, ctcOptions, "blank");
  const { blank = 0, reduction = "mean", zeroInfinity = false } = known;
  const x = tensorOf(place, logProbs);
  // A spec has no word for it.
  if (x instanceof SymbolicTensor) return x.beyond(place);
  assertFloats(place, x);
  const rank = x.dim();
  if ((rank !== 2 && rank !== 3) || x.shape.includes(0))
    shapeError(place, "log probabilities [time, batch, classes] or [time, classes]", x);
  const steps = rank === 2 ? x.unsqueeze(1) : x;
  const [time, batch, classes] = steps.shape as [number, number, number];
  if (!Number.isInteger(blank) || blank < 0 || blank >= classes)
    refuse(`blank from 0 to ${classes - 1}`, shown(blank), "it is one of the classes");
  const given = whole(`${place} targets`, tensorOf(`${place} targets`, targets));
  const most = given.dim() === 2 ? given.size(1) : given.numel();
  if (given.dim() === 2 ? given.size(0) !== batch : given.dim() !== 1)
    shapeError(place, `targets [${batch}, ...], or those of all rows one after the other`, given);
  const ends = rowsOf("inputLengths", inputLengths, batch, time);
  const counts = rowsOf("targetLengths", targetLengths, batch, most);
  const all = counts.reduce((sum, one) => sum + one, 0);
  if (given.dim() === 1 && all !== most)
    refuse(
      `targetLengths that make ${most}, as many as there are targets`,
      `${all}`,
      "rows follow each other",
    );

  const longest = Math.max(...counts);
  const labels = longest > 0 ? padded(given, counts) : null;
  if (labels && !(labels instanceof TracedTensor))
    assertInside(`${place} targets`, valuesOf(labels), classes, false);
  // Before, between and after labels stands a blank.
  const blanks = full([batch, longest + 1], blank).long();
  const path = labels
    ? cat([stack([blanks.narrow(1, 0, longest), labels], 2).view(batch, -1), blanks.narrow(1, 0, 1)], 1)
    : blanks;
  const places = 2 * longest + 1;
  const emissions = steps.gather(2, path.unsqueeze(0).expand(time, batch, places));
  const on = open(before(ends, time)).t().unsqueeze(2);
  const begins = open(
    before(
      counts.map((count) => Math.min(2, count + 1)),
      places,
    ),
  );
  const skips =
    places > 2
      ? cat(
          [
            full([batch, 2], -Infinity),
            open(path.narrow(1, 2, places - 2).ne(path.narrow(1, 0, places - 2))),
          ],
          1,
        )
      : full([batch, places], -Infinity);
  const alphas = apply(forwards, [emissions, on, begins, skips])[0]!;
  // An alignment ends with the last label or with the blank after it.
  const last = tensor(
    counts.flatMap((count) => [2 * count, Math.max(0, 2 * count - 1)]),
    [batch, 2],
    "int64",
  );
  const two = open(
    tensor(
      counts.flatMap((count) => [true, count > 0]),
      [batch, 2],
      "bool",
    ),
  );
  const losses = alphas.gather(1, last).add(two).logsumexp(1).neg();
  // Nothing has one alignment with nothing, and a label none; what begins has not begun.
  const empty = tensor(
    ends.map((end) => end === 0),
    [batch],
    "bool",
  );
  const nothing = tensor(
    counts.map((count) => (count === 0 ? 0 : Infinity)),
    [batch],
    "float32",
  );
  const held = where(empty, nothing, losses);
  const each = zeroInfinity ? where(held.eq(Infinity), 0, held) : held;
  const own = rank === 2 ? each.squeeze(0) : each;
  if (reduction !== "mean") return reduced(place, own, reduction);
  const shares = tensor(
    counts.map((count) => Math.max(1, count)),
    [batch],
    "float32",
  );
  return each.div(shares).mean();
}
