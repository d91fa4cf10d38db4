import {
  concatTime,
  cropTime,
  gruCell,
  input,
  type LayerSpec,
  padTime,
  pickStep,
  recurrent,
  reduceTime,
  spec,
  transposedConvolution,
  upsampleTime,
} from "@unroll/api";
import { type Case, SOURCE } from "./case.js";
import { caseOn, stateOf, weightsOf } from "./cases.js";
import { coveringRows, type Factor, matters, type RowOf } from "./covering.js";
import { values } from "./values.js";

const factor = <const L extends string | number>(
  levels: readonly L[],
  needs?: Factor["needs"],
): Factor<L> => ({ levels, ...(needs && { needs }) });

const ENDS = ["none", "lengths", "mask"] as const;

const CONVOLVED = ["transposed convolution"] as const;

/** What a layer that makes a sequence longer or shorter may be, and how it is run. */
const factors = {
  layer: factor(["padding", "cropping", "upsampling", "joining", "transposed convolution"]),
  before: factor([0, 1, 3], { layer: ["padding", "cropping"] }),
  after: factor([0, 1, 2], { layer: ["padding", "cropping"] }),
  times: factor([1, 2, 3], { layer: ["upsampling"] }),
  joined: factor(["to itself", "with another", "three"], { layer: ["joining"] }),
  memory: factor(ENDS, { layer: ["joining"], joined: ["with another", "three"] }),
  size: factor([1, 2, 3, 5], { layer: CONVOLVED }),
  stride: factor([1, 2, 3], { layer: CONVOLVED }),
  dilation: factor([1, 2], { layer: CONVOLVED }),
  dropped: factor(["none", "before", "after", "both", "all but the length"], { layer: CONVOLVED }),
  outputPadding: factor([0, 1, 2], { layer: CONVOLVED }),
  groups: factor([1, 2, 4], { layer: CONVOLVED }),
  bias: factor(["single", "none"], { layer: CONVOLVED }),
  activation: factor(["linear", "relu", "softmax"], { layer: CONVOLVED }),
  features: factor(["one", "two"]),
  batch: factor([1, 3]),
  time: factor([6, 7, 11]),
  extent: factor(ENDS),
  masked: factor(["skip", "ignore"], { extent: ["lengths", "mask"] }),
  then: factor(["nothing", "a recurrent layer", "one step", "a mean", "another of its kind"]),
} as const;

type Row = RowOf<typeof factors>;

/** A layer with a time axis of its own by its levels. */
export type TimeCase = Row & { readonly seed: number };

/** Whether the levels chosen so far may go together. */
const fits = ({ layer, features, then }: Partial<Row>): boolean =>
  features !== "two" || (then !== "a recurrent layer" && layer !== "transposed convolution");

let rows: readonly Row[] | undefined;

/** Layers in which every pair of levels of two factors is met; `coveringRows`. */
export const timeRows = (): readonly Row[] => (rows ??= coveringRows(factors, fits));

/** The levels of a row that matter in it. */
export const timeLevels = (row: Row): string[] =>
  Object.keys(factors)
    .filter((name) => matters(factors, row, name))
    .map((name) => `${name}: ${row[name as keyof Row]}`);

const SIZE = 4;
const shapeOf = ({ features }: Row): number[] => (features === "one" ? [SIZE] : [2, 3]);

/** Name of the layer's time axis, and of that of another after it. */
const [FRAMES, MORE] = ["frames", "more"];

/** A transposed convolution that leaves its channels as many as they are. */
function convolvedOf(row: Row, name: string, at: string, axis: string): LayerSpec {
  const { size: kernelSize, stride, dilation, dropped, groups, bias, activation, masked } = row;
  const span = (kernelSize - 1) * dilation;
  // With a stride of 1 what the kernel adds is dropped, so that there are as many steps as before.
  const keeps = dropped === "all but the length";
  const padding = (
    keeps
      ? [Math.floor(span / 2), Math.ceil(span / 2)]
      : [
          dropped === "before" || dropped === "both" ? 2 : 0,
          dropped === "after" || dropped === "both" ? 1 : 0,
        ]
  ) as [number, number];
  const outputPadding = keeps && stride === 1 ? 0 : row.outputPadding;
  const more = span + 1 - stride - padding[0] - padding[1] + outputPadding;
  return transposedConvolution({
    name,
    input: at,
    inputSize: SIZE,
    filters: SIZE,
    kernelSize,
    stride,
    dilation,
    padding,
    outputPadding,
    groups,
    bias,
    activation,
    maskedSteps: masked,
    axis: stride === 1 && more === 0 ? null : axis,
  });
}

/** The layer of a row, on a value. */
function layerOf(row: Row, name: string, at: string, axis: string): LayerSpec {
  const { layer, before, after, times, joined, masked: maskedSteps } = row;
  const placed = { name, input: at, maskedSteps } as const;
  const own = (changes: boolean): { axis: string | null } => ({ axis: changes ? axis : null });
  switch (layer) {
    case "padding":
      return padTime({ ...placed, before, after, ...own(before + after > 0) });
    case "cropping":
      return cropTime({ ...placed, before, after, ...own(before + after > 0) });
    case "upsampling":
      return upsampleTime({ ...placed, times, ...own(times > 1) });
    case "joining":
      return concatTime({
        name,
        inputs: joined === "to itself" ? [at, at] : joined === "three" ? [at, SOURCE, at] : [SOURCE, at],
        axis,
        maskedSteps,
      });
    case "transposed convolution":
      return convolvedOf(row, name, at, axis);
    default:
      return layer satisfies never;
  }
}

/** What reads the layer. */
function thenOf(row: Row): LayerSpec[] {
  const placed = { name: "after", input: "layer" } as const;
  switch (row.then) {
    case "nothing":
      return [];
    case "a recurrent layer":
      return [recurrent({ ...placed, cell: gruCell({ inputSize: SIZE, units: 3 }) })];
    case "one step":
      return [pickStep({ ...placed, step: "lastReal" })];
    case "a mean":
      return [reduceTime({ ...placed, mode: "mean" })];
    case "another of its kind":
      return [layerOf({ ...row, masked: "skip" }, "after", "layer", MORE)];
    default:
      return row.then satisfies never;
  }
}

/** The case of some levels. */
export function timeCase(row: TimeCase): Case {
  const { layer, joined, batch, time, extent, memory, seed } = row;
  const shape = shapeOf(row);
  const looks = layer === "joining" && joined !== "to itself";
  const own = spec({
    name: "case",
    inputs: [input({ name: "x", shape }), ...(looks ? [input({ name: SOURCE, shape, axis: SOURCE })] : [])],
    layers: [layerOf(row, "layer", "x", FRAMES), ...thenOf(row)],
    outputs: ["layer", ...(row.then === "nothing" ? [] : ["after"])],
  });
  const drawn = { seed, fine: true };
  const given = caseOn({ spec: own, weights: weightsOf(own, drawn, 1) }, { seed, batch, time, extent });
  if (!looks) return { ...given, state: stateOf(own, batch, drawn) };
  const other = caseOn({ spec: own, weights: {} }, { seed: seed + 1, batch, time: 5, extent: memory });
  const x = values({ seed: seed + 2, fine: true }, SOURCE, [batch, other.time, ...shape]);
  return {
    ...given,
    state: stateOf(own, batch, drawn),
    memory: { time: other.time, x, lengths: other.lengths, mask: other.mask },
  };
}
