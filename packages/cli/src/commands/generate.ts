import { setImmediate } from "node:timers/promises";
import { compile, tensor, unrollError } from "@unroll/api";
import { generator } from "@unroll/conformance";
import { adapterOf, type NamedAdapter } from "../adapters.js";
import type { AddCommand } from "../command.js";
import { jsonLine } from "../escaped.js";
import type { CharacterModel } from "../model/character-model.js";
import { loadModel } from "../model/load-model.js";
import { lengthOption, numberOption, seedOption } from "../numbers.js";
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
      const length = lengthOption(options.length);
      const temperature = temperatureOption(options.temperature);
      const seed = seedOption(options.seed);
      const engine = await adapterOf(options.adapter, options.device, io);
      const model = await loadModel(io, options.model);
      const prompt = options.prompt ?? model.prompt;
      const ids = idsOfPrompt(model, prompt);
      if (!options.json) io.out(prompt);
      let text = "";
      for await (const character of sampled(model, engine, ids, { length, temperature, seed })) {
        text += character;
        if (!options.json) io.out(character);
      }
      const run = { model: model.name, adapter: engine.name, device: engine.adapter.device };
      io.out(options.json ? jsonLine({ ...run, prompt, text, length, temperature, seed }) : "\n");
    });
};

const temperatureOption = (value: string): number =>
  numberOption("temperature", value, (n) => n >= 0 && n < Infinity, "a number of at least 0");

function idsOfPrompt(model: CharacterModel, prompt: string): Int32Array {
  const ids = model.idsOf(prompt, "--prompt");
  if (ids.length > 0) return ids;
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place: "--prompt",
    expected: "at least one character",
    got: "none",
    cure: "the first logits come from it",
  });
}

interface Sampling {
  readonly length: number;
  readonly temperature: number;
  readonly seed: number;
}

/** Characters that the model goes on with after a prompt, each as soon as it is drawn. */
async function* sampled(
  { spec, weights, vocab }: CharacterModel,
  { adapter }: NamedAdapter,
  prompt: Int32Array,
  { length, temperature, seed }: Sampling,
): AsyncGenerator<string> {
  const model = await compile(spec, { adapter, weights });
  const random = generator(seed);
  let state = model.zeroState(1);
  let logits: ArrayLike<number> = [];
  const feed = async (id: number): Promise<void> => {
    const result = await model.step(tensor([id], [1], "int32"), state);
    ({ state } = result);
    logits = result.output.data;
  };
  for (const id of prompt) await feed(id);
  for (let n = 0; n < length; n++) {
    const id = sample(logits, temperature, random());
    yield vocab[id]!;
    if (n + 1 < length) await feed(id);
    // An engine may answer without ever waiting, and then nobody hears that the output has been closed.
    if (n % 64 === 0) await setImmediate();
  }
  model.dispose();
}
