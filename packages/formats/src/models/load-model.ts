import { type Adapter, knownOptions, unrollError } from "@unroll/api/adapter";
import { type CustomObjects, type KerasModel, modelFromJson } from "@unroll/api/keras";
import { modelFromJson as modelFromTfjsJson } from "@unroll/api/tfjs";
import type { AnyTensor } from "@unroll/api/weights";
import { field } from "../json.js";
import { refuse } from "../refuse.js";
import { bytesOf, type FileSource, type Progress } from "../source.js";
import type { Tensors } from "../tensors.js";
import type { Shards } from "../tfjs.js";
import { tfjsNames } from "./tfjs-names.js";

/** Options of {@link loadModel}. */
export interface LoadModelOptions {
  /**
   * What makes layers and cells of classes of your own, by name; see `modelFromJson` of `@unroll/api/keras`.
   */
  readonly customObjects?: CustomObjects;
  /** What gives the shards of a `model.json` of TensorFlow.js, which needs it. No other file has any. */
  readonly shards?: Shards;
  /** Called as the file arrives. */
  readonly progress?: Progress;
  /** The engine that the model runs on. Default `builtin()`; `to` of the model chooses another later. */
  readonly adapter?: Adapter;
}

/**
 * A whole model out of the file that Keras or TensorFlow.js saved it in, with its weights: `.keras`, `.h5` of
 * Keras 2 and 3, or `model.json` with its shards, whose layers have TensorFlow.js's numbers. Stateful layers
 * are stateful here. What an optimizer and metrics kept is not read into it.
 *
 * @throws UNROLL_FORMAT for damaged files and for files of weights alone; UNROLL_UNSUPPORTED listing every
 *   layer that there is none of, for an option or a value that is not there, and for a graph of
 *   TensorFlow.js; UNROLL_WEIGHTS for weights that are not those of the model; UNROLL_ARGUMENT for options
 *   that there are none of
 */
export async function loadModel(source: FileSource, options: LoadModelOptions = {}): Promise<KerasModel> {
  knownOptions("loadModel", options, ["customObjects", "shards", "progress", "adapter"]);
  const bytes = await bytesOf(source, options.progress);
  const isJson = /^\s*\{/.test(new TextDecoder().decode(bytes.subarray(0, 64)));
  const model = isJson ? await ofTfjs(bytes, options) : await ofKeras(bytes, options);
  return options.adapter ? model.to(options.adapter) : model;
}

async function ofKeras(bytes: Uint8Array, { customObjects }: LoadModelOptions): Promise<KerasModel> {
  const { readKeras } = await import("../keras.js");
  const { form, configuration, version, tensors } = await readKeras(bytes);
  if (configuration === null)
    return refuse(
      "keras file",
      "a whole model",
      "weights alone",
      "build the model with @unroll/api/keras and give it readKeras(file).tensors by loadWeights",
    );
  const model = modelFromJson(configuration, {
    ...(customObjects !== undefined && { customObjects }),
    ...(version !== null && { kerasVersion: version }),
  });
  return withWeights(model, without(tensors, form === "h5" ? besideInH5 : besideInKeras));
}

async function ofTfjs(bytes: Uint8Array, { customObjects, shards }: LoadModelOptions): Promise<KerasModel> {
  const place = "tfjs model.json";
  if (!shards)
    return refuse(
      place,
      "its shards",
      "none",
      "give what reads them: { shards: (name) => fetch(new URL(name, address)) }",
    );
  const { readTfjs } = await import("../tfjs.js");
  const { form, configuration, tensors } = await readTfjs(bytes, shards);
  if (configuration === null) {
    const graph = form === "graph-model";
    throw unrollError({
      code: graph ? "UNROLL_UNSUPPORTED" : "UNROLL_FORMAT",
      place,
      expected: "a model of layers",
      got: graph ? "a graph of operations" : "weights alone",
      cure: "convert it with --output_format=tfjs_layers_model, or save the model itself as .keras",
    });
  }
  const given = customObjects === undefined ? {} : { customObjects };
  // The converter writes models of Keras 3 as well, which say where their classes are defined.
  const modern = field(field(configuration, "model_config") ?? configuration, "module") !== undefined;
  if (modern) return withWeights(modelFromJson(configuration, given), tensors);
  const model = modelFromTfjsJson(configuration, given);
  const names = model.weightSpecs.map(({ name }) => name);
  const own = new Map(tfjsNames(names).map((there, k) => [there, names[k]!] as const));
  const renamed = Object.entries(tensors).map(([name, one]) => {
    const ours = own.get(name) ?? name;
    // One under each name is one too many, which the model refuses.
    return [Object.hasOwn(tensors, ours) ? name : ours, one] as const;
  });
  return withWeights(model, Object.fromEntries(renamed));
}

/** What `.keras` holds beside the weights of layers: what trained them, and states of random numbers. */
const besideInKeras = /^(optimizer|metrics|compile_metrics|_?loss_tracker)\/|\/seed_generator\w*\/vars\/\d+$/;
/** The same in the older form, where it has a group of its own. */
const besideInH5 = /^optimizer_weights\//;

function without(tensors: Tensors, beside: RegExp): Tensors {
  const own = Object.create(null) as Tensors;
  for (const [name, one] of Object.entries(tensors)) if (!beside.test(name)) own[name] = one;
  return own;
}

function withWeights(model: KerasModel, tensors: Readonly<Record<string, AnyTensor>>): KerasModel {
  model.loadWeights(tensors);
  return model;
}
