/** Functions of one number, in the order in which the module counts them. */
export const mapNames: readonly string[] = [
  "tanh",
  "sigmoid",
  "linear",
  "relu",
  "hardSigmoidSixth",
  "hardSigmoidFifth",
  "softsign",
  "softplus",
  "elu",
  "leakyRelu",
  "neg",
  "exp",
  "sqrt",
  "abs",
  "floor",
];
