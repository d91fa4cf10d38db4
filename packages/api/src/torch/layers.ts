import { unrollError } from "../contract/error.js";
import { dense, embedding } from "../specification/build.js";
import { noMore, optionsOf } from "./arguments.js";
import { currentGraph } from "./graph.js";
import { Module, type ModulePart } from "./module.js";
import { parts, takes, tie, weightAt } from "./own-names.js";
import type { Parameter } from "./parameter.js";
import type { SymbolicTensor } from "./symbolic.js";
import type { Tensor } from "./tensor/tensor.js";

/** A whole number of at least 1. @throws UNROLL_ARGUMENT */
export function count(place: string, name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: place,
      expected: `${name} as a whole number of at least 1`,
      got: `${value}`,
      cure: "sizes are counts",
      details: { name, value },
    });
  return value;
}

/**
 * `torch.nn.Embedding`: rows of a table by id, ids of any shape to [..., embeddingDim]. Weight: `weight`
 * [numEmbeddings, embeddingDim].
 */
export class Embedding extends Module {
  /**
   * @param numEmbeddings rows of the table: ids are 0 to one less
   * @param embeddingDim size of each row
   * @param options `paddingIdx`, by itself or by name: only stops gradients in PyTorch; without effect here
   */
  constructor(
    readonly numEmbeddings: number,
    readonly embeddingDim: number,
    options?: number | { paddingIdx?: number },
    ...rest: never[]
  ) {
    super();
    noMore("nn.Embedding", rest);
    count("nn.Embedding", "numEmbeddings", numEmbeddings);
    count("nn.Embedding", "embeddingDim", embeddingDim);
    // paddingIdx only stops gradients; the row itself is read like any other.
    optionsOf<{ paddingIdx?: number }>("nn.Embedding", options, ["paddingIdx"], "paddingIdx");
  }

  override [parts](): ModulePart[] {
    return [{ layer: this.#layer("table", "ids"), level: null }];
  }

  /** The weight, which another module may share: `decoder.weight = encoder.weight`. */
  get weight(): Parameter {
    return this[weightAt]("weight");
  }

  set weight(given: Parameter) {
    this[tie]("weight", given);
  }

  override get [takes](): number {
    return 1;
  }

  forward(ids: Tensor): SymbolicTensor {
    const graph = currentGraph("nn.Embedding");
    const path = graph.pathOf(this);
    const ref = graph.use(path || "embedding", ids, { dtype: "int32", features: [] });
    return graph.append(this.#layer(graph.layerName(path, "embedding"), ref), ids, {
      module: path,
      level: null,
    });
  }

  #layer(name: string, input: string): ModulePart["layer"] {
    return embedding({ name, input, inputSize: this.numEmbeddings, outputSize: this.embeddingDim });
  }
}

/**
 * `torch.nn.Linear`: x·weightᵀ + bias over the last axis. Weights: `weight` [outFeatures, inFeatures], `bias`
 * [outFeatures].
 */
export class Linear extends Module {
  /** Whether a bias is added. */
  readonly bias: boolean;

  /**
   * @param inFeatures size of the input's last axis
   * @param outFeatures size of the output's last axis
   * @param options `bias`, by itself or by name: whether a bias is added; default true
   */
  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    options?: boolean | { bias?: boolean },
    ...rest: never[]
  ) {
    super();
    noMore("nn.Linear", rest);
    count("nn.Linear", "inFeatures", inFeatures);
    count("nn.Linear", "outFeatures", outFeatures);
    const { bias = true } = optionsOf<{ bias?: boolean }>("nn.Linear", options, ["bias"], "bias", "boolean");
    this.bias = bias;
  }

  override [parts](): ModulePart[] {
    return [{ layer: this.#layer("linear", "x"), level: null }];
  }

  /** The weight, which another module may share: `decoder.weight = encoder.weight`. */
  get weight(): Parameter {
    return this[weightAt]("weight");
  }

  set weight(given: Parameter) {
    this[tie]("weight", given);
  }

  override get [takes](): number {
    return 1;
  }

  forward(x: Tensor): SymbolicTensor {
    const graph = currentGraph("nn.Linear");
    const path = graph.pathOf(this);
    const ref = graph.use(path || "linear", x, { dtype: "float32", features: [this.inFeatures] });
    return graph.append(this.#layer(graph.layerName(path, "linear"), ref), x, {
      module: path,
      level: null,
    });
  }

  #layer(name: string, input: string): ModulePart["layer"] {
    return dense({
      name,
      input,
      inputSize: this.inFeatures,
      units: this.outFeatures,
      bias: this.bias ? "single" : "none",
    });
  }
}
