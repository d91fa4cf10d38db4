import { plainRoles } from "../plain-weights.js";
import type { Spec } from "../../specification/types.js";

/** Says which initializers of an ONNX model hold a spec layer's weights. */
export interface OnnxBinding {
  /** Name of the spec's layer. */
  readonly layer: string;
  /**
   * Names of the initializers by what they are: operands `W`, `R`, `B` and `P` of an LSTM, GRU or RNN;
   * `table` of a Gather; `kernel` [inputs, units] and `bias` of a MatMul and Add; `scale` and `innerScale` of
   * what computes an attention score.
   */
  readonly names: Readonly<Record<string, string>>;
}

const recurrentRoles = ["W", "R", "B", "P"];

/** Bindings by layer name: `encoder.W`, `encoder.R`, ... */
export function onnxBindings(spec: Spec): OnnxBinding[] {
  return spec.layers.map((layer) => {
    const { name } = layer;
    const recurrent = layer.type === "recurrent" || layer.type === "bidirectional";
    const roles = recurrent ? recurrentRoles : plainRoles(layer.type);
    return { layer: name, names: Object.fromEntries(roles.map((role) => [role, `${name}.${role}`])) };
  });
}
