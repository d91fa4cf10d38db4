import { knownOptions } from "../contract/known-options.js";
import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import { sizeOf } from "../contract/tensor.js";
import type { WeightSpec } from "../specification/weights.js";
import { classNameOf } from "./class-names.js";
import { applicationsOf } from "./applications.js";
import { KerasTensor, Layer, type LayerCall, type NestedCall, type NestedModel } from "./layer.js";
import type { Network } from "./network.js";

/** Options of `model.summary`. */
export interface SummaryOptions {
  /** Takes the text. Default: it is printed on the console. */
  readonly printFn?: (text: string) => void;
  /** Characters of a line. Default 76, as Keras has it in a terminal of 80. */
  readonly lineLength?: number;
}

type Cells = readonly string[];

/** Python's rounding, to even halves. */
function rounded(value: number): number {
  const near = Math.round(value);
  return Math.abs(value % 1) === 0.5 && near % 2 !== 0 ? near - 1 : near;
}

/**
 * Widths of columns within a line: Keras's shares of it, each with a space on both sides, shrunk alike until
 * they and the lines between fit. Source: Keras 3.15 `utils/summary_utils.py`, and `rich`, which it prints
 * by.
 */
function widthsOf(shares: readonly number[], line: number): readonly number[] {
  const ends = shares.map((share) => Math.trunc(share * line + 1e-9));
  const widths = ends.map((end, k) => end - (ends[k - 1] ?? 0) + 2);
  let excess = widths.reduce((a, b) => a + b, 0) - (line - widths.length - 1);
  return widths.map((width, k) => {
    if (excess <= 0) return width - 2;
    const less = Math.min(width, rounded(excess / (widths.length - k)));
    excess -= less;
    return width - less - 2;
  });
}

/** A text in lines of so many characters, broken between words; longer words are cut, as `rich` cuts them. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.match(/\S+/g) ?? []) {
    const longer = `${lines.at(-1) ?? ""} ${word}`;
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => (line.length > width ? `${line.slice(0, width - 1)}…` : line));
}

/** Rows of a table, the first of which is its head. */
function table(rows: readonly Cells[], widths: readonly number[]): string[] {
  const rule = (left: string, line: string, cross: string, right: string): string =>
    left + widths.map((width) => line.repeat(width + 2)).join(cross) + right;
  const drawn = (cells: Cells, bar: string): string[] => {
    const lines = cells.map((cell, k) => wrapped(cell, widths[k]!));
    return Array.from({ length: Math.max(...lines.map(({ length }) => length)) }, (_, n) =>
      [
        "",
        ...lines.map((own, k) => {
          const text = own[n] ?? "";
          return ` ${k === 2 ? text.padStart(widths[k]!) : text.padEnd(widths[k]!)} `;
        }),
        "",
      ].join(bar),
    );
  };
  const [head, ...body] = rows as readonly [Cells, ...Cells[]];
  return [
    rule("┏", "━", "┳", "┓"),
    ...drawn(head, "┃"),
    rule("┡", "━", "╇", "┩"),
    ...body.flatMap((cells, k) => [...(k === 0 ? [] : [rule("├", "─", "┼", "┤")]), ...drawn(cells, "│")]),
    rule("└", "─", "┴", "┘"),
  ];
}

const shapeText = ({ shape }: KerasTensor): string =>
  `(${shape.map((size) => size ?? "None").join(", ")}${shape.length === 1 ? "," : ""})`;

const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ",");

/** Bytes of float32 numbers, readable. */
function sizeText(count: number): string {
  let size = count * 4;
  const units = ["B", "KB", "MB", "GB", "TB"];
  while (size >= 1024 && units.length > 1) {
    size /= 1024;
    units.shift();
  }
  return `${size.toFixed(2)} ${units[0]!}`;
}

const total = (weights: readonly WeightSpec[]): number =>
  weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** What a call reads: inputs, then the state that it starts from. */
const readBy = (call: LayerCall | NestedCall): readonly KerasTensor[] => [
  ...call.inputs,
  ...(("initialState" in call && call.initialState) || []),
];

/** How many weights a layer has, or a model, each of whose layers counts once. */
const paramsOf = (part: Layer | NestedModel): number =>
  part instanceof Layer
    ? part.countParams()
    : [...new Set(layersOf(part))].reduce((sum, layer) => sum + layer.countParams(), 0);

const layersOf = (model: NestedModel): readonly Layer[] =>
  model.parts.flatMap((part) => (part instanceof Layer ? [part] : layersOf(part)));

/** Prints the table of a model's layers. @returns the text */
export function printedSummary(
  name: string,
  kind: "functional" | "sequential",
  network: Network,
  weights: readonly WeightSpec[],
  options: SummaryOptions,
): string {
  knownOptions("summary", options, ["printFn", "lineLength"]);
  const { printFn = (text: string) => console.log(text), lineLength = 76 } = options;
  if (typeof (printFn as unknown) !== "function")
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "summary printFn",
      expected: "a function",
      got: shown(printFn),
      cure: "leave it out for the console",
    });
  if (!Number.isInteger(lineLength) || lineLength < 40)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "summary lineLength",
      expected: "a whole number of at least 40",
      got: shown(lineLength),
      cure: "leave it out",
    });
  const { order } = network;
  const { of, history } = applicationsOf(network);
  const rows = order.filter(({ part }) => kind === "functional" || !(part instanceof KerasTensor));
  const linear =
    order.filter(({ part }) => part instanceof KerasTensor).length === 1 &&
    order.every(({ part }) => of(part).length <= 1 && of(part).every((call) => readBy(call).length === 1));
  const sequential = kind === "sequential" || linear;
  // Keras counts a layer's applications over all models that it is a part of.
  const from = (one: KerasTensor): string => {
    const [layer, application, output] = history(one);
    const { source } = one;
    const time = source && source.within === null ? source.layer.applicationOf(source) : application;
    return `${layer}[${time}][${output}]`;
  };
  const lines = rows.map(({ part, name: own }) => {
    const isInput = part instanceof KerasTensor;
    const shapes = (isInput ? [part] : of(part).at(-1)!.outputs).map(shapeText);
    return [
      `${own} (${isInput ? "InputLayer" : classNameOf(part.kind)})`,
      shapes.length === 1 ? shapes[0]! : `[${shapes.join(", ")}]`,
      grouped(isInput ? 0 : paramsOf(part)),
      ...(sequential ? [] : [of(part).flatMap(readBy).map(from).join(", ") || "-"]),
    ];
  });
  const heads = ["Layer (type)", "Output Shape", "Param #", ...(sequential ? [] : ["Connected to"])];
  const parts = order.flatMap(({ part }) =>
    part instanceof KerasTensor ? [] : [part as Layer | NestedModel],
  );
  const layers = new Set(parts.flatMap((part) => (part instanceof Layer ? [part] : layersOf(part))));
  const gathered = [...layers].reduce((sum, layer) => sum + layer.untrainedParams, 0);
  const count = total(weights);
  const text = [
    `Model: "${name}"`,
    ...table([heads, ...lines], widthsOf(sequential ? [0.45, 0.8, 1] : [0.3, 0.56, 0.74, 1], lineLength)),
    ` Total params: ${grouped(count)} (${sizeText(count)})`,
    ` Trainable params: ${grouped(count - gathered)} (${sizeText(count - gathered)})`,
    ` Non-trainable params: ${grouped(gathered)} (${sizeText(gathered)})`,
  ].join("\n");
  printFn(text);
  return text;
}
