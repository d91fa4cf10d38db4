import { unrollError } from "../contract/error.js";
import { isRecord } from "../contract/kind.js";
import type { Config } from "../keras/config-options.js";
import { KerasModel } from "../keras/keras-model.js";
import { configAsGiven, type ObjectConfig } from "../keras/to-json.js";
import { assertAlike } from "./alike.js";
import { modelFromJson } from "./model-from-json.js";

/** What TensorFlow.js has for one object: a layer, a model, a cell. */
export interface TfjsObject {
  /** Its class. */
  readonly class_name: string;
  /** What it is made of, in Python's spelling. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** A whole model as TensorFlow.js has it. */
export interface TfjsModelJson extends TfjsObject {
  /** Which version of TensorFlow.js wrote such files. */
  readonly keras_version: string;
  /** Whose form it is. */
  readonly backend: string;
}

/** What matters to training, to speed elsewhere, or to Keras 3's own reader. */
const left =
  /_(initializer|regularizer|constraint)$|^(dtype|build_input_shape|seed|implementation|use_cudnn)$/;

/** Keras's names of activations that TensorFlow.js has under another, or has another of that name. */
const activations: ReadonlyMap<unknown, string> = /* @__PURE__ */ new Map([
  ["hard_sigmoid_keras2", "hard_sigmoid"],
  ["hard_sigmoid", "hard_sigmoid_keras3"],
  ["silu", "swish"],
]);

/** Keras 3's defaults where TensorFlow.js has others, and its words for options. */
const defaults: Readonly<Record<string, Config>> = {
  LSTM: { recurrent_activation: "sigmoid" },
  LSTMCell: { recurrent_activation: "sigmoid" },
  GRU: { recurrent_activation: "sigmoid", reset_after: true },
  GRUCell: { recurrent_activation: "sigmoid", reset_after: true },
  Softmax: { axis: -1 },
};
const renamed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  LeakyReLU: { negative_slope: "alpha" },
};

function configOf(className: string, config: Config): Config {
  const own = Object.hasOwn(renamed, className) ? renamed[className]! : {};
  const written = Object.entries({
    ...(Object.hasOwn(defaults, className) && defaults[className]),
    ...config,
  })
    .filter(([key]) => !left.test(key))
    .map(([key, value]) => {
      const name = Object.hasOwn(own, key) ? own[key]! : key;
      if (/activation$/.test(key)) return [name, activations.get(value) ?? value] as const;
      if (key === "cells") return [name, (value as readonly ObjectConfig[]).map(objectOf)] as const;
      return [name, isRecord(value) && "class_name" in value ? objectOf(value as never) : value] as const;
    });
  return Object.fromEntries(written);
}

function objectOf(object: ObjectConfig): TfjsObject {
  const { class_name: className, config } = object;
  if (className === "Functional") return functional(config);
  if (className === "Sequential") {
    const layers = (config["layers"] as readonly ObjectConfig[]).map(objectOf);
    return { class_name: className, config: { name: config["name"], layers } };
  }
  if (className === "InputLayer") {
    const { batch_shape: shape, name, dtype } = config;
    return { class_name: className, config: { batch_input_shape: shape, dtype, sparse: false, name } };
  }
  return { class_name: className, config: configOf(className, config) };
}

/** A layer of a functional model, with its applications. */
type Node = ObjectConfig & { readonly name: string; readonly inbound_nodes: readonly Call[] };
interface Call {
  readonly args: readonly unknown[];
  readonly kwargs: Config;
}

/** Where a value comes from, in Keras 3's form. */
type History = readonly [layer: string, application: number, output: number];

const models: readonly string[] = ["Functional", "Sequential"];

/** A functional model, whose values are referred to. */
class Graph {
  readonly #models: ReadonlySet<string>;

