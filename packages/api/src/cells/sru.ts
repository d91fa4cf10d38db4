import { activate, type Activation } from "../layers/activations.js";
import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";
import type { Value } from "../program/builder.js";
import { gatesOf, mixed } from "./gates.js";

/** Options of {@link sruCell}. */
export interface SruOptions {
  /** Size of x, the input of one step. */
  readonly inputSize: number;
  /** Size of the state, and of the output. Default `inputSize`. */
  readonly units?: number;
  /**
   * Whether the gates see the cell state through weights v, as in the version of 2018, or the input alone, as
   * in that of 2017. Default true.
   */
  readonly stateInGates?: boolean;
  /** Of the cell state on its way to the output: `linear`, the default, of 2018; 2017 has `tanh` too. */
  readonly activation?: Activation;
  /** α, by which the input is multiplied on its way past the cell. Default 1. */
  readonly highwayScale?: number;
}

/**
 * Simple recurrent unit: nothing but products of single elements goes from one step to the next.
 *
 * u = x·W, f = σ(x·Wf + vf ⊙ c + bf), r = σ(x·Wr + vr ⊙ c + br),
 * c' = f ⊙ c + (1 - f) ⊙ u, h = r ⊙ φ(c') + (1 - r) ⊙ α s
 *
 * where c is the cell state before the step in both gates, and s is x, or x·Ws where `units` is not
 * `inputSize`. Weights: `kernel` [inputSize, 3 units], columns u f r, and with s 4 units, u f r s; `bias` [2
 * units], f r; with `stateInGates` `stateWeight` [2 units], vf vr. The state part is `c`; the output, h, is
 * none.
 *
 * Source: Lei, Zhang, Wang, Dai and Artzi, "Simple Recurrent Units for Highly Parallelizable Recurrence",
 * 2018, equations 1 to 4 and, of α, the scaling correction of section 3; Lei, Zhang and Artzi, "Training RNNs
 * as Fast as CNNs", 2017.
 */
export function sruCell({
  inputSize,
  units = inputSize,
  stateInGates = true,
  activation = "linear",
  highwayScale = 1,
}: SruOptions): CustomCellSpec {
  const projects = units !== inputSize;
  const columns = projects ? 4 : 3;
  return customCell<{ c: number }, Record<string, readonly number[]>>({
    name: "sru",
    inputSize,
    state: { c: units },
    weights: {
      kernel: [inputSize, columns * units],
      bias: [2 * units],
      ...(stateInGates && { stateWeight: [2 * units] }),
    },
    step(b, { x, state: { c }, weights }) {
      const [candidate, ofF, ofR, skip = x] = gatesOf(b, b.matmul(x, weights["kernel"]!), columns) as [
        Value,
        Value,
        Value,
        Value?,
      ];
      const [biasF, biasR] = gatesOf(b, weights["bias"]!, 2) as [Value, Value];
      const [seenF, seenR] = weights["stateWeight"] ? gatesOf(b, weights["stateWeight"], 2) : [];
      const gate = (fromInput: Value, bias: Value, seen: Value | undefined): Value => {
        const pre = b.add(fromInput, bias);
        return b.sigmoid(seen ? b.add(pre, b.mul(seen, c)) : pre);
      };
      const next = mixed(b, gate(ofF, biasF, seenF), c, candidate);
      const past = highwayScale === 1 ? skip : b.mul(skip, b.constant(highwayScale));
      return {
        state: { c: next },
        output: mixed(b, gate(ofR, biasR, seenR), activate(b, activation, next), past),
      };
    },
  });
}
