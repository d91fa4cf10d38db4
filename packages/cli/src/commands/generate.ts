import { compile, tensor, unrollError } from "@unroll/api";
import { generator } from "@unroll/conformance";
import { adapterOf } from "../adapters.js";
import { loadModel } from "../model-directory.js";
import { isCount, numberOption } from "../numbers.js";
import type { AddCommand } from "../command.js";
import { sample } from "../sampling.js";

interface Options {
  readonly model: string;
  readonly prompt?: string;
  readonly length: string;
  readonly temperature: string;
  readonly seed: string;
  readonly adapter?: string;
  readonly device?: string;
  readonly json?: boolean;
}

/** `unroll generate`: text from a character model, one step at a time, as it comes. */
export const generateCommand: AddCommand = (program, io) => {
  program
    .command("generate")
    .description("Sample text from a character model, one step at a time")
    .requiredOption("--model <dir>", "folder with NAME.json and NAME.safetensors")
    .option("--prompt <text>", "text to go on from (default: the model's own)")
    .option("--length <n>", "characters to sample", "200")
    .option("--temperature <t>", "0 takes the likeliest character every time", "0.7")
    .option("--seed <s>", "of the sampling", "1")
    .option("--adapter <name>", "builtin, tfjs or onnx (default: configuration, then builtin)")
    .option("--device <name>", "e.g. wasm")
    .option("--json", "print one JSON object")
    .action(async (options: Options) => {
      const length = numberOption("length", options.length, isCount, "a whole number of at least 1");
      const temperature = numberOption(
        "temperature",
        options.temperature,
        (n) => n >= 0 && n < Infinity,
        "a number of at least 0",
      );
      const random = generator(numberOption("seed", options.seed, Number.isInteger, "a whole number"));
      const engine = await adapterOf(options.adapter, options.device, io);
      const given = await loadModel(io, options.model);
      const prompt = options.prompt ?? given.prompt;
      const ids = given.idsOf(prompt, "--prompt");
      if (ids.length === 0)
        throw unrollError({
          code: "UNROLL_ARGUMENT",
          place: "--prompt",
          expected: "at least one character",
          got: "none",
          cure: "the first logits come from it",
        });

      const model = await compile(given.spec, { adapter: engine.adapter, weights: given.weights });
      let state = model.zeroState(1);
      let logits: ArrayLike<number> = [];
      const feed = async (id: number): Promise<void> => {
        const result = await model.step(tensor([id], [1], "int32"), state);
        ({ state } = result);
        logits = result.output.data;
      };
      if (!options.json) io.out(prompt);
      for (const id of ids) await feed(id);
      let text = "";
      for (let n = 0; n < length; n++) {
        const id = sample(logits, temperature, random());
        text += given.vocab[id]!;
        if (!options.json) io.out(given.vocab[id]!);
        if (n + 1 < length) await feed(id);
      }
      model.dispose();
      const run = { model: given.name, adapter: engine.name, device: engine.adapter.device };
      const drawn = { prompt, text, length, temperature, seed: Number(options.seed) };
      io.out(options.json ? `${JSON.stringify({ ...run, ...drawn })}\n` : "\n");
    });
};
