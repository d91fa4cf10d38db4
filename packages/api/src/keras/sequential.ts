import type { Adapter } from "../contract/adapter.js";
import { UnrollError, unrollError } from "../contract/error.js";
import { isRecord, kindOf } from "../contract/kind.js";
import { knownOptions } from "../contract/known-options.js";
import { KerasTensor, Layer, type LayerOptions } from "./layer.js";
import { KerasModel } from "./keras-model.js";
import { network } from "./network.js";

/** Options of {@link sequential}. */
export interface SequentialOptions {
  /** The layers in order, models among them; an `input(...)` may come first. More may come with `add`. */
  readonly layers?: readonly (Layer | KerasModel | KerasTensor)[];
  /** For people: error texts. Default `sequential`. */
  readonly name?: string;
  /** The engine. Default `builtin()`. */
  readonly adapter?: Adapter;
}

/** What a sequential model is made of. */
type Part = Layer | KerasModel | KerasTensor;

/**
 * Layers one after the other. The first says its input with `inputShape`, or an input stands before it; ids
 * of any number that an embedding reads need neither.
 */
export class Sequential extends KerasModel {
  private readonly all: Part[];

  /** @internal Made by `sequential`. */
  constructor(options: SequentialOptions) {
    knownOptions("sequential", options, ["layers", "name", "adapter"]);
    if (options.layers !== undefined && !Array.isArray(options.layers))
      refuse(
        "UNROLL_ARGUMENT",
        "layers as a list",
        kindOf(options.layers),
        "e.g. sequential([layers.lstm(8)])",
      );
    const all = [...(options.layers ?? [])];
    all.forEach(checkPart);
    super(() => chain(all, options.name), options.adapter ?? null, "sequential", options.name ?? null);
    this.all = all;
  }

  /** Puts a layer at the end. Weights of those before it stay. */
  add(layer: Part): this {
    checkPart(layer, this.all.length);
    this.all.push(layer);
    this.rewire();
    return this;
  }
}

function refuse(code: UnrollError["code"], expected: string, got: string, cure: string): never {
  throw unrollError({ code, place: "sequential", expected, got, cure });
}

function checkPart(part: Part, k: number): void {
  if (part instanceof KerasTensor) {
    if (k > 0 || part.source !== null)
      refuse("UNROLL_ARGUMENT", `a layer at ${k}`, "a tensor", "only an input() may come, and first");
  } else if (!(part instanceof Layer) && !(part instanceof KerasModel))
    refuse("UNROLL_ARGUMENT", `a layer at ${k}`, kindOf(part), "make it with layers, e.g. layers.lstm(8)");
}

/** What a chain starts with, where its first layer says what it reads. */
function startOf(first: Layer | KerasModel): KerasTensor {
  if (first instanceof KerasModel) {
    const [{ declared } = refuse("UNROLL_ARGUMENT", "a model with an input", "none", "give it one")] =
      first.inputs;
    return KerasTensor.input({ ...declared!, name: "" });
  }
  const { batchInputShape, batchSize, inputLength } = first.given as LayerOptions;
  const length = typeof inputLength === "number" ? inputLength : null;
  const shape = first.inputShape ?? (first.inputDtype === "int32" ? [length] : null);
  if (shape === null)
    return refuse(
      "UNROLL_SHAPE",
      `the input shape of the first layer (${first.kind})`,
      "none",
      "give it inputShape: [null, features], or put input([null, features]) before it",
    );
  return KerasTensor.input({
    name: "",
    shape,
    dtype: null,
    batchSize: batchInputShape?.[0] ?? batchSize ?? null,
  });
}

function chain(all: readonly Part[], name = "sequential"): ReturnType<typeof network> {
  const [first] = all;
  const layers = all.filter((one) => !(one instanceof KerasTensor)) as (Layer | KerasModel)[];
  if (layers.length === 0)
    refuse("UNROLL_ARGUMENT", "layers", first ? "an input alone" : "none", "give at least one");
  const start = first instanceof KerasTensor ? first : startOf(layers[0]!);
  const outputs = layers.reduce<readonly KerasTensor[]>(
    (values, layer, k) => {
      if (values.length !== 1)
        refuse(
          "UNROLL_ARGUMENT",
          "layers of one output",
          `${values.length} from layer ${k - 1}`,
          "only the last may have more, use model({ inputs, outputs })",
        );
      return [layer.apply(values[0]!)].flat() as readonly KerasTensor[];
    },
    [start],
  );
  return network(name, [start], outputs);
}

/**
 * A model of layers one after the other: `sequential([layers.lstm({ units: 8, inputShape: [null, 3] })])`.
 */
export function sequential(
  options: SequentialOptions | readonly Part[] = {},
  more: Omit<SequentialOptions, "layers"> = {},
): Sequential {
  if (!Array.isArray(options) && !isRecord(options))
    refuse("UNROLL_ARGUMENT", "a list of layers", kindOf(options), "e.g. sequential([layers.lstm(8)])");
  if (!Array.isArray(options) && Object.keys(more ?? {}).length > 0)
    refuse(
      "UNROLL_ARGUMENT",
      "layers, then options; or options alone",
      "options twice",
      "put them into one object",
    );
  return new Sequential(
    Array.isArray(options) ? { ...more, layers: options as readonly Part[] } : (options as SequentialOptions),
  );
}
