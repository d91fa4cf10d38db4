import { primitiveMaps } from "./primitive-maps.js";
import type { Packed } from "./kernel-types.js";
import type { Binder, Slot } from "./slot.js";

/** Rows of scores times a factor, less the largest of those of each that are seen. */
function lessLargest(scores: Float32Array, rows: number, size: number, factor: number, causal: Limit): void {
  for (let row = 0; row < rows; row++) {
    const at = row * size;
    const end = at + (causal ? causal(row) : size);
    let largest = -Infinity;
    for (let k = at; k < end; k++) largest = Math.max(largest, scores[k]! * factor);
    for (let k = at; k < at + size; k++) scores[k] = scores[k]! * factor - largest;
  }
}

/** The share that each has of its row, of the first that are seen; the rest have none. */
function shares(e: Float32Array, rows: number, size: number, causal: Limit): void {
  for (let row = 0; row < rows; row++) {
    const at = row * size;
    const end = at + (causal ? causal(row) : size);
    let sum = 0;
    for (let k = at; k < end; k++) sum += e[k]!;
    const share = 1 / sum;
    for (let k = at; k < end; k++) e[k] = e[k]! * share;
    e.fill(0, end, at + size);
  }
}

/** Whether rows, each so many numbers after the one before, have no NaN and nothing infinite. */
function finite(x: Float32Array, at: number, step: number, rows: number, size: number): boolean {
  // Infinity less itself is NaN as well.
  let sum = 0;
  for (let row = 0; row < rows; row++)
    for (let k = at + row * step; k < at + row * step + size; k++) sum += x[k]! - x[k]!;
  return sum === 0;
}

/** How many of the steps that are looked at each row sees; undefined for all. */
type Limit = ((row: number) => number) | undefined;

/**
 * Attention by a product, sequence after sequence, so that the scores of one stay in the cache between both
 * products: semantics rule `attention`. Masked keys are left out before anything is computed.
 */
export const attention: Binder = ({ ins, outs, inputNames, outputNames, attrs, kernels, scratch }) => {
  const of = (name: string): Slot | undefined => ins[inputNames.indexOf(name)];
  const numbers = (slot: Slot | undefined): Float32Array => slot!.data as Float32Array;
  const [query, value] = [of("query")!, of("value")!];
  const [time, batch, inputSize] = query.shape as [number, number, number];
  const [source, , size] = value.shape as [number, number, number];
  const [q, k, v] = [numbers(query), numbers(of("key")), numbers(value)];
  const [y, weights] = [outs[outputNames.indexOf("y")], outs[outputNames.indexOf("weights")]].map(
    numbers,
  ) as [Float32Array, Float32Array];
  const [keyMask, queryMask, scale] = [of("keyMask")?.data, of("queryMask")?.data, of("scale")?.data];
  const root = attrs["score"] === "scaledDot" ? 1 / Math.sqrt(inputSize) : 1;
  const exp = kernels.maps["exp"] ?? primitiveMaps.exp;

  const copyOf = (rows: number, cols: number): Float32Array => scratch(rows * cols);
  const [queries, turned, kept] = [copyOf(time, inputSize), copyOf(inputSize, source), copyOf(source, size)];
  const scores = copyOf(time, source);
  const [keyPanels, valuePanels] = [
    scratch(kernels.packedSize(inputSize, source)),
    scratch(kernels.packedSize(source, size)),
  ];
  /** Steps of the source that are real, and for each step how many of them are no later. */
  const [real, before] = [new Int32Array(source), new Int32Array(time)];
  const causal: Limit = attrs["causal"] === true ? (row) => before[row]! : undefined;

  const copyRow = (to: Float32Array, at: number, from: Float32Array, start: number, length: number): void => {
    if (kernels.fast) kernels.fast.copy(to, at, from, start, length);
    else for (let j = 0; j < length; j++) to[at + j] = from[start + j]!;
  };

  /** Lays out the keys of a sequence, [inputSize, count], four at a time as what is written lies together. */
  const turn = (to: Float32Array, from: Float32Array, count: number, b: number): void => {
    const start = (s: number): number => (real[s]! * batch + b) * inputSize;
    let s = 0;
    for (; s + 4 <= count; s += 4) {
      const [first, second, third, fourth] = [start(s), start(s + 1), start(s + 2), start(s + 3)];
      for (let j = 0, at = s; j < inputSize; j++, at += count) {
        to[at] = from[first + j]!;
        to[at + 1] = from[second + j]!;
        to[at + 2] = from[third + j]!;
        to[at + 3] = from[fourth + j]!;
      }
    }
    for (; s < count; s++) for (let j = 0; j < inputSize; j++) to[j * count + s] = from[start(s) + j]!;
  };

  /** Lists the real steps of a sequence. */
  const listed = (b: number): number => {
    let count = 0;
    for (let s = 0; s < source; s++) {
      if (!keyMask || keyMask[s * batch + b] !== 0) real[count++] = s;
      if (causal) before[s] = count;
    }
    before.fill(count, source);
    return count;
  };

  /** Each step's mean over what it sees and no more, as 0 times what is not finite is not 0. */
  const pastAlone = (from: Float32Array, at: number, step: number, count: number, b: number): void => {
    for (let t = 0; t < time; t++) {
      const row = (t * batch + b) * size;
      for (let s = 0; s < before[t]!; s++) {
        const share = scores[t * count + s]!;
        for (let j = 0; j < size; j++) y[row + j]! += share * from[at + s * step + j]!;
      }
    }
  };

  return () => {
    const factor = scale ? root * scale[0]! : root;
    y.fill(0);
    if (keyMask) weights.fill(0);
    for (let b = 0; b < batch; b++) {
      const count = listed(b);
      if (count === 0) continue;
      for (let t = 0; t < time; t++)
        copyRow(queries, t * inputSize, q, (t * batch + b) * inputSize, inputSize);
      turn(turned, k, count, b);
      const keys: Packed = { rows: inputSize, cols: count, data: keyPanels };
      const values: Packed = { rows: count, cols: size, data: valuePanels };
      kernels.pack(turned, 0, count, keys);
      scores.fill(0, 0, time * count);
      kernels.gemm(time, queries, 0, keys, scores, 0, count);
      lessLargest(scores, time, count, factor, causal);
      exp(scores, 0, scores, 0, time * count);
      shares(scores, time, count, causal);
      if (keyMask) {
        for (let s = 0; s < count; s++) copyRow(kept, s * size, v, (real[s]! * batch + b) * size, size);
        kernels.pack(kept, 0, size, values);
      } else kernels.pack(v, b * size, batch * size, values);
      const seen = keyMask ? kept : v;
      const [at, step] = keyMask ? [0, size] : [b * size, batch * size];
      if (causal && !finite(seen, at, step, count, size)) pastAlone(seen, at, step, count, b);
      else kernels.gemm(time, scores, 0, values, y, b * size, batch * size);
      for (let t = 0; t < time; t++) {
        const [row, from] = [t * batch + b, t * count];
        if (!keyMask) copyRow(weights, row * source, scores, from, source);
        else for (let s = 0; s < count; s++) weights[row * source + real[s]!] = scores[from + s]!;
        if (queryMask && queryMask[row] === 0) y.fill(0, row * size, (row + 1) * size);
      }
    }
  };
};
