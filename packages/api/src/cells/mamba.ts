import { customCell } from "../specification/custom-cell.js";
import type { CustomCellSpec } from "../layers/custom.js";
import type { Value } from "../program/builder.js";
import { gatesOf } from "./gates.js";
import { scanStep, scanWeights } from "./selective-scan.js";

/** Options of {@link mambaCell}. */
export interface MambaOptions {
  /** Size of x and of the output, `d_model`. */
  readonly inputSize: number;
  /** Features inside, `d_inner`. Default 2 `inputSize`. */
  readonly innerSize?: number;
  /** States a feature, `d_state`. Default 16. */
  readonly states?: number;
  /** Size of what the step's length is made of, `dt_rank`. Default `inputSize` / 16, rounded up. */
  readonly rank?: number;
  /** Steps that the convolution sees, `d_conv`. Default 4. */
  readonly width?: number;
}

/**
 * Mamba's block, one step at a time: a causal convolution of each feature and a selective scan, gated.
 *
 * [u z] = x·Kin, v = silu(Σ over the last `width` of u, each ⊙ its row of Kc, + bc), y = scan(v)
 * output (y ⊙ silu(z))·Kout
 *
 * Weights, with Mamba's names for them: `inputKernel` [inputSize, 2 innerSize], `in_proj`;
 * `convolutionKernel` [width, innerSize], oldest step first, and `convolutionBias` [innerSize], `conv1d`;
 * those of `selectiveScanCell`; `outputKernel` [innerSize, inputSize], `out_proj`. State parts: `recent`
 * [width - 1, innerSize], the inputs of the convolution before this step, oldest first, and `h` [innerSize,
 * states]; the output is none.
 *
 * Source: Gu and Dao, "Mamba: Linear-Time Sequence Modeling with Selective State Spaces", 2023, figure 3 and
 * section 3.4; the authors' `mamba_simple.py`, without biases of the projections, which is its default.
 */
export function mambaCell({
  inputSize,
  innerSize = 2 * inputSize,
  states = 16,
  rank = Math.ceil(inputSize / 16),
  width = 4,
}: MambaOptions): CustomCellSpec {
  return customCell({
    name: "mamba",
    inputSize,
    state: { recent: [width - 1, innerSize], h: [innerSize, states] },
    weights: {
      inputKernel: [inputSize, 2 * innerSize],
      convolutionKernel: [width, innerSize],
      convolutionBias: [innerSize],
      ...scanWeights(innerSize, states, rank),
      outputKernel: [innerSize, inputSize],
    },
    step(b, { x, state: { recent, h }, weights: w }) {
      const silu = (value: Value): Value => b.mul(value, b.sigmoid(value));
      const [enters, gate] = gatesOf(b, b.matmul(x, w.inputKernel), 2) as [Value, Value];
      const window = b.concat([recent, b.expandDims(enters, 1)], 1);
      const filtered = b.squeeze(b.sum(b.mul(window, w.convolutionKernel), 1), 1);
      const scanned = scanStep(b, silu(b.add(filtered, w.convolutionBias)), h, w);
      return {
        state: { recent: b.slice(window, 1, 1, width - 1), h: scanned.h },
        output: b.matmul(b.mul(scanned.y, silu(gate)), w.outputKernel),
      };
    },
  });
}
