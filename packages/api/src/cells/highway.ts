import { affine } from "../layers/recurrence.js";
import type { CustomCellSpec } from "../layers/custom.js";
import { assertSameSize, wrapCell } from "./wrap.js";

/**
 * A cell whose output is mixed with its input by a gate that sees the input; its state stays as it is.
 * TensorFlow 1's `HighwayWrapper`.
 *
 * carry = σ(x·Kc + bc), output = carry ⊙ x + t ⊙ output of the cell, with t = 1 - carry, or σ(x·Kt + bt)
 * where it is
 * not `coupled`
 *
 * State, weights and reads are the cell's, under its names, and `highway.carryKernel` [size, size],
 * `highway.carryBias` [size]; not coupled, which is an option with default true, `highway.transformKernel`
 * and `highway.transformBias` too.
 *
 * Source: Srivastava, Greff and Schmidhuber, "Highway Networks", 2015, equations 2 and 3; TensorFlow 1,
 * `contrib/rnn/python/ops/rnn_cell.py`.
 *
 * @throws UNROLL_ARGUMENT for a cell whose output is not as large as its input, or that is a highway already
 */
export function highwayCell(
  cell: CustomCellSpec,
  { coupled = true }: { readonly coupled?: boolean } = {},
): CustomCellSpec {
  assertSameSize("highwayCell", cell);
  const size = cell.units;
  const gate = (name: string): Record<string, number[]> => ({
    [`highway.${name}Kernel`]: [size, size],
    [`highway.${name}Bias`]: [size],
  });
  return wrapCell(cell, {
    name: "highway",
    weights: { ...gate("carry"), ...(!coupled && gate("transform")) },
    step(b, { x, output, weights }) {
      const open = (name: string): typeof x =>
        b.sigmoid(affine(b, x, weights[`highway.${name}Kernel`]!, weights[`highway.${name}Bias`]));
      const carry = open("carry");
      const transform = coupled ? b.sub(b.constant(1), carry) : open("transform");
      return { output: b.add(b.mul(carry, x), b.mul(transform, output)) };
    },
  });
}
