import { sharesOf } from "../layers/attention.js";
import type { CustomCellSpec } from "../layers/custom.js";
import { affine } from "../layers/recurrence.js";
import type { Block, Value } from "../program/builder.js";
import { customCell, type WholeValue } from "../specification/custom-cell.js";

/** Sizes of a decoder's cell. */
export interface AttentionDecoderOptions {
  /** Size of x, the input of one step: the word before, embedded. */
  readonly inputSize: number;
  /** Size of the state. */
  readonly units: number;
  /** Size of the memory's vectors: what an encoder puts out at each step. */
  readonly memorySize: number;
  /** Bahdanau: size of the layer that compares. Luong: size of the attentional state. Default `units`. */
  readonly attentionSize?: number;
}

/** The real steps of a memory, [batch, source, size], zeros elsewhere: what they hold never matters. */
const realOf = (b: Block, { value, mask }: WholeValue): Value =>
  b.select(b.expandDims(mask, 2), value, b.constant(0));

/**
 * The mean of a memory's real steps, weighted by the softmax of scores [batch, source]; zeros without one.
 */
function contextOf(b: Block, scores: Value, memory: Value, mask: Value): Value {
  const { weights } = sharesOf(b, scores, mask, { emptyRows: "zeros" });
  return b.squeeze(b.matmul(b.expandDims(weights, 1), memory), 1);
}

/**
 * Decoder with attention of Bahdanau, Cho and Bengio: a GRU that at each step looks at the memory with its
 * state before, and reads what it sees beside its input.
 *
 * e_j = v · tanh(h·Q + m_j·M), α = softmax(e), c = Σ α_j m_j
 *
 * z, r = σ(x·K + h·U + c·C + b), n = tanh(x·Kn + (r ⊙ h)·Un + c·Cn + bn), h' = (1 - z) ⊙ h + z ⊙ n
 *
 * Output: [h', c], of size units + memorySize, which the paper's readout takes. The state part is `h`; the
 * read is `memory`. Weights: `kernel` [inputSize, 3 units], `recurrentKernel` [units, 3 units],
 * `contextKernel` [memorySize, 3 units], `bias` [3 units], gates z r n; `queryKernel` [units, attentionSize],
 * `memoryKernel` [memorySize, attentionSize], `scoreVector` [attentionSize].
 *
 * Source: "Neural Machine Translation by Jointly Learning to Align and Translate", ICLR 2015, appendix A.1.2
 * and A.2.2.
 */
export function bahdanauDecoderCell(options: AttentionDecoderOptions): CustomCellSpec {
  const { inputSize, units, memorySize, attentionSize = units } = options;
  return customCell({
    name: "bahdanauDecoder",
    inputSize,
    state: { h: units },
    weights: {
      kernel: [inputSize, 3 * units],
      recurrentKernel: [units, 3 * units],
      contextKernel: [memorySize, 3 * units],
      bias: [3 * units],
      queryKernel: [units, attentionSize],
      memoryKernel: [memorySize, attentionSize],
      scoreVector: [attentionSize],
    },
    reads: { memory: { along: "whole", shape: [memorySize] } },
    step(b, { x, state: { h }, weights, reads: { memory } }) {
      const real = realOf(b, memory);
      const query = b.expandDims(b.matmul(h, weights.queryKernel), 1);
      const terms = b.tanh(b.add(b.matmul(real, weights.memoryKernel), query));
      const scores = b.squeeze(b.sum(b.mul(terms, weights.scoreVector), 2), 2);
      const c = contextOf(b, scores, real, memory.mask);
      const given = b.add(affine(b, x, weights.kernel, weights.bias), b.matmul(c, weights.contextKernel));
      const part = (v: Value, k: number): Value => b.slice(v, 1, k * units, units);
      const gate = (k: number): Value =>
        b.sigmoid(b.add(part(given, k), b.matmul(h, part(weights.recurrentKernel, k))));
      const [z, r] = [gate(0), gate(1)];
      const n = b.tanh(b.add(part(given, 2), b.matmul(b.mul(r, h), part(weights.recurrentKernel, 2))));
      const next = b.add(b.mul(b.sub(b.constant(1), z), h), b.mul(z, n));
      return { state: { h: next }, output: b.concat([next, c], 1) };
    },
  });
}

/**
 * Decoder with attention of Luong, Pham and Manning: an LSTM that looks at the memory with its new state by
 * the `general` score, and reads its attentional state of the step before beside its input (input feeding).
 *
 * i, f, g, o of x·K + a·A + h·U + b, c' = σ(f) ⊙ c + σ(i) ⊙ tanh(g), h' = σ(o) ⊙ tanh(c')
 *
 * α = softmax_j(h' · W · m_j), s = Σ α_j m_j, a' = tanh(s·S + h'·H)
 *
 * Output: a', the attentional state, of `attentionSize`. State parts: `attentional`, `h`, `c`; the read is
 * `memory`. Weights: `kernel` [inputSize, 4 units], `feedKernel` [attentionSize, 4 units], `recurrentKernel`
 * [units, 4 units], `bias` [4 units], gates i f g o; `scoreKernel` [units, memorySize], `contextKernel`
 * [memorySize, attentionSize], `outputKernel` [units, attentionSize].
 *
 * Source: "Effective Approaches to Attention-based Neural Machine Translation", EMNLP 2015, equations 5, 7
 * and 8, section 3.3.
 */
export function luongDecoderCell(options: AttentionDecoderOptions): CustomCellSpec {
  const { inputSize, units, memorySize, attentionSize = units } = options;
  return customCell({
    name: "luongDecoder",
    inputSize,
    state: { attentional: attentionSize, h: units, c: units },
    weights: {
      kernel: [inputSize, 4 * units],
      feedKernel: [attentionSize, 4 * units],
      recurrentKernel: [units, 4 * units],
      bias: [4 * units],
      scoreKernel: [units, memorySize],
      contextKernel: [memorySize, attentionSize],
      outputKernel: [units, attentionSize],
    },
    reads: { memory: { along: "whole", shape: [memorySize] } },
    step(b, { x, state: { attentional, h, c }, weights, reads: { memory } }) {
      const fed = b.add(
        affine(b, x, weights.kernel, weights.bias),
        b.matmul(attentional, weights.feedKernel),
      );
      const pre = b.add(fed, b.matmul(h, weights.recurrentKernel));
      const part = (k: number): Value => b.slice(pre, 1, k * units, units);
      const [i, f, o] = [b.sigmoid(part(0)), b.sigmoid(part(1)), b.sigmoid(part(3))];
      const cell = b.add(b.mul(f, c), b.mul(i, b.tanh(part(2))));
      const next = b.mul(o, b.tanh(cell));
      const real = realOf(b, memory);
      const query = b.expandDims(b.matmul(next, weights.scoreKernel), 1);
      const scores = b.squeeze(b.matmul(query, b.transpose(real, [0, 2, 1])), 1);
      const seen = contextOf(b, scores, real, memory.mask);
      const sum = b.add(b.matmul(seen, weights.contextKernel), b.matmul(next, weights.outputKernel));
      return { state: { attentional: b.tanh(sum), h: next, c: cell } };
    },
  });
}
