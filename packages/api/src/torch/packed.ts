import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import { takenWithin } from "../contract/taken-within.js";
import { type HostTensor, isHostTensor } from "../contract/tensor.js";
import { assertTensor } from "../model/arguments.js";
import { noMore, optionsOf } from "./arguments.js";
import { currentGraph } from "./graph.js";
import { Argument, SymbolicTensor } from "./symbolic.js";
import { arange, full, tensor } from "./tensor/creation.js";
import { cat } from "./tensor/functions.js";
import { type Ran, Tensor, tensorOf, valuesOf, where } from "./tensor/tensor.js";
import { TracedTensor } from "./tracer.js";

/**
 * Sequences of different lengths. Unlike PyTorch's it keeps its rows padded and in the caller's order: what
 * it means is the same, and nothing reads the padding.
 */
export class PackedSequence {
  constructor(
    /** [longest, batch, ...] */
    readonly data: HostTensor,
    /** Real steps of each row, at least 1. */
    readonly lengths: readonly number[],
  ) {}
}

const plain = ({ dtype, shape, data }: HostTensor): HostTensor => ({ dtype, shape, data });

/** Tensors and tuples of them as plain ones. */
const plainWithin = (value: unknown): unknown =>
  value instanceof Tensor ? plain(value) : Array.isArray(value) ? value.map(plainWithin) : value;

/** What a module is given, as it is now, in memory of its own. */
export const takenArguments = (given: readonly unknown[]): readonly unknown[] =>
  given.map((one) =>
    one instanceof PackedSequence
      ? new PackedSequence(takenWithin(plain(one.data)), [...one.lengths])
      : takenWithin(plainWithin(one)),
  );

/** What a module is called with, plain tensors as those that have operations. */
export const eagerArguments = (place: string, given: readonly unknown[]): readonly unknown[] =>
  given.map((one) =>
    isPlainTensor(one)
      ? tensorOf(place, one)
      : Array.isArray(one) && one.some((item) => typeof item === "object")
        ? eagerArguments(place, one)
        : one,
  );

const isPlainTensor = (value: unknown): value is HostTensor =>
  !(value instanceof Tensor) && !(value instanceof PackedSequence) && isHostTensor(value);

/** Row lengths, as an array, a typed array or an integer tensor. */
export type Lengths = ArrayLike<number> | HostTensor;

export function lengthsOf(given: Lengths): number[] {
  if (given instanceof TracedTensor) return Array.from(given.backend.fixed(given));
  if (given instanceof Tensor) return Array.from(valuesOf(given));
  if (typeof given !== "object" || given === null)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "lengths",
      expected: "how many steps each row has",
      got: shown(given),
      cure: "e.g. [5, 3, 2]",
    });
  return Array.from(isHostTensor(given) ? given.data : (given as ArrayLike<number>), Number);
}

/** Checks lengths as PyTorch does. @throws UNROLL_ARGUMENT */
export function assertLengths(
  lengths: readonly number[],
  batch: number,
  time: number,
  enforceSorted: boolean,
): void {
  const refuse = (expected: string, got: string, cure: string): never => {
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "packPaddedSequence",
      expected: expected,
      got: got,
      cure: cure,
      details: { lengths, batch, time },
    });
  };
  if (lengths.length !== batch)
    refuse(`${batch} lengths, one a row`, `${lengths.length}`, "batchFirst says which axis holds the rows");
  const odd = lengths.find((length) => !Number.isInteger(length) || length < 1 || length > time);
  if (odd !== undefined) refuse(`lengths from 1 to ${time}`, `${odd}`, "leave empty rows out");
  if (enforceSorted && lengths.some((length, k) => k > 0 && length > lengths[k - 1]!))
    refuse(
      "lengths from longest to shortest",
      `[${lengths.join(", ")}]`,
      "pass { enforceSorted: false } to give rows in any order",
    );
}

interface PackOptions {
  /** Whether the input is [batch, time, ...]. Default false: [time, batch, ...]. */
  readonly batchFirst?: boolean;
  /** Whether rows have to come longest first. Default true, as in PyTorch. */
  readonly enforceSorted?: boolean;
}

/**
 * Packs padded rows: [time, batch, ...], or [batch, time, ...] with `batchFirst`. Rows are expected longest
 * first unless `enforceSorted` is false.
 */
