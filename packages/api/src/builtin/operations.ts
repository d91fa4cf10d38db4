import type { CompositeClaim } from "../contract/capabilities.js";
import { elementwise } from "./elementwise.js";
import { layout } from "./layout.js";
import { maps } from "./maps.js";
import { cellBinder, sequenceBinder } from "./recurrent-binders.js";
import { reductions } from "./reductions.js";
import type { Binder } from "./slot.js";

/** A function of each element. */
const unary =
  (name: string): Binder =>
  ({ ins: [x], outs: [out], kernels }) => {
    const [map, from, to] = [kernels.maps[name]!, x!.data, out!.data];
    return () => map(from, 0, to as Float32Array, 0, to.length);
  };

/** How each primitive and each composite is run, by name. */
export const operations: Readonly<Record<string, Binder>> = {
  ...Object.fromEntries(Object.keys(maps).map((name) => [name, unary(name)])),
  ...elementwise,
  ...layout,
  ...reductions,
  lstm: sequenceBinder("lstm"),
  gru: sequenceBinder("gru"),
  simpleRnn: sequenceBinder("simpleRnn"),
  lstmCell: cellBinder("lstm"),
  gruCell: cellBinder("gru"),
  simpleRnnCell: cellBinder("simpleRnn"),
};

/** Primitives that give the same memory another shape. */
export const aliases: readonly string[] = ["expandDims", "squeeze"];

/** Composites the engine runs its own way. */
export const claims: Readonly<Record<string, CompositeClaim>> = {
  ...Object.fromEntries(
    ["lstm", "lstmCell"].map((name) => [name, { without: ["peephole", "projectionKernel"] }]),
  ),
  ...Object.fromEntries(
    [
      "gru",
      "simpleRnn",
      "gruCell",
      "simpleRnnCell",
      "softmax",
      "logSoftmax",
      "relu",
      "hardSigmoidSixth",
      "hardSigmoidFifth",
      "softsign",
      "softplus",
      "elu",
      "leakyRelu",
    ].map((name) => [name, {}]),
  ),
};
