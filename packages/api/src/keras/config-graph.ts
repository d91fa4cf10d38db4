import { shown } from "../contract/shown.js";
import { areMasks, type ConfigValue, isMaskOperation, maskOperation, MaskValue } from "./config-masks.js";
import { type ConfigNode, endsIn, nameOf, nodesIn, Ref, refsIn } from "./config-nodes.js";
import { type Config, listOf, nameIn, recordOf, refuseConfig } from "./config-options.js";
import { KerasModel, model } from "./keras-model.js";
import { KerasTensor, Layer, type Mask, sameMask } from "./layer.js";

/** Who reads a model's parts. */
export interface PartReader {
  /** For errors. */
  readonly place: string;
  /** How the framework means them. */
  readonly dialect: { readonly two: boolean; readonly countsModels: boolean };
  /** Counts applications of layers. @throws UNROLL_UNSUPPORTED for more than a model has */
  count(applications: number): void;
  /** Whether an object is a whole model. */
  isModel(object: Config): boolean;
  /** A model within. */
  within(object: Config): KerasModel;
  /** An input. */
  input(object: Config): KerasTensor;
  /** A layer, with what Keras takes where it is called. */
  layer(object: Config, more: Config): Layer;
}

/** What stands at the places of a call, by Keras's class; `inputs` first for all others. */
const positions: Readonly<Record<string, readonly string[]>> = {
  MultiHeadAttention: ["query", "value", "key", "query_mask", "value_mask", "key_mask", "attention_mask"],
  Attention: ["inputs", "mask", "training", "return_attention_scores", "use_causal_mask"],
  AdditiveAttention: ["inputs", "mask", "training", "return_attention_scores", "use_causal_mask"],
  ...Object.fromEntries(
    ["LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional"].map((name) => [
      name,
      ["inputs", "initial_state", "mask", "training"],
    ]),
  ),
};

/** What Keras takes where an attention is called, and is an option of the layer here. */
const askedAtCalls = {
  return_attention_scores: "returnAttentionScores",
  use_causal_mask: "useCausalMask",
} as const;

const merges: readonly string[] = ["add", "average", "concatenate", "multiply"];

/** A part of a graph, with its applications that are still to come. */
interface Pending {
  readonly name: string;
  readonly className: string;
  readonly part: Layer | KerasModel | null;
  readonly nodes: readonly ConfigNode[];
  /** What each of them reads. */
  readonly refs: readonly (readonly Ref[])[];
  done: number;
}

