import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { dense, embedding, input, lstmCell, recurrent, spec } from "@unroll/api";
import { fromTorch, readSafetensors } from "@unroll/api/weights";

const file = (name: string): URL => new URL(`../fixtures/models/charlm/${name}`, import.meta.url);

/** The character model that PyTorch trained, as a spec and canonical weights, and what PyTorch says of it. */
export function charlm() {
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
  const { tensors } = readSafetensors(readFileSync(fileURLToPath(file("charlm.safetensors"))));
  const { weights } = fromTorch(model, tensors);
  return { spec: model, weights, expected: readSafetensors(readFileSync(fileURLToPath(file("expected.safetensors")))).tensors, info: JSON.parse(readFileSync(fileURLToPath(file("charlm.json")), "utf8")) as { passage: string; mean_loglik: number } };
}
