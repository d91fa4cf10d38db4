import { knownOptions, unrollError } from "@unroll/api/adapter";
import { readSafetensors } from "@unroll/api/weights";
import type { KerasForm } from "./keras.js";
import { refuse } from "./refuse.js";
import { bytesOf, type FileSource, type Progress } from "./source.js";
import type { Tensors } from "./tensors.js";
import type { Shards } from "./tfjs.js";

/** Formats of files that hold weights. */
export type WeightsFormat = "safetensors" | "pytorch" | "npz" | "npy" | "onnx" | KerasForm | "tfjs";

/** Every format by name. */
export const weightsFormats = [
  "safetensors",
  "pytorch",
  "npz",
  "npy",
  "onnx",
  "keras",
  "weights.h5",
  "h5",
  "tfjs",
] as const satisfies readonly WeightsFormat[];

/** Options of {@link readWeights}. */
export interface ReadOptions {
  /** The format that the file has to have. Default: whichever its first bytes show. */
  readonly format?: WeightsFormat;
  /** Which part of a checkpoint of PyTorch to read; see {@link PyTorchOptions}. Default: all. */
  readonly select?: string;
  /** What gives the shards of a `model.json` of TensorFlow.js, which needs it. */
  readonly shards?: Shards;
  /** Called as the file arrives. */
  readonly progress?: Progress;
}

/** What a file holds. */
export interface WeightsFile {
  /** The format it turned out to have. */
  readonly format: WeightsFormat;
  /** Tensors by the names that the file has. */
  readonly tensors: Tensors;
  /** What model it is, as Keras and TensorFlow.js write that; null where the file does not say. */
  readonly configuration: Readonly<Record<string, unknown>> | null;
}

/**
 * Reads the tensors of a file of any format, which its contents tell; what reads a format is loaded when the
 * first file of it comes.
 *
 * @throws UNROLL_FORMAT for a file of no known format or of another one than `format`, and as the reader of
 *   the format; UNROLL_ARGUMENT for options that there are none of, and for `select` with another format
 */
export async function readWeights(source: FileSource, options: ReadOptions = {}): Promise<WeightsFile> {
  knownOptions("readWeights", options, ["format", "select", "shards", "progress"]);
  const bytes = await bytesOf(source, options.progress);
  const found = await formatOf(bytes);
  if (options.select !== undefined && found !== "pytorch")
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "readWeights",
      expected: "select for a file of PyTorch",
      got: `a file of format ${found}`,
      cure: "leave it out and choose among the tensors by name",
    });
  const read = await readers[found](bytes, options);
  if (options.format !== undefined && options.format !== read.format)
    refuse("file", `the format ${options.format}`, read.format, "leave the format out, or check the file");
  return read;
}

type Kind = "safetensors" | "pytorch" | "npz" | "npy" | "onnx" | "keras" | "tfjs";
type Read = (bytes: Uint8Array, options: ReadOptions) => Promise<WeightsFile>;

const plain = (format: WeightsFormat, tensors: Tensors): WeightsFile => ({
  format,
  tensors,
  configuration: null,
});

const readers: Readonly<Record<Kind, Read>> = {
  safetensors: async (bytes) => {
    const { tensors } = readSafetensors(bytes);
    return Promise.resolve(plain("safetensors", Object.assign(Object.create(null), tensors) as Tensors));
  },
  pytorch: async (bytes, { select }) => {
    const { readPyTorch } = await import("./pytorch.js");
    return plain("pytorch", await readPyTorch(bytes, select === undefined ? {} : { select }));
  },
  npz: async (bytes) => plain("npz", await (await import("./numpy.js")).readNpz(bytes)),
  npy: async (bytes) => {
    const tensors = Object.create(null) as Tensors;
    tensors["array"] = await (await import("./numpy.js")).readNpy(bytes);
    return plain("npy", tensors);
  },
  onnx: async (bytes) => {
    const { readInitializers } = await import("./onnx-initializers.js");
    return plain("onnx", readInitializers(bytes) as Tensors);
  },
  keras: async (bytes) => {
    const { form, tensors, configuration } = await (await import("./keras.js")).readKeras(bytes);
    return { format: form, tensors, configuration };
  },
  tfjs: async (bytes, { shards }) => {
    if (!shards)
      return refuse(
        "tfjs model.json",
        "its shards",
        "none",
        "give what reads them: { shards: (name) => fetch(new URL(name, address)) }",
      );
    const { tensors, configuration } = await (await import("./tfjs.js")).readTfjs(bytes, shards);
    return { format: "tfjs", tensors, configuration };
  },
};

const begins = (bytes: Uint8Array, start: readonly number[]): boolean =>
  start.every((byte, k) => bytes[k] === byte);

/** What the contents show. @throws UNROLL_FORMAT for what shows nothing */
async function formatOf(bytes: Uint8Array): Promise<Kind> {
  if (begins(bytes, [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59])) return "npy";
  if (begins(bytes, [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a])) return "keras";
  if (begins(bytes, [0x50, 0x4b])) return zipKind(bytes);
  if (bytes[0] === 0x80 && bytes[2] === 0x8a && bytes[3] === 0x0a) return "pytorch";
  // The length of a header of less than 2 ** 32 bytes, then its first brace.
  if (bytes.length >= 10 && bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0))
    return "safetensors";
  if (/^\s*\{/.test(new TextDecoder().decode(bytes.subarray(0, 64)))) return "tfjs";
  // The fields of a ModelProto that come first: ir_version, producer_name; then graph and opset_import, whose
  // first bytes are ":" and "B", as those of a text may be.
  const [first = 0] = bytes;
  if ([0x08, 0x12].includes(first)) return "onnx";
  if ([0x3a, 0x42].includes(first) && (await import("./onnx-initializers.js")).isModelProto(bytes))
    return "onnx";
  return refuse(
    "file",
    `one of the formats ${weightsFormats.join(", ")}`,
    bytes.length === 0 ? "an empty file" : `first bytes ${[...bytes.subarray(0, 8)].join(" ")}`,
    "convert it with safetensors.torch.save_file(state_dict, path)",
  );
}

async function zipKind(bytes: Uint8Array): Promise<Kind> {
  const { openZip } = await import("./zip.js");
  const { names } = openZip(bytes, "zip file");
  if (names.some((name) => /(^|\/)data\.pkl$/.test(name))) return "pytorch";
  if (names.includes("config.json")) return "keras";
  if (names.some((name) => name.endsWith(".npy"))) return "npz";
  return refuse(
    "zip file",
    "data.pkl of PyTorch, config.json of Keras, or arrays of NumPy in it",
    names.slice(0, 8).join(", ") || "nothing",
    "unpack it and read the file that has the weights",
  );
}
