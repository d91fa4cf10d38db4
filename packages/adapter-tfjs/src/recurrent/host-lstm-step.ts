import { elementMaps } from "@unroll/api/adapter";
import type { TensorInfo } from "../library.js";
import type { HostMemory } from "./host-memory.js";
import type { Recurrence } from "./recurrence.js";

/**
 * One step of an LSTM whose gates are sigmoids: x and h side by side, one product, the library's sigmoid over
 * all four gates at once (that of the candidate goes unused), and the rest in one pass. With many rows this
 * is what pays.
 *
 * @returns h, c
 */
export function hostLstmStep(
  r: Recurrence,
  memory: HostMemory,
  x: TensorInfo,
  h: TensorInfo,
  c: TensorInfo,
): TensorInfo[] {
  const { units, inputSize } = r;
  const batch = x.shape[0]!;
  const width = inputSize + units;
  const joined = memory.make([1, batch, width]);
  const [both, xs, hs] = [memory.view(joined), memory.view(x), memory.view(h)];
  for (let row = 0; row < batch; row++) {
    both.set(xs.subarray(row * inputSize, (row + 1) * inputSize), row * width);
    both.set(hs.subarray(row * units, (row + 1) * units), row * width + inputSize);
  }
  const z = memory.affine(joined, r.weights.joinedKernel!, r.weights.inputBias);
  const gates = memory.sigmoid!(z);
  const [nextH, nextC] = [memory.make([batch, units]), memory.make([batch, units])];

  const [activation, output] = [elementMaps[r.activation]!, elementMaps[r.outputActivation]!];
  const float = (tensor: TensorInfo): Float32Array => memory.view(tensor) as Float32Array;
  const [zs, s, before, after, out] = [float(z), float(gates), float(c), float(nextC), float(nextH)];
  for (let row = 0; row < batch; row++) {
    const [at, to] = [row * 4 * units, row * units];
    activation(zs, at + 2 * units, zs, at + 2 * units, units);
    for (let k = 0; k < units; k++)
      after[to + k] = s[at + units + k]! * before[to + k]! + s[at + k]! * zs[at + 2 * units + k]!;
    output(after, to, out, to, units);
    for (let k = 0; k < units; k++) out[to + k] = s[at + 3 * units + k]! * out[to + k]!;
  }
  for (const spent of [joined, z, gates]) memory.free(spent);
  return [nextH, nextC];
}
