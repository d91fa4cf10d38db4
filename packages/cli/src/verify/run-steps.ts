import type { Adapter, HostTensor, InputsLike, Spec, WeightMap } from "@unroll/api";
import { compile, tensor } from "@unroll/api";
import type { Evaluation, Run } from "@unroll/conformance";
import type { CoreResults } from "./results.js";

/**
 * Runs a case one step at a time on the core, with the state passed from step to step.
 *
 * @param shapes results of the whole sequence, whose shapes these have
 */
export async function runSteps(
  spec: Spec,
  weights: WeightMap,
  run: Run,
  adapter: Adapter,
  shapes: Evaluation,
): Promise<CoreResults> {
  const model = await compile(spec, { adapter, weights });
  const { name, dtype } = spec.inputs[0]!;
  const x = run.inputs[name]!;
  const [batch, time] = x.shape as [number, number];
  const outputs = new Map<string, Frames>();
  let state = stateOf(run) ?? (await model.zeroState(batch).toTypedArrays());
  for (let t = 0; t < time; t++) {
    const frame = frameOf(x, t);
    const input = dtype === "int32" ? { ...frame, dtype, data: Int32Array.from(frame.data) } : frame;
    const result = await model.step(input as InputsLike, state);
    for (const [ref, output] of Object.entries<HostTensor>(result.outputs))
      outputs.set(ref, withFrame(outputs.get(ref), output, t, shapes.outputs[ref]!.shape));
    state = await result.state.toTypedArrays();
  }
  model.dispose();
  return { outputs: Object.fromEntries(outputs), state };
}

interface Frames {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** The state that a run starts from, as tensors of the core. */
function stateOf({ state }: Run): Record<string, Record<string, HostTensor>> | undefined {
  if (!state) return undefined;
  const layers = Object.entries(state).map(([layer, parts]) => {
    const tensors = Object.entries(parts).map(
      ([part, { shape, data }]) => [part, tensor(data as Float32Array, shape)] as const,
    );
    return [layer, Object.fromEntries(tensors)] as const;
  });
  return Object.fromEntries(layers);
}

/** Step `t` of sequences [batch, time, ...]. */
function frameOf({ shape, data }: Run["inputs"][string], t: number): HostTensor<"float32"> {
  const [batch, time, ...rest] = shape as [number, number, ...number[]];
  const size = sizeOf(rest);
  const frame = tensor(new Float32Array(batch * size), [batch, ...rest]);
  for (let row = 0; row < batch; row++)
    frame.data.set(data.subarray((row * time + t) * size, (row * time + t + 1) * size), row * size);
  return frame;
}

/** Adds the output of step `t` to those before it; one that has no time axis is the last step's. */
function withFrame(
  before: Frames | undefined,
  { shape, data }: HostTensor,
  t: number,
  whole: readonly number[],
): Frames {
  if (whole.length === shape.length) return { shape, data: data as Float32Array };
  const frames = before ?? { shape: whole, data: new Float32Array(sizeOf(whole)) };
  const [batch, time] = whole as [number, number];
  const width = data.length / batch;
  for (let row = 0; row < batch; row++)
    frames.data.set(
      (data as Float32Array).subarray(row * width, (row + 1) * width),
      (row * time + t) * width,
    );
  return frames;
}
