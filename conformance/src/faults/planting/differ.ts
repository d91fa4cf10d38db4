import type { HostTensor } from "@unroll/api/adapter";
import type { AnyTensor } from "@unroll/api/weights";

/** Feeds or results of one run, in host memory. */
export type Tensors = Record<string, HostTensor>;

type Values = Readonly<Record<string, Pick<AnyTensor, "dtype" | "shape" | "data">>>;

/** Values as they are now, whoever writes into them later. */
export const snapshot = (tensors: Tensors): Tensors =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, held]) => [
      name,
      { ...held, data: held.data.slice() } as typeof held,
    ]),
  );

/** Whether a name, type, shape or number is another. A zero of the other sign is the same number. */
export function differ(one: Values, other: Values): boolean {
  const names = Object.keys(one);
  return (
    names.length !== Object.keys(other).length ||
    names.some((name) => {
      const [a, b] = [one[name]!, other[name]];
      return (
        !b ||
        a.dtype !== b.dtype ||
        a.shape.join() !== b.shape.join() ||
        a.data.some((value, k) => value !== b.data[k] && !(Number.isNaN(value) && Number.isNaN(b.data[k])))
      );
    })
  );
}
