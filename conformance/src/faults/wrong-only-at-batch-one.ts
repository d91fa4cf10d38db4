import { fault } from "./break.js";

export const wrongOnlyAtBatchOne = fault(
  "wrong-only-at-batch-one",
  "results are off when there is one row",
  "a fast path for a single row",
  {
    results: (results) =>
      Object.fromEntries(
        Object.entries(results).map(([name, held]) => [
          name,
          held.shape[0] === 1
            ? ({
                ...held,
                data: Float32Array.from(held.data as Float32Array, (value) => value * 1.0001),
              } as typeof held)
            : held,
        ]),
      ),
  },
);
