import { changeNamed, changeRecurrent, fault } from "./break.js";

export const recurrentKernelTransposed = fault(
  "recurrent-kernel-transposed",
  "the recurrent kernel of a simple RNN is used transposed",
  "square matrices hide a missing transpose between torch and Keras",
  {
    weights: changeRecurrent(({ data }, { kind, role, units }) =>
      kind === "simpleRnn" && role === "recurrentKernel"
        ? Float32Array.from(data, (_, k) => data[(k % units) * units + Math.floor(k / units)]!)
        : null,
    ),
  },
);

export const recurrenceLeftOut = fault(
  "recurrence-left-out",
  "the recurrent kernel is not used",
  "a layer that runs as if it were dense",
  {
    weights: changeRecurrent(({ data }, { role }) =>
      role === "recurrentKernel" ? new Float32Array(data.length) : null,
    ),
  },
);

export const projectionRowsShifted = fault(
  "projection-rows-shifted",
  "the projection takes the unit beside the one it should",
  "a packed layout whose rows were padded",
  {
    weights: changeNamed(".projectionKernel", ({ shape, data }) =>
      Float32Array.from(data, (_, k) => data[(k + shape[1]!) % data.length]!),
    ),
  },
);

export const lastUnitDropped = fault(
  "last-unit-dropped",
  "the last unit is left out of the recurrence",
  "a vector loop without its tail",
  {
    weights: changeRecurrent(({ data, shape }, { role, units }) =>
      role === "recurrentKernel"
        ? Float32Array.from(data, (value, k) => (Math.floor(k / shape[1]!) === units - 1 ? 0 : value))
        : null,
    ),
  },
);

export const oneUnitOff = fault(
  "one-unit-off",
  "the recurrent kernel is shifted by one unit",
  "off-by-one in a packed layout",
  {
    weights: changeRecurrent(({ data, shape }, { role }) =>
      role === "recurrentKernel"
        ? Float32Array.from(data, (_, k) => data[(k + shape[1]!) % data.length]!)
        : null,
    ),
  },
);

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

export const layersShareWeights = fault(
  "layers-share-weights",
  "a second layer of the same shape runs with the weights of the first",
  "a cache keyed by shape",
  {
    weights: (weights) => {
      const first = new Map<string, (typeof weights)[string]>();
      return Object.fromEntries(
        Object.entries(weights).map(([name, weight]) => {
          const key = `${name.split(".").pop()} ${weight.shape.join()}`;
          if (!first.has(key)) first.set(key, weight);
          return [name, first.get(key)!];
        }),
      );
    },
  },
);
