import type { Case } from "../cases/case.js";
import { IDS } from "../cases/specs.js";

/** A sequence [batch, time, ...], and which of its steps are real. */
export type Padded = Pick<Case, "x" | "time" | "lengths" | "mask">;

/** Tells elements of what has the axes of a sequence, by number, that stand at steps which are not real. */
export function inPadding({ x, time, lengths, mask }: Padded): (element: number) => boolean {
  const size = x.data.length / x.shape[0]! / time;
  return (element) => {
    const step = Math.floor(element / size);
    const [row, t] = [Math.floor(step / time), step % time];
    return lengths ? t >= lengths[row]! : mask ? !mask[row]![t] : false;
  };
}

/** A sequence with other values wherever a step is not real. */
export function refilled(given: Padded, filling: number): Case["x"] {
  const { x } = given;
  const padding = inPadding(given);
  const data = x.data.slice();
  data.forEach((value: number, k: number) => {
    if (padding(k)) data[k] = x.dtype === "int32" ? (value + 1) % IDS : filling;
  });
  return { ...x, data } as Case["x"];
}