/** A functional model of its configuration. */
export function functionalIn(reader: PartReader, config: Config): KerasModel {
  const { place } = reader;
  const values = new Map<string, (readonly ConfigValue[])[]>();
  const pending: Pending[] = [];
  /** How many applications a part has before those that are written. */
  const before = new Map<string, number>();
  for (const one of listOf(`${place} layers`, config["layers"])) {
    const object = recordOf(place, one);
    const name = nameOf(place, object);
    const className = nameIn(`${place} class_name`, object["class_name"]);
    if (values.has(name)) refuseConfig(place, "names used once", `"${name}" twice`, "rename a layer");
    values.set(name, []);
    if (className === "InputLayer") {
      values.get(name)!.push([reader.input(object)]);
      continue;
    }
    const nodes = nodesIn(`${place} ${className} "${name}"`, object["inbound_nodes"]);
    reader.count(Math.max(nodes.length, 1));
    const part = partOf(reader, object, className, nodes);
    // A functional model within counts one application of its own, in Keras 2 and TensorFlow.js as every one
    // with an input does; Keras 3 counts it among the outputs of the model alone.
    const counts = reader.dialect.countsModels;
    if (part instanceof KerasModel && (counts || part.kind === "functional")) before.set(name, 1);
    pending.push({ name, className, part, nodes, refs: nodes.map(refsIn), done: 0 });
  }
  const valueOf = (
    { layer, application, output }: Ref,
    counted = reader.dialect.countsModels,
  ): ConfigValue | undefined => {
    const all =
      values.get(layer) ??
      refuseConfig(place, `a layer of ${[...values.keys()].join(", ")}`, `"${layer}"`, "save it again");
    const made = all[application - (counted ? (before.get(layer) ?? 0) : 0)];
    if (made !== undefined && made[output] === undefined)
      refuseConfig(place, `${made.length} outputs of "${layer}"`, `number ${output}`, "save it again");
    return made?.[output];
  };
  for (let left = pending; left.length > 0;) {
    const started = left.reduce((sum, { done }) => sum + done, 0);
    for (const one of left)
      while (one.done < one.nodes.length && one.refs[one.done]!.every((ref) => valueOf(ref) !== undefined)) {
        const node = one.nodes[one.done++]!;
        if (one.part instanceof KerasModel) reader.count(one.part.callCount);
        values.get(one.name)!.push(applied(reader, one, node, (ref) => valueOf(ref)!));
      }
    const rest = left.filter(({ done, nodes }) => done < nodes.length);
    if (rest.length > 0 && left.reduce((sum, { done }) => sum + done, 0) === started)
      refuseConfig(
        place,
        "layers that read what comes before them",
        `a circle of ${rest.map(({ name }) => name).join(", ")}`,
        "save it again",
      );
    left = rest;
  }
  const ends = (key: string): readonly KerasTensor[] =>
    endsIn(`${place} ${key}`, config[key]).map((ref) => {
      const value = valueOf(ref, true);
      return value instanceof KerasTensor
        ? value
        : refuseConfig(
            `${place} ${key}`,
            "values of layers",
            value ? "a mask" : `"${ref.layer}"`,
            "save it again",
          );
    });
  const { name } = config;
  return model({
    inputs: ends("input_layers"),
    outputs: ends("output_layers"),
    ...(typeof name === "string" && { name }),
  });
}

/** A layer, or a model; null for an operation on masks. */
function partOf(
  reader: PartReader,
  object: Config,
  className: string,
  nodes: readonly ConfigNode[],
): Layer | KerasModel | null {
  if (isMaskOperation(className)) return null;
  if (reader.isModel(object)) return reader.within(object);
  const more: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(askedAtCalls)) {
    const asked = [...new Set(nodes.map((node) => keywordsOf(className, node)[key] ?? false))];
    if (asked.length > 1)
      refuseConfig(
        `${reader.place} ${className} ${key}`,
        "one value wherever the layer is applied",
        shown(asked),
        "make two layers",
        "UNROLL_UNSUPPORTED",
      );
    if (asked[0] === true) more[option] = true;
  }
  return reader.layer(object, more);
}

/** All that a layer is called with, by name. */
function keywordsOf(className: string, { args, keywords }: ConfigNode): Record<string, unknown> {
  const places = Object.hasOwn(positions, className) ? positions[className]! : ["inputs"];
  const all = Object.create(null) as Record<string, unknown>;
  args.forEach((value, k) => (all[places[k] ?? `argument ${k}`] = value));
  return Object.assign(all, keywords);
}

