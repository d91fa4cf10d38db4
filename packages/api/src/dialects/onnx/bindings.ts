import type { Spec } from "../../specification/types.js";

/** Says which initializers of an ONNX model hold a spec layer's weights. */
export interface OnnxBinding {
  readonly layer: string;
  /**
   * Names of the initializers by what they are: operands `W`, `R`, `B` and `P` of an LSTM, GRU or RNN;
   * `table` of a Gather; `kernel` [inputs, units] and `bias` of a MatMul and Add; `scale` and `innerScale` of
   * what computes an attention score.
   */
  readonly names: {
    readonly [Role in "W" | "R" | "B" | "P" | "table" | "kernel" | "bias" | "scale" | "innerScale"]?: string;
  };
}

const rolesOf = {
  recurrent: ["W", "R", "B", "P"],
  bidirectional: ["W", "R", "B", "P"],
  embedding: ["table"],
  dense: ["kernel", "bias"],
  activation: [],
  dropout: [],
  merge: [],
  repeat: [],
  attention: ["scale", "innerScale"],
} as const;

/** Bindings by layer name: `encoder.W`, `encoder.R`, ... */
export function onnxBindings(spec: Spec): OnnxBinding[] {
  return spec.layers.map(({ name, type }) => ({
    layer: name,
    names: Object.fromEntries(rolesOf[type].map((role) => [role, `${name}.${role}`])),
  }));
}
