import { unrollError } from "@unroll/api";
import { type NamedTensor, readSafetensors } from "@unroll/api/weights";
import { inline, jsonLine } from "../escaped.js";
import { readBytes } from "../files.js";
import { type FoundLayer, recurrentLayers } from "../recurrent-layers.js";
import type { AddCommand } from "../command.js";
import { table } from "../table.js";

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** `unroll inspect`: what a weights file holds. */
export const inspectCommand: AddCommand = (program, io) => {
  program
    .command("inspect")
    .description("Print what a weights file holds, and the recurrent layers among it")
    .argument("<file>", "a .safetensors file")
    .option("--json", "print one JSON object")
    .action(async (file: string, options: { json?: boolean }) => {
      if (!file.endsWith(".safetensors"))
        throw unrollError({
          code: "UNROLL_FORMAT",
          place: `file "${file}"`,
          expected: ".safetensors",
          got: "another kind",
          cure: "convert it with safetensors.torch.save_file(state_dict, path)",
          details: { file },
        });
      const read = readSafetensors(await readBytes(io, file));
      const tensors = Object.entries(read.tensors as Readonly<Record<string, NamedTensor>>).map(
        ([name, { dtype, shape, data }]) => ({ name, dtype, shape, bytes: data.byteLength }),
      );
      const totals = {
        tensors: tensors.length,
        parameters: tensors.reduce((sum, { shape }) => sum + count(shape), 0),
        bytes: tensors.reduce((sum, { bytes }) => sum + bytes, 0),
      };
      const layers = recurrentLayers(tensors);
      if (options.json) {
        io.out(jsonLine({ file, tensors, totals, layers }));
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
