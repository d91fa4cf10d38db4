import type { WeightMap } from "../contract/adapter.js";
import { isRecord } from "../contract/kind.js";
import { isHostTensor } from "../contract/tensor.js";
import { assertTensor } from "./arguments.js";

/** Refuses weights that are no tensors by name. @throws UNROLL_WEIGHTS */
export function assertTensors(model: string, weights: WeightMap): void {
  const place = `model "${model}" weight`;
  if (!isRecord(weights)) assertTensor(`${place}s`, "tensors by name", weights, "UNROLL_WEIGHTS");
  // Whether its data fill it is looked at with its name and shape.
  for (const [name, weight] of Object.entries<unknown>(weights))
    if (!isHostTensor(weight)) assertTensor(`${place} "${name}"`, "a tensor", weight, "UNROLL_WEIGHTS");
}
