import type { CustomCellSpec } from "../layers/custom.js";
import { assertSameSize, wrapCell } from "./wrap.js";

/**
 * A cell whose output has its input added to it; its state stays as it is. TensorFlow's `ResidualWrapper`.
 *
 * output = x + output of the cell
 *
 * State, weights and reads are the cell's, under its names. A layer around `lstmCell` or `gruCell` gets the
 * same from `merge` with mode `sum` behind it, and those run faster than cells by their own equations.
 *
 * Source: Wu et al., "Google's Neural Machine Translation System", 2016, section 3.1.
 *
 * @throws UNROLL_ARGUMENT for a cell whose output is not as large as its input
 */
export function residualCell(cell: CustomCellSpec): CustomCellSpec {
  assertSameSize("residualCell", cell);
  return wrapCell(cell, {
    name: "residual",
    step: (b, { x, output }) => ({ output: b.add(x, output) }),
  });
}
