import type { CompositeClaim, CompositeNode, HostTensor } from "@unroll/api/adapter";
import type { Graph } from "./graph.js";

/** Inputs of a convolution that are packed into its operator. */
export const convolutionWeights: readonly string[] = ["kernel", "bias"];

/** A convolution along time, by the operator Conv. */
export const convolutionClaim: CompositeClaim = {
  inputs: { x: "float32", kernel: "float32", bias: "float32" },
  attrs: { stride: "any", dilation: "any" },
  weights: convolutionWeights,
};

/** A kernel [size, channels, filters] as Conv holds it: [filters, channels, size]. */
function packed({ shape, data }: HostTensor): Float32Array {
  const [size, channels, filters] = shape as [number, number, number];
  const result = new Float32Array(data.length);
  let from = 0;
  for (let k = 0; k < size; k++)
    for (let c = 0; c < channels; c++)
      for (let f = 0; f < filters; f++) result[(f * channels + c) * size + k] = data[from++]!;
  return result;
}

/**
 * Writes the composite `convolution`: x [time, batch, channels] goes through the operator as [batch,
 * channels, time].
 *
 * @param weight the weight of a named input, where the node has it
 * @returns y [windows, batch, filters]
 */
export function emitConvolution(
  g: Graph,
  { inputs, inputNames, attrs }: CompositeNode,
  weight: (name: string) => HostTensor | undefined,
): string {
  const [kernel, bias] = [weight("kernel")!, weight("bias")];
  const [size, channels, filters] = kernel.shape as [number, number, number];
  const x = g.node("Transpose", [g.name(inputs[inputNames.indexOf("x")]!)], { perm: { ints: [1, 2, 0] } });
  const weights = [
    g.packed([filters, channels, size], packed(kernel)),
    ...(bias ? [g.packed([filters], Float32Array.from(bias.data))] : []),
  ];
  const y = g.node("Conv", [x, ...weights], {
    kernel_shape: { ints: [size] },
    strides: { ints: [attrs["stride"] as number] },
    dilations: { ints: [attrs["dilation"] as number] },
  });
  return g.node("Transpose", [y], { perm: { ints: [2, 0, 1] } });
}
