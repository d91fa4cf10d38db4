import type { TransposedConvolutionSpec } from "@unroll/api";
import type { Context, Equations } from "./context.js";
import { ownTime } from "./own-time.js";
import { activated } from "./pointwise.js";

/** Rule `transposed-convolution`. */
export const transposedConvolution: Equations<TransposedConvolutionSpec> = <V>(
  layer: TransposedConvolutionSpec,
  context: Context<V>,
) => {
  const { m } = context;
  const { name, inputSize, filters, kernelSize, stride, dilation, groups, activation } = layer;
  const [before, after] = layer.padding;
  const [own, each] = [inputSize / groups, filters / groups];
  const kernel = context.weight(`${name}.kernel`)!;
  const bias = context.weight(`${name}.bias`);
  const wide = (kernelSize - 1) * dilation + 1;
  /** Rows of the kernel's element k for the channels of a group, [own, each]. */
  const rowsOf = (k: number, group: number): V =>
    m.slice(kernel, (k * inputSize + group * own) * each, own * each);
  const stepOf = (steps: readonly V[], j: number): V => {
    // Every step and element that reach step j of the output.
    const reach = steps.flatMap((x, t) => {
      const k = (j + before - t * stride) / dilation;
      return Number.isInteger(k) && k >= 0 && k < kernelSize ? [[x, k] as const] : [];
    });
    const parts = Array.from({ length: groups }, (_, group) => {
      const addend = bias && m.slice(bias, group * each, each);
      if (reach.length === 0) return addend ?? m.zeros(each);
      const x = m.concat(reach.map(([vector]) => m.slice(vector, group * own, own)));
      return m.affine(x, m.concat(reach.map(([, k]) => rowsOf(k, group))), each, addend);
    });
    const y = m.concat(parts);
    return activated(m, activation, y);
  };
  return ownTime(layer, context, [layer.input], [filters], ([steps]) => {
    const all = (steps!.length - 1) * stride + wide - before - after + layer.outputPadding;
    const count = steps!.length === 0 ? 0 : Math.max(all, 0);
    return Array.from({ length: count }, (_, j) => stepOf(steps!, j));
  });
};
