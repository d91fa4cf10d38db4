import {
  convolution,
  type ConvolutionSpec,
  gruCell,
  input,
  type LayerSpec,
  pool,
  recurrent,
  spec,
} from "@unroll/api";
import type { Case } from "./case.js";
import { caseOn, stateOf, weightsOf } from "./cases.js";
import { coveringRows, type Factor, matters, type RowOf } from "./covering.js";

const factor = <const L extends string | number>(
  levels: readonly L[],
  needs?: Factor["needs"],
): Factor<L> => ({ levels, ...(needs && { needs }) });

const ALONG_TIME = ["time", "time, several features", "time and features"] as const;

/** What a layer with windows may be, and how it is run. */
const factors = {
  layer: factor(["convolution", "depthwise", "in groups", "max", "average", "average with padding"]),
  over: factor([...ALONG_TIME, "features", "two features", "features without time"]),
  size: factor([1, 2, 3, 5]),
  stride: factor([1, 2, 3]),
  dilation: factor([1, 2]),
  padding: factor(["valid", "same", "causal", "before", "after", "both"]),
  mode: factor(["zeros", "reflect", "replicate", "circular"], {
    layer: ["convolution", "depthwise", "in groups"],
    padding: ["same", "before", "after", "both"],
  }),
  channels: factor([2, 4, 6]),
  filters: factor([2, 6], { layer: ["convolution", "in groups"] }),
  bias: factor(["single", "none"], { layer: ["convolution", "depthwise", "in groups"] }),
  activation: factor(["linear", "relu", "softmax"], { layer: ["convolution", "depthwise", "in groups"] }),
  batch: factor([1, 3]),
  time: factor([6, 7, 11]),
  extent: factor(["none", "lengths", "mask"], { over: ALONG_TIME }),
  masked: factor(["skip", "ignore"], { extent: ["lengths", "mask"], over: ALONG_TIME }),
  then: factor(["nothing", "a recurrent layer", "another with windows"]),
} as const;

type Row = RowOf<typeof factors>;

/** A layer with windows by its levels. */
export type WindowCase = Row & { readonly seed: number };

const isPool = ({ layer }: Partial<Row>): boolean =>
  layer === "max" || layer === "average" || layer === "average with padding";
const alongTime = ({ over }: Partial<Row>): boolean => (ALONG_TIME as readonly unknown[]).includes(over);

/** Whether the levels chosen so far may go together. */
function fits(row: Partial<Row>): boolean {
  const { size = 1, dilation = 1, padding = "valid", mode = "zeros", over, extent, masked, layer } = row;
  if (over !== undefined && padding === "causal" && !alongTime(row)) return false;
  if (isPool(row) && (padding === "causal" || (dilation > 1 && padding !== "valid"))) return false;
  // A pool's window has something beside its padding.
  if (isPool(row) && size === 1 && (padding === "before" || padding === "after" || padding === "both"))
    return false;
  if (mode !== "zeros" && padding !== "valid" && padding !== "causal") {
    if (extent !== undefined && extent !== "none" && masked !== "ignore" && alongTime(row)) return false;
    // What is mirrored has to be there.
    if ((size - 1) * dilation > 5) return false;
  }
  if (layer === "in groups" && row.channels !== undefined && row.channels % 2 !== 0) return false;
  // A window of features is no larger than what there is.
  return (size - 1) * dilation < (over === undefined || over === "time" ? 6 : 6);
}

let rows: readonly Row[] | undefined;

/** Layers in which every pair of levels of two factors is met; `coveringRows`. */
export const windowRows = (): readonly Row[] => (rows ??= coveringRows(factors, fits));

/** The levels of a row that matter in it. */
export const windowLevels = (row: Row): string[] =>
  Object.keys(factors)
    .filter((name) => matters(factors, row, name))
    .map((name) => `${name}: ${row[name as keyof Row]}`);

