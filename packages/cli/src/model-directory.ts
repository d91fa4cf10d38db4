import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  dense,
  embedding,
  input,
  lstmCell,
  recurrent,
  spec,
  type Spec,
  unrollError,
  type WeightMap,
} from "@unroll/api";
import { fromTorch, type NamedTensor, readSafetensors } from "@unroll/api/weights";
import { readBytes, readJson } from "./files.js";
import type { Io } from "./io.js";

/**
 * A character language model out of a folder: an embedding, LSTM layers and a linear layer over the
 * vocabulary.
 */
export interface CharacterModel {
  readonly name: string;
  readonly spec: Spec;
  readonly weights: WeightMap;
  /** Characters by id. */
  readonly vocab: readonly string[];
  readonly passage: string;
  readonly prompt: string;
  /** Mean log-likelihood per character that was recorded for the passage, in nats. */
  readonly recorded: number | null;
  /** Ids of a text. @throws UNROLL_ARGUMENT naming a character that the model does not know */
  idsOf(text: string, place: string): Int32Array;
}

const form = "NAME.json (architecture, vocab, passage, prompt) beside NAME.safetensors";

/** Loads a model folder. @throws UNROLL_FORMAT, UNROLL_WEIGHTS */
export async function loadModel(io: Io, folder: string): Promise<CharacterModel> {
  const refuse = (expected: string, got: string, cure: string): never => {
    throw unrollError({
      code: "UNROLL_FORMAT",
      place: `model "${folder}"`,
      expected: expected,
      got: got,
      cure: cure,
      details: {
        folder,
      },
    });
  };
  const names = await readdir(resolve(io.cwd, folder)).catch((): string[] =>
    refuse("a folder", "none there", "check the path"),
  );
  const name = names
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -5))
    .find((base) => names.includes(`${base}.safetensors`));
  if (name === undefined)
    return refuse(form, names.join(", ") || "an empty folder", "see fixtures/models/charlm");

  const info = await readJson(io, join(folder, `${name}.json`));
  const { architecture, vocab, passage, prompt } = info as {
    architecture?: Record<string, never>;
    vocab?: unknown;
    passage?: unknown;
    prompt?: unknown;
  };
  const {
    embedding: table,
    lstm,
    fc,
  } = (architecture ?? {}) as {
    embedding?: [number, number];
    lstm?: { input_size: number; hidden_size: number; num_layers: number };
    fc?: [number, number];
  };
  if (
    !table ||
    !lstm ||
    !fc ||
    !Array.isArray(vocab) ||
    typeof passage !== "string" ||
    typeof prompt !== "string"
  )
    return refuse(
      form,
      `${name}.json with ${Object.keys(info).join(", ")}`,
      "give architecture { embedding, lstm, fc }, vocab, passage and prompt",
    );
  if (vocab.length !== table[0])
    return refuse(
      `${table[0]} characters, as the embedding has rows`,
      `a vocab of ${vocab.length}`,
      "check that the two belong together",
    );

  const levels = Array.from({ length: lstm.num_layers }, (_, k) => `lstm_l${k}`);
  const model = spec({
    name,
    inputs: [input({ name: "ids", dtype: "int32", shape: [] })],
    layers: [
      embedding({ name: "embedding", input: "ids", inputSize: table[0], outputSize: table[1] }),
      ...levels.map((level, k) =>
        recurrent({
          name: level,
          input: levels[k - 1] ?? "embedding",
          cell: lstmCell({
            inputSize: k === 0 ? lstm.input_size : lstm.hidden_size,
            units: lstm.hidden_size,
            bias: "split",
          }),
        }),
      ),
      dense({ name: "fc", input: levels[levels.length - 1]!, inputSize: fc[0], units: fc[1] }),
    ],
  });
  const { tensors } = readSafetensors(await readBytes(io, join(folder, `${name}.safetensors`)));
  const { weights } = fromTorch(model, tensors as Readonly<Record<string, NamedTensor>>);
  const ids = new Map((vocab as string[]).map((character, id) => [character, id]));
  return {
    name,
    spec: model,
    weights,
    vocab: vocab as string[],
    passage,
    prompt,
    recorded: typeof info["mean_loglik"] === "number" ? info["mean_loglik"] : null,
    idsOf(text, place) {
      return Int32Array.from([...text], (character) => {
        const id = ids.get(character);
        if (id === undefined)
          throw unrollError({
            code: "UNROLL_ARGUMENT",
            place: place,
            expected: `characters that model "${name}" knows`,
            got: JSON.stringify(character),
            cure: `it knows ${(vocab as string[])
              .filter((c) => [...c].length === 1)
              .map((c) => (c === "\n" ? "\\n" : c))
              .join("")}`,
            details: { character },
          });
        return id;
      });
    },
  };
}
