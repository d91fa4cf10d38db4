import { kindOf } from "../../contract/kind.js";
import { shown } from "../../contract/shown.js";
import { allocate, type HostTensor, sizeOf } from "../../contract/tensor.js";
import { bodyOf } from "../body.js";
import { RNNCell } from "../cells/rnn-cell.js";
import { assertFlags, optionsOf } from "../options.js";
import { Dense } from "../dense.js";
import { isTensor, type State } from "../fold.js";
import { getDefaultGraph, type Tensor } from "../graph.js";
import { argmax, placeholder } from "../operations/index.js";
import { operation } from "../operations/operation.js";
import { refuse } from "../refuse.js";
import { filled, flatten, flattenLike } from "../structure.js";
import type { VariableScope } from "../variable-scopes.js";
import type { Helper } from "./helpers.js";

/** What a decoder makes: `tf.contrib.seq2seq.BasicDecoderOutput`. */
export interface BasicDecoderOutput {
  /** Outputs of the cell, or of the layer above, [batch, time, size]. */
  readonly rnnOutput: Tensor;
  /** Which is the largest of each, int32 [batch, time]. */
  readonly sampleId: Tensor;
}

/** `tf.contrib.seq2seq.BasicDecoder`: a cell, what feeds it, and a layer over its output. */
export class BasicDecoder {
  /** @internal */
  readonly cell: RNNCell;
  /** @internal */
  readonly helper: Helper;
  /** @internal */
  readonly initialState: State;
  /** @internal */
  readonly outputLayer: Dense | null;

  /** @throws UNROLL_ARGUMENT for what is no cell, helper or layer */
  constructor(cell: RNNCell, helper: Helper, initialState: State, outputLayer: Dense | null = null) {
    const place = "BasicDecoder";
    if (!(cell instanceof RNNCell)) refuse(place, "a cell", kindOf(cell), "e.g. an AttentionWrapper");
    if (typeof (helper as Partial<Helper> | undefined)?.begin !== "function")
      refuse(place, "a helper", kindOf(helper), "a TrainingHelper or a GreedyEmbeddingHelper");
    if (outputLayer !== null && !(outputLayer instanceof Dense))
      refuse(`${place} outputLayer`, "a layer", kindOf(outputLayer), "e.g. new layers.Dense(50)");
    this.cell = cell;
    this.helper = helper;
    this.initialState = initialState;
    this.outputLayer = outputLayer;
  }
}

/** Options of {@link dynamicDecode}. */
export interface DynamicDecodeOptions {
  /** Whether outputs and ids are [time, batch, ...]. Only false. */
  readonly outputTimeMajor?: boolean;
  /** Whether rows that are done have zeros for outputs, and keep their state. Default false. */
  readonly imputeFinished?: boolean;
  /** Steps at most. Default: until every row is done. */
  readonly maximumIterations?: number | null;
  /** Without effect: how to compute is the engine's matter. */
  readonly parallelIterations?: number;
  /** Without effect: how to compute is the engine's matter. */
  readonly swapMemory?: boolean;
  /** Variables' scope. Default `decoder`. */
  readonly scope?: string | VariableScope | null;
}

const options = [
  "outputTimeMajor",
  "imputeFinished",
  "maximumIterations",
  "parallelIterations",
  "swapMemory",
  "scope",
] as const;

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

/** Steps [batch, ...] as [batch, time, ...]. */
function stacked(steps: readonly HostTensor[]): HostTensor {
  const [{ dtype, shape }] = steps as readonly [HostTensor];
  const [batch, ...rest] = shape as [number, ...number[]];
  const size = sizeOf(rest);
  const data = allocate(dtype, batch * steps.length * size);
  steps.forEach((step, time) => {
    for (let row = 0; row < batch; row++)
      data.set(step.data.subarray(row * size, (row + 1) * size), (row * steps.length + time) * size);
  });
  return { dtype, shape: [batch, steps.length, ...rest], data };
}

/**
 * Decodes until every row is done: `tf.contrib.seq2seq.dynamic_decode`. Each step is a run of the engine, as
 * how many there are follows from what they choose.
 *
 * @returns outputs, the state after the last step, and how many steps each row took, int32 [batch]
 * @throws UNROLL_ARGUMENT; at a run UNROLL_UNSUPPORTED where no row takes a step
 */
