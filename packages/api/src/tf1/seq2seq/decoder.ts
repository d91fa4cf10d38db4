import type { HostTensor } from "../../contract/tensor.js";
import { allocate, sizeOf } from "../../contract/tensor.js";
import { assertFits } from "../../contract/limits.js";
import type { Result, Tensor } from "../graph.js";

/** @internal What a decode is asked for. */
export interface DecodingOptions {
  /** Whether rows that are done have zeros for outputs, and keep their state. */
  readonly imputeFinished: boolean;
}

/** @internal One step of a decoder in the graph, and what a run makes of its steps. */
export interface Decoding<Output, State> {
  /** What is evaluated before the first step. */
  readonly given: readonly Tensor[];
  /** What each step is fed anew. */
  readonly fed: readonly Tensor[];
  /** What each step computes. */
  readonly targets: readonly Tensor[];
  /** What the decode comes to. */
  readonly results: readonly Result[];
  /** Begins; the values are those of `given`. */
  begin(given: readonly HostTensor[]): Steps;
  /** What the caller gets, of tensors as `results` has them. */
  finish(results: readonly Tensor[]): [outputs: Output, state: State, sequenceLengths: Tensor];
}

/** @internal A decode that is on its way. */
export interface Steps {
  /** Whether nothing is left to do. */
  readonly done: boolean;
  /** What the next step is fed. */
  readonly feeds: readonly HostTensor[];
  /** Takes what a step computed. */
  next(time: number, computed: readonly HostTensor[]): void;
  /** What all steps came to. */
  results(): HostTensor[];
}

/** What `dynamicDecode` runs: a `BasicDecoder` or a `BeamSearchDecoder`. */
export abstract class Decoder<Output, State> {
  /** @internal Appends a step to the graph. */
  abstract decoding(options: DecodingOptions): Decoding<Output, State>;
}

/** @internal Steps [batch, ...] as [batch, time, ...]. @throws UNROLL_SHAPE for more than a tensor holds */
export function stacked(steps: readonly HostTensor[]): HostTensor {
  const [{ dtype, shape }] = steps as readonly [HostTensor];
  const [batch, ...rest] = shape as [number, ...number[]];
  const made = [batch, steps.length, ...rest];
  assertFits("UNROLL_SHAPE", "dynamicDecode", made);
  const size = sizeOf(rest);
  const data = allocate(dtype, batch * steps.length * size);
  steps.forEach((step, time) => {
    for (let row = 0; row < batch; row++)
      data.set(step.data.subarray(row * size, (row + 1) * size), (row * steps.length + time) * size);
  });
  return { dtype, shape: made, data };
}
