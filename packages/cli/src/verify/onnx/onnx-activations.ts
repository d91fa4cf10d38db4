import type { Activation } from "@unroll/api";
import type { OnnxActivation } from "@unroll/api/cells";
import type { OnnxAttributes } from "./onnx-entry.js";

const takingAlpha = ["Elu", "LeakyRelu", "HardSigmoid", "Affine", "ScaledTanh", "ThresholdedRelu"];
const takingBeta = ["HardSigmoid", "Affine", "ScaledTanh"];

/**
 * Activations of an operator, one direction after the other; undefined where it has its usual ones. Alphas
 * and betas are listed one after the other for the activations that take one.
 */
export function onnxActivations(attributes: OnnxAttributes): OnnxActivation[] | undefined {
  const alphas = [...(attributes.activation_alpha ?? [])];
  const betas = [...(attributes.activation_beta ?? [])];
  return attributes.activations?.map((name) => {
    const alpha = takingAlpha.includes(name) ? alphas.shift() : undefined;
    const beta = takingBeta.includes(name) ? betas.shift() : undefined;
    return { name, ...(alpha === undefined ? {} : { alpha }), ...(beta === undefined ? {} : { beta }) };
  });
}

const plain = new Map<string, Activation>([
  ["Tanh", "tanh"],
  ["Sigmoid", "sigmoid"],
  ["Relu", "relu"],
  ["Softsign", "softsign"],
  ["Softplus", "softplus"],
]);

/** Activations with a slope; one that is left out is the default, with which the first of a name is. */
const sloped: readonly { name: string; alpha: number; beta?: number; activation: Activation }[] = [
  { name: "Elu", alpha: 1, activation: "elu" },
  { name: "LeakyRelu", alpha: 0.01, activation: "leakyRelu" },
  { name: "HardSigmoid", alpha: 0.2, beta: 0.5, activation: "hardSigmoidFifth" },
  { name: "HardSigmoid", alpha: 1 / 6, beta: 0.5, activation: "hardSigmoidSixth" },
];

const close = (value: number | undefined, other: number): boolean =>
  value === undefined || Math.abs(value - other) < 1e-6;

/**
 * What an operator's activation is in the spec of a known cell; null where it has another slope, or no such
 * function.
 */
export function knownActivation({ name, alpha, beta }: OnnxActivation): Activation | null {
  const slope = sloped.find(
    (one) =>
      one.name === name && close(alpha, one.alpha) && (one.beta === undefined || close(beta, one.beta)),
  );
  return plain.get(name) ?? slope?.activation ?? null;
}
