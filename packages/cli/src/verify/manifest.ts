import { dirname, join } from "node:path";
import { isUnrollError, unrollError } from "@unroll/api";
import { readSafetensors } from "@unroll/api/weights";
import { readBytes, readJson } from "../files.js";
import type { Io } from "../io.js";
import { kerasCases } from "./keras/keras-cases.js";
import type { KerasEntry } from "./keras/keras-entry.js";
import { onnxCase } from "./onnx/onnx-case.js";
import type { OnnxEntry } from "./onnx/onnx-entry.js";
import { readOnnxWeights } from "./onnx/onnx-weights.js";
import type { RecordedCase } from "./recorded.js";
import { recordedTensors } from "./recorded-tensors.js";
import { torchCase } from "./torch/torch-case.js";
import type { TorchEntry } from "./torch/torch-entry.js";

/** An entry of a manifest: cases ready to run, or why it can't be expressed. */
export interface LoadedEntry {
  readonly name: string;
  readonly cases: readonly RecordedCase[];
  readonly unsupported: string | null;
}

type Entry = TorchEntry | KerasEntry | OnnxEntry;

/**
 * Reads a manifest of recorded cases: modules of PyTorch and layers of Keras, as
 * `packages/api/recorder/record.py` writes them, or operators of ONNX.
 *
 * @throws UNROLL_FORMAT for a file of another form; an entry that can't be expressed is reported, not thrown
 */
export async function readManifest(
  io: Io,
  path: string,
  only: (name: string) => boolean,
): Promise<LoadedEntry[]> {
  const { cases } = await readJson(io, path);
  if (!Array.isArray(cases))
    throw unrollError({
      code: "UNROLL_FORMAT",
      place: `manifest "${path}"`,
      expected: "a list of cases",
      got: typeof cases,
      cure: "write it with record.py",
      details: { path },
    });
  const loaded: LoadedEntry[] = [];
  for (const [index, value] of (cases as unknown[]).entries()) {
    const entry = entryOf(value, `manifest "${path}" case ${index}`);
    if (only(entry.name)) loaded.push(await load(io, dirname(path), entry));
  }
  return loaded;
}

function entryOf(value: unknown, place: string): Entry {
  const entry = value as Entry | null;
  const isOperator = entry !== null && typeof entry === "object" && "op" in entry;
  if (
    typeof entry?.name !== "string" ||
    !(isOperator || (typeof entry.file === "string" && ("module" in entry || "layer" in entry)))
  )
    throw unrollError({
      code: "UNROLL_FORMAT",
      place,
      expected: "name, file, and module or layer, or name and op",
      got: JSON.stringify(value)?.slice(0, 60),
      cure: "write it with record.py",
    });
  return entry;
}

/** Makes the cases of an entry ready, or says why it can't be expressed. */
async function load(io: Io, folder: string, entry: Entry): Promise<LoadedEntry> {
  try {
    return { name: entry.name, cases: await casesOf(io, folder, entry), unsupported: null };
  } catch (error) {
    if (!isUnrollError(error) || error.code !== "UNROLL_UNSUPPORTED") throw error;
    return { name: entry.name, cases: [], unsupported: error.message };
  }
}

async function casesOf(io: Io, folder: string, entry: Entry): Promise<RecordedCase[]> {
  const file = "op" in entry ? `${entry.name}.safetensors` : entry.file;
  const { tensors } = readSafetensors(await readBytes(io, join(folder, file)));
  const place = `case "${entry.name}"`;
  if ("layer" in entry) return kerasCases(entry, (variant) => recordedTensors(variant, tensors));
  const recorded = recordedTensors(place, tensors);
  if ("module" in entry) return [torchCase(entry, recorded, place)];
  const weights = await readOnnxWeights(io, join(folder, `${entry.name}.onnx`));
  return [onnxCase(entry, recorded, weights, place)];
}
