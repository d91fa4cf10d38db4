import { unrollError } from "../contract/error.js";
import { isRecord, kindOf } from "../contract/kind.js";
import { knownOptions } from "../contract/known-options.js";
import { shown } from "../contract/shown.js";
import { camel, type Config, optionsIn, recordOf, refuseConfig } from "./config-options.js";
import { cellMakers, layerMakers } from "./config-layers.js";
import { ConfigReader, type CustomObjects, type Dialect } from "./config-reader.js";
import type { KerasModel } from "./keras-model.js";

export type { CustomObject, CustomObjects } from "./config-reader.js";

/** Options of {@link modelFromJson}. */
export interface ModelFromJsonOptions {
  /**
   * What makes layers and cells of classes of your own, by the class's name: of a layer's configuration a
   * layer, of a cell's, and the size of what it reads, a cell.
   */
  readonly customObjects?: CustomObjects;
  /**
   * The version that wrote the JSON, `3.15.1` say, where the file that it comes from says so. Default: what
   * it says itself, or what its form tells.
   */
  readonly kerasVersion?: string;
}

/**
 * Keras's classes as Keras 3 means them, or as Keras 2 does: its `hard_sigmoid` has slope 1/5, its recurrent
 * layers keep a mask beside a given state.
 */
const dialectOf = (two: boolean): Dialect => ({
  layers: layerMakers,
  cells: cellMakers,
  two,
  countsModels: two,
  options(place, config) {
    const options = optionsIn(place, config);
    if (!two) return options;
    for (const [key, value] of Object.entries(options))
      if (/activation$/i.test(key) && typeof value === "string" && camel(value) === "hardSigmoid")
        options[key] = "hard_sigmoid_keras2";
    return options;
  },
});

/** Deeper than the JSON of models, and of programs in it, is nested; a circle goes on. */
const DEEPEST = 128;

const isDeeper = (value: unknown, than: number): boolean =>
  typeof value === "object" &&
  value !== null &&
  (than === 0 || Object.values(value).some((one) => isDeeper(one, than - 1)));

/** What a file holds of a model, without what stands around it. @throws UNROLL_FORMAT for what is no model */
export function modelOf(place: string, json: unknown): Config {
  let parsed: unknown = json;
  if (typeof json === "string")
    try {
      parsed = JSON.parse(json);
    } catch (cause) {
      throw unrollError({
        code: "UNROLL_FORMAT",
        place,
        expected: "JSON",
        got: shown(json),
        cure: "read the file first: it is no path",
        cause,
      });
    }
  if (isDeeper(parsed, DEEPEST))
    refuseConfig(place, `what is nested ${DEEPEST} deep at most`, "deeper ones", "give what to_json() wrote");
  return within(place, parsed);
}

function within(place: string, parsed: unknown): Config {
  if (!isRecord(parsed))
    return refuseConfig(
      place,
      "what to_json() wrote, a text or an object",
      kindOf(parsed),
      "read it from a file",
    );
  const { modelTopology, model_config: config } = parsed;
  // What stands around it may say by which version it was written.
  const inner = modelTopology ?? config;
  return inner === undefined ? parsed : { keras_version: parsed["keras_version"], ...within(place, inner) };
}

/** The version that says itself, or that the form tells: Keras 3 says where a class is defined. */
function versionOf(root: Config): string {
  const { keras_version: version, module } = root;
  if (typeof version === "string") return version;
  const { layers = [] } = recordOf("modelFromJson", root["config"]) as { readonly layers?: unknown };
  const modern = (one: unknown): boolean =>
    isRecord(one) &&
    ("module" in one ||
      (isRecord(one["config"]) && (isRecord(one["config"]["dtype"]) || "batch_shape" in one["config"])));
  return module !== undefined || (Array.isArray(layers) && layers.some(modern)) ? "3" : "2";
}

/**
 * A model out of Keras's JSON, `model.to_json()` of Keras 3 or 2, without weights: `setWeights` takes those
 * in the order of `get_weights()`. What matters to training alone is kept and has no effect.
 *
 * @param json the text, or the object that it is
 * @throws UNROLL_FORMAT for what is no such JSON; UNROLL_UNSUPPORTED listing every layer that there is none
 * of,   and for an option or a value that is not there; whatever making the layers throws
 */
export function modelFromJson(json: string | object, options: ModelFromJsonOptions = {}): KerasModel {
  const place = "modelFromJson";
  knownOptions(place, options, ["customObjects", "kerasVersion"]);
  const root = modelOf(place, json);
  const version: unknown = options.kerasVersion ?? versionOf(root);
  if (typeof version !== "string")
    return refuseConfig(`${place} kerasVersion`, "a text", version, 'e.g. "3.15.1"');
  if (version.startsWith("tfjs"))
    refuseConfig(
      place,
      "a model of Keras",
      `one of ${version}, whose layers have other defaults`,
      "use modelFromJson of @unroll/api/tfjs",
      "UNROLL_UNSUPPORTED",
    );
  if (!/^[23](\.|$)/.test(version))
    refuseConfig(
      place,
      "a model of Keras 2 or 3",
      `version ${version}`,
      "save it again",
      "UNROLL_UNSUPPORTED",
    );
  return new ConfigReader(place, dialectOf(version.startsWith("2")), options.customObjects ?? {}).model(root);
}
