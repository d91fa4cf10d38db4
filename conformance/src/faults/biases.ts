import { changeRecurrent, fault, rolesOf } from "./break.js";

export const recurrentBiasDropped = fault(
  "recurrent-bias-dropped",
  "the second bias is left out",
  "tfjs-layers has one bias where Keras has two",
  {
    weights: changeRecurrent(({ data }, { role }) =>
      role === "recurrentBias" ? new Float32Array(data.length) : null,
    ),
  },
);

export const inputBiasDropped = fault(
  "input-bias-dropped",
  "the first bias is left out",
  "importers that read bias_hh alone",
  {
    weights: changeRecurrent(({ data }, { role }) =>
      role === "inputBias" ? new Float32Array(data.length) : null,
    ),
  },
);

export const biasesDoubled = fault(
  "biases-doubled",
  "every bias counts twice",
  "one bias copied into both places of ONNX",
  {
    weights: changeRecurrent(({ data }, { role }) =>
      role.endsWith("Bias") ? Float32Array.from(data, (value) => 2 * value) : null,
    ),
  },
);

export const forgetBiasAddedTwice = fault(
  "forget-bias-added-twice",
  "1 is added to the forget gate, although the weights hold it",
  "TensorFlow 1 BasicLSTMCell adds forget_bias when it runs, Keras when it initialises",
  {
    weights: changeRecurrent(({ data }, { kind, role, units }) =>
      kind === "lstm" && role === "inputBias"
        ? Float32Array.from(data, (value, k) => (Math.floor(k / units) === 1 ? value + 1 : value))
        : null,
    ),
  },
);

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
