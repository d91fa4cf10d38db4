import { unrollError } from "../contract/error.js";
import type { Program } from "../contract/program.js";
import { type HostTensor, isHostTensor } from "../contract/tensor.js";
import { shareName, targetName } from "./names.js";
import type { Objective } from "./train-program.js";

/**
 * Checks targets that are ids: each of a row that counts is that of a class, since what no class has would
 * cost nothing. A row whose share is 0 may have any.
 *
 * @param model the program that the objectives are of
 * @throws UNROLL_ARGUMENT naming the first other one
 */
export function checkTargets(
  model: Program,
  objectives: readonly Objective[],
  feeds: Readonly<Record<string, HostTensor>>,
): void {
  for (const { of, loss } of objectives) {
    const ids = feeds[targetName(of)];
    const shares = feeds[shareName(of)];
    if (loss.target !== "int32" || !isHostTensor(ids) || !isHostTensor(shares)) continue;
    const classes = model.outputs.find(({ name }) => name === of)!.type.shape.at(-1) as number;
    const at = ids.data.findIndex((id, row) => !(id >= 0 && id < classes) && shares.data[row] !== 0);
    if (at >= 0)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: `target of "${of}"`,
        expected: `ids from 0 to ${classes - 1}, one of ${classes} classes`,
        got: `${ids.data[at]} at ${at}`,
        cure: "give the output as many features as there are classes; a row that has none gets a weight of 0",
        details: { output: of, classes, id: ids.data[at], at },
      });
  }
}
