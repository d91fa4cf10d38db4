import type { CellSpec } from "./types.js";

/** State parts of a cell, in the order h before c (Keras, torch, ONNX). */
export function stateParts(cell: CellSpec): readonly ("h" | "c")[] {
  return cell.kind === "lstm" ? ["h", "c"] : ["h"];
}

/** Size of a cell's output, which is its state part h. */
export function outputSize(cell: CellSpec): number {
  return cell.kind === "lstm" ? cell.projection ?? cell.units : cell.units;
}

/** Size of a state part. */
export function partSize(cell: CellSpec, part: "h" | "c"): number {
  return part === "h" ? outputSize(cell) : cell.units;
}

/** Gates that a cell's weights hold side by side, in our column order. */
export function gatesOf(cell: CellSpec): readonly string[] {
  switch (cell.kind) {
    case "lstm": return ["i", "f", "g", "o"];
    case "gru": return ["z", "r", "n"];
    case "simpleRnn": return ["h"];
    default: return cell satisfies never;
  }
}
