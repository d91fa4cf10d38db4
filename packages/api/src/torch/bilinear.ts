import { unrollError } from "../contract/error.js";
import type { HostTensor } from "../contract/tensor.js";
import { noMore, optionsOf } from "./arguments.js";
import { count } from "./layers.js";
import { Module } from "./module.js";
import { composed, takes } from "./own-names.js";
import { Parameter } from "./parameter.js";
import { einsum } from "./tensor/functions.js";
import { shownShape } from "./tensor/sizes.js";
import { type Tensor, tensorOf } from "./tensor/tensor.js";

/**
 * x1ᵀ W x2 + bias for each output, over the last axes: weight [outFeatures, in1Features, in2Features], bias
 * [outFeatures].
 *
 * @throws UNROLL_SHAPE for axes that don't fit
 */
export function bilinear(
  input1: Tensor | HostTensor,
  input2: Tensor | HostTensor,
  weight: Tensor | HostTensor,
  bias?: Tensor | HostTensor | null,
  ...rest: never[]
): Tensor {
  noMore("F.bilinear", rest);
  const [x1, x2, kernel] = [input1, input2, weight].map((one) => tensorOf("F.bilinear", one)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const [out, in1, in2] = kernel.shape;
  const lead = x1.shape.slice(0, -1);
  const fits = x1.shape.at(-1) === in1 && x2.shape.at(-1) === in2;
  if (kernel.dim() !== 3 || !fits || x2.shape.slice(0, -1).join() !== lead.join())
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: "F.bilinear",
      expected: "[..., in1], [..., in2] and weight [out, in1, in2]",
      got: [x1, x2, kernel].map(({ shape }) => shownShape(shape)).join(", "),
      cure: "both inputs have the same axes before the last",
    });
  const made = einsum("ni,oij,nj->no", x1.view(-1, in1!), kernel, x2.view(-1, in2!)).view(...lead, out!);
  return bias === null || bias === undefined ? made : made.add(bias);
}

/**
 * `torch.nn.Bilinear`: x1ᵀ W x2 + bias over the last axes. Weights: `weight` [outFeatures, in1Features,
 * in2Features], `bias` [outFeatures].
 */
export class Bilinear extends Module {
  /** W, [outFeatures, in1Features, in2Features]. */
  weight: Parameter;
  /** What is added; null without one. */
  bias: Parameter | null;

  /**
   * @param in1Features size of the first input's last axis
   * @param in2Features size of the second input's last axis
   * @param outFeatures size of the output's last axis
   * @param options `bias`, by itself or by name: whether a bias is added; default true
   */
  constructor(
    readonly in1Features: number,
    readonly in2Features: number,
    readonly outFeatures: number,
    options?: boolean | { bias?: boolean },
    ...rest: never[]
  ) {
    super();
    const place = "nn.Bilinear";
    noMore(place, rest);
    for (const [name, value] of Object.entries({ in1Features, in2Features, outFeatures }))
      count(place, name, value);
    const { bias = true } = optionsOf<{ bias?: boolean }>(place, options, ["bias"], "bias", "boolean");
    this.weight = Parameter.unloaded([outFeatures, in1Features, in2Features]);
    this.bias = bias ? Parameter.unloaded([outFeatures]) : null;
  }

  override get [takes](): number {
    return 2;
  }

  protected override get [composed](): boolean {
    return true;
  }

  forward(input1: Tensor, input2: Tensor): Tensor {
    return bilinear(input1, input2, this.weight, this.bias);
  }
}