export function dynamicDecode(
  decoder: BasicDecoder,
  given: DynamicDecodeOptions = {},
): [outputs: BasicDecoderOutput, state: State, sequenceLengths: Tensor] {
  const place = "dynamicDecode";
  if (!(decoder instanceof BasicDecoder))
    refuse(place, "a decoder", kindOf(decoder), "new BasicDecoder(...)");
  optionsOf(place, given, options);
  assertFlags(place, { outputTimeMajor: given.outputTimeMajor, imputeFinished: given.imputeFinished });
  const { maximumIterations: most = null, imputeFinished = false } = given;
  if (given.outputTimeMajor)
    refuse(`${place} outputTimeMajor`, "false", "true", "transpose what comes", "UNROLL_UNSUPPORTED");
  if (most !== null && !(Number.isInteger(most) && most > 0))
    refuse(`${place} maximumIterations`, "a whole number of at least 1", shown(most), "null for no limit");
  const { cell, helper, initialState, outputLayer } = decoder;
  const before = flatten(place, initialState, isTensor);
  const entry = { scope: given.scope ?? null, defaultName: "decoder" };
  return getDefaultGraph().scopes.within(entry, () => {
    const parts = before.map(({ shape }) => placeholder("float32", [null, ...shape.slice(1)], "step_state"));
    let next = 0;
    const [output, after] = cell(
      helper.stepInput,
      filled(initialState, isTensor, () => parts[next++]!),
    );
    const rnnOutput = outputLayer ? outputLayer.apply(output) : output;
    const following = flattenLike(place, initialState, after, isTensor) as Tensor[];
    const targets = [rnnOutput, argmax(rnnOutput, 1), ...following];
    // Variables and constants are weights of each step's program, and need not be fed to it.
    const captured = bodyOf([helper.fed, ...parts], targets).captured.filter(
      ({ op }) => op.inputs.length > 0 || !op.build,
    );
    const around = [...captured, ...helper.given, ...before];
    const [outputs, ids, lengths, ...last] = operation(
      "Decode",
      {
        inputs: around,
        async run(evaluate) {
          const values = await evaluate(around, new Map());
          const same = captured.map((tensor, k) => [tensor, values[k]!] as const);
          const feeding = helper.begin(values.slice(captured.length, captured.length + helper.given.length));
          let state = values.slice(captured.length + helper.given.length);
          let feed = feeding.first();
          let finished = feeding.finished;
          const taken = new Int32Array(feeding.batch);
          const steps: { readonly output: HostTensor; readonly ids: HostTensor }[] = [];
          for (let time = 0; finished.includes(false) && time !== most; time++) {
            const known = new Map([...same, [helper.fed, feed] as const]);
            parts.forEach((part, k) => known.set(part, state[k]!));
            const [output, chosenIds, ...following] = (await evaluate(targets, known)) as [
              HostTensor,
              HostTensor,
              ...HostTensor[],
            ];
            const done = finished;
            done.forEach((is, row) => {
              if (!is) taken[row] = time + 1;
            });
            const turn = feeding.next(time, chosenIds.data as Int32Array);
            steps.push(
              imputeFinished
                ? { output: chosen(done, null, output), ids: chosen(done, null, chosenIds) }
                : { output, ids: chosenIds },
            );
            state = imputeFinished ? following.map((one, k) => chosen(done, state[k]!, one)) : following;
            finished = done.map((is, row) => is || turn.finished[row]!);
            feed = turn.feed;
          }
          if (steps.length === 0)
            refuse(place, "a row with at least one step", "none", "skip the call", "UNROLL_UNSUPPORTED");
          return [
            stacked(steps.map(({ output }) => output)),
            stacked(steps.map(({ ids }) => ids)),
            { dtype: "int32", shape: [feeding.batch], data: taken },
            ...state,
          ];
        },
      },
      [
        { dtype: "float32", shape: [rnnOutput.shape[0]!, null, ...rnnOutput.shape.slice(1)] },
        { dtype: "int32", shape: [rnnOutput.shape[0]!, null] },
        { dtype: "int32", shape: [rnnOutput.shape[0]!] },
        ...before.map(({ shape }) => ({ dtype: "float32" as const, shape })),
      ],
    );
    next = 0;
    const state = filled(initialState, isTensor, () => last[next++]!);
    return [{ rnnOutput: outputs!, sampleId: ids! }, state, lengths!];
  });
}
