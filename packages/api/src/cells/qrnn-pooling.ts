import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";
import type { Value } from "../program/builder.js";
import { gatesOf, mixed } from "./gates.js";

/** Options of {@link qrnnPoolingCell}. */
export interface QrnnPoolingOptions {
  /** Size of the state, and of the output. */
  readonly units: number;
  /** `f`: dynamic average; `fo`: with output gate; `ifo`: with an input gate of its own. */
  readonly pooling: "f" | "fo" | "ifo";
}

/**
 * Pooling of a quasi-recurrent network: what is recurrent about it. Its input is what a convolution over
 * time, or a dense layer for a window of one step, makes of the sequence, before any activation: z f, z f o
 * or z f o i, each of size `units`; the cell applies tanh to z and σ to the gates.
 *
 * `f`: h' = f ⊙ h + (1 - f) ⊙ z
 * `fo`: c' = f ⊙ c + (1 - f) ⊙ z, h = o ⊙ c'
 * `ifo`: c' = f ⊙ c + i ⊙ z, h = o ⊙ c'
 *
 * No weights. The state part is `h` for `f`, else `c`, and then the output, h, is none.
 *
 * Source: Bradbury, Merity, Xiong and Socher, "Quasi-Recurrent Neural Networks", 2017, equations 3 to 5.
 */
export function qrnnPoolingCell({ units, pooling }: QrnnPoolingOptions): CustomCellSpec {
  const gates = { f: 2, fo: 3, ifo: 4 }[pooling];
  const part = pooling === "f" ? "h" : "c";
  return customCell<Record<string, number>, Record<never, readonly number[]>>({
    name: `qrnn_${pooling}`,
    inputSize: gates * units,
    state: { [part]: units },
    weights: {},
    step(b, { x, state }) {
      const [z, f, o, i] = gatesOf(b, x, gates) as [Value, Value, Value?, Value?];
      const [candidate, forget, before] = [b.tanh(z), b.sigmoid(f), state[part]!];
      const next = i
        ? b.add(b.mul(forget, before), b.mul(b.sigmoid(i), candidate))
        : mixed(b, forget, before, candidate);
      return { state: { [part]: next }, ...(o && { output: b.mul(b.sigmoid(o), next) }) };
    },
  });
}
