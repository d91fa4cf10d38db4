/** PyTorch's `torch.nn.utils`. */
export * as rnn from "./rnn-utils.js";
export * as parametrizations from "./parametrizations.js";
export { removeSpectralNorm, removeWeightNorm, spectralNorm, weightNorm } from "./reparametrised.js";
