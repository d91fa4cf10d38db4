/** PyTorch's `torch.nn.utils`. */
export * as rnn from "./rnn-utils.js";
