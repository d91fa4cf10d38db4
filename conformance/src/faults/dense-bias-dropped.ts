import { fault, rolesOf } from "./break.js";

export const denseBiasDropped = fault(
  "dense-bias-dropped",
  "a dense layer leaves its bias out",
  "an importer that asks for use_bias under another name",
  {
    weights: (weights, program) => {
      const roles = rolesOf(program);
      return Object.fromEntries(
        Object.entries(weights).map(([name, weight]) => [
          name,
          name.endsWith(".bias") && !roles.has(name)
            ? { ...weight, data: new Float32Array(weight.data.length) }
            : weight,
        ]),
      );
    },
  },
);
