import { unrollError } from "../contract/error.js";
import type { CustomCellSpec } from "../layers/custom.js";
import { mixed } from "./gates.js";
import { wrapCell } from "./wrap.js";

/**
 * A cell with zoneout, as it runs after training: each state part is the mean of what training drew, z times
 * the part before the step and 1 - z times that after it.
 *
 * s' = z ⊙ s + (1 - z) ⊙ s of the cell
 *
 * `rates` has z by state part, e.g. `{ h: 0.05, c: 0.5 }`; parts that are left out are as the cell gives
 * them. Where the cell's output is a state part it is that part after zoneout. State, weights and reads are
 * the cell's.
 *
 * Source: Krueger et al., "Zoneout: Regularizing RNNs by Randomly Preserving Hidden Activations", 2017,
 * section 3.
 *
 * @throws UNROLL_ARGUMENT for a part that the cell doesn't have, or a rate that is not in 0..1
 */
export function zoneoutCell(cell: CustomCellSpec, rates: Readonly<Record<string, number>>): CustomCellSpec {
  for (const [part, rate] of Object.entries(rates))
    if (!Object.hasOwn(cell.state, part) || !(rate >= 0 && rate <= 1))
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: "zoneoutCell",
        expected: `rates in 0..1 of ${Object.keys(cell.state).join(", ")}`,
        got: `${part}: ${rate}`,
        cure: `they are the state parts of "${cell.name}"`,
        details: { part, rate },
      });
  return wrapCell(cell, {
    name: "zoneout",
    step(b, { before, state, output }) {
      const after = Object.fromEntries(
        Object.entries(state).map(([part, value]) => {
          const rate = rates[part] ?? 0;
          return [part, rate === 0 ? value : mixed(b, b.constant(rate), before[part]!, value)];
        }),
      );
      const part = Object.keys(state).find((name) => state[name]!.id === output.id);
      return { state: after, output: part === undefined ? output : after[part]! };
    },
  });
}
