import { fault } from "./break.js";

export const rowsInAnotherOrder = fault(
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
);
