import type { WeightMap } from "../contract/adapter.js";
import { isRecord } from "../contract/kind.js";
import { assertTensor } from "./arguments.js";

/** Refuses weights that are no tensors by name, each filled by its data. @throws UNROLL_WEIGHTS */
export function assertTensors(model: string, weights: WeightMap): void {
  const place = `model "${model}" weight`;
  if (!isRecord(weights)) assertTensor(`${place}s`, "tensors by name", weights, "UNROLL_WEIGHTS");
  for (const name of Object.keys(weights))
    assertTensor(`${place} "${name}"`, "a tensor", weights[name], "UNROLL_WEIGHTS");
}
