import { unrollError } from "../contract/error.js";
import { applicationsOf } from "./applications.js";
import { Cell, StackedCells } from "./cell-layers.js";
import { classNameOf } from "./class-names.js";
import {
  KerasTensor,
  Layer,
  type LayerCall,
  lookedAt,
  type Mask,
  type NestedCall,
  sameMask,
  Unequal,
} from "./layer.js";
import type { Network } from "./network.js";

/** What Keras's JSON has for one object: a layer, a model, a cell. */
export interface ObjectConfig {
  /** Where its class is defined. */
  readonly module: string | null;
  /** Its class. */
  readonly class_name: string;
  /** What it is made of. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The class's name among those of users; null for Keras's own. */
  readonly registered_name: string | null;
  /**
   * What masked steps put out before the first real one, where that was chosen: Keras has no option for
   * it.
   */
  readonly held_start?: unknown;
}

/** What a configuration is written of. */
export interface Configured {
  /** Name of the model. */
  readonly name: string;
  /** How it was made. */
  readonly kind: "functional" | "sequential";
  /** Its layers. */
  readonly network: Network;
}

/** A model within, which knows how it was made. */
interface Within {
  config(): Configured;
}

const float32 = {
  module: "keras",
  class_name: "DTypePolicy",
  config: { name: "float32" },
  registered_name: null,
} as const;

/** What says how a model is fed, and what Keras 3 takes where a layer is called: neither is a layer's own. */
const elsewhere: readonly string[] = [
  ...["name", "inputShape", "batchInputShape", "batchSize", "inputLength", "dtype", "heldStart"],
  ...["returnAttentionScores", "useCausalMask", "fused"],
];

const snake = (word: string): string => word.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A value of an option as Keras has it. */
function written(key: string, value: unknown, nameOf: (layer: Layer) => string): unknown {
  if (value instanceof Layer) return layerConfig(value, nameOf);
  if (value instanceof Cell) return cellConfig(value);
  if (value instanceof StackedCells)
    return {
      module: "keras.layers",
      class_name: "StackedRNNCells",
      config: { name: "stacked_rnn_cells", cells: value.cells.map((cell) => written("cell", cell, nameOf)) },
      registered_name: null,
    };
  if (key === "cell") {
    const listed = Array.isArray(value) ? (value as readonly (typeof Cell.prototype)[]) : null;
    const one = listed ? new StackedCells(listed) : new StackedCells([value as Cell]).cells[0];
    return written("", one, nameOf);
  }
  return /activation$/i.test(key) && typeof value === "string" ? snake(value) : value;
}

/** Options as Keras names them. */
const optionsOf = (
  given: Readonly<Record<string, unknown>>,
  nameOf: (layer: Layer) => string,
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(given)
      .filter(([key, value]) => value !== undefined && !elsewhere.includes(key))
      .map(([key, value]) => [snake(key), written(key, value, nameOf)]),
  );

function cellConfig({ kind, name, given, form, className }: Cell): ObjectConfig {
  if (className !== null)
    return { module: null, class_name: className, config: given, registered_name: className };
  // One that no class of the user's stands for is written as the program that it is.
  if (form.kind === "custom")
    return { module: null, class_name: form.name, config: given, registered_name: form.name };
  return {
    module: "keras.layers",
    class_name: classNameOf(kind),
    config: { name: name ?? kind, trainable: true, dtype: float32, ...optionsOf(given, () => kind) },
    registered_name: null,
  };
}

/** A layer as it was given, whether or not Keras's class of its name is like it. */
function layerConfig(layer: Layer, nameOf: (layer: Layer) => string): ObjectConfig {
  const { heldStart } = layer.given;
  return {
    module: "keras.layers",
    class_name: classNameOf(layer.kind),
    config: { name: nameOf(layer), trainable: true, dtype: float32, ...optionsOf(layer.given, nameOf) },
    registered_name: null,
    ...(heldStart !== undefined && { held_start: heldStart }),
  };
}