export function packPaddedSequence(
  input: HostTensor,
  lengths: Lengths,
  options?: boolean | PackOptions,
): PackedSequence;
export function packPaddedSequence(
  input: SymbolicTensor,
  lengths: SymbolicTensor,
  options?: boolean | PackOptions,
): SymbolicTensor;
export function packPaddedSequence(
  input: HostTensor | SymbolicTensor,
  lengths: Lengths | SymbolicTensor,
  options?: boolean | PackOptions,
  ...rest: never[]
): PackedSequence | SymbolicTensor {
  noMore("packPaddedSequence", rest);
  const { batchFirst = false, enforceSorted = true } = optionsOf<PackOptions>(
    "packPaddedSequence",
    options,
    ["batchFirst", "enforceSorted"],
    "batchFirst",
    "boolean",
  );
  if (input instanceof SymbolicTensor) {
    const graph = currentGraph("packPaddedSequence");
    if (!(lengths instanceof Argument))
      return graph.beyond(
        "packPaddedSequence",
        "lengths that are an argument of forward",
        typeof lengths,
        "pass them in when the model runs",
      );
    graph.lengths = { path: lengths.path, enforceSorted };
    if (graph.batchFirst !== null && graph.batchFirst !== batchFirst)
      graph.refuse(
        "UNROLL_UNSUPPORTED",
        "packPaddedSequence",
        `batchFirst ${graph.batchFirst}, as before it`,
        `${batchFirst}`,
        "use one layout in a model",
      );
    graph.batchFirst = batchFirst;
    return input instanceof Argument
      ? new Argument(graph, input.path, true)
      : new SymbolicTensor(graph, input.ref, input.features, true);
  }
  if (!(input instanceof Tensor)) assertTensor("packPaddedSequence", "a tensor", input);
  const padded = tensorOf("packPaddedSequence", input);
  const timeMajor = batchFirst ? padded.transpose(0, 1) : padded;
  const rows = lengthsOf(lengths as Lengths);
  assertLengths(rows, timeMajor.shape[1] ?? 0, timeMajor.shape[0] ?? 0, enforceSorted);
  return new PackedSequence(timeMajor.narrow(0, 0, Math.max(...rows)), rows);
}

interface PadOptions {
  /** Whether the output is [batch, time, ...]. Default false: [time, batch, ...]. */
  readonly batchFirst?: boolean;
  /** What stands past the end of a row. Default 0. */
  readonly paddingValue?: number;
  /** Time of the output. Default: the longest row's. */
  readonly totalLength?: number;
}

/** Pads a packed sequence to its longest row or `totalLength`: returns the padded tensor and the lengths. */
export function padPackedSequence(
  packed: PackedSequence,
  options?: boolean | PadOptions,
): [output: Ran<"float32">, lengths: number[]];
export function padPackedSequence(
  packed: SymbolicTensor,
  options?: boolean | Pick<PadOptions, "batchFirst">,
): [output: SymbolicTensor];
export function padPackedSequence(
  packed: PackedSequence | SymbolicTensor,
  given?: boolean | PadOptions,
  ...rest: never[]
): [Ran<"float32">, number[]] | [SymbolicTensor] {
  noMore("padPackedSequence", rest);
  const known = ["batchFirst", "paddingValue", "totalLength"];
  const options = optionsOf<PadOptions>("padPackedSequence", given, known, "batchFirst", "boolean");
  const { batchFirst = false, paddingValue = 0 } = options;
  if (packed instanceof SymbolicTensor) {
    const graph = currentGraph("padPackedSequence");
    if (!packed.packed)
      graph.refuse("UNROLL_ARGUMENT", "padPackedSequence", "a packed sequence", "a tensor", "pack it first");
    if (paddingValue !== 0 || options.totalLength !== undefined)
      graph.beyond(
        "padPackedSequence",
        "paddingValue 0 and no totalLength inside forward",
        JSON.stringify(options),
        "return the packed sequence and pad it outside",
      );
    graph.batchFirst ??= batchFirst;
    if (graph.batchFirst !== batchFirst)
      graph.refuse(
        "UNROLL_UNSUPPORTED",
        "padPackedSequence",
        `batchFirst ${graph.batchFirst}, as before it`,
        `${batchFirst}`,
        "use one layout in a model",
      );
    graph.cut = true;
    return [new SymbolicTensor(graph, packed.ref, packed.features, false)];
  }
  const { data, lengths } = packed;
  const longest = data.shape[0]!;
  const total = options.totalLength ?? longest;
  if (total < longest)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "padPackedSequence",
      expected: `totalLength of at least ${longest}, the longest row`,
      got: `${total}`,
      cure: "it can't cut rows",
      details: { total, longest },
    });
  const steps = tensorOf("padPackedSequence", data);
  const real = arange(longest)
    .view(-1, 1)
    .lt(tensor([...lengths], { dtype: "int64" }));
  const mask = real.view(longest, lengths.length, ...data.shape.slice(2).map(() => 1));
  const held = where(mask, steps, paddingValue);
  const more = full([total - longest, ...data.shape.slice(1)], paddingValue);
  const padded = total > longest ? cat([held, more]) : held;
  return [(batchFirst ? padded.transpose(0, 1) : padded) as Ran<"float32">, [...lengths]];
}
