import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import type { HostTensor } from "../contract/tensor.js";
import { dense, embedding } from "../specification/build.js";
import { noMore, optionsOf } from "./arguments.js";
import { currentGraph } from "./graph.js";
import { Module, type ModulePart } from "./module.js";
import { parts, takes, tie, weightAt } from "./own-names.js";
import { Parameter } from "./parameter.js";
import type { SymbolicTensor } from "./symbolic.js";
import { shownShape } from "./tensor/sizes.js";
import { type Tensor, tensorOf } from "./tensor/tensor.js";

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

/** A row of a table, counted from the end if negative; null for none. @throws UNROLL_ARGUMENT */
function rowOf(place: string, given: unknown, rows: number): number | null {
  if (given === null) return null;
  if (Number.isInteger(given) && (given as number) >= -rows && (given as number) < rows)
    return ((given as number) + rows) % rows;
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected: `paddingIdx from ${-rows} to ${rows - 1}`,
    got: shown(given),
    cure: "it is a row of the table",
  });
}

/** Options of `nn.Embedding`, with PyTorch's defaults. */
export interface EmbeddingOptions {
  /** A row that training leaves as it is, from the end if negative; without effect on what is read. */
  readonly paddingIdx?: number | null;
  /** Length that PyTorch cuts rows to, in the table itself, as it reads them: refused. */
  readonly maxNorm?: null;
  /** Of which norm `maxNorm` is; without effect. */
  readonly normType?: number;
  /** About gradients; without effect. */
  readonly scaleGradByFreq?: boolean;
  /** About gradients; without effect. */
  readonly sparse?: boolean;
}

/** Options of `nn.Embedding.fromPretrained`, with PyTorch's defaults. */
export interface PretrainedOptions extends EmbeddingOptions {
  /** Whether training leaves the table as it is. Default true. */
  readonly freeze?: boolean;
}

const embeddingOptions = ["paddingIdx", "maxNorm", "normType", "scaleGradByFreq", "sparse"];

/**
 * `torch.nn.Embedding`: rows of a table by id, ids of any shape to [..., embeddingDim]. Weight: `weight`
 * [numEmbeddings, embeddingDim].
 */
export class Embedding extends Module {
  /** A row that training leaves as it is; null without one. */
  readonly paddingIdx: number | null;

  /**
   * @param numEmbeddings rows of the table: ids are 0 to one less
   * @param embeddingDim size of each row
   * @param options see {@link EmbeddingOptions}; `paddingIdx` by itself or by name
   * @throws UNROLL_ARGUMENT for a `paddingIdx` that there is no row of; UNROLL_UNSUPPORTED for `maxNorm`
   */
  constructor(
    readonly numEmbeddings: number,
    readonly embeddingDim: number,
    options?: number | EmbeddingOptions | null,
    ...rest: never[]
  ) {
    super();
    const place = "nn.Embedding";
    noMore(place, rest);
    count(place, "numEmbeddings", numEmbeddings);
    count(place, "embeddingDim", embeddingDim);
    const known = optionsOf<EmbeddingOptions>(place, options, embeddingOptions, "paddingIdx");
    this.paddingIdx = rowOf(place, known.paddingIdx ?? null, numEmbeddings);
    const maxNorm: unknown = known.maxNorm ?? null;
    if (maxNorm !== null)
      throw unrollError({
        code: "UNROLL_UNSUPPORTED",
        place,
        expected: "no maxNorm",
        got: shown(maxNorm),
        cure: "PyTorch writes shorter rows into the table as it reads; shorten them before they are loaded",
      });
  }

  /**
   * One whose weight is a table that is at hand: a copy, where PyTorch keeps the tensor itself.
   *
   * @param embeddings float32 [rows, size]
   * @param options see {@link PretrainedOptions}; `freeze` by itself or by name
   * @throws UNROLL_SHAPE for what is no matrix; UNROLL_ARGUMENT for what is no float32 tensor
   */
  static fromPretrained(
    embeddings: Tensor | HostTensor,
    options?: boolean | PretrainedOptions | null,
    ...rest: never[]
  ): Embedding {
    const place = "nn.Embedding.fromPretrained";
    noMore(place, rest);
    const known = ["freeze", ...embeddingOptions];
    const given = optionsOf<PretrainedOptions>(place, options, known, "freeze", "boolean");
    const { freeze = true, ...own } = given;
    const table = tensorOf(place, embeddings);
    if (table.dim() !== 2)
      throw unrollError({
        code: "UNROLL_SHAPE",
        place,
        expected: "a table [rows, size]",
        got: shownShape(table.shape),
        cure: "an id stands for a row",
      });
    const made = new Embedding(table.size(0), table.size(1), own);
    made.weight = new Parameter(table, { requiresGrad: !freeze });
    return made;
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
