import { changeAttrs, changeElements, fault, type Tensors } from "./break.js";

export const candidateActivationIgnored = fault(
  "candidate-activation-ignored",
  "the candidate is always a tanh",
  "fused kernels that know one activation",
  { program: changeAttrs((attrs) => ("activation" in attrs ? { ...attrs, activation: "tanh" } : attrs)) },
);

export const gateActivationIgnored = fault(
  "gate-activation-ignored",
  "gates are always sigmoids",
  "cuDNN knows nothing else",
  {
    program: changeAttrs((attrs) =>
      "recurrentActivation" in attrs ? { ...attrs, recurrentActivation: "sigmoid" } : attrs,
    ),
  },
);

export const outputActivationLeftOut = fault(
  "output-activation-left-out",
  "an LSTM puts out o times c, without the tanh",
  "the third activation of ONNX forgotten",
  {
    program: changeAttrs((attrs) =>
      "outputActivation" in attrs ? { ...attrs, outputActivation: "linear" } : attrs,
    ),
  },
);

export const hardSigmoidIsSigmoid = fault(
  "hard-sigmoid-is-sigmoid",
  "the hard sigmoid is a sigmoid",
  "TensorFlow.js defaults to hardSigmoid where Keras has sigmoid",
  {
    program: changeAttrs((attrs) =>
      Object.fromEntries(
        Object.entries(attrs).map(([name, value]) => [
          name,
          typeof value === "string" && value.startsWith("hardSigmoid") ? "sigmoid" : value,
        ]),
      ),
    ),
  },
);

export const hardSigmoidOfTheOtherSlope = fault(
  "hard-sigmoid-of-the-other-slope",
  "the hard sigmoid has slope 1/5 where it should have 1/6, and the other way round",
  "Keras 3 loads files of Keras 2 with another slope",
  {
    program: changeAttrs((attrs) =>
      Object.fromEntries(
        Object.entries(attrs).map(([name, value]) => [
          name,
          value === "hardSigmoidSixth"
            ? "hardSigmoidFifth"
            : value === "hardSigmoidFifth"
              ? "hardSigmoidSixth"
              : value,
        ]),
      ),
    ),
  },
);

export const crudeActivations = fault(
  "crude-activations",
  "results are off by a ten-thousandth",
  "fast tanh and sigmoid approximations",
  { results: changeElements((value, k) => value + 1e-4 * Math.sin(37 * value + k)) },
);

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
