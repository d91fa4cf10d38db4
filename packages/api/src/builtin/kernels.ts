import { allocate } from "../contract/tensor.js";
import type { Kernels, KernelSource } from "./kernel-types.js";
import { maps } from "./maps.js";

// Panels of eight columns, each panel row by row, so that one row of weights is one run of memory and eight
// sums stay in registers. Measured at H = 64, 128, 256, batch 1 (us a step): 11.6, 46, 186; axpy over eight
// rows 13.1, 52, 214; axpy over four 16, 64, 258. Float64 weights gain nothing. What is left over is a panel
// of its own width.
const WIDTH = 8;

/** The kernels in plain TypeScript: float32 values, sums in double precision. */
export const scalarKernels: Kernels = {
  maps,
  packedSize: (rows, cols) => rows * cols,

  pack(source, at, stride, { rows, cols, data }) {
    let p = 0;
    for (let from = 0; from < cols; from += WIDTH) {
      const width = Math.min(WIDTH, cols - from);
      for (let k = 0; k < rows; k++) {
        for (let j = 0; j < width; j++) data[p++] = source[at + k * stride + from + j]!;
      }
    }
  },

  gemm(count, x, xAt, weights, out, outAt, outStride, xStride = weights.rows) {
    const { rows, cols, data } = weights;
    const whole = cols - (cols % WIDTH);
    for (let j = 0; j < whole; j += WIDTH) {
      for (let row = 0; row < count; row++) {
        const q = outAt + row * outStride + j;
        const from = xAt + row * xStride;
        let p = j * rows;
        let s0 = out[q]!,
          s1 = out[q + 1]!,
          s2 = out[q + 2]!,
          s3 = out[q + 3]!,
          s4 = out[q + 4]!,
          s5 = out[q + 5]!,
          s6 = out[q + 6]!,
          s7 = out[q + 7]!;
        for (let k = 0; k < rows; k++) {
          const v = x[from + k]!;
          s0 += v * data[p]!;
          s1 += v * data[p + 1]!;
          s2 += v * data[p + 2]!;
          s3 += v * data[p + 3]!;
          s4 += v * data[p + 4]!;
          s5 += v * data[p + 5]!;
          s6 += v * data[p + 6]!;
          s7 += v * data[p + 7]!;
          p += WIDTH;
        }
        out[q] = s0;
        out[q + 1] = s1;
        out[q + 2] = s2;
        out[q + 3] = s3;
        out[q + 4] = s4;
        out[q + 5] = s5;
        out[q + 6] = s6;
        out[q + 7] = s7;
      }
    }
    const width = cols - whole;
    for (let j = 0; j < width; j++) {
      for (let row = 0; row < count; row++) {
        const q = outAt + row * outStride + whole + j;
        const from = xAt + row * xStride;
        let p = whole * rows + j;
        let sum = out[q]!;
        for (let k = 0; k < rows; k++, p += width) sum += x[from + k]! * data[p]!;
        out[q] = sum;
      }
    }
  },
};

/** Plain loops, and memory that the collector takes back. */
export const loops: KernelSource = {
  device: "cpu",
  open: () => ({
    kernels: scalarKernels,
    allocate,
    release() {},
    within: (_, make) => make(false),
    close() {},
  }),
};
