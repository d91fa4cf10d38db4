import { fault } from "./break.js";

export const wrongOnlyForLongSequences = fault(
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
);
