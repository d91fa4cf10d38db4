import type { Program, Region } from "../contract/program.js";
import type { CellSpec } from "../layers/cells.js";
import type { Spec } from "../specification/types.js";

const hasComposite = ({ nodes }: Pick<Region, "nodes">): boolean =>
  nodes.some((node) => node.kind === "composite" || (node.kind === "scan" && hasComposite(node.body)));

const stepsOf = ({ layers }: Spec): Program[] =>
  layers
    .flatMap((layer) => Object.values<unknown>({ ...layer }))
    .map((value) => value as Partial<CellSpec> | null)
    .flatMap((cell) => (cell?.kind === "custom" ? [cell.step!] : []));

/**
 * Checks the composites in the steps of a validated spec's custom cells: engines that have an operation of
 * that name would run it, and others the body. What checks them is loaded when there is one. A part of a kit.
 *
 * @throws UNROLL_PROGRAM, as a rejection, for one whose body is not what its name and attributes say
 */
export async function customSteps(spec: Spec): Promise<void> {
  const steps = stepsOf(spec).filter(hasComposite);
  if (steps.length === 0) return;
  const { verify } = await import("../lowering/outside-programs.js");
  for (const step of steps) verify(step);
}