/** @throws UNROLL_UNSUPPORTED for a layer, or one within it, that Keras's class of its name is unlike */
function refuseUnlikeKeras(layer: Layer): void {
  if (layer.unlikeKeras !== null)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: `toJson ${layer.kind}`,
      expected: "a layer as Keras has it",
      got: `TensorFlow.js's, for ${layer.unlikeKeras}`,
      cure: "build the model with @unroll/api/keras, where that is what is meant",
    });
  for (const within of Object.values(layer.given)) if (within instanceof Layer) refuseUnlikeKeras(within);
}

/** @throws UNROLL_UNSUPPORTED for layers that Keras's classes of their names are unlike */
function refuseUnlike({ network }: Configured): void {
  for (const { part } of network.order)
    if (part instanceof Layer) refuseUnlikeKeras(part);
    else if (!(part instanceof KerasTensor)) refuseUnlike((part as unknown as Within).config());
}

const inputConfig = (name: string, { declared, dtype }: KerasTensor): ObjectConfig => ({
  module: "keras.layers",
  class_name: "InputLayer",
  config: {
    batch_shape: [declared!.batchSize, ...declared!.shape],
    dtype,
    sparse: false,
    ragged: false,
    name,
  },
  registered_name: null,
});

/** A model's configuration. @throws UNROLL_UNSUPPORTED for what Keras's form has no place for */
export function modelConfig(model: Configured): ObjectConfig {
  refuseUnlike(model);
  return configAsGiven(model);
}

/**
 * A model's layers in Keras's form, whosever defaults they have.
 *
 * @throws UNROLL_UNSUPPORTED for what that form has no place for
 */
export function configAsGiven(model: Configured): ObjectConfig {
  return model.kind === "sequential" ? sequentialConfig(model) : functionalConfig(model);
}

const partConfig = (part: Layer | Within, network: Network): ObjectConfig =>
  part instanceof Layer
    ? layerConfig(part, (layer) => network.names.get(layer) ?? layer.name ?? layer.kind)
    : configAsGiven(part.config());

function sequentialConfig({ name, network }: Configured): ObjectConfig {
  const layers = network.order.map(({ part, name: own }) =>
    part instanceof KerasTensor ? inputConfig(own, part) : named(own, partConfig(part as never, network)),
  );
  const { config } = layers[0]!;
  return {
    module: "keras",
    class_name: "Sequential",
    config: { name, trainable: true, dtype: float32, layers, build_input_shape: config["batch_shape"] },
    registered_name: null,
  };
}

/** The same under the name that the model around it has for it. */
const named = (name: string, { config, ...own }: ObjectConfig): ObjectConfig => ({
  ...own,
  config: { ...config, name },
});

function functionalConfig({ name, network }: Configured): ObjectConfig {
  const { of, history } = applicationsOf(network);
  const isModel = new Set(
    network.order.flatMap(({ part, name: own }) =>
      part instanceof KerasTensor || part instanceof Layer || part.kind === "sequential" ? [] : [own],
    ),
  );
  // Among the model's outputs, but not where layers read it, a functional model within counts one more.
  const endOf = (one: KerasTensor): readonly [string, number, number] => {
    const [layer, application, output] = history(one);
    return [layer, application + (isModel.has(layer) ? 1 : 0), output];
  };
  const ref = (one: KerasTensor): object => ({
    class_name: "__keras_tensor__",
    config: { shape: one.shape, dtype: one.dtype, keras_history: history(one) },
  });
  const masks = maskWriter(network, ref);
  const layers = network.order.map(({ part, name: own }) => {
    const object =
      part instanceof KerasTensor ? inputConfig(own, part) : named(own, partConfig(part as never, network));
    const nodes = of(part).map((call) => ({
      args: call.inputs.length === 1 ? [ref(call.inputs[0]!)] : argumentsOf(call, ref),
      kwargs: "layer" in call ? keywordsOf(call, ref, masks.write) : {},
    }));
    return { ...object, name: own, inbound_nodes: nodes };
  });
  return {
    module: "keras.src.models.functional",
    class_name: "Functional",
    config: {
      name,
      trainable: true,
      layers: [...layers, ...masks.operations],
      input_layers: network.inputs.map((one) => endOf(one.tensor)),
      output_layers:
        network.ends.length === 1 ? endOf(network.ends[0]!) : network.ends.map((one) => endOf(one)),
    },
    registered_name: "Functional",
  };
}

