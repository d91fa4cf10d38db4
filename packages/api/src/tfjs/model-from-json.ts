import { knownOptions } from "../contract/known-options.js";
import type { CellMaker, LayerMaker } from "../keras/config-layers.js";
import { camel, optionsIn, refuseConfig } from "../keras/config-options.js";
import { ConfigReader, type Dialect } from "../keras/config-reader.js";
import type { KerasModel } from "../keras/keras-model.js";
import { modelOf, type ModelFromJsonOptions } from "../keras/model-from-json.js";
import * as own from "./layers.js";

const layers: Readonly<Record<string, LayerMaker>> = {
  Activation: own.activation,
  Add: own.add,
  Average: own.average,
  AveragePooling1D: own.averagePooling1d,
  AveragePooling2D: own.averagePooling2d,
  BatchNormalization: own.batchNormalization,
  Bidirectional: own.bidirectional,
  Concatenate: own.concatenate,
  Conv1D: own.conv1d,
  Conv2D: own.conv2d,
  Dense: own.dense,
  Dropout: own.dropout,
  ELU: own.elu,
  Embedding: own.embedding,
  Flatten: own.flatten,
  GlobalAveragePooling1D: own.globalAveragePooling1d,
  GlobalAveragePooling2D: own.globalAveragePooling2d,
  GlobalMaxPooling1D: own.globalMaxPooling1d,
  GlobalMaxPooling2D: own.globalMaxPooling2d,
  GRU: own.gru,
  LayerNormalization: own.layerNormalization,
  LeakyReLU: own.leakyReLU,
  LSTM: own.lstm,
  Masking: own.masking,
  MaxPooling1D: own.maxPooling1d,
  MaxPooling2D: own.maxPooling2d,
  Multiply: own.multiply,
  Permute: own.permute,
  ReLU: own.reLU,
  RepeatVector: own.repeatVector,
  Reshape: own.reshape,
  RNN: own.rnn,
  SimpleRNN: own.simpleRNN,
  Softmax: own.softmax,
  TimeDistributed: own.timeDistributed,
  AlphaDropout: own.alphaDropout,
  GaussianDropout: own.gaussianDropout,
  GaussianNoise: own.gaussianNoise,
  Maximum: own.maximum,
  Minimum: own.minimum,
  SeparableConv2D: own.separableConv2d,
  SpatialDropout1D: own.spatialDropout1d,
};

const cells: Readonly<Record<string, CellMaker>> = {
  GRUCell: own.gruCell,
  LSTMCell: own.lstmCell,
  SimpleRNNCell: own.simpleRNNCell,
  StackedRNNCells: own.stackedRNNCells,
};

/** Configurations of TensorFlow.js: names in Python's spelling, as its own reader turns them. */
const dialect: Dialect = {
  layers,
  cells,
  two: false,
  countsModels: true,
  options(place, config, className) {
    const options = optionsIn(place, config);
    // It writes stacked cells a second time beside the cell that they are, and does not read those.
    if (className === "RNN") delete options["cells"];
    // Weights go by the name of the layer that has the cells.
    if (className === "StackedRNNCells") for (const key of ["name", "trainable"]) delete options[key];
    for (const [key, value] of Object.entries(options))
      if ((/activation$/i.test(key) || key === "dataFormat") && typeof value === "string")
        options[key] = camel(value);
    return options;
  },
};

/**
 * A model out of the JSON of TensorFlow.js, `model.toJSON()`: a text or an object, or one with
 * `modelTopology`. Its layers have TensorFlow.js's defaults and numbers.
 *
 * @throws UNROLL_FORMAT for what is no such JSON; UNROLL_UNSUPPORTED listing every layer that there is none
 * of,   and for an option or a value that is not there; whatever making the layers throws
 */
export function modelFromJson(
  json: string | object,
  options: Pick<ModelFromJsonOptions, "customObjects"> = {},
): KerasModel {
  const place = "modelFromJson";
  knownOptions(place, options, ["customObjects"]);
  const root = modelOf(place, json);
  if (root["module"] !== undefined)
    refuseConfig(
      place,
      "a model that TensorFlow.js reads",
      "one of Keras 3",
      "use modelFromJson of @unroll/api/keras",
      "UNROLL_UNSUPPORTED",
    );
  return new ConfigReader(place, dialect, options.customObjects ?? {}).model(root);
}
