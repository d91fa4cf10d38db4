import { cellDefinitions } from "../layers/cells.js";
import type { CellDefinition } from "../layers/definition.js";
import type { CellSpec, KnownCellSpec } from "./types.js";

const definitionOf = (cell: CellSpec): CellDefinition => cellDefinitions[cell.kind];

/** State parts of a cell, in the order h before c (Keras, torch, ONNX), or as a custom cell lists them. */
export const stateParts = (cell: CellSpec): readonly string[] =>
  definitionOf(cell)
    .state(cell)
    .map(({ part }) => part);

/** Size of a cell's output, which is its state part h unless the cell is a custom one. */
export const outputSize = (cell: CellSpec): number => definitionOf(cell).outputSize(cell);

/** Shape of one row of a state part. */
export const partShape = (cell: CellSpec, part: string): readonly number[] =>
  definitionOf(cell)
    .state(cell)
    .find((one) => one.part === part)!.shape;

/** Size of a state part. */
export const partSize = (cell: CellSpec, part: string): number =>
  partShape(cell, part).reduce((size, dim) => size * dim, 1);

/** The state part that is a cell's output; null where a custom cell's output is none of them. */
export const outputPart = (cell: CellSpec): string | null => definitionOf(cell).outputPart(cell);

/** Gates that a cell's weights hold side by side, in our column order. */
export const gatesOf = (cell: KnownCellSpec): readonly string[] => cellDefinitions[cell.kind].gates;
