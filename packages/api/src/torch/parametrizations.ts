/** PyTorch's `torch.nn.utils.parametrizations`, whose names of weights in files are others. */
export { spectralNorm, weightNorm } from "./reparametrised.js";
