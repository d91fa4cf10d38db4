import { half } from "../honest/rounding.js";
import { fault, type Fault } from "./planting/fault.js";
import { axisSize, faultOfKernel, withNumbers } from "./planting/kernels.js";
import { changeElements, isState } from "./planting/results.js";

/** A block of a device; what is larger is worked on in several. */
const [TILE, BLOCK] = [32, 64];

/** What is right only as far as a tile or a block goes. */
export const tilesAndBlocks: readonly Fault[] = [
  faultOfKernel(
    "products-lose-the-tail-of-a-vector",
    "a product of more than 32 terms leaves out those after the last whole group of four",
    "tensorflow/tfjs#5165: the inner tile of a vector product did not fit the shape",
    ["matmul"],
    (right, { xs: [a, b] }) => {
      const inner = axisSize(a!.shape, -1);
      const n = axisSize(b!.shape, -1);
      if (inner <= TILE || inner % 4 === 0 || a!.shape.length > 2 || b!.shape.length > 2) return right;
      return withNumbers(right, (value, k) => {
        let sum = value;
        for (let t = inner - (inner % 4); t < inner; t++)
          sum -= a!.data[Math.floor(k / n) * inner + t]! * b!.data[t * n + (k % n)]!;
        return Math.fround(sum);
      });
    },
  ),
  faultOfKernel(
    "columns-past-the-last-group-repeat",
    "a product of more than 32 columns repeats the last whole group of four in those after it",
    "webonnx/wonnx#95: matrices whose sides are no multiples of four",
    ["matmul"],
    (right) => {
      const n = axisSize(right.shape, -1);
      if (n <= TILE || n % 4 === 0) return right;
      const last = n - (n % 4);
      return withNumbers(right, (value, k) => (k % n < last ? value : right.data[k - 4]!));
    },
  ),
  faultOfKernel(
    "long-sums-in-half",
    "a sum of more than 32 elements has the precision of 16 bits",
    "pytorch/pytorch#2391 and ROCm/AMDMIGraphX#850: reductions that accumulate in the type of their input",
    ["sum"],
    (right, { xs: [x] }) => (x!.data.length / right.data.length > TILE ? withNumbers(right, half) : right),
  ),
  faultOfKernel(
    "long-products-in-half",
    "a product of more than 32 terms has the precision of 16 bits",
    "ROCm/AMDMIGraphX#850: the accumulator of a matrix product was a half float",
    ["matmul"],
    (right, { xs: [a] }) => (axisSize(a!.shape, -1) > TILE ? withNumbers(right, half) : right),
  ),
  fault(
    "rows-past-32-have-no-state",
    "of more than 32 rows, those after the 32nd leave a state of zeros",
    "tensorflow/tensorflow#53024: stateful LSTMs of batches above 32",
    {
      results: changeElements((value, k, { shape, data }) => {
        const size = data.length / shape[0]!;
        return k >= 32 * size ? 0 : value;
      }, isState),
    },
  ),
  faultOfKernel(
    "running-sum-begins-anew",
    "a running sum of more than 32 elements begins anew after each 32",
    "JuliaGPU/AcceleratedKernels.jl#127: what the first block came to is not carried into the second",
    ["cumsum"],
    (right, { xs: [x], attrs }) => {
      const axis = attrs["axis"] as number;
      const inner = right.shape.slice(axis + 1).reduce((p, q) => p * q, 1);
      return withNumbers(right, (value, k) => {
        const at = Math.floor(k / inner) % x!.shape[axis]!;
        return at < TILE ? value : Math.fround(value - right.data[k - (at - TILE + 1) * inner]!);
      });
    },
  ),
  faultOfKernel(
    "argmax-of-one-block",
    "of more than 64 elements, the place of the largest is that among the first 64",
    "huggingface/candle#3179: the higher of two halves was not looked at",
    ["argmax"],
    (right, { xs: [x], attrs }) => {
      const axis = attrs["axis"] as number;
      const size = x!.shape[axis]!;
      if (size <= BLOCK) return right;
      const inner = x!.shape.slice(axis + 1).reduce((p, q) => p * q, 1);
      return withNumbers(right, (_, k) => {
        const first = Math.floor(k / inner) * size * inner + (k % inner);
        const row = Array.from({ length: BLOCK }, (_one, t) => x!.data[first + t * inner]!);
        return row.indexOf(Math.max(...row));
      });
    },
  ),
  faultOfKernel(
    "largest-of-one-block",
    "of more than 64 elements, the largest is that of the first 64",
    "huggingface/candle#3179: reductions that stop after one block",
    ["reduceMax"],
    (right, { xs: [x], attrs }) => {
      const [axis, ...others] = attrs["axes"] as readonly number[];
      const size = x!.shape[axis!]!;
      if (size <= BLOCK || others.length > 0) return right;
      const inner = x!.shape.slice(axis! + 1).reduce((p, q) => p * q, 1);
      return withNumbers(right, (_, k) => {
        const first = Math.floor(k / inner) * size * inner + (k % inner);
        return Math.max(...Array.from({ length: BLOCK }, (_one, t) => x!.data[first + t * inner]!));
      });
    },
  ),
  faultOfKernel(
    "lookups-past-a-page-wrap",
    "of more than 64 rows looked up at once, those after the 64th are the first ones again",
    "tenstorrent/tt-metal#54138: page ids taken modulo the number of pages of an earlier call",
    ["gather"],
    (right, { xs: [, indices] }) => {
      const row = right.data.length / indices!.data.length;
      return withNumbers(right, (value, k) => (k < BLOCK * row ? value : right.data[k - BLOCK * row]!));
    },
  ),
  faultOfKernel(
    "transposes-only-whole-tiles",
    "a matrix of more than 32 rows and columns leaves zeros past its last whole tile when it is transposed",
    "tensorflow/tfjs-core#1711: tiles of 32 that failed where tiles of 16 did not",
    ["transpose"],
    (right) => {
      const [rows, columns] = [axisSize(right.shape, -2), axisSize(right.shape, -1)];
      if (rows <= TILE || columns <= TILE) return right;
      const within = (at: number, size: number): boolean => at < size - (size % TILE);
      return withNumbers(right, (value, k) =>
        within(k % columns, columns) && within(Math.floor(k / columns) % rows, rows) ? value : 0,
      );
    },
  ),
];
