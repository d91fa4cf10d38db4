import type { WeightMap } from "@unroll/api";
import type { AnyTensor, Converted, ForeignWeights } from "@unroll/api/weights";
import type { Dialect } from "../../dialects.js";
import { differ } from "./differ.js";
import { type Fault, fire } from "./fault.js";
import { gatesInOrder } from "./weights.js";

/** A fault of a weight layout: written and read, weights are no longer what they were. */
export const layoutFault = (
  id: string,
  title: string,
  seen: string,
  breakDialect: (honest: Dialect) => Dialect,
): Fault => ({
  id,
  title,
  seen,
  breakDialect: (honest, planted = { count: 0 }) => {
    const faulty = breakDialect(honest);
    const noting = <T extends Converted<WeightMap | ForeignWeights>>(converted: T, truth: T): T => {
      if (differ(converted.weights, truth.weights) || converted.losses.length !== truth.losses.length)
        fire(planted);
      return converted;
    };
    return {
      name: honest.name,
      to: (spec, weights) => noting(faulty.to(spec, weights), honest.to(spec, weights)),
      from: (spec, named) => noting(faulty.from(spec, named), honest.from(spec, named)),
    };
  },
});

/** Reads gates in another order: `orderOf` tells it for a weight, null for as it is. */
export const readOtherwise =
  (orderOf: (about: { readonly name: string; readonly gates: number }) => readonly number[] | null) =>
  (honest: Dialect): Dialect => ({
    ...honest,
    from: (spec, named) => {
      const read = honest.from(spec, named);
      return {
        ...read,
        weights: Object.fromEntries(
          Object.entries(read.weights).map(([name, weight]) => {
            const units = unitsOf(read.weights, name);
            const order =
              units === null
                ? null
                : orderOf({ name, gates: weight.shape[weight.shape.length - 1]! / units });
            return [
              name,
              units !== null && order ? { ...weight, data: gatesInOrder(weight, units, order) } : weight,
            ];
          }),
        ),
      };
    },
  });

/** Units of the cell that a canonical weight belongs to; null for a weight of no cell. */
function unitsOf(weights: WeightMap, name: string): number | null {
  const recurrent = weights[name.replace(/\.[^.]+$/, ".recurrentKernel")];
  return recurrent ? recurrent.shape[0]! : null;
}

/** A matrix [rows, columns] as [columns, rows]. */
export function transposed(matrix: AnyTensor): AnyTensor {
  const [rows, columns] = matrix.shape as [number, number];
  const data = matrix.data as Float32Array;
  return {
    ...matrix,
    shape: [columns, rows],
    data: data.map((_, k) => data[(k % rows) * columns + Math.floor(k / rows)]!),
  } as AnyTensor;
}