/** Axes between time and channels. */
const featuresOf: { readonly [O in Row["over"]]: readonly number[] } = {
  time: [],
  "time, several features": [2],
  "time and features": [7],
  features: [7],
  "two features": [6, 7],
  "features without time": [7],
};

const overOf = ({ over }: Row): ConvolutionSpec["over"] =>
  over === "time" || over === "time, several features"
    ? "time"
    : over === "time and features"
      ? "timeAndFeatures"
      : "features";

/** What each axis is padded with. */
function paddingOf({ padding, size }: Row, axes: number): ConvolutionSpec["padding"] {
  if (padding === "valid" || padding === "same") return padding;
  if (padding === "causal") return axes === 1 ? "causal" : ["causal", "same"];
  const most = Math.max(size - 1, 1);
  const pair = { before: [most, 0], after: [0, most], both: [1, 1] }[padding] as [number, number];
  return Array.from({ length: axes }, () => pair);
}

/** The layer of a row. */
function layerOf(row: Row): LayerSpec {
  const { layer, over, size, stride, dilation, mode, channels, filters, bias, activation, masked } = row;
  const axes = over === "time and features" || over === "two features" ? 2 : 1;
  const all = (count: number): number[] => Array.from({ length: axes }, () => count);
  const padding = paddingOf(row, axes);
  const windows = {
    name: "windows",
    input: "x",
    over: overOf(row),
    kernelSize: all(size),
    strides: all(stride),
    dilations: all(dilation),
    padding,
    maskedSteps: masked,
    axis: alongTime(row) && !keeps(row) ? "frames" : null,
  } as const;
  if (layer === "max" || layer === "average" || layer === "average with padding")
    return pool({
      ...windows,
      kind: layer === "max" ? "max" : "average",
      countPadding: layer === "average with padding",
    });
  return convolution({
    ...windows,
    inputShape: [...featuresOf[over], channels],
    filters: layer === "depthwise" ? channels : filters,
    groups: layer === "depthwise" ? channels : layer === "in groups" ? 2 : 1,
    paddingMode: padding === "valid" || padding === "causal" || row.padding === "causal" ? "zeros" : mode,
    bias,
    activation,
  });
}

/** Whether the layer gives as many steps as it reads. */
function keeps({ size, stride, dilation, padding }: Row): boolean {
  const span = (size - 1) * dilation;
  const most = Math.max(size - 1, 1);
  const pads = { valid: 0, same: span, causal: span, before: most, after: most, both: 2 }[padding];
  return stride === 1 && pads === span;
}

/** The case of some levels. */
export function windowCase(row: WindowCase): Case {
  const { over, channels, batch, time, extent, seed, then } = row;
  const shape = [...featuresOf[over], channels];
  const timeless = over === "features without time";
  const first = layerOf(row);
  const last = "filters" in first ? first.filters : channels;
  const sequence = !timeless && over === "time";
  const after: LayerSpec[] =
    then === "nothing" || !sequence
      ? []
      : then === "a recurrent layer"
        ? [recurrent({ name: "after", input: "windows", cell: gruCell({ inputSize: last, units: 3 }) })]
        : [
            convolution({
              name: "after",
              input: "windows",
              inputShape: [last],
              filters: 2,
              kernelSize: [2],
              padding: "same",
            }),
          ];
  const own = spec({
    name: "case",
    inputs: [input({ name: "x", shape, axis: timeless ? null : "time" })],
    layers: [first, ...after],
    outputs: ["windows", ...after.map(({ name }) => name)],
  });
  const drawn = { seed, fine: true };
  const given = caseOn(
    { spec: own, weights: weightsOf(own, drawn, 1) },
    { seed, batch, time, extent: sequence || alongTime(row) ? extent : "none" },
  );
  const x = timeless
    ? {
        ...given.x,
        shape: [batch, ...shape],
        data: given.x.data.slice(0, batch * shape.reduce((a, b) => a * b)),
      }
    : given.x;
  return { ...given, x: x as Case["x"], state: stateOf(own, batch, drawn) };
}
