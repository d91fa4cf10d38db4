import { kindOf } from "../../contract/kind.js";
import { shown } from "../../contract/shown.js";
import { assertFlags, optionsOf } from "../options.js";
import { assertDType } from "../operations/operation.js";
import { assertTensor, Tensor } from "../graph.js";
import { constant, embeddingLookup, placeholder, transpose } from "../operations/index.js";
import { refuse } from "../refuse.js";
import type { SequenceLength } from "../rnn.js";
import { assertRank } from "../static-shapes.js";
import type { HostTensor } from "../../contract/tensor.js";

/** What a decoder is fed at each step, and when rows are done. */
export interface Helper {
  /** @internal What a step reads of what it is fed: [batch, features]. */
  readonly stepInput: Tensor;
  /** @internal What a step is fed. */
  readonly fed: Tensor;
  /** @internal Tensors of the graph that it goes by. */
  readonly given: readonly Tensor[];
  /** @internal Begins; the values are those of `given`. */
  begin(values: readonly HostTensor[]): Feeding;
}

/** @internal What a step is fed, step after step. */
export interface Feeding {
  readonly batch: number;
  /** Rows that are done before the first step. */
  readonly finished: readonly boolean[];
  first(): HostTensor;
  /** What the next step is fed, and the rows that are done, of the ids that this one chose. */
  next(time: number, ids: Int32Array): { readonly feed: HostTensor; readonly finished: readonly boolean[] };
}

/**
 * @internal One whole number for each row, int32 [batch].
 * @throws UNROLL_ARGUMENT, UNROLL_DTYPE, UNROLL_SHAPE
 */
export function wholeRows(place: string, given: SequenceLength): Tensor {
  if (given === undefined || given === null)
    refuse(place, "int32 [batch]", kindOf(given), "one number for each row");
  const rows = given instanceof Tensor ? given : constant(given, "int32");
  assertDType(place, [rows], ["int32"]);
  assertRank(place, rows, ["batch"]);
  return rows;
}

/** Options of {@link TrainingHelper}. */
export interface TrainingHelperOptions {
  /** Whether inputs are [time, batch, features]. Default false. */
  readonly timeMajor?: boolean;
}

/**
 * `tf.contrib.seq2seq.TrainingHelper`: each step is fed the next of inputs that are given, up to each row's
 * length.
 */
export class TrainingHelper implements Helper {
  readonly stepInput: Tensor;
  readonly fed: Tensor;
  readonly given: readonly Tensor[];

  /**
   * @param inputs [batch, time, features]
   * @param sequenceLength steps of each row
   * @throws UNROLL_ARGUMENT, UNROLL_SHAPE
   */
  constructor(inputs: Tensor, sequenceLength: SequenceLength, options: TrainingHelperOptions = {}) {
    const place = "TrainingHelper";
    assertTensor(`${place} inputs`, inputs);
    assertRank(`${place} inputs`, inputs, ["batch", "time", "features"]);
    const { timeMajor } = optionsOf(place, options, ["timeMajor"]);
    assertFlags(place, { timeMajor });
    const lengths = wholeRows(`${place} sequenceLength`, sequenceLength);
    this.given = [timeMajor ? inputs : transpose(inputs, [1, 0, 2]), lengths];
    this.fed = placeholder("float32", [null, inputs.shape[2]!], "step_input");
    this.stepInput = this.fed;
  }

  begin([inputs, lengths]: readonly HostTensor[]): Feeding {
    const [steps, batch, features] = inputs!.shape as [number, number, number];
    const ends = lengths!.data as Int32Array;
    const off = ends.find((length) => length < 0 || length > steps);
    if (off !== undefined || ends.length !== batch)
      refuse(
        "TrainingHelper sequenceLength",
        `${batch} lengths from 0 to ${steps}`,
        shown([...ends]),
        "one for each row",
        "UNROLL_SHAPE",
      );
    const at = (time: number): HostTensor => ({
      dtype: "float32",
      shape: [batch, features],
      data: (inputs!.data as Float32Array).slice(time * batch * features, (time + 1) * batch * features),
    });
    return {
      batch,
      finished: Array.from(ends, (length) => length <= 0),
      first: () => at(0),
      // Once every row is done nothing more is read.
      next: (time) => ({
        feed: at(Math.min(time + 1, steps - 1)),
        finished: Array.from(ends, (length) => time + 1 >= length),
      }),
    };
  }
}

/**
 * `tf.contrib.seq2seq.GreedyEmbeddingHelper`: each step is fed the embedding of the id that the step before
 * found likeliest, until it is the end token.
 */
export class GreedyEmbeddingHelper implements Helper {
  readonly stepInput: Tensor;
  readonly fed: Tensor;
  readonly given: readonly Tensor[];
  readonly #end: number;

  /**
   * @param embedding a table [vocabulary, features], or a function of ids
   * @param startTokens int32 [batch]
   * @throws UNROLL_ARGUMENT
   */
  constructor(embedding: Tensor | ((ids: Tensor) => Tensor), startTokens: SequenceLength, endToken: number) {
    const place = "GreedyEmbeddingHelper";
    if (!Number.isInteger(endToken)) refuse(`${place} endToken`, "an id", shown(endToken), "e.g. 1");
    this.given = [wholeRows(`${place} startTokens`, startTokens)];
    this.fed = placeholder("int32", [null], "step_ids");
    this.stepInput =
      typeof embedding === "function" ? embedding(this.fed) : embeddingLookup(embedding, this.fed);
    this.#end = endToken;
  }

  begin([start]: readonly HostTensor[]): Feeding {
    const batch = start!.shape[0]!;
    return {
      batch,
      finished: new Array<boolean>(batch).fill(false),
      first: () => start!,
      next: (_time, ids) => ({
        feed: { dtype: "int32", shape: [batch], data: ids },
        finished: Array.from(ids, (id) => id === this.#end),
      }),
    };
  }
}
