import type { CellSpec } from "./types.js";

/** State parts of a cell, in the order h before c (Keras, torch, ONNX). */
export function stateParts(cell: CellSpec): readonly ("h" | "c")[] {
  return cell.kind === "lstm" ? ["h", "c"] : ["h"];
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
