import type { WeightMap } from "../contract/adapter.js";
import type { HostTensor } from "../contract/tensor.js";

/** A layer's weights, which every model reads that the layer is a part of. */
export class HeldWeights {
  /**
   * By what follows the layer's name in canonical names; null before they are given. Never changed in
   * place.
   */
  private own: ReadonlyMap<string, HostTensor> | null = null;

  /** Changes whenever the weights do, so that a compiled model knows whether it has these. */
  get version(): object | null {
    return this.own;
  }

  /** Takes what a model's weights have of the layer, which has that name there. */
  take(name: string, weights: WeightMap): void {
    const own = Object.entries(weights).filter(([key]) => isOf(key, name));
    this.own = new Map(own.map(([key, one]) => [key.slice(name.length), one]));
  }

  /** The weights under the layer's name in a model; null before they are given. */
  under(name: string): readonly (readonly [key: string, weight: HostTensor])[] | null {
    return this.own && [...this.own].map(([rest, weight]) => [name + rest, weight] as const);
  }
}

/** Whether a canonical name is that of a weight of the layer, or of one of its parts. */
const isOf = (key: string, name: string): boolean =>
  key.startsWith(name) && (key[name.length] === "." || key[name.length] === "/");
