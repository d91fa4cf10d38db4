import { shown } from "../../contract/shown.js";
import type { State } from "../fold.js";
import type { Tensor } from "../graph.js";
import { linear } from "../linear.js";
import * as operations from "../operations/index.js";
import { add, divide, multiply, reduceMean, sigmoid, split, sqrt, subtract } from "../operations/index.js";
import { refuse } from "../refuse.js";
import { LSTMStateTuple } from "../structure.js";
import { getVariable, variableScope } from "../variables.js";
import { RNNCell } from "./rnn-cell.js";
import { assertFlags, optionsOf, sizeGiven } from "../options.js";

/** Options of {@link LayerNormBasicLSTMCell}. */
export interface LayerNormBasicLSTMCellOptions {
  /** Added to the forget gate at each step; it is in no variable. Default 1. */
  readonly forgetBias?: number;
  /** Of the candidate and of c on its way into h: a function of tensors. Default tanh. */
  readonly activation?: (x: Tensor) => Tensor;
  /** Whether gates and c are normalised; otherwise there is a bias instead. Default true. */
  readonly layerNorm?: boolean;
  /** Without effect: weights are restored. */
  readonly normGain?: number;
  /** Without effect: weights are restored. */
  readonly normShift?: number;
  /** Only 1: nothing is dropped. */
  readonly dropoutKeepProb?: number;
  /** Without effect where everything is kept. */
  readonly dropoutProbSeed?: number | null;
  /** Without effect: variables are shared by the scope, or by calling one cell again. */
  readonly reuse?: boolean | null;
}

const norms = ["normGain", "normShift", "dropoutKeepProb", "dropoutProbSeed", "reuse"] as const;

/** What `tf.contrib.layers.layer_norm` adds to the variance. */
const EPSILON = 1e-12;

/**
 * `tf.contrib.rnn.LayerNormBasicLSTMCell`: an LSTM whose gates and cell state are normalised, each by itself,
 * LN(v) = (v - mean) / √(variance + 1e-12) ⊙ gamma + beta:
 *
 * i, j, f, o = [x, h]·kernel, c' = LN(c ⊙ σ(LN(f) + forgetBias) + σ(LN(i)) ⊙ activation(LN(j))), h' =
 * activation(c') ⊙ σ(LN(o))
 *
 * Variables: `kernel` [features + units, 4 units], and `gamma` and `beta` [units] in each of `input`,
 * `transform`, `forget`, `output` and `state`. Without layer norm `bias` [4 units] instead.
 *
 * Source: TensorFlow 1.15, `contrib/rnn/python/ops/rnn_cell.py`.
 */
export class LayerNormBasicLSTMCell extends RNNCell {
  /** @internal */
  static override readonly baseName: string = "layer_norm_basic_lstm_cell";
  readonly #numUnits: number;
  readonly #forgetBias: number;
  readonly #layerNorm: boolean;
  readonly #activation: (x: Tensor) => Tensor;

  /** @throws UNROLL_ARGUMENT for options that there are none of; UNROLL_UNSUPPORTED where less is kept */
  constructor(numUnits: number, options: LayerNormBasicLSTMCellOptions = {}) {
    super();
    const place = "LayerNormBasicLSTMCell";
    optionsOf(place, options, ["forgetBias", "activation", "layerNorm", ...norms]);
    const { forgetBias = 1, layerNorm = true, activation = operations.tanh, dropoutKeepProb = 1 } = options;
    this.#numUnits = sizeGiven(`${place} numUnits`, numUnits);
    if (typeof forgetBias !== "number" || !Number.isFinite(forgetBias))
      refuse(`${place} forgetBias`, "a number", shown(forgetBias), "1 is the default");
    assertFlags(place, { layerNorm });
    if (typeof activation !== "function")
      refuse(`${place} activation`, "a function of tensors", shown(activation), "e.g. nn.relu");
    if (dropoutKeepProb !== 1)
      refuse(
        `${place} dropoutKeepProb`,
        "1",
        shown(dropoutKeepProb),
        "pass 1, as one does to evaluate",
        "UNROLL_UNSUPPORTED",
      );
    this.#forgetBias = forgetBias;
    this.#layerNorm = layerNorm;
    this.#activation = activation;
  }

  get stateSize(): LSTMStateTuple<number> {
    return new LSTMStateTuple(this.#numUnits, this.#numUnits);
  }

  get outputSize(): number {
    return this.#numUnits;
  }

  call(inputs: Tensor, state: State): [Tensor, State] {
    const place = this.scopeName;
    const [c, h] = this.stateParts(state) as [Tensor, Tensor];
    const all = linear(place, [inputs, h], 4 * this.#numUnits, !this.#layerNorm);
    const names = ["input", "transform", "forget", "output"];
    const [i, j, f, o] = split(all, 4, 1).map((gate, k) => this.#norm(names[k]!, gate)) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    const forgotten = multiply(c, sigmoid(add(f, this.#forgetBias)));
    const next = this.#norm("state", add(forgotten, multiply(sigmoid(i), this.#activation(j))));
    const output = multiply(this.#activation(next), sigmoid(o));
    return [output, new LSTMStateTuple(next, output)];
  }

  #norm(scope: string, x: Tensor): Tensor {
    if (!this.#layerNorm) return x;
    return variableScope(scope, () => {
      const gamma = getVariable("gamma", [this.#numUnits]);
      const beta = getVariable("beta", [this.#numUnits]);
      const centred = subtract(x, reduceMean(x, 1, { keepDims: true }));
      const variance = reduceMean(multiply(centred, centred), 1, { keepDims: true });
      return add(multiply(divide(centred, sqrt(add(variance, EPSILON))), gamma), beta);
    });
  }
}
