import { activation, dropout } from "../specification/build.js";
import type { ActivationSpec } from "../specification/types.js";
import { currentGraph } from "./graph.js";
import type { SymbolicTensor } from "./symbolic.js";
import type { Tensor } from "./tensor/tensor.js";

/** Applies one of our activations; `path` is the module it stands for, if any. */
export function activate(x: Tensor, name: ActivationSpec["activation"], path = ""): SymbolicTensor {
  const graph = currentGraph(path || name);
  const ref = graph.use(path || name, x, { dtype: "float32", features: null });
  return graph.append(activation({ name: graph.layerName(path, name), input: ref, activation: name }), x);
}

/** Dropout, the identity at inference. */
export function dropOut(x: Tensor, rate: number, path = ""): SymbolicTensor {
  const graph = currentGraph(path || "dropout");
  const ref = graph.use(path || "dropout", x, { dtype: "float32", features: null });
  return graph.append(dropout({ name: graph.layerName(path, "dropout"), input: ref, rate }), x);
}
