import { dense, embedding, input, lstmCell, recurrent, spec } from "@unroll/api";
import { fromTorch, readSafetensors } from "@unroll/api/weights";

/** The files of `fixtures/models/charlm`. */
export interface CharlmFiles {
  readonly weights: Uint8Array;
  readonly expected: Uint8Array;
  readonly json: string;
}

/** The character model that PyTorch trained, as a spec and canonical weights, and what PyTorch says of it. */
export function charlmOf(files: CharlmFiles) {
  const cell = (inputSize: number) => lstmCell({ inputSize, units: 128, bias: "split" });
  const model = spec({
    name: "charlm",
    inputs: [input({ name: "ids", dtype: "int32", shape: [] })],
    layers: [
      embedding({ name: "embedding", input: "ids", inputSize: 75, outputSize: 48 }),
      recurrent({ name: "lstm_l0", input: "embedding", cell: cell(48) }),
      recurrent({ name: "lstm_l1", input: "lstm_l0", cell: cell(128) }),
      dense({ name: "fc", input: "lstm_l1", inputSize: 128, units: 75 }),
    ],
  });
  const { weights } = fromTorch(model, readSafetensors(files.weights).tensors);
  const info = JSON.parse(files.json) as {
    passage: string;
    mean_loglik: number;
    prompt: string;
    vocab: string[];
  };
  return { spec: model, weights, expected: readSafetensors(files.expected).tensors, info };
}

/** log p(next) at position `at`, from logits [time, chars]. */
export function logProbability(logits: ArrayLike<number>, chars: number, at: number, next: number): number {
  let [largest, sum] = [-Infinity, 0];
  for (let k = 0; k < chars; k++) largest = Math.max(largest, logits[at * chars + k]!);
  for (let k = 0; k < chars; k++) sum += Math.exp(logits[at * chars + k]! - largest);
  return logits[at * chars + next]! - largest - Math.log(sum);
}
