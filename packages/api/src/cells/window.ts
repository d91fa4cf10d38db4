import { unrollError } from "../contract/error.js";
import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";

/** Options of {@link windowCell}. */
export interface WindowOptions {
  /** Size of x, the input of one step. */
  readonly inputSize: number;
  /** Inputs in the window, this step's among them; at least 2. */
  readonly steps: number;
}

/**
 * The last inputs beside each other, as a model that forgets all else sees them: of an n-gram model whose
 * symbols are embedded, of a network on a window of samples. Before the first step stand zeros.
 *
 * output = [x of `steps` - 1 steps ago, ..., x of the step before, x]
 *
 * No weights. The state part is `recent` [steps - 1, inputSize], oldest first; the output [steps inputSize]
 * is none.
 *
 * Source: Bengio, Ducharme, Vincent and Jauvin, "A Neural Probabilistic Language Model", 2003, section 2,
 * whose network is this cell between an embedding and two dense layers.
 *
 * @throws UNROLL_ARGUMENT for less than 2 steps
 */
export function windowCell({ inputSize, steps }: WindowOptions): CustomCellSpec {
  if (!Number.isInteger(steps) || steps < 2)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "windowCell",
      expected: "steps of at least 2",
      got: `${steps}`,
      cure: "a window of one step is the input itself",
      details: { steps },
    });
  return customCell({
    name: "window",
    inputSize,
    state: { recent: [steps - 1, inputSize] },
    weights: {},
    step(b, { x, state: { recent } }) {
      const all = b.concat([recent, b.expandDims(x, 1)], 1);
      return { state: { recent: b.slice(all, 1, 1, steps - 1) }, output: b.mergeAxes(all, 1, 2) };
    },
  });
}
