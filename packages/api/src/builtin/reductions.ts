import { sizeOf } from "../contract/tensor.js";
import type { Binder, Slot } from "./slot.js";
import { stretched, stridesOf, walk } from "./walk.js";

/** Where the elements of some axes lie, from the first of them on. */
function placesOf(shape: readonly number[], axes: readonly number[]): readonly number[] {
  const strides = stridesOf(shape);
  return axes.reduce<readonly number[]>(
    (places, axis) =>
      places.flatMap((place) => Array.from({ length: shape[axis]! }, (_, k) => place + k * strides[axis]!)),
    [0],
  );
}

/** Folds axes; a sum is kept in double precision until it is stored. */
const reduce =
  (largest: boolean): Binder =>
  ({ ins: [x], outs: [out], attrs }) => {
    const axes = attrs["axes"] as readonly number[];
    const [from, to] = [x!.data, out!.data];
    if (axes.length > 1) {
      const kept = x!.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
      const [places, starts] = [placesOf(x!.shape, axes), placesOf(x!.shape, kept)];
      return () => {
        for (let o = 0; o < to.length; o++) {
          let result = from[starts[o]!]!;
          for (let k = 1; k < places.length; k++) {
            const value = from[starts[o]! + places[k]!]!;
            result = largest ? Math.max(result, value) : result + value;
          }
          to[o] = result;
        }
      };
    }
    const size = x!.shape[axes[0]!]!;
    const inner = sizeOf(x!.shape.slice(axes[0]! + 1));
    return () => {
      for (let o = 0; o < to.length; o++) {
        const rest = o % inner;
        const start = (o - rest) * size + rest;
        let result = from[start]!;
        if (largest) for (let k = 1; k < size; k++) result = Math.max(result, from[start + k * inner]!);
        else for (let k = 1; k < size; k++) result += from[start + k * inner]!;
        to[o] = result;
      }
    };
  };

type Along = (
  from: Slot["data"],
  to: Slot["data"],
  start: number,
  step: number,
  size: number,
  row: number,
) => void;

/**
 * What runs along one axis: for each row where it starts, how far apart its elements are, and how many
 * there are.
 */
const alongAxis =
  (each: Along): Binder =>
  ({ ins: [x], outs: [out], attrs }) => {
    const axis = attrs["axis"] as number;
    const size = x!.shape[axis]!;
    const inner = sizeOf(x!.shape.slice(axis + 1));
    const [from, to] = [x!.data, out!.data];
    const rows = from.length / size;
    return () => {
      for (let row = 0; row < rows; row++) {
        const rest = row % inner;
        each(from, to, (row - rest) * size + rest, inner, size, row);
      }
    };
  };

/** Operations that bring elements of an axis together. */
export const reductions = {
  sum: reduce(false),
  reduceMax: reduce(true),
  argmax: alongAxis((from, to, start, step, size, row) => {
    let best = 0;
    for (let k = 1; k < size; k++) if (from[start + k * step]! > from[start + best * step]!) best = k;
    to[row] = best;
  }),
  cumsum: alongAxis((from, to, start, step, size) => {
    let sum = 0;
    for (let k = start; k < start + size * step; k += step) {
      sum += from[k]!;
      to[k] = sum;
    }
  }),

  matmul: ({ ins: [a, b], outs: [out], kernels, pack, scratch }) => {
    const [m, n] = out!.shape.slice(-2) as [number, number];
    const k = a!.shape[a!.shape.length - 1]!;
    const [x, y] = [a!.data as Float32Array, out!.data as Float32Array];
    const [leadA, leadB, lead] = [a!, b!, out!].map((slot) => slot.shape.slice(0, -2)) as [
      number[],
      number[],
      number[],
    ];
    if (sizeOf(leadB) === 1) {
      // One matrix for all rows, whatever axes they come from.
      const weights = pack(b!, 0, n, k, n);
      const rows = x.length / k;
      return () => {
        y.fill(0);
        kernels.gemm(rows, x, 0, weights, y, 0, n);
      };
    }
    const weights = { rows: k, cols: n, data: scratch(kernels.packedSize(k, n)) };
    const each = walk(
      lead,
      [stridesOf(lead), stretched(leadA, lead), stretched(leadB, lead)],
      [],
      (count, o, so, at, sa, bt, sb) => {
        for (let c = 0; c < count; c++) {
          kernels.pack(b!.data as Float32Array, (bt + c * sb) * k * n, n, weights);
          kernels.gemm(m, x, (at + c * sa) * m * k, weights, y, (o + c * so) * m * n, n);
        }
      },
    );
    return () => {
      y.fill(0);
      each();
    };
  },
} satisfies Readonly<Record<string, Binder>>;
