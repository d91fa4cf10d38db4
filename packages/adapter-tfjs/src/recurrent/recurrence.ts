import type { CompositeNode, HostTensor } from "@unroll/api/adapter";
import type { TfTensor } from "../library.js";
import type { Workshop } from "../primitives.js";

/** A recurrent composite in plain words: what one cell computes and how it walks over time. */
export interface Recurrence {
  readonly kind: "lstm" | "gru" | "simpleRnn";
  readonly inputSize: number;
  readonly units: number;
  readonly activation: string;
  readonly recurrentActivation: string;
  readonly outputActivation: string;
  readonly resetAfter: boolean;
  readonly reverse: boolean;
  /** What a masked step puts out; `hold` starts with zeros, `holdInitial` with the initial h. */
  readonly masked: "zero" | "hold" | "holdInitial";
  /** One step without a time axis: composites `lstmCell`, `gruCell`, `simpleRnnCell`. */
  readonly single: boolean;
  readonly weights: PackedWeights;
}

/** Weights on the device, in the form the matrix product takes: a leading axis of length 1. */
export interface PackedWeights {
  /** [1, inputSize, gates * units] */
  readonly kernel: TfTensor;
  /** [gates * units]; holds the recurrent bias too wherever both are simply added. */
  readonly inputBias: TfTensor | undefined;
  /** [1, units, gates * units]; of a GRU that resets before the product only z and r. */
  readonly recurrentKernel: TfTensor;
  /** [gates * units]; only of a GRU that resets after the product. */
  readonly recurrentBias: TfTensor | undefined;
  /** [1, units, units]: the candidate's, of a GRU that resets before the product. */
  readonly candidateKernel: TfTensor | undefined;
  /** [1, inputSize + units, 4 * units]: both kernels one above the other, of a single step of an LSTM. */
  readonly joinedKernel: TfTensor | undefined;
}

/** Reads a recurrent composite. `weight` gives the host weight of a named input, where the node has it. */
export function recurrenceOf(
  node: CompositeNode,
  weight: (name: string) => HostTensor | undefined,
  workshop: Workshop,
): Recurrence {
  const { attrs, op } = node;
  const kind = op.replace("Cell", "") as Recurrence["kind"];
  const kernel = weight("kernel")!;
  const recurrent = weight("recurrentKernel")!;
  const [inputSize, units] = [kernel.shape[0]!, recurrent.shape[0]!];
  const resetAfter = attrs["resetAfter"] === true;
  return {
    kind,
    inputSize,
    units,
    resetAfter,
    activation: attrs["activation"] as string,
    recurrentActivation: (attrs["recurrentActivation"] ?? "linear") as string,
    outputActivation: (attrs["outputActivation"] ?? "linear") as string,
    reverse: attrs["reverse"] === true,
    masked:
      attrs["maskedOutput"] !== "hold"
        ? "zero"
        : attrs["heldStart"] === "initialState"
          ? "holdInitial"
          : "hold",
    single: op.endsWith("Cell"),
    weights: pack(
      workshop,
      op === "lstmCell",
      kernel,
      recurrent,
      weight("inputBias"),
      weight("recurrentBias"),
      kind !== "gru" || resetAfter ? undefined : units,
      kind === "gru" && resetAfter,
    ),
  };
}

function pack(
  { keep }: Workshop,
  join: boolean,
  kernel: HostTensor,
  recurrent: HostTensor,
  inputBias: HostTensor | undefined,
  recurrentBias: HostTensor | undefined,
  candidateUnits: number | undefined,
  apart: boolean,
): PackedWeights {
  const kept = (data: ArrayLike<number> | undefined): TfTensor | undefined =>
    data && keep(data, [data.length], "float32");
  const [rows, columns] = recurrent.shape as [number, number];
  const part = (from: number, count: number): TfTensor => {
    const data = new Float32Array(rows * count);
    for (let row = 0; row < rows; row++)
      data.set(
        recurrent.data.subarray(row * columns + from, row * columns + from + count) as Float32Array,
        row * count,
      );
    return keep(data, [1, rows, count], "float32");
  };
  const gateColumns = columns - (candidateUnits ?? 0);
  return {
    kernel: keep(kernel.data.slice(), [1, ...kernel.shape], "float32"),
    inputBias: kept(apart ? inputBias?.data.slice() : added(inputBias?.data, recurrentBias?.data)),
    recurrentKernel: part(0, gateColumns),
    recurrentBias: kept(apart ? recurrentBias?.data.slice() : undefined),
    candidateKernel: candidateUnits === undefined ? undefined : part(gateColumns, candidateUnits),
    joinedKernel: join
      ? keep(joinedRows(kernel, recurrent), [1, kernel.shape[0]! + rows, columns], "float32")
      : undefined,
  };
}

function added(a: ArrayLike<number> | undefined, b: ArrayLike<number> | undefined): Float32Array | undefined {
  const [first, second] = a ? [a, b] : [b, undefined];
  return first && Float32Array.from(first, (value, k) => value + (second ? second[k]! : 0));
}

function joinedRows(kernel: HostTensor, recurrent: HostTensor): Float32Array {
  const joined = new Float32Array(kernel.data.length + recurrent.data.length);
  joined.set(kernel.data);
  joined.set(recurrent.data, kernel.data.length);
  return joined;
}
