import type { CellSpec, KnownCellSpec } from "./types.js";

/** State parts of a cell, in the order h before c (Keras, torch, ONNX), or as a custom cell lists them. */
export function stateParts(cell: CellSpec): readonly string[] {
  switch (cell.kind) {
    case "custom":
      return Object.keys(cell.state);
    case "lstm":
      return ["h", "c"];
    case "gru":
    case "simpleRnn":
      return ["h"];
    default:
      return cell satisfies never;
  }
}

/** Size of a cell's output, which is its state part h unless the cell is a custom one. */
export function outputSize(cell: CellSpec): number {
  return cell.kind === "lstm" ? (cell.projection ?? cell.units) : cell.units;
}

/** Size of a state part. */
export function partSize(cell: CellSpec, part: string): number {
  if (cell.kind === "custom") return cell.state[part]!;
  return part === "h" ? outputSize(cell) : cell.units;
}

/** The state part that a cell puts out; null where a custom cell's output is none of them. */
export function outputPart(cell: CellSpec): string | null {
  if (cell.kind !== "custom") return "h";
  const id = (name: string): string | undefined =>
    cell.step.outputs.find((output) => output.name === name)?.id;
  return Object.keys(cell.state).find((part) => id(part) === id("output")) ?? null;
}

/** Gates that a cell's weights hold side by side, in our column order. */
export function gatesOf(cell: KnownCellSpec): readonly string[] {
  switch (cell.kind) {
    case "lstm":
      return ["i", "f", "g", "o"];
    case "gru":
      return ["z", "r", "n"];
    case "simpleRnn":
      return ["h"];
    default:
      return cell satisfies never;
  }
}
