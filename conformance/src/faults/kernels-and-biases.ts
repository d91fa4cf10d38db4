import { fault, type Fault } from "./planting/fault.js";
import { changeRecurrent } from "./planting/weights.js";

/** Kernels and biases of recurrent layers left out, shifted or counted twice. */
export const kernelsAndBiases: readonly Fault[] = [
  fault(
    "recurrent-bias-dropped",
    "the second bias is left out",
    "tfjs-layers has one bias where Keras has two",
    {
      weights: changeRecurrent(({ data }, { role }) =>
        role === "recurrentBias" ? new Float32Array(data.length) : null,
      ),
    },
  ),
  fault("input-bias-dropped", "the first bias is left out", "importers that read bias_hh alone", {
    weights: changeRecurrent(({ data }, { role }) =>
      role === "inputBias" ? new Float32Array(data.length) : null,
    ),
  }),
  fault("biases-doubled", "every bias counts twice", "one bias copied into both places of ONNX", {
    weights: changeRecurrent(({ data }, { role }) =>
      role.endsWith("Bias") ? Float32Array.from(data, (value) => 2 * value) : null,
    ),
  }),
  fault(
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
  ),
  fault(
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
  ),
  fault("one-unit-off", "the recurrent kernel is shifted by one unit", "off-by-one in a packed layout", {
    weights: changeRecurrent(({ data, shape }, { role }) =>
      role === "recurrentKernel"
        ? Float32Array.from(data, (_, k) => data[(k + shape[1]!) % data.length]!)
        : null,
    ),
  }),
  fault(
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
  ),
  fault("recurrence-left-out", "the recurrent kernel is not used", "a layer that runs as if it were dense", {
    weights: changeRecurrent(({ data }, { role }) =>
      role === "recurrentKernel" ? new Float32Array(data.length) : null,
    ),
  }),
];
