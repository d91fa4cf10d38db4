import { dirname } from "node:path";
import { isUnrollError, type UnrollError, unrollError, type UnrollErrorCode } from "@unroll/api";
import { readSafetensors } from "@unroll/api/weights";
import { readBytes, readJson } from "../files.js";
import type { Io } from "../io.js";
import { fileInside } from "../json/inside.js";
import { list, object } from "../json/form.js";
import { limits } from "../json/limits.js";
import { cellCase } from "./cell/cell-case.js";
import { type Entry, entryOf } from "./entry.js";
import { kerasCases } from "./keras/keras-cases.js";
import { onnxCase } from "./onnx/onnx-case.js";
import { readOnnxWeights } from "./onnx/onnx-weights.js";
import type { RecordedCase } from "./recorded.js";
import { recordedTensors } from "./recorded-tensors.js";
import { specCase } from "./spec/spec-case.js";
import { torchCase } from "./torch/torch-case.js";
import { torchGradientCase } from "./torch/torch-gradients.js";

/** An entry of a manifest: cases ready to run, or why it can't be expressed. */
export interface LoadedEntry {
  readonly name: string;
  readonly cases: readonly RecordedCase[];
  readonly unsupported: string | null;
}

const form = object({ cases: list(entryOf, 1, limits.cases) });

/**
 * Reads a manifest of recorded cases: modules of PyTorch and layers of Keras, as
 * `packages/api/recorder/record.py` writes them, operators of ONNX, cells of `@unroll/api/cells`, or whatever
 * a spec says. Its whole form is checked first.
 *
 * @param gradients take the recorded gradients, and only cases that have them
 * @throws UNROLL_FORMAT for a file of another form; an entry that can't be expressed is reported, not thrown
 */
export async function readManifest(
  io: Io,
  path: string,
  only: (name: string) => boolean,
  gradients = false,
): Promise<LoadedEntry[]> {
  const place = { file: `manifest "${path}"`, path: "", cure: "write it with record.py" };
  const { cases } = form(await readJson(io, path), place);
  const loaded: LoadedEntry[] = [];
  for (const [index, one] of cases.entries())
    if (only(one.entry.name) && (!gradients || hasGradients(one)))
      loaded.push(await load(io, dirname(path), one, `${place.file} cases[${index}]`, gradients));
  return loaded;
}

/**
 * Makes the cases of an entry ready, or says why it can't be expressed.
 *
 * @param place the entry, as errors about its files name it
 */
async function load(
  io: Io,
  folder: string,
  one: Entry,
  place: string,
  gradients: boolean,
): Promise<LoadedEntry> {
  const { name } = one.entry;
  try {
    return { name, cases: await casesOf(io, folder, one, place, gradients), unsupported: null };
  } catch (error) {
    if (!isUnrollError(error)) throw error;
    if (error.code === "UNROLL_UNSUPPORTED") return { name, cases: [], unsupported: error.message };
    throw ownCodes.includes(error.code) ? error : misfit(place, error);
  }
}

/** What is wrong with the recording or with this installation, said by the code that reads it. */
const ownCodes: readonly UnrollErrorCode[] = ["UNROLL_FORMAT", "UNROLL_CONFIG"];

/** What a layer refuses, its options or its weights, came out of the manifest and its files. */
const misfit = (place: string, cause: UnrollError): UnrollError =>
  unrollError({
    code: "UNROLL_FORMAT",
    place,
    expected: "an entry and tensors that make a layer",
    got: `${cause.code} ${cause.message}`,
    cure: "record the case again",
    details: cause.details,
    cause,
  });

/** Whether gradients were recorded of it. */
const hasGradients = (one: Entry): boolean => one.kind === "torch" && one.entry.gradients === true;

async function casesOf(
  io: Io,
  folder: string,
  one: Entry,
  place: string,
  gradients: boolean,
): Promise<RecordedCase[]> {
  const { name } = one.entry;
  const file = one.kind === "onnx" ? `${name}.safetensors` : one.entry.file;
  const { tensors } = readSafetensors(await readBytes(io, await fileInside(io, folder, file, place)));
  const about = `case "${name}"`;
  switch (one.kind) {
    case "torch": {
      const made = gradients ? torchGradientCase : torchCase;
      return [made(one.entry, recordedTensors(about, tensors), about)];
    }
    case "keras":
      return kerasCases(one.entry, (variant) => recordedTensors(variant, tensors));
    case "spec":
      return [specCase(one.entry, recordedTensors(about, tensors))];
    case "cell":
      return [cellCase(one.entry, recordedTensors(about, tensors))];
    case "onnx": {
      const weights = await readOnnxWeights(io, await fileInside(io, folder, `${name}.onnx`, place));
      return [onnxCase(one.entry, recordedTensors(about, tensors), weights, about)];
    }
    default:
      return one satisfies never;
  }
}