/** One application of a part: what comes out. */
function applied(
  reader: PartReader,
  { name, className, part }: Pending,
  node: ConfigNode,
  valueOf: (ref: Ref) => ConfigValue,
): readonly ConfigValue[] {
  const place = `${reader.place} ${className} "${name}"`;
  const resolved = (value: unknown): unknown =>
    value instanceof Ref ? valueOf(value) : Array.isArray(value) ? value.map(resolved) : value;
  const args = node.args.map(resolved);
  if (part === null || areMasks(args)) return [maskOperation(place, className, args)];
  const keywords = keywordsOf(className, node);
  const tensors = (value: unknown): readonly KerasTensor[] =>
    [resolved(value)]
      .flat(8)
      .map((one) =>
        one instanceof KerasTensor
          ? one
          : refuseConfig(
              place,
              "values of the model",
              shown(one),
              "numbers can't be inputs here",
              "UNROLL_UNSUPPORTED",
            ),
      );
  const {
    query,
    sequences,
    sequence,
    inputs = query ?? sequences ?? sequence,
    value,
    key,
    ...rest
  } = keywords;
  const all = [inputs, value, key].flatMap((one) => ((one ?? null) === null ? [] : tensors(one)));
  if (part instanceof KerasModel) {
    refuseOthers(place, rest, ["mask", "training"]);
    return [part.apply(all)].flat() as readonly KerasTensor[];
  }
  const {
    initial_state: start,
    mask,
    query_mask: queryMask,
    value_mask: valueMask,
    key_mask: keyMask,
    ...other
  } = rest;
  refuseOthers(place, other, Object.keys(askedAtCalls));
  const given = [start].flatMap((one) => ((one ?? null) === null ? [] : tensors(one)));
  // Keras 2 and TensorFlow.js write a state among the inputs.
  const states = part.takesList ? given : [...all.slice(1), ...given];
  const maskIn = (one: unknown): Mask | null => maskOf(place, resolved(one ?? null));
  const masks =
    className === "MultiHeadAttention"
      ? (queryMask ?? valueMask ?? keyMask ?? null) === null
        ? null
        : [maskIn(queryMask), keyMaskOf(place, maskIn(valueMask), maskIn(keyMask ?? valueMask))]
      : (mask ?? null) === null
        ? null
        : (Array.isArray(mask) ? mask : [mask]).map(maskIn);
  const groups = part.inTime?.length ?? 1;
  if (masks !== null && masks.length !== groups)
    refuseConfig(
      `${place} mask`,
      groups === 1 ? "one mask" : `${groups} masks`,
      `${masks.length}`,
      "save it again",
    );
  if (reader.dialect.two && merges.includes(part.kind)) refuseMasks(place, all);
  return part.call(part.takesList ? all : all.slice(0, 1), {
    initialState: states.length > 0 ? states : null,
    given: masks,
    keepMask: reader.dialect.two,
    within: null,
  });
}

/** Refuses what a call has beside what is read, unless it says nothing. */
function refuseOthers(place: string, rest: Config, known: readonly string[]): void {
  for (const [key, value] of Object.entries(rest))
    if (value !== null && value !== false && (!known.includes(key) || (key === "training" && value === true)))
      refuseConfig(
        place,
        "a call with inputs, a state and masks",
        `${key}: ${shown(value)}`,
        "build the model without it",
        "UNROLL_UNSUPPORTED",
      );
}

function maskOf(place: string, value: unknown): Mask | null {
  if (value === null) return null;
  if (value instanceof MaskValue) return value.mask;
  if (value instanceof KerasTensor && value.dtype === "bool" && value.source === null)
    return { sources: [value], node: value };
  return refuseConfig(
    `${place} mask`,
    "a mask of ids, or an input of dtype bool",
    value instanceof KerasTensor ? `${value.dtype} of a layer` : shown(value),
    "pass the mask in as an input",
    "UNROLL_UNSUPPORTED",
  );
}

/** What masks value and key, which are one sequence. */
function keyMaskOf(place: string, value: Mask | null, key: Mask | null): Mask | null {
  if (!sameMask(value, key))
    refuseConfig(place, "one mask of value and key", "two", "give both one mask", "UNROLL_UNSUPPORTED");
  return value;
}

/** Keras 2 merges masks to what is real in all of them, Keras 3 to what is real in any. */
function refuseMasks(place: string, inputs: readonly KerasTensor[]): void {
  if (inputs.some(({ mask }) => !sameMask(mask, inputs[0]!.mask)))
    refuseConfig(
      place,
      "inputs of one mask, or of none, in a merge of Keras 2",
      "inputs that are masked differently",
      "Keras 3 merges masks otherwise; save the model with it, or mask the merged value by an input",
      "UNROLL_UNSUPPORTED",
    );
}
