import { unrollError } from "@unroll/api/adapter";
import type { Graph } from "./graph.js";

interface OnnxActivation {
  readonly op: string;
  readonly alpha?: number;
  readonly beta?: number;
}

/** Activations of `layers/activations.ts` as ONNX names them; alpha and beta are always written out. */
const activations: Readonly<Record<string, OnnxActivation>> = {
  linear: { op: "Affine", alpha: 1, beta: 0 },
  tanh: { op: "Tanh" },
  sigmoid: { op: "Sigmoid" },
  relu: { op: "Relu" },
  hardSigmoidSixth: { op: "HardSigmoid", alpha: 1 / 6, beta: 0.5 },
  hardSigmoidFifth: { op: "HardSigmoid", alpha: 0.2, beta: 0.5 },
  softsign: { op: "Softsign" },
  softplus: { op: "Softplus" },
  elu: { op: "Elu", alpha: 1 },
  leakyRelu: { op: "LeakyRelu", alpha: 0.01 },
};

/**
 * Activations that the fused operators compute as we do. Not softplus: inside them, onnxruntime 1.30
 * evaluates log(1 + e^x) as it stands, which is infinite from x = 89 on; the operator of its own is right.
 */
export const fusedActivations: readonly string[] = Object.keys(activations).filter(
  (name) => name !== "softplus",
);

/** Activations that are composites in a program and one operator here. */
export const activationComposites: readonly string[] = [
  "relu",
  "hardSigmoidSixth",
  "hardSigmoidFifth",
  "softsign",
  "softplus",
  "elu",
  "leakyRelu",
];

/** @throws UNROLL_UNSUPPORTED for a name that ONNX has no activation for */
export function activationOf(name: string): OnnxActivation {
  const found = Object.hasOwn(activations, name) ? activations[name] : undefined;
  if (!found)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: "onnx activation",
      expected: `one of ${Object.keys(activations).join(", ")}`,
      got: `"${name}"`,
      cure: "run it with composites: []",
      details: { name },
    });
  return found;
}

/** An activation as an operator of its own. */
export function emitActivation(g: Graph, name: string, x: string): string {
  const { op, alpha, beta } = activationOf(name);
  return g.node(op, [x], {
    ...(alpha === undefined ? {} : { alpha: { float: alpha } }),
    ...(beta === undefined ? {} : { beta: { float: beta } }),
  });
}
