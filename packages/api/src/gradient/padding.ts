import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import type { Block, Value } from "../program/builder.js";
import { type RowEnds, rowEndsName } from "../program/runnable.js";

/**
 * Inputs with zeros where they have padding. A cotangent there is zero, but zero times what padding may hold,
 * NaN or an infinity, is none.
 *
 * @param inputs of a program, by name; those along a time axis are [batch, axis, ...] or [axis, batch, ...]
 * @throws UNROLL_ARGUMENT for ends of rows that the program is not fed
 */
export function clearedOfPadding(
  b: Block,
  inputs: ReadonlyMap<string, Value>,
  extents: RowEnds,
  place: string,
): ReadonlyMap<string, Value> {
  const cleared = new Map(inputs);
  for (const [axis, kind] of Object.entries(extents)) {
    const name = rowEndsName(axis, kind);
    const ends = inputs.get(name);
    const fits = kind === "lengths" ? fitsLengths(ends) : kind === "mask" && fitsMask(ends, axis);
    if (!fits)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place,
        expected: `extents of axis "${axis}" to be lengths or mask, and an input of that name`,
        got: `${shown(kind)}${ends ? "" : ", of which there is no input"}`,
        cure: "give the extents that the program was made with",
        details: { axis },
      });
    for (const [input, value] of inputs) {
      const batch = batchAxis(value, axis);
      if (value.type.dtype !== "float32" || batch < 0) continue;
      let real = realSteps(b, ends!, value, batch);
      for (let k = 2; k < value.type.shape.length; k++) real = b.expandDims(real, k);
      cleared.set(input, b.select(real, value, b.constant(0)));
    }
  }
  return cleared;
}

const fitsLengths = (ends: Value | undefined): boolean =>
  ends?.type.dtype === "int32" && ends.type.shape.join() === "batch";

const fitsMask = (ends: Value | undefined, axis: string): boolean =>
  ends?.type.dtype === "bool" && ends.type.shape.length === 2 && batchAxis(ends, axis) >= 0;

/** Which of the first two axes is the batch, if the other is this one; -1 otherwise. */
const batchAxis = ({ type }: Value, axis: string): number => {
  const leading = type.shape.slice(0, 2).join();
  return leading === `batch,${axis}` ? 0 : leading === `${axis},batch` ? 1 : -1;
};

/** Which steps of a value are real, in the order of its first two axes. */
function realSteps(b: Block, ends: Value, value: Value, batch: number): Value {
  if (ends.type.dtype === "bool")
    return ends.type.shape[0] === value.type.shape[0] ? ends : b.transpose(ends, [1, 0]);
  return b.less(b.expandDims(b.iota(value, 1 - batch), batch), b.expandDims(ends, 1 - batch));
}
