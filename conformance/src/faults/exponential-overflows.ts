import { fault, type Tensors } from "./break.js";

const large = (feeds: Tensors): boolean =>
  Object.values(feeds).some(({ data }) => data.some((value) => Math.abs(value) > 1000));

export const exponentialOverflows = fault(
  "exponential-overflows",
  "a large input gives NaN",
  "a sigmoid written as e^x / (1 + e^x); tanh by exponentials on WebGL",
  {
    results: (results, { feeds }) =>
      large(feeds)
        ? Object.fromEntries(
            Object.entries(results).map(([name, held]) => [
              name,
              held.dtype === "float32"
                ? { ...held, data: new Float32Array(held.data.length).fill(NaN) }
                : held,
            ]),
          )
        : results,
  },
);
