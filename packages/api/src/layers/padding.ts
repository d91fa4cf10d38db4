import type { Block, Value } from "../program/builder.js";

/** What stands in the padding: zeros, or what is at the ends of the axis. */
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

/** The names, zeros first. */
export const paddingModes = [
  "zeros",
  "reflect",
  "replicate",
  "circular",
] as const satisfies readonly PaddingMode[];

/** An axis longer by `before` and `after` elements. */
export function padded(
  b: Block,
  x: Value,
  axis: number,
  [before, after]: readonly [number, number],
  mode: PaddingMode,
): Value {
  if (before === 0 && after === 0) return x;
  const part = (start: number, length: number): Value => b.slice(x, axis, start, length);
  const ends = (front: () => Value, back: () => Value): Value =>
    b.concat([...(before > 0 ? [front()] : []), x, ...(after > 0 ? [back()] : [])], axis);
  switch (mode) {
    case "zeros":
      return b.pad(x, axis, before, after);
    case "reflect":
      return ends(
        () => b.reverse(part(1, before), axis),
        () => b.reverse(part(-1 - after, after), axis),
      );
    case "replicate":
      return ends(
        () => repeated(b, part(0, 1), axis, before),
        () => repeated(b, part(-1, 1), axis, after),
      );
    case "circular":
      return ends(
        () => part(-before, before),
        () => part(0, after),
      );
    default:
      return mode satisfies never;
  }
}

/** One element along an axis, over and over; by doubling, so that a thousand take ten operations. */
function repeated(b: Block, x: Value, axis: number, times: number): Value {
  if (times === 1) return x;
  const half = repeated(b, x, axis, Math.floor(times / 2));
  return b.concat(times % 2 === 0 ? [half, half] : [half, half, x], axis);
}
