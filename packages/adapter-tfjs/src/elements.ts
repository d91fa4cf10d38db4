import type { TfTensor } from "./library.js";
import type { Workshop } from "./primitives.js";

/**
 * Element t of a sequence: [time, ...] to [...].
 *
 * The wasm backend's Slice (4.22) copies all of what it cuts from, so a loop over a sequence would copy it
 * once a step; its GatherV2 copies the row.
 */
export function elementOf({ tf, run, backend }: Workshop, sequence: TfTensor, t: number): TfTensor {
  const [, ...shape] = sequence.shape;
  const row =
    backend === "wasm"
      ? run("GatherV2", { x: sequence, indices: tf.tensor([t], [1], "int32") }, { axis: 0, batchDims: 0 })
      : run("Slice", { x: sequence }, { begin: [t, ...shape.map(() => 0)], size: [1, ...shape] });
  return run("Reshape", { x: row }, { shape });
}
