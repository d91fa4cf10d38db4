import { fault, isState } from "./break.js";
import type { Tensors } from "./break.js";

/** Rows that lengths or a mask leave nothing of. */
function emptyRows({ lengths, mask }: Tensors): Set<number> {
  if (lengths) return new Set([...lengths.data.keys()].filter((row) => lengths.data[row] === 0));
  if (!mask) return new Set();
  const time = mask.shape[1]!;
  return new Set(
    Array.from({ length: mask.shape[0]! }, (_, row) => row).filter((row) =>
      mask.data.subarray(row * time, (row + 1) * time).every((value) => value === 0),
    ),
  );
}

export const emptyRowZeroed = fault(
  "empty-row-zeroed",
  "a row without a real step ends with zeros, not with its initial state",
  "onnxruntime zeroes Y_h and Y_c for sequence_lens 0",
  {
    results: (results, { feeds }) => {
      const empty = emptyRows(feeds);
      return Object.fromEntries(
        Object.entries(results).map(([name, held]) => {
          const width = held.shape[1]!;
          return [
            name,
            isState(name)
              ? ({
                  ...held,
                  data: Float32Array.from(held.data as Float32Array, (value, k) =>
                    empty.has(Math.floor(k / width)) ? 0 : value,
                  ),
                } as typeof held)
              : held,
          ];
        }),
      );
    },
  },
);