/** Several inputs: a list, but of multi-head attention, which Keras calls with one after the other. */
const argumentsOf = (call: LayerCall | NestedCall, ref: (one: KerasTensor) => object): readonly unknown[] =>
  "layer" in call && call.layer.kind === "multi_head_attention"
    ? call.inputs.map(ref)
    : [call.inputs.map(ref)];

/** What Keras takes where a layer is called. */
function keywordsOf(
  call: LayerCall,
  ref: (one: KerasTensor) => object,
  mask: (mask: Mask) => object,
): Readonly<Record<string, unknown>> {
  const { layer, initialState, inputs } = call;
  const { returnAttentionScores, useCausalMask } = layer.given;
  const told = maskKeywords(call, layer.groupsOf(inputs), mask);
  return {
    ...(initialState && { initial_state: initialState.map(ref) }),
    ...told,
    ...(returnAttentionScores === true && { return_attention_scores: true }),
    ...(useCausalMask === true && { use_causal_mask: true }),
  };
}

/**
 * Masks that Keras would not find by itself: it takes those of the inputs, where a layer is called with one
 * tensor and no state.
 */
function maskKeywords(
  { layer, initialState, masks }: LayerCall,
  groups: readonly (readonly KerasTensor[])[],
  mask: (mask: Mask) => object,
): Readonly<Record<string, unknown>> {
  const found = groups.map(([first]) => (initialState === null ? (first?.mask ?? null) : null));
  if (!layer.takesMask || masks.every((one, k) => sameMask(one, found[k]!))) return {};
  const written = masks.map((one) => (sameMask(one, null) ? null : mask(one!)));
  // A list is what was said, nulls included; in the place of one mask, null is what was not said.
  if (layer.kind.endsWith("attention") && layer.kind !== "multi_head_attention") return { mask: written };
  if (written.some((one, k) => one === null && !sameMask(found[k]!, null)))
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: `toJson ${layer.kind}`,
      expected: "a layer that reads the mask of its input",
      got: "one that is told to ignore it",
      cure: "Keras has no way to say so; apply it to a value without a mask",
    });
  return layer.kind === "multi_head_attention"
    ? { query_mask: written[0], value_mask: written[1] }
    : { mask: written[0] };
}

/** Writes masks as the operations that Keras makes them by. */
function maskWriter(network: Network, ref: (one: KerasTensor) => object) {
  const operations: object[] = [];
  const taken = new Set(network.order.map(({ name }) => name));
  const operation = (
    className: string,
    kind: string,
    args: readonly unknown[],
    shape: KerasTensor["shape"],
  ) => {
    let name = kind;
    for (let k = 1; taken.has(name); k++) name = `${kind}_${k}`;
    taken.add(name);
    operations.push({
      module: "keras.src.ops.numpy",
      class_name: className,
      config: { name },
      registered_name: className,
      name,
      inbound_nodes: [{ args, kwargs: {} }],
    });
    return { class_name: "__keras_tensor__", config: { shape, dtype: "bool", keras_history: [name, 0, 0] } };
  };
  const write = ({ sources }: Mask): object => {
    const all = sources.map((one) =>
      one instanceof Unequal
        ? operation(
            "Any",
            "any",
            [operation("NotEqual", "not_equal", [ref(one.tensor), one.value], one.tensor.shape), -1],
            one.tensor.shape.slice(0, 2),
          )
        : one.dtype === "bool"
          ? ref(one)
          : operation("NotEqual", "not_equal", [ref(one), 0], one.shape),
    );
    return all.reduce((a, b) =>
      operation("LogicalOr", "logical_or", [a, b], lookedAt(sources[0]!).shape.slice(0, 2)),
    );
  };
  return { operations, write };
}
