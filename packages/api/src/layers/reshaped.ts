import type { Block, Value } from "../program/builder.js";
import { joinAxes, partAxis } from "./feature-axes.js";

/** Elements in order under another shape of as many. Every axis of the value has a number. */
export function reshaped(b: Block, x: Value, shape: readonly number[]): Value {
  const from = x.type.shape as readonly number[];
  if (from.join() === shape.join()) return x;
  // What both begin and end with stays as it is, so that an axis of 1 more or less moves nothing.
  let low = 0;
  while (low < Math.min(from.length, shape.length) && from[low] === shape[low]) low++;
  let high = 0;
  const most = Math.min(from.length, shape.length) - low;
  while (high < most && from[from.length - 1 - high] === shape[shape.length - 1 - high]) high++;
  const count = from.length - low - high;
  const inner = shape.slice(low, shape.length - high);
  const flat = count === 0 ? b.expandDims(x, low) : joinAxes(b, x, low, count);
  if (inner.length === 0) return b.squeeze(flat, low);
  return inner.length === 1 ? flat : partAxis(b, flat, low, inner);
}
