/** PyTorch's `torch.nn.utils.rnn`: sequences of several lengths as one tensor, and back. */
import { unrollError } from "../contract/error.js";
import { kindOf } from "../contract/kind.js";
import { shown } from "../contract/shown.js";
import type { HostTensor } from "../contract/tensor.js";
import { noMore, optionsOf } from "./arguments.js";
import { type Lengths, lengthsOf, packPaddedSequence, PackedSequence } from "./packed.js";
import { pad } from "./pads.js";
import { stack } from "./tensor/functions.js";
import { shownShape } from "./tensor/sizes.js";
import { type Tensor, tensorOf } from "./tensor/tensor.js";

export { packPaddedSequence, padPackedSequence, PackedSequence } from "./packed.js";

/** Options of `padSequence`, with PyTorch's defaults. */
export interface PadSequenceOptions {
  /** Whether the output is [batch, time, ...]. Default false: [time, batch, ...]. */
  readonly batchFirst?: boolean;
  /** What stands beside shorter sequences. Default 0. */
  readonly paddingValue?: number;
  /** On which side it stands. Default `right`. */
  readonly paddingSide?: "left" | "right";
}

/** Sequences of at least a step, whose other axes are the same. @throws UNROLL_ARGUMENT, UNROLL_SHAPE */
function sequencesOf(place: string, given: Iterable<Tensor | HostTensor>): readonly Tensor[] {
  const list = typeof given === "object" && given !== null && Symbol.iterator in given ? [...given] : [];
  if (list.length === 0)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: "a list of tensors",
      got: kindOf(given),
      cure: `e.g. ${place}([a, b])`,
    });
  const tensors = list.map((one) => tensorOf(place, one));
  const [first] = tensors;
  const odd = tensors.find(
    (one) =>
      one.dim() === 0 || one.size(0) === 0 || one.shape.slice(1).join() !== first!.shape.slice(1).join(),
  );
  if (odd)
    throw unrollError({
      code: "UNROLL_SHAPE",
      place,
      expected: `sequences [time, ...] of at least a step, as ${shownShape(first!.shape)} but for time`,
      got: shownShape(odd.shape),
      cure: "unsqueeze() gives numbers a time axis",
    });
  return tensors;
}

/**
 * Sequences [time, ...] of several lengths as one tensor, [longest, batch, ...].
 *
 * @param options see {@link PadSequenceOptions}; or `batchFirst` by itself
 */
export function padSequence(
  sequences: Iterable<Tensor | HostTensor>,
  options?: boolean | PadSequenceOptions,
  ...rest: never[]
): Tensor {
  const place = "padSequence";
  noMore(place, rest);
  const known = ["batchFirst", "paddingValue", "paddingSide"];
  const given = optionsOf<PadSequenceOptions>(place, options, known, "batchFirst", "boolean");
  const { batchFirst = false, paddingValue = 0, paddingSide: side = "right" } = given;
  if (side !== "left" && side !== "right")
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: 'paddingSide "left" or "right"',
      got: shown(side),
      cure: "PyTorch has no other",
    });
  const tensors = sequencesOf(place, sequences);
  const longest = Math.max(...tensors.map((one) => one.size(0)));
  const rows = tensors.map((one) => {
    const more = longest - one.size(0);
    if (more === 0) return one;
    const others = one.shape.slice(1).flatMap(() => [0, 0]);
    return pad(one, [...others, ...(side === "left" ? [more, 0] : [0, more])], "constant", paddingValue);
  });
  return stack(rows, batchFirst ? 0 : 1);
}

/**
 * Packs sequences [time, ...] of several lengths.
 *
 * @param options `enforceSorted`, by itself or by name: whether the longest has to come first; default true
 * @throws UNROLL_ARGUMENT for another order, unless `enforceSorted` is false
 */
export function packSequence(
  sequences: Iterable<Tensor | HostTensor>,
  options?: boolean | { enforceSorted?: boolean },
  ...rest: never[]
): PackedSequence {
  const place = "packSequence";
  noMore(place, rest);
  const known = optionsOf<{ enforceSorted?: boolean }>(
    place,
    options,
    ["enforceSorted"],
    "enforceSorted",
    "boolean",
  );
  const tensors = sequencesOf(place, sequences);
  const lengths = tensors.map((one) => one.size(0));
  return packPaddedSequence(padSequence(tensors), lengths, { enforceSorted: known.enforceSorted ?? true });
}

/**
 * The sequences of a padded tensor [time, batch, ...], each of its own length.
 *
 * @param options `batchFirst`, by itself or by name: whether the tensor is [batch, time, ...]; default false
 * @throws UNROLL_SHAPE for another number of lengths; for one that the tensor has not
 */
export function unpadSequence(
  padded: Tensor | HostTensor,
  lengths: Lengths,
  options?: boolean | { batchFirst?: boolean },
  ...rest: never[]
): Tensor[] {
  const place = "unpadSequence";
  noMore(place, rest);
  const { batchFirst = false } = optionsOf<{ batchFirst?: boolean }>(
    place,
    options,
    ["batchFirst"],
    "batchFirst",
    "boolean",
  );
  const own = tensorOf(place, padded);
  const ends = lengthsOf(lengths);
  const rows = batchFirst ? own : own.transpose(0, 1);
  if (own.dim() < 2 || rows.size(0) !== ends.length)
    throw unrollError({
      code: "UNROLL_SHAPE",
      place,
      expected: `${own.shape[batchFirst ? 0 : 1] ?? 0} lengths, one for each row`,
      got: `${ends.length}`,
      cure: "batchFirst says which axis holds the rows",
    });
  return ends.map((length, k) => rows.select(0, k).narrow(0, 0, length));
}

/** The sequences that were packed, each of its own length, in their order. */
export function unpackSequence(packed: PackedSequence, ...rest: never[]): Tensor[] {
  noMore("unpackSequence", rest, "it takes a packed sequence alone");
  if (!(packed instanceof PackedSequence))
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "unpackSequence",
      expected: "a packed sequence",
      got: kindOf(packed),
      cure: "packSequence makes one",
    });
  return unpadSequence(packed.data, packed.lengths);
}
