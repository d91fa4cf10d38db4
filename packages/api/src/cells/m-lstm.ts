import { affine } from "../layers/recurrence.js";
import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";
import type { Value } from "../program/builder.js";
import { gatesOf } from "./gates.js";
import { headSize, logForget } from "./s-lstm.js";

/** Options of {@link mLstmCell}. */
export interface MLstmOptions {
  /** Size of x, the input of one step. */
  readonly inputSize: number;
  /** Size of the output, all heads together; a multiple of `heads`. */
  readonly units: number;
  /** Memories, each a matrix of its own. Default 1. */
  readonly heads?: number;
  /** Activation of the forget gate. Default `sigmoid`. */
  readonly forgetGate?: "sigmoid" | "exponential";
  /** Added to the denominator. Default 0, as in the paper; the 7B model has 1e-6. */
  readonly epsilon?: number;
}

/**
 * The matrix LSTM of xLSTM: a memory that stores values under keys and is asked by a query. For each head,
 * with d = units / heads:
 *
 * q = (x·Kq + bq) / √d, k = x·Kk + bk, v = x·Kv + bv, i f = x·Kg + bg, one number each
 * m' = max(log σ(f) + m, i), i' = exp(i - m'), f' = exp(log σ(f) + m - m')
 * C' = f' C + i' kᵀ v, n' = f' n + i' k, h = σ(x·Ko + bo) ⊙ q C' / (max(|q · n'|, exp(-m')) + ε)
 *
 * The paper divides k by √d and not q, which is another scale of C and n and the same h. Weights:
 * `queryKernel`, `keyKernel`, `valueKernel`, `outputKernel` [inputSize, units] and `queryBias`, `keyBias`,
 * `valueBias`, `outputBias` [units]; `gateKernel` [inputSize, 2 heads], `gateBias` [2 heads], i of all heads,
 * then f. State parts are `c` [heads, d, d], key by value, `n` [heads, d] and `m` [heads]; the output, h, is
 * none.
 *
 * Source: Beck, Pöppel, Spanring, Auer, Prudnikova, Kopp, Klambauer, Brandstetter and Hochreiter, "xLSTM:
 * Extended Long Short-Term Memory", 2024, equations 19 to 27, and appendix A on m.
 *
 * @throws UNROLL_ARGUMENT for units that are no multiple of heads
 */
export function mLstmCell({
  inputSize,
  units,
  heads = 1,
  forgetGate = "sigmoid",
  epsilon = 0,
}: MLstmOptions): CustomCellSpec {
  const size = headSize("mLstmCell", units, heads);
  const matrix = [inputSize, units];
  return customCell({
    name: "mLstm",
    inputSize,
    state: { c: [heads, size, size], n: [heads, size], m: [heads] },
    weights: {
      queryKernel: matrix,
      queryBias: [units],
      keyKernel: matrix,
      keyBias: [units],
      valueKernel: matrix,
      valueBias: [units],
      gateKernel: [inputSize, 2 * heads],
      gateBias: [2 * heads],
      outputKernel: matrix,
      outputBias: [units],
    },
    step(b, { x, state: { c, n, m }, weights: w }) {
      const byHead = (value: Value): Value => b.splitAxis(value, n, 1, 2);
      const query = b.div(byHead(affine(b, x, w.queryKernel, w.queryBias)), b.constant(Math.sqrt(size)));
      const key = byHead(affine(b, x, w.keyKernel, w.keyBias));
      const value = byHead(affine(b, x, w.valueKernel, w.valueBias));
      const [i, f] = gatesOf(b, affine(b, x, w.gateKernel, w.gateBias), 2) as [Value, Value];
      const kept = b.add(logForget(b, forgetGate, f), m);
      const stabiliser = b.max(kept, i);
      const keep = b.expandDims(b.exp(b.sub(kept, stabiliser)), 2);
      const enter = b.expandDims(b.exp(b.sub(i, stabiliser)), 2);
      const stored = b.mul(b.expandDims(b.mul(enter, key), 3), b.expandDims(value, 2));
      const memory = b.add(b.mul(b.expandDims(keep, 3), c), stored);
      const normaliser = b.add(b.mul(keep, n), b.mul(enter, key));
      const found = b.squeeze(b.matmul(b.expandDims(query, 2), memory), 2);
      const least = b.expandDims(b.exp(b.neg(stabiliser)), 2);
      const scale = b.max(b.abs(b.sum(b.mul(query, normaliser), 2)), least);
      const read = b.div(found, epsilon === 0 ? scale : b.add(scale, b.constant(epsilon)));
      const open = b.sigmoid(affine(b, x, w.outputKernel, w.outputBias));
      return {
        state: { c: memory, n: normaliser, m: stabiliser },
        output: b.mul(open, b.mergeAxes(read, 1, 2)),
      };
    },
  });
}
