import { kindOf } from "../../contract/kind.js";
import { allocate, type HostTensor, sizeOf } from "../../contract/tensor.js";
import { RNNCell } from "../cells/rnn-cell.js";
import { Dense } from "../dense.js";
import { isTensor, type State } from "../fold.js";
import type { Tensor } from "../graph.js";
import { argmax, placeholder } from "../operations/index.js";
import { refuse } from "../refuse.js";
import { filled, flatten, flattenLike } from "../structure.js";
import { Decoder, type Decoding, type DecodingOptions, stacked, type Steps } from "./decoder.js";
import type { Helper } from "./helpers.js";

/** What a decoder makes: `tf.contrib.seq2seq.BasicDecoderOutput`. */
export interface BasicDecoderOutput {
  /** Outputs of the cell, or of the layer above, [batch, time, size]. */
  readonly rnnOutput: Tensor;
  /** Which is the largest of each, int32 [batch, time]. */
  readonly sampleId: Tensor;
}

/** Rows of one tensor where a row is done, of the other where it is not. */
function chosen(done: readonly boolean[], then: HostTensor | null, otherwise: HostTensor): HostTensor {
  const { dtype, shape, data } = otherwise;
  const made = allocate(dtype, data.length);
  made.set(data);
  const size = sizeOf(shape.slice(1));
  done.forEach((is, row) => {
    if (!is) return;
    if (then) made.set(then.data.subarray(row * size, (row + 1) * size), row * size);
    else made.fill(0, row * size, (row + 1) * size);
  });
  return { dtype, shape, data: made };
}

/** `tf.contrib.seq2seq.BasicDecoder`: a cell, what feeds it, and a layer over its output. */
export class BasicDecoder extends Decoder<BasicDecoderOutput, State> {
  readonly #cell: RNNCell;
  readonly #helper: Helper;
  readonly #initialState: State;
  readonly #outputLayer: Dense | null;

  /** @throws UNROLL_ARGUMENT for what is no cell, helper or layer */
  constructor(cell: RNNCell, helper: Helper, initialState: State, outputLayer: Dense | null = null) {
    super();
    const place = "BasicDecoder";
    if (!(cell instanceof RNNCell)) refuse(place, "a cell", kindOf(cell), "e.g. an AttentionWrapper");
    if (typeof (helper as Partial<Helper> | undefined)?.begin !== "function")
      refuse(place, "a helper", kindOf(helper), "a TrainingHelper or a GreedyEmbeddingHelper");
    if (outputLayer !== null && !(outputLayer instanceof Dense))
      refuse(`${place} outputLayer`, "a layer", kindOf(outputLayer), "e.g. new layers.Dense(50)");
    this.#cell = cell;
    this.#helper = helper;
    this.#initialState = initialState;
    this.#outputLayer = outputLayer;
  }

  /** @internal */
  decoding({ imputeFinished }: DecodingOptions): Decoding<BasicDecoderOutput, State> {
    const place = "dynamicDecode";
    const [helper, initialState] = [this.#helper, this.#initialState];
    const before = flatten(place, initialState, isTensor);
    const parts = before.map(({ shape }) => placeholder("float32", [null, ...shape.slice(1)], "step_state"));
    let next = 0;
    const [output, after] = this.#cell(
      helper.stepInput,
      filled(initialState, isTensor, () => parts[next++]!),
    );
    const rnnOutput = this.#outputLayer ? this.#outputLayer.apply(output) : output;
    const following = flattenLike(place, initialState, after, isTensor) as Tensor[];
    const [batch, ...size] = rnnOutput.shape as [number | null, ...(number | null)[]];
    return {
      given: [...helper.given, ...before],
      fed: [helper.fed, ...parts],
      targets: [rnnOutput, argmax(rnnOutput, 1), ...following],
      results: [
        { dtype: "float32", shape: [batch, null, ...size] },
        { dtype: "int32", shape: [batch, null] },
        { dtype: "int32", shape: [batch] },
        ...before.map(({ shape }) => ({ dtype: "float32" as const, shape })),
      ],
      begin: (values) => basicSteps(helper, values, imputeFinished),
      finish([outputs, ids, lengths, ...last]) {
        let part = 0;
        const state = filled(initialState, isTensor, () => last[part++]!);
        return [{ rnnOutput: outputs!, sampleId: ids! }, state, lengths!];
      },
    };
  }
}

function basicSteps(helper: Helper, values: readonly HostTensor[], imputeFinished: boolean): Steps {
  const feeding = helper.begin(values.slice(0, helper.given.length));
  let state = values.slice(helper.given.length);
  let feed = feeding.first();
  let finished = feeding.finished;
  const taken = new Int32Array(feeding.batch);
  const outputs: HostTensor[] = [];
  const ids: HostTensor[] = [];
  return {
    get done() {
      return !finished.includes(false);
    },
    get feeds() {
      return [feed, ...state];
    },
    next(time, computed) {
      const [output, chosenIds, ...following] = computed as [HostTensor, HostTensor, ...HostTensor[]];
      const done = finished;
      done.forEach((is, row) => {
        if (!is) taken[row] = time + 1;
      });
      const turn = feeding.next(time, chosenIds.data as Int32Array);
      outputs.push(imputeFinished ? chosen(done, null, output) : output);
      ids.push(imputeFinished ? chosen(done, null, chosenIds) : chosenIds);
      state = imputeFinished ? following.map((one, k) => chosen(done, state[k]!, one)) : following;
      finished = done.map((is, row) => is || turn.finished[row]!);
      feed = turn.feed;
    },
    results() {
      if (outputs.length === 0)
        refuse(
          "dynamicDecode",
          "a row with at least one step",
          "none",
          "skip the call",
          "UNROLL_UNSUPPORTED",
        );
      const lengths = { dtype: "int32", shape: [feeding.batch], data: taken } as const;
      return [stacked(outputs), stacked(ids), lengths, ...state];
    },
  };
}