  constructor(private readonly layers: readonly Node[]) {
    this.#models = new Set(
      layers.filter(({ class_name: one }) => models.includes(one)).map(({ name }) => name),
    );
  }

  /** Models within count one application of their own. */
  ref([layer, application, output]: History): readonly unknown[] {
    return [layer, application + (this.#models.has(layer) ? 1 : 0), output, {}];
  }

  /** Keras 3 counts that of a functional one among the ends itself. */
  end([layer, application, output]: History): readonly unknown[] {
    const { class_name: className } = this.layers.find(({ name }) => name === layer)!;
    return [layer, application + (className === "Sequential" ? 1 : 0), output];
  }
}

const historyOf = (tensor: unknown): History =>
  (tensor as { readonly config: { readonly keras_history: History } }).config.keras_history;

function functional({ name, layers, input_layers: starts, output_layers: ends }: Config): TfjsObject {
  const graph = new Graph(layers as readonly Node[]);
  // Keras 3 writes the end of a model that has one by itself.
  const all = typeof (ends as readonly unknown[])[0] === "string" ? [ends] : (ends as readonly unknown[]);
  return {
    class_name: "Model",
    config: {
      name,
      layers: (layers as readonly Node[]).map((layer) => nodeOf(graph, layer)),
      input_layers: starts,
      output_layers: all.map((end) => graph.end(end as History)),
    },
  };
}

function nodeOf(graph: Graph, { inbound_nodes: calls, name, ...object }: Node): object {
  const { class_name: className } = object;
  const nodes = calls.map(({ args, kwargs }) => {
    const { initial_state: state = [], ...others } = kwargs;
    const [other] = Object.keys(others);
    if (other !== undefined)
      throw unrollError({
        code: "UNROLL_UNSUPPORTED",
        place: `toJson ${name}`,
        expected: "a layer of TensorFlow.js, which is told no such thing where it is applied",
        got: `${className} with ${other}`,
        cure: "write the model for another system",
      });
    // A state is what a layer is applied to, after its input.
    return [...args.flat(), ...(state as readonly unknown[])].map((one) => graph.ref(historyOf(one)));
  });
  return { name, ...objectOf(object), inbound_nodes: nodes };
}

/**
 * The model without its weights as TensorFlow.js has it, what `toJSON(null, false)` of a model of its layers
 * gives: `tf.models.modelFromJSON` of it reads this, and {@link modelFromJson}. Options that differ in their
 * defaults from Keras's are all written. Initializers, regularizers and constraints are left out, as training
 * alone needs them.
 *
 * @param model one of `@unroll/api/tfjs` or of `@unroll/api/keras`
 * @throws UNROLL_UNSUPPORTED for layers that TensorFlow.js does not have, and for what it computes otherwise
 * @throws UNROLL_ARGUMENT for what is no model
 */
export function toJson(model: KerasModel): TfjsModelJson {
  if (!(model instanceof KerasModel))
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "toJson",
      expected: "a model of layers",
      got: typeof model,
      cure: "make one with sequential or model",
    });
  const root = objectOf(configAsGiven(model.config()));
  const written = { ...root, keras_version: "tfjs-layers 4.22.0", backend: "tensor_flow.js" };
  assertNamesOnce(root, new Set());
  assertAlike(model, modelFromJson(written));
  return written;
}

/** Weights go by the names of their layers, those of models within among them. */
function assertNamesOnce({ config }: TfjsObject, seen: Set<unknown>): void {
  for (const layer of config["layers"] as readonly TfjsObject[])
    if (Array.isArray(layer.config["layers"])) assertNamesOnce(layer, seen);
    else if (layer.class_name !== "InputLayer") {
      const { name } = layer.config;
      if (seen.has(name))
        throw unrollError({
          code: "UNROLL_UNSUPPORTED",
          place: `toJson "${String(name)}"`,
          expected: "a name for one layer, in models within too",
          got: "it twice",
          cure: "give the layers other names: TensorFlow.js reads weights by them",
        });
      seen.add(name);
    }
}
