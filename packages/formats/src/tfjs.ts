import { halfToFloat32, type NamedTensor, type StoredDType } from "@unroll/api/weights";
import { field, isObject, jsonObject } from "./json.js";
import { DAMAGED, refuse } from "./refuse.js";
import { bytesOf, type FileSource, joined } from "./source.js";
import { elementCount, elementTypes, namedTensors, tensorOf, type Tensors } from "./tensors.js";

/** What gives the bytes of a shard, by its name in `model.json`: `group1-shard1of2.bin`. */
export type Shards = (name: string) => FileSource | Promise<FileSource>;

/** What a `model.json` of TensorFlow.js and its shards hold. */
export interface TfjsFile {
  /** Whether it is a model of layers or a graph of operations. */
  readonly form: "layers-model" | "graph-model";
  /** Weights by name, in the order of the manifest; quantised ones are as TensorFlow.js reads them. */
  readonly tensors: Tensors;
  /** The configuration of a model of layers; null where the file has none, and for a graph. */
  readonly configuration: Readonly<Record<string, unknown>> | null;
}

const dtypes: ReadonlyMap<string, StoredDType> = /* @__PURE__ */ new Map<string, StoredDType>([
  ["float32", "F32"],
  ["int32", "I32"],
  ["bool", "BOOL"],
]);
const quantised: ReadonlyMap<string, StoredDType> = /* @__PURE__ */ new Map<string, StoredDType>([
  ["uint8", "U8"],
  ["uint16", "U16"],
  ["float16", "F16"],
]);

/**
 * Reads a model that TensorFlow.js saved, or that its converter made of one of Keras: `model.json` and the
 * shards that it names.
 *
 * @param shards called with each name once, in order; names that leave the folder of `model.json` are refused
 *   before
 * @throws UNROLL_FORMAT for damaged files, and texts and complex numbers among the weights
 */
export async function readTfjs(model: FileSource, shards: Shards): Promise<TfjsFile> {
  const place = "tfjs model.json";
  const json = jsonObject(place, await bytesOf(model));
  const groups = field(json, "weightsManifest");
  if (!Array.isArray(groups))
    return refuse(place, "a weightsManifest", typeof groups, "save it with model.save(...) of TensorFlow.js");
  const { tensors, add } = namedTensors("tfjs weights");
  for (const group of groups as unknown[]) {
    const paths = list(place, group, "paths").map((path) => shardName(place, path));
    const weights = list(place, group, "weights").map(describedWeight);
    const pieces: Uint8Array[] = [];
    for (const path of paths) pieces.push(await bytesOf(await shards(path)));
    eachWeight(weights, joined(pieces), paths.join(", "), add);
  }
  const topology = field(json, "modelTopology");
  const graph = field(json, "format") === "graph-model" || field(topology, "node") !== undefined;
  return {
    form: graph ? "graph-model" : "layers-model",
    tensors,
    configuration: !graph && isObject(topology) ? topology : null,
  };
}

function list(place: string, group: unknown, name: string): unknown[] {
  const found = field(group, name);
  return Array.isArray(found)
    ? (found as unknown[])
    : refuse(place, `a list of ${name}`, typeof found, DAMAGED);
}

/** A name that stays in the folder of `model.json`: it may become part of an address or of a path. */
function shardName(place: string, name: unknown): string {
  if (
    typeof name === "string" &&
    /^[\w][\w .()@+=,-]*(\/[\w][\w .()@+=,-]*)*$/.test(name) &&
    name.length < 256
  )
    return name;
  return refuse(
    place,
    "names of shards inside of its folder",
    typeof name === "string" ? `"${name}"` : typeof name,
    "write names such as group1-shard1of1.bin",
  );
}

interface Described {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: StoredDType;
  readonly quantisation: {
    readonly stored: StoredDType;
    readonly scale: number;
    readonly min: number;
  } | null;
}

function describedWeight(weight: unknown): Described {
  const name = field(weight, "name");
  const shape = field(weight, "shape");
  if (typeof name !== "string" || !Array.isArray(shape))
    return refuse("tfjs model.json", "a weight with name and shape", typeof name, DAMAGED);
  const place = `tfjs weights "${name}"`;
  const type = field(weight, "dtype");
  const dtype = typeof type === "string" ? dtypes.get(type) : undefined;
  if (dtype === undefined)
    return refuse(
      place,
      `a dtype among ${[...dtypes.keys()].join(", ")}`,
      `${typeof type === "string" ? type : typeof type}`,
      "convert it before it is saved",
    );
  elementCount(place, shape as number[]);
  const how = field(weight, "quantization");
  return {
    name,
    shape: shape as number[],
    dtype,
    quantisation: how === undefined || how === null ? null : quantisation(place, how, dtype),
  };
}

function quantisation(place: string, how: unknown, dtype: StoredDType): Described["quantisation"] {
  const type = field(how, "dtype");
  const stored = typeof type === "string" ? quantised.get(type) : undefined;
  if (stored === undefined || dtype === "BOOL" || (stored === "F16" && dtype !== "F32"))
    return refuse(
      place,
      `quantisation to ${[...quantised.keys()].join(", ")}`,
      typeof type === "string" ? `${type} of ${dtype}` : typeof type,
      "save it without quantisation",
    );
  if (stored === "F16") return { stored, scale: 1, min: 0 };
  const [scale, min] = [field(how, "scale"), field(how, "min")];
  return Number.isFinite(scale) && Number.isFinite(min)
    ? { stored, scale: scale as number, min: min as number }
    : refuse(place, "quantisation with scale and min", `${typeof scale}, ${typeof min}`, DAMAGED);
}

/** The weights of a group lie one after the other in its shards, without a gap. */
function eachWeight(
  weights: readonly Described[],
  bytes: Uint8Array,
  shards: string,
  add: (name: string, tensor: NamedTensor) => void,
): void {
  let at = 0;
  for (const { name, shape, dtype, quantisation } of weights) {
    const place = `tfjs weights "${name}"`;
    const stored = quantisation?.stored ?? dtype;
    const end = at + elementCount(place, shape) * elementTypes[stored].bytes;
    if (end > bytes.length)
      refuse(place, `bytes ${at} to ${end} of ${shards}`, `${bytes.length} bytes`, DAMAGED);
    const tensor = tensorOf(place, stored, shape, bytes.subarray(at, end));
    add(name, quantisation ? dequantised(tensor, dtype, quantisation) : tensor);
    at = end;
  }
  if (at !== bytes.length) refuse(`tfjs weights of ${shards}`, `${at} bytes`, `${bytes.length}`, DAMAGED);
}

/** As `decodeWeights` of TensorFlow.js 4.22 (`io/io_utils.ts`): scale times value plus min, in float64. */
function dequantised(
  { dtype: stored, shape, data }: NamedTensor,
  dtype: StoredDType,
  { scale, min }: { scale: number; min: number },
): NamedTensor {
  const raw = data as Uint8Array | Uint16Array;
  if (stored === "F16") return { dtype: "F32", shape, data: halfToFloat32("F16", raw as Uint16Array) };
  return dtype === "I32"
    ? { dtype: "I32", shape, data: Int32Array.from(raw, (value) => Math.round(value * scale + min)) }
    : { dtype: "F32", shape, data: Float32Array.from(raw, (value) => value * scale + min) };
}
