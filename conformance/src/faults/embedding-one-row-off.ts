import { fault } from "./break.js";

export const embeddingOneRowOff = fault(
  "embedding-one-row-off",
  "ids look up the row after theirs",
  "a vocabulary that starts at 1",
  {
    weights: (weights) =>
      Object.fromEntries(
        Object.entries(weights).map(([name, weight]) => {
          if (!name.endsWith(".table")) return [name, weight];
          return [
            name,
            {
              ...weight,
              data: Float32Array.from(
                weight.data,
                (_, k) => weight.data[(k + weight.shape[1]!) % weight.data.length]!,
              ),
            },
          ];
        }),
      ),
  },
);
