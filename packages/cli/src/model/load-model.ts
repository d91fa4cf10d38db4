import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { unrollError } from "@unroll/api";
import { fromTorch, readSafetensors } from "@unroll/api/weights";
import { readBytes, readJson } from "../files.js";
import type { Io } from "../io.js";
import { fileInside } from "../json/inside.js";
import { type CharacterModel, idsIn } from "./character-model.js";
import { type ModelDescription, modelDescription } from "./model-description.js";
import { modelSpec } from "./model-spec.js";

/** Loads a model folder: NAME.json beside NAME.safetensors. @throws UNROLL_FORMAT, UNROLL_WEIGHTS */
export async function loadModel(io: Io, folder: string): Promise<CharacterModel> {
  const place = `model "${folder}"`;
  const name = await nameIn(io, folder, place);
  const json = await readJson(io, await fileInside(io, folder, `${name}.json`, place));
  const description = modelDescription(json, {
    file: `${place} ${name}.json`,
    path: "",
    cure: "give architecture { embedding, lstm, fc }, vocab, passage and prompt",
  });
  const { architecture, vocab, passage, prompt, mean_loglik: recorded } = description;
  checkSizes(description, place);
  const bytes = await readBytes(io, await fileInside(io, folder, `${name}.safetensors`, place));
  const spec = modelSpec(name, architecture);
  const { weights } = fromTorch(spec, readSafetensors(bytes).tensors);
  const idsOf = idsIn(vocab, name);
  return { name, spec, weights, vocab, passage, prompt, recorded: recorded ?? null, idsOf };
}

/** The first NAME of which the folder has both files. */
async function nameIn(io: Io, folder: string, place: string): Promise<string> {
  const refuse = (expected: string, got: string, cure: string): never => {
    throw unrollError({ code: "UNROLL_FORMAT", place, expected, got, cure, details: { folder } });
  };
  const files = await readdir(resolve(io.cwd, folder)).catch((): string[] =>
    refuse("a folder", "none there", "check the path"),
  );
  const name = files
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .find((base) => files.includes(`${base}.safetensors`));
  return (
    name ??
    refuse(
      "NAME.json (architecture, vocab, passage, prompt) beside NAME.safetensors",
      files.join(", ") || "an empty folder",
      "see fixtures/models/charlm",
    )
  );
}

/** Each part's outputs are the next one's inputs, and ids go in at one end and come out at the other. */
function checkSizes({ vocab, architecture }: ModelDescription, place: string): void {
  const { embedding, lstm, fc } = architecture;
  const characters = vocab.length === embedding[0] && vocab.length === fc[1];
  if (characters && embedding[1] === lstm.input_size && lstm.hidden_size === fc[0]) return;
  throw unrollError({
    code: "UNROLL_FORMAT",
    place,
    expected: `${embedding[0]} characters, as the embedding has rows, and sizes that follow from one another`,
    got:
      `a vocab of ${vocab.length}, embedding [${embedding.join(", ")}], ` +
      `lstm ${lstm.input_size} to ${lstm.hidden_size}, fc [${fc.join(", ")}]`,
    cure: "check that they belong together",
  });
}
