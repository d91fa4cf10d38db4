import type { Adapter } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import { knownOptions } from "../contract/known-options.js";
import { formOf } from "./input.js";
import { KerasTensor, type Layer } from "./layer.js";
import { KerasModel } from "./keras-model.js";
import { network } from "./network.js";

/** Options of {@link sequential}. */
export interface SequentialOptions {
  /** The layers in order; more may come with `add`. */
  readonly layers?: readonly Layer[];
  /** For people: error texts. Default `sequential`. */
  readonly name?: string;
  /** The engine. Default `builtin()`. */
  readonly adapter?: Adapter;
}

/** Layers one after the other. The first says its input with `inputShape`, unless it embeds ids. */
export class Sequential extends KerasModel {
  private readonly layers: Layer[];

  /** @internal Made by `sequential`. */
  constructor(options: SequentialOptions) {
    knownOptions("sequential", options, ["layers", "name", "adapter"]);
    const layers = [...(options.layers ?? [])];
    super(() => chain(layers, options.name), options.adapter ?? null);
    this.layers = layers;
  }

  /** Puts a layer at the end. Weights that were set before are forgotten. */
  add(layer: Layer): this {
    this.layers.push(layer);
    this.rewire();
    return this;
  }
}

function chain(layers: readonly Layer[], name = "sequential"): ReturnType<typeof network> {
  const [first] = layers;
  if (!first)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "sequential",
      expected: "layers",
      got: "none",
      cure: "give at least one",
    });
  const shape = first.inputShape ?? (first.inputDtype === "int32" ? [null] : null);
  if (shape === null)
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: "sequential",
      expected: `the input shape of the first layer (${first.kind})`,
      got: "none",
      cure: "give it inputShape: [null, features]",
    });
  const start = KerasTensor.input("", formOf(shape, first.inputDtype));
  const outputs = layers.reduce<readonly KerasTensor[]>(
    (values, layer, k) => {
      if (values.length !== 1)
        throw unrollError({
          code: "UNROLL_ARGUMENT",
          place: "sequential",
          expected: "layers of one output",
          got: `${values.length} from layer ${k - 1}`,
          cure: "only the last may have more, use model({ inputs, outputs })",
        });
      const made = layer.apply(values[0]!) as KerasTensor | readonly KerasTensor[];
      return Array.isArray(made) ? (made as readonly KerasTensor[]) : [made as KerasTensor];
    },
    [start],
  );
  return network(name, [start], outputs);
}

/**
 * A model of layers one after the other: `sequential([layers.lstm({ units: 8, inputShape: [null, 3] })])`.
 */
export function sequential(options: SequentialOptions | readonly Layer[] = {}): Sequential {
  return new Sequential(
    Array.isArray(options) ? { layers: options as readonly Layer[] } : (options as SequentialOptions),
  );
}
