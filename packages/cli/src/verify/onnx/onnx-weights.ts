import { unrollError } from "@unroll/api";
import type { AnyTensor } from "@unroll/api/weights";
import { readBytes } from "../../files.js";
import type { Io } from "../../io.js";

/** Weights of an ONNX file. Its reader comes with the adapter, which this command may do without. */
export async function readOnnxWeights(io: Io, path: string): Promise<Readonly<Record<string, AnyTensor>>> {
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
