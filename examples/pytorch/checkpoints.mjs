// Checkpoints as torch.save writes them: a state dict, in today's form and the older one, and a module whole.
import { readPyTorch } from "@unroll/formats";
import * as torch from "@unroll/api/torch";
const { nn } = torch;

export const network = () => new nn.LSTM(3, 4);

/** The network with the weights of a file: its bytes, a Blob, or what fetch answers. */
export async function load(source) {
  const lstm = network();
  lstm.loadStateDict(await readPyTorch(source));
  return lstm.eval();
}
