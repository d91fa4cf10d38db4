import type { ElementMap } from "./maps.js";
import type { Binder } from "./slot.js";

/** Runs a function of each element. */
export const each =
  (map: ElementMap): Binder =>
  ({ ins: [x], outs: [out] }) => {
    const [from, to] = [x!.data, out!.data];
    return () => map(from, 0, to as Float32Array, 0, to.length);
  };

/** Runs one of the kernels' maps on each element, or a loop that they have no better for. */
export const unary =
  (name: string, loop?: ElementMap): Binder =>
  (binding) =>
    each((binding.ins[0]!.dtype === "float32" && binding.kernels.maps[name]) || loop!)(binding);
