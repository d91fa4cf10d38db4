import { fault } from "./break.js";

export const notTheSameTwice = fault(
  "not-the-same-twice",
  "later runs differ in the last bits",
  "atomic additions in no order",
  {
    results: (results, { before }) =>
      Object.fromEntries(
        Object.entries(results).map(([name, held]) => [
          name,
          {
            ...held,
            data: Float32Array.from(held.data as Float32Array, (value) => value * (1 + 2 ** -22 * before)),
          } as typeof held,
        ]),
      ),
  },
);
