import type { AnyTensor } from "@unroll/api/weights";
import { readInitializers } from "@unroll/formats";
import { readBytes } from "../../files.js";
import type { Io } from "../../io.js";

/** Weights of an ONNX file. */
export const readOnnxWeights = async (io: Io, path: string): Promise<Readonly<Record<string, AnyTensor>>> =>
  readInitializers(await readBytes(io, path));
