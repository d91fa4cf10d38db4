import { dirname } from "node:path";
import { readWeights } from "@unroll/formats";
import { inline, jsonLine } from "../escaped.js";
import { readBytes } from "../files.js";
import { fileInside } from "../json/inside.js";
import { type FoundLayer, recurrentLayers } from "../recurrent-layers.js";
import { configuredModel } from "../model/configured-model.js";
import type { AddCommand } from "../command.js";
import { table } from "../table.js";

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** `unroll inspect`: what a file of weights or of a whole model holds. */
export const inspectCommand: AddCommand = (program, io) => {
  program
    .command("inspect")
    .description("Print what a file of weights or of a model holds, and the recurrent layers among it")
    .argument("<file>", ".safetensors, .pt, .keras, .weights.h5, .h5, model.json, .npz, .npy or .onnx")
    .option("--select <keys>", 'part of a checkpoint of PyTorch, e.g. "model"')
    .option("--json", "print one JSON object")
    .action(async (file: string, options: { json?: boolean; select?: string }) => {
      const read = await readWeights(await readBytes(io, file), {
        ...(options.select === undefined ? {} : { select: options.select }),
        shards: async (name) => readBytes(io, await fileInside(io, dirname(file), name, `file "${file}"`)),
      });
      const { format } = read;
      const tensors = Object.entries(read.tensors).map(([name, { dtype, shape, data }]) => ({
        name,
        dtype,
        shape,
        bytes: data.byteLength,
      }));
      const model = read.configuration && configuredModel(read.configuration);
      const totals = {
        tensors: tensors.length,
        parameters: tensors.reduce((sum, { shape }) => sum + count(shape), 0),
        bytes: tensors.reduce((sum, { bytes }) => sum + bytes, 0),
      };
      const layers = recurrentLayers(tensors);
      if (options.json) {
        io.out(jsonLine({ file, format, model, tensors, totals, layers }));
        return;
      }
      io.out(
        table(
          ["name", "dtype", "shape", "parameters"],
          tensors.map(({ name, dtype, shape }) => [
            name,
            dtype,
            `[${shape.join(", ")}]`,
            count(shape).toLocaleString("en"),
          ]),
          [3],
        ),
      );
      const [parameters, bytes] = [totals.parameters, totals.bytes].map((n) => n.toLocaleString("en"));
      io.out(`\n${totals.tensors} tensors, ${parameters} parameters, ${bytes} bytes\n`);
      io.out(`format ${format}\n`);
      if (model) {
        const list = model.layers.map(({ kind, name }) => `${kind} "${name}"`).join(", ");
        io.out(`${inline(`model ${model.kind} "${model.name}": ${list || "no layers"}`)}\n`);
      }
      for (const layer of layers) io.out(`${inline(described(layer))}\n`);
      if (layers.length === 0) io.out("no recurrent layer by PyTorch's or Keras's names\n");
    });
};

/** A recurrent layer in one line. */
function described(layer: FoundLayer): string {
  const { name, kind, framework, inputSize, units, layers, directions, bias, projection } = layer;
  return [
    `${name === "" ? "(top level)" : name}: ${kind} by ${framework}'s names`,
    `input size ${inputSize}`,
    `units ${units}`,
    `${layers} layer${layers === 1 ? "" : "s"}`,
    directions === 2 ? "two directions" : "one direction",
    `${bias ? "with" : "without"} bias`,
    ...(projection === null ? [] : [`projection to ${projection}`]),
  ].join(", ");
}
