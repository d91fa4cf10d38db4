import { fault, type Fault } from "./planting/fault.js";

/** Rows of a batch, and sizes of batch and time. */
export const batchAndTime: readonly Fault[] = [
  fault("rows-mixed", "a little of the next row comes into each", "a batch axis read as features", {
    results: (results) =>
      Object.fromEntries(
        Object.entries(results).map(([name, held]) => {
          const row = held.data.length / held.shape[0]!;
          return [
            name,
            held.shape[0]! < 2
              ? held
              : ({
                  ...held,
                  data: Float32Array.from(
                    held.data as Float32Array,
                    (value, k) => value + 1e-4 * (held.data[(k + row) % held.data.length]! - value),
                  ),
                } as typeof held),
          ];
        }),
      ),
  }),
  fault(
    "rows-in-another-order",
    "rows come back turned round",
    "a batch sorted by length and not sorted back",
    {
      results: (results, { feeds }) =>
        feeds["lengths"]
          ? Object.fromEntries(
              Object.entries(results).map(([name, held]) => {
                const row = held.data.length / held.shape[0]!;
                return [
                  name,
                  {
                    ...held,
                    data: Float32Array.from(
                      held.data as Float32Array,
                      (_, k) => held.data[held.data.length - row * (Math.floor(k / row) + 1) + (k % row)]!,
                    ),
                  } as typeof held,
                ];
              }),
            )
          : results,
    },
  ),
  fault("wrong-only-at-batch-one", "results are off when there is one row", "a fast path for a single row", {
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
  }),
  fault(
    "wrong-only-for-long-sequences",
    "results are off when there are more than 64 steps",
    "a block of steps and its remainder",
    {
      results: (results, { feeds }) =>
        Object.values(feeds).some(({ shape }) => shape.length >= 2 && shape[1]! > 64)
          ? Object.fromEntries(
              Object.entries(results).map(([name, held]) => [
                name,
                {
                  ...held,
                  data: Float32Array.from(held.data as Float32Array, (value) => value * 1.001),
                } as typeof held,
              ]),
            )
          : results,
    },
  ),
  fault(
    "batch-of-the-first-call-kept",
    "rows beyond those of the first call are zeros",
    "shapes baked in when the first call came",
    {
      results: (results, { memory }) =>
        Object.fromEntries(
          Object.entries(results).map(([name, held]) => {
            const rows = (memory["rows"] ??= held.shape[0]) as number;
            const row = held.data.length / held.shape[0]!;
            return [
              name,
              {
                ...held,
                data: Float32Array.from(held.data as Float32Array, (value, k) =>
                  k < rows * row ? value : 0,
                ),
              } as typeof held,
            ];
          }),
        ),
    },
  ),
];
