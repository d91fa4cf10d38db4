import type { WeightMap } from "@unroll/api";
import type { HostTensor, Program } from "@unroll/api/adapter";
import type { Break } from "./fault.js";
import { recurrentOf } from "./programs.js";

/** Weights of recurrent layers, by the name of the parameter: what they are to their layer. */
export function rolesOf(
  program: Program,
): Map<string, { readonly kind: string; readonly role: string; readonly units: number }> {
  const names = new Map(program.params.map(({ id, name }) => [id, name]));
  const roles = new Map<string, { kind: string; role: string; units: number }>();
  for (const node of program.nodes.filter(recurrentOf)) {
    // A projected h is smaller than the cell.
    const units = node.outputs[node.outputNames.indexOf(node.outputNames.includes("c") ? "c" : "h")]!.type
      .shape[1] as number;
    node.inputNames.forEach((role, k) => {
      const name = names.get(node.inputs[k]!);
      if (name !== undefined) roles.set(name, { kind: node.op.replace("Cell", ""), role, units });
    });
  }
  return roles;
}

/** Changes every weight of recurrent layers that `f` gives a new one for. */
export const changeRecurrent =
  (
    f: (
      weight: HostTensor,
      about: { readonly kind: string; readonly role: string; readonly units: number },
    ) => Float32Array | null,
  ) =>
  (weights: WeightMap, program: Program): WeightMap => {
    const roles = rolesOf(program);
    return Object.fromEntries(
      Object.entries(weights).map(([name, weight]) => {
        const about = roles.get(name);
        const data = about && f(weight, about);
        return [name, data ? { ...weight, data } : weight];
      }),
    );
  };

/**
 * Columns of a weight [rows, gates * units] or a bias [gates * units], gate `k` taken from gate `order[k]`.
 */
export function gatesInOrder(
  { shape, data }: HostTensor,
  units: number,
  order: readonly number[],
): Float32Array {
  const columns = shape[shape.length - 1]!;
  return Float32Array.from(data, (_, k) => {
    const column = k % columns;
    return data[k - column + order[Math.floor(column / units)]! * units + (column % units)]!;
  });
}

/** Two gates of one kind of layer exchanged, in every weight. */
export const swapGates = (kind: string, gates: string, a: number, b: number): Break => ({
  weights: changeRecurrent((weight, { kind: own, units }) =>
    own === kind
      ? gatesInOrder(
          weight,
          units,
          Array.from(gates, (_, k) => (k === a ? b : k === b ? a : k)),
        )
      : null,
  ),
});

/** Weights changed whose canonical name ends so. */
export const changeNamed =
  (ending: string, f: (weight: HostTensor) => Float32Array) =>
  (weights: WeightMap): WeightMap =>
    Object.fromEntries(
      Object.entries(weights).map(([name, weight]) => [
        name,
        name.endsWith(ending) ? ({ ...weight, data: f(weight) } as HostTensor) : weight,
      ]),
    );
