import type { Tensor } from "./graph.js";
import { biasAdd, concat, matmul } from "./operations/index.js";
import { lastSize } from "./static-shapes.js";
import { getVariable } from "./variables.js";

/**
 * Values beside each other times `kernel`, and `bias` if there is one, both of the scope: `_Linear` of
 * TensorFlow 1's cells.
 */
export function linear(place: string, values: readonly Tensor[], size: number, bias: boolean): Tensor {
  const x = values.length === 1 ? values[0]! : concat(values, 1);
  const product = matmul(x, getVariable("kernel", [lastSize(place, x), size]));
  return bias ? biasAdd(product, getVariable("bias", [size])) : product;
}
