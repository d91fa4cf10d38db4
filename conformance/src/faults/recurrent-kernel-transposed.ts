import { changeRecurrent, fault } from "./break.js";

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
