import { dirname, join } from "node:path";
import { isUnrollError, unrollError } from "@unroll/api";
import { type AnyTensor, type NamedTensor, readSafetensors } from "@unroll/api/weights";
import { readBytes, readJson } from "../files.js";
import type { Io } from "../io.js";
import { type KerasEntry, kerasCases } from "./keras-case.js";
import { type OnnxEntry, onnxCase } from "./onnx-case.js";
import type { RecordedCase } from "./recorded.js";
import { type TorchEntry, torchCase } from "./torch-case.js";

/** An entry of a manifest: cases ready to run, or why it can't be expressed. */
export interface LoadedEntry {
  readonly name: string;
  readonly cases: readonly RecordedCase[];
  readonly unsupported: string | null;
}

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
  for (const entry of cases as readonly (TorchEntry | KerasEntry | OnnxEntry)[]) {
    const isOperator = entry !== null && typeof entry === "object" && "op" in entry;
    if (
      typeof entry?.name !== "string" ||
      !(isOperator || (typeof entry.file === "string" && ("module" in entry || "layer" in entry)))
    ) {
      throw unrollError({
        code: "UNROLL_FORMAT",
        place: `manifest "${path}" case ${loaded.length}`,
        expected: "name, file, and module or layer, or name and op",
        got: JSON.stringify(entry)?.slice(0, 60),
        cure: "write it with record.py",
        details: { path },
      });
    }
    if (!only(entry.name)) continue;
    const tensors = readSafetensors(
      await readBytes(
        io,
        join(
          dirname(path),
          isOperator ? `${entry.name}.safetensors` : (entry as TorchEntry | KerasEntry).file,
        ),
      ),
    ).tensors as Readonly<Record<string, NamedTensor>>;
    try {
      const cases =
        "module" in entry
          ? [torchCase(entry, tensors)]
          : "layer" in entry
            ? kerasCases(entry, tensors)
            : [onnxCase(entry, tensors, await initializersOf(io, join(dirname(path), `${entry.name}.onnx`)))];
      loaded.push({ name: entry.name, cases, unsupported: null });
    } catch (error) {
      if (!isUnrollError(error) || error.code !== "UNROLL_UNSUPPORTED") throw error;
      loaded.push({ name: entry.name, cases: [], unsupported: error.message });
    }
  }
  return loaded;
}

/** Weights of an ONNX file. Its reader comes with the adapter, which this command may do without. */
async function initializersOf(io: Io, path: string): Promise<Readonly<Record<string, AnyTensor>>> {
  const bytes = await readBytes(io, path);
  let reader: { readInitializers(bytes: Uint8Array): Readonly<Record<string, AnyTensor>> };
  try {
    reader = await import("@unroll/adapter-onnx");
  } catch (cause) {
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: `file "${path}"`,
      expected: "package @unroll/adapter-onnx, which reads it",
      got: "none",
      cure: "install it",
      details: { path },
      cause,
    });
  }
  return reader.readInitializers(bytes);
}
