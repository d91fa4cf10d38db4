import type { HostTensor } from "@unroll/api/adapter";
import type { Tensors } from "./differ.js";

/** Results changed element by element, those named by `which`. */
export const changeElements =
  (f: (value: number, k: number, all: HostTensor) => number, which: (name: string) => boolean = () => true) =>
  (results: Tensors): Tensors =>
    Object.fromEntries(
      Object.entries(results).map(([name, held]) => [
        name,
        which(name) && held.dtype === "float32"
          ? ({
              ...held,
              data: Float32Array.from(held.data as Float32Array, (value, k) => f(value, k, held)),
            } as HostTensor)
          : held,
      ]),
    );

export const isState = (name: string): boolean => name.startsWith("state.");

/** Nearest number that a float of `bits` bits of mantissa holds. */
export function coarse(value: number, bits: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(value))) - bits);
  return Math.round(value / unit) * unit;
}
