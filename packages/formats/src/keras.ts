import { type Hdf5Object, isHdf5, openHdf5 } from "./hdf5/file.js";
import { field, jsonObject } from "./json.js";
import { refuse } from "./refuse.js";
import { bytesOf, type FileSource } from "./source.js";
import { namedTensors, type Tensors } from "./tensors.js";
import { isZip, openZip, type ZipFile } from "./zip.js";

/** Which of Keras's three forms a file has. */
export type KerasForm =
  /** A whole model of Keras 3: a zip file of configuration and weights. */
  | "keras"
  /** Weights of Keras 3, `NAME.weights.h5`. */
  | "weights.h5"
  /** A whole model, or weights, in the form of Keras 1 and 2, `NAME.h5`. */
  | "h5";

/** What a file of Keras holds. */
export interface KerasFile {
  /** Its form. */
  readonly form: KerasForm;
  /**
   * Weights by the names that the file has, as `fromKeras` takes them: `layers/lstm/cell/vars/0` in files of
   * Keras 3, `lstm/lstm/lstm_cell/kernel:0` in the older form, whose order is that of `get_weights()`. What
   * belongs to an optimizer comes too, under `optimizer/` or `optimizer_weights/`.
   */
  readonly tensors: Tensors;
  /** The configuration of the model, as JSON; null where the file has weights alone. */
  readonly configuration: Readonly<Record<string, unknown>> | null;
  /** The version of Keras that wrote it, e.g. `3.15.1`; null where the file does not say. */
  readonly version: string | null;
}

/**
 * Reads a file that Keras saved: `.keras`, `.weights.h5`, or `.h5` of Keras 2 and 3.
 *
 * @throws UNROLL_FORMAT for damaged files and for HDF5 files of a kind that Keras does not write
 */
export async function readKeras(source: FileSource): Promise<KerasFile> {
  const bytes = await bytesOf(source);
  return isZip(bytes) ? wholeModel(bytes) : hdf5(bytes, "keras file");
}

function wholeModel(bytes: Uint8Array): KerasFile {
  const place = "keras file";
  const zip = openZip(bytes, place);
  for (const name of ["config.json", "model.weights.h5"])
    if (!zip.names.includes(name))
      refuse(place, `${name} in the zip file`, zip.names.join(", "), "save it with model.save(path)");
  const { tensors } = hdf5(zip.read("model.weights.h5"), `${place} model.weights.h5`);
  return {
    form: "keras",
    tensors,
    configuration: jsonObject(`${place} config.json`, zip.read("config.json")),
    version: versionIn(zip, place),
  };
}

function versionIn(zip: ZipFile, place: string): string | null {
  if (!zip.names.includes("metadata.json")) return null;
  const found = field(jsonObject(`${place} metadata.json`, zip.read("metadata.json")), "keras_version");
  return typeof found === "string" ? found : null;
}

function hdf5(bytes: Uint8Array, place: string): KerasFile {
  if (!isHdf5(bytes)) refuse(place, "a zip file or an HDF5 file", "neither", "save it with model.save(path)");
  const root = openHdf5(bytes, place);
  const written = root.texts("model_config")?.[0];
  const configuration =
    written === undefined ? null : jsonObject(`${place} model_config`, new TextEncoder().encode(written));
  const version = root.texts("keras_version")?.[0] ?? null;
  const weights = root.members?.get("model_weights") ?? root;
  const { tensors, add } = namedTensors(place);
  const layers = listed(weights, "layer_names");
  if (layers !== null) {
    for (const layer of new Set(layers)) layerWeights(weights, layer, place, add);
    if (weights.members?.has(OWN)) layerWeights(weights, OWN, place, add);
    const rest = root.members?.get("optimizer_weights");
    if (rest) everyDataset(rest, "optimizer_weights", add);
    return { form: "h5", tensors, configuration, version };
  }
  everyDataset(root, "", add);
  return { form: "weights.h5", tensors, configuration, version };
}

/** The group of weights that a model has beside those of its layers. */
const OWN = "top_level_model_weights";

type Add = ReturnType<typeof namedTensors>["add"];

/**
 * Names that an attribute lists, or several where Keras split a list that is too long; null where there is
 * none of either.
 */
function listed(group: Hdf5Object, name: string): readonly string[] | null {
  const whole = group.texts(name);
  if (whole !== null) return whole;
  const all: string[] = [];
  for (let k = 0; ; k++) {
    const part = group.texts(`${name}${k}`);
    if (part === null) return k === 0 ? null : all;
    all.push(...part);
  }
}

/** Weights of one layer in the order that the file lists them in. */
function layerWeights(weights: Hdf5Object, layer: string, place: string, add: Add): void {
  const group = weights.members?.get(layer);
  if (!group?.members)
    return refuse(place, `a group of weights of layer "${layer}"`, "none", "save the model again");
  for (const name of listed(group, "weight_names") ?? []) {
    let dataset: Hdf5Object | undefined = group;
    for (const part of name.split("/")) dataset = dataset?.members?.get(part);
    if (!dataset || dataset.members)
      return refuse(place, `weights "${name}" of layer "${layer}"`, "none", "save the model again");
    add(`${layer}/${name}`, dataset.read());
  }
}

function everyDataset(object: Hdf5Object, path: string, add: Add): void {
  if (object.members === null) return add(path, object.read());
  for (const [name, member] of object.members)
    everyDataset(member, path === "" ? name : `${path}/${name}`, add);
}
