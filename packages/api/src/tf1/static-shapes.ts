import { shown } from "../contract/shown.js";
import { refuse } from "./refuse.js";
import type { StaticShape, Tensor } from "./graph.js";

/** A shape as an error has it. */
export const shownShape = (shape: StaticShape): string => `[${shape.map((size) => size ?? "?").join(", ")}]`;

/** Refuses a shape. @throws UNROLL_SHAPE */
export const refuseShape = (place: string, expected: string, got: string, cure: string): never =>
  refuse(place, expected, got, cure, "UNROLL_SHAPE");

/** What two shapes stretch to together, as far as it is known. @throws UNROLL_SHAPE where they can't */
export function broadcastStatic(place: string, a: StaticShape, b: StaticShape): StaticShape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, k) => {
    const [p, q] = [a, b].map((shape) => {
      const at = k - (rank - shape.length);
      return at < 0 ? 1 : shape[at]!;
    }) as [number | null, number | null];
    if (p === 1) return q;
    if (q === 1 || p === q || q === null) return p;
    return p === null
      ? q
      : refuseShape(
          place,
          "shapes that stretch to each other",
          `${shownShape(a)} and ${shownShape(b)}`,
          "only axes of length 1 stretch",
        );
  });
}

/** An axis counted from the front. @throws UNROLL_SHAPE for one that there is not */
export function axisOf(place: string, axis: unknown, rank: number): number {
  if (typeof axis !== "number" || !Number.isInteger(axis) || axis < -rank || axis >= rank)
    refuseShape(place, `an axis from ${-rank} to ${rank - 1}`, shown(axis), `the tensor has ${rank} axes`);
  return (axis as number) < 0 ? (axis as number) + rank : (axis as number);
}

/** The size of a tensor's last axis. @throws UNROLL_SHAPE where a run chooses it */
export function lastSize(place: string, { shape }: Tensor): number {
  const size = shape.at(-1);
  return typeof size === "number"
    ? size
    : refuseShape(
        place,
        "an input whose last axis has a known size",
        shownShape(shape),
        "give the placeholder its size",
      );
}

/** Refuses a tensor of another number of axes. @throws UNROLL_SHAPE */
export function assertRank(place: string, { shape }: Tensor, axes: readonly string[]): void {
  if (shape.length !== axes.length)
    refuseShape(place, `[${axes.join(", ")}]`, shownShape(shape), "reshape or transpose it first");
}
