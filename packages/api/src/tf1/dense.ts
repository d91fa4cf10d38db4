import { assertFlags, optionsOf, sizeGiven } from "./options.js";
import { assertTensor, getDefaultGraph, type Tensor } from "./graph.js";
import { biasAdd, matmul, reshape, shape } from "./operations/index.js";
import { refuse } from "./refuse.js";
import { shown } from "../contract/shown.js";
import { lastSize } from "./static-shapes.js";
import { getVariable } from "./variables.js";
import type { VariableScope } from "./variable-scopes.js";

/** Options of {@link Dense}. */
export interface DenseOptions {
  /** A function of tensors: `relu`, `nn.softmax`. Default none. */
  readonly activation?: ((x: Tensor) => Tensor) | null;
  /** Whether there is a bias. Default true. */
  readonly useBias?: boolean;
  /** Name of the scope of its variables. Default `dense`, made unique. */
  readonly name?: string;
  /** Without effect: weights are restored. */
  readonly kernelInitializer?: unknown;
  /** Without effect: weights are restored. */
  readonly biasInitializer?: unknown;
  /** Whether variables that are there are used again. Default: as the scope around. */
  readonly reuse?: boolean | null;
}

const known = ["activation", "useBias", "name", "kernelInitializer", "biasInitializer", "reuse"] as const;

/**
 * A dense layer, `tf.layers.Dense`: activation(x·kernel + bias) of the last axis. It names its variables
 * where it is first applied: `dense/kernel` [features, units], `dense/bias` [units].
 */
export class Dense {
  /** Size of the output. */
  readonly units: number;
  readonly #options: DenseOptions;
  readonly #named: string | null;
  #scope: VariableScope | null = null;

  /**
   * @param scope @internal the scope of its variables, which is not made unique
   * @throws UNROLL_ARGUMENT for options that there are none of
   */
  constructor(units: number, options: DenseOptions = {}, scope: string | null = null) {
    this.#options = optionsOf("Dense", options, known);
    this.#named = scope;
    this.units = sizeGiven("Dense units", units);
    const { activation, useBias, reuse } = options;
    if (activation !== undefined && activation !== null && typeof activation !== "function")
      refuse("Dense activation", "a function of tensors", shown(activation), "e.g. nn.relu");
    assertFlags("Dense", { useBias, reuse: reuse ?? undefined });
  }

  /** [..., features] to [..., units]. @throws UNROLL_SHAPE */
  apply(x: Tensor): Tensor {
    assertTensor("Dense", x);
    const { name, reuse, activation, useBias = true } = this.#options;
    const entry = this.#scope
      ? { scope: this.#scope, reuse: true }
      : this.#named !== null
        ? { scope: this.#named, reuse: reuse ?? null }
        : reuse
          ? { scope: name ?? "dense", reuse }
          : { scope: null, defaultName: name ?? "dense" };
    return getDefaultGraph().scopes.within(entry, (scope) => {
      this.#scope ??= scope;
      const features = lastSize("Dense", x);
      const kernel = getVariable("kernel", [features, this.units]);
      // One product of all rows, as engines do it fastest.
      const rows = x.shape.length === 2 ? x : reshape(x, [-1, features]);
      const product = matmul(rows, kernel);
      const sum = useBias ? biasAdd(product, getVariable("bias", [this.units])) : product;
      const full = x.shape.length === 2 ? sum : reshape(sum, [...shape(x).slice(0, -1), this.units]);
      return activation ? activation(full) : full;
    });
  }
}

/**
 * A dense layer applied at once: `tf.layers.dense`. Its `name` is the scope as it is, so that a second one of
 * that name is refused, or shares the variables where the scope around reuses, as in TensorFlow.
 *
 * @throws UNROLL_ARGUMENT, UNROLL_SHAPE
 */
export const dense = (inputs: Tensor, units: number, options: DenseOptions = {}): Tensor =>
  new Dense(units, options, optionsOf("dense", options, known).name ?? null).apply(inputs);
