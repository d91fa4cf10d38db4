import type { Wiring } from "./definition.js";
import type { ValueRef } from "./fields.js";
import type { ValueInfo } from "./value-info.js";

/** Checks that a layer's `inputSize` is the last axis of its input. @throws UNROLL_SPEC */
export function wireSize(size: number, info: ValueInfo, wiring: Wiring): void {
  const last = info.shape[info.shape.length - 1];
  if (info.dtype !== "float32" || last !== size)
    wiring.refuse(
      "inputSize",
      `${String(last)}, the last axis of the layer's input`,
      size,
      "make the two agree",
    );
}

/** Checks that a layer reads float32. @throws UNROLL_SPEC */
export function wireFloat(input: ValueRef, wiring: Wiring): ValueInfo {
  const info = wiring.read(input, "input");
  if (info.dtype !== "float32") wiring.refuse("input", "a float32 value", info.dtype, "embed ids first");
  return info;
}

/** Checks that a layer reads a float32 sequence. @throws UNROLL_SPEC */
export function wireSequence(input: ValueRef, wiring: Wiring): ValueInfo {
  const info = wireFloat(input, wiring);
  if (info.axis === null)
    wiring.refuse(
      "input",
      "a float32 sequence [batch, time, ...]",
      input,
      'it has no time; a layer with returns: "last" has taken it away',
    );
  return info;
}
