import { dense, embedding, input, lstmCell, recurrent, spec, type Spec } from "@unroll/api";
import type { ModelDescription } from "./model-description.js";

/** The model of a description: `ids` through an embedding, LSTM layers and a linear layer. */
export function modelSpec(
  name: string,
  { embedding: [rows, columns], lstm, fc: [inputSize, units] }: ModelDescription["architecture"],
): Spec {
  const levels = Array.from({ length: lstm.num_layers }, (_, k) => `lstm_l${k}`);
  const layers = levels.map((level, k) =>
    recurrent({
      name: level,
      input: levels[k - 1] ?? "embedding",
      cell: lstmCell({
        inputSize: k === 0 ? lstm.input_size : lstm.hidden_size,
        units: lstm.hidden_size,
        bias: "split",
      }),
    }),
  );
  return spec({
    name,
    inputs: [input({ name: "ids", dtype: "int32", shape: [] })],
    layers: [
      embedding({ name: "embedding", input: "ids", inputSize: rows, outputSize: columns }),
      ...layers,
      dense({ name: "fc", input: levels[levels.length - 1]!, inputSize, units }),
    ],
  });
}
