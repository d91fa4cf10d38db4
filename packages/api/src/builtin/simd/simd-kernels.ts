import type { FastKernels, Kernels, Packed } from "../kernel-types.js";
import type { ElementMap } from "../maps.js";
import type { Inner } from "../walk.js";
import type { SimdExports } from "./heap.js";
import { mapNames } from "./map-names.js";
import { simdCells } from "./simd-cells.js";

/** Functions of two, as {@link mapNames}. */
const pairNames = ["add", "sub", "mul", "div", "min", "max"];

/** The kernels of one heap: four numbers at once, sums in float32. */
export class SimdKernels implements Kernels {
  readonly maps: Readonly<Record<string, ElementMap>>;
  readonly fast: FastKernels;
  readonly #exports: SimdExports;

  constructor(exports: SimdExports) {
    this.#exports = exports;
    const named = <T>(names: readonly string[], make: (code: number) => T): Readonly<Record<string, T>> =>
      Object.fromEntries(names.map((name, code) => [name, make(code)]));
    this.maps = named(mapNames, (code): ElementMap => (x, xAt, y, yAt, count) => {
      exports.map(code, (x as Float32Array).byteOffset + 4 * xAt, y.byteOffset + 4 * yAt, count);
    });
    this.fast = {
      cells: simdCells(exports),
      pairs: named(pairNames, (code) => (out, x, y): Inner => {
        const [to, from, and] = [out.byteOffset, x.byteOffset, y.byteOffset];
        return (count, o, _so, a, sa, b, sb) =>
          exports.zip(code, from + 4 * a, sa, and + 4 * b, sb, to + 4 * o, count);
      }),
      copy(out, at, x, from, count) {
        const size = out.BYTES_PER_ELEMENT;
        exports.copy(out.byteOffset + size * at, x.byteOffset + size * from, size * count);
      },
    };
  }

  packedSize(rows: number, cols: number): number {
    return rows * Math.ceil(cols / 4) * 4;
  }

  pack(source: Float32Array, at: number, stride: number, { rows, cols, data }: Packed): void {
    this.#exports.pack(source.byteOffset + 4 * at, 4 * stride, rows, cols, data.byteOffset);
  }

  gemm(
    count: number,
    x: Float32Array,
    xAt: number,
    { rows, cols, data }: Packed,
    out: Float32Array,
    outAt: number,
    outStride: number,
    xStride = rows,
  ): void {
    const from = x.byteOffset + 4 * xAt;
    const to = out.byteOffset + 4 * outAt;
    this.#exports.gemm(count, from, 4 * xStride, data.byteOffset, rows, cols, to, 4 * outStride);
  }
}
