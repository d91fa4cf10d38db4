import type { NamedValues } from "../program/builder.js";
import type { AnyCell, CellDefinition, OwnWeight } from "./definition.js";

/** Every way in which biases are stored. */
export const biasForms = ["none", "single", "split"] as const;

/**
 * How biases are stored. `split` keeps one for the input and one for the state (torch, ONNX, Keras's GRU).
 */
export type BiasForm = (typeof biasForms)[number];

/** A cell whose weights hold the columns of several gates side by side. */
export interface GatedCellDefinition<Cell extends AnyCell> extends CellDefinition<Cell> {
  /** Names of the gates in the order of their columns. */
  readonly gates: readonly string[];
}

const biasNames: Readonly<Record<BiasForm, readonly string[]>> = {
  none: [],
  single: ["bias"],
  split: ["inputBias", "recurrentBias"],
};

/**
 * Weights of a cell whose gates stand side by side: `kernel` [inputSize, columns], `recurrentKernel`
 * [stateSize, columns], and `bias`, or `inputBias` and `recurrentBias`, [columns]. Products are row vector
 * times matrix.
 *
 * @param gates names of the gates, in the order of their columns
 * @param stateSize size of h
 */
export function gatedWeights(
  cell: { readonly inputSize: number; readonly units: number; readonly bias: BiasForm },
  gates: readonly string[],
  stateSize: number,
): readonly OwnWeight[] {
  const columns = gates.length * cell.units;
  return [
    { name: "kernel", shape: [cell.inputSize, columns] },
    { name: "recurrentKernel", shape: [stateSize, columns] },
    ...biasNames[cell.bias].map((name) => ({ name, shape: [columns] })),
  ];
}

/** Weights as composites name them: a single bias is the input's. */
export function compositeWeights({ bias, ...weights }: NamedValues): NamedValues {
  return bias === undefined ? weights : { ...weights, inputBias: bias };
}
