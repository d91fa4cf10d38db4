import type { Binder, Slot } from "./slot.js";
import { copying } from "./strided-copy.js";
import { walk } from "./walk.js";

/**
 * A convolution along time: semantics rule `convolution`. Windows are not gathered. Where the steps of a
 * sequence lie side by side, a window is a run of numbers, and windows are rows that overlap; where they
 * don't, there is a product for each element of a window, of rows that are so much later. A result is summed
 * in the same order either way.
 */
export const convolution: Binder = ({ ins, outs: [out], inputNames, attrs, kernels, pack, scratch }) => {
  const of = (name: string): Slot | undefined => ins[inputNames.indexOf(name)];
  const [x, kernel] = [of("x")!, of("kernel")!];
  const [time, batch, channels] = x.shape as [number, number, number];
  const [size, , filters] = kernel.shape as [number, number, number];
  const [stride, dilation] = [attrs["stride"] as number, attrs["dilation"] as number];
  const windows = out!.shape[0]!;
  const [given, y] = [x.data as Float32Array, out!.data as Float32Array];
  const bias = of("bias")?.data as Float32Array | undefined;

  // Products of one number each are mostly loads and stores: the steps of a sequence are brought together
  // for them. From two channels on that takes longer than it saves.
  const moves = batch > 1 && channels === 1 && dilation === 1;
  // [batch, time]
  const seen = moves ? scratch(given.length) : given;
  const move = moves
    ? walk(
        [batch, time],
        [
          [time, 1],
          [1, batch],
        ],
        [],
        copying(seen, given, kernels),
      )
    : undefined;
  /** From one step of a sequence to the next, and from one sequence to the next. */
  const [step, row] = moves ? [1, time] : [batch * channels, channels];
  const whole = step === channels && dilation === 1;
  const packs = Array.from({ length: whole ? 1 : size }, (_, place) =>
    pack(kernel, place * channels * filters, filters, whole ? size * channels : channels, filters),
  );
  // Windows of all sequences, one sequence after the other at each step, are rows of one product.
  const joined = !moves && stride === 1;
  const [products, count] = joined ? [1, windows * batch] : [batch, windows];
  const [xStride, outStride] = joined ? [channels, filters] : [stride * step, batch * filters];

  return () => {
    move?.();
    if (bias) {
      y.set(bias);
      for (let filled = filters; filled < y.length; filled *= 2) y.copyWithin(filled, 0, filled);
    } else y.fill(0);
    for (let n = 0; n < products; n++)
      for (let place = 0; place < packs.length; place++) {
        const at = n * row + place * dilation * step;
        kernels.gemm(count, seen, at, packs[place]!, y, n * filters, outStride, xStride);
      }
  };
};
