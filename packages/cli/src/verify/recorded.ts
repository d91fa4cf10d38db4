import type { Adapter, HostTensor, InputsLike, Spec, WeightMap } from "@unroll/api";
import { compile, tensor, unrollError, whyNotSteppable } from "@unroll/api";
import { deriveBounds, type Evaluation, type Float64Tensor, type Run } from "@unroll/conformance";
import type { NamedTensor } from "@unroll/api/weights";

/** Results under the names that the recording has them. */
export type NamedResults = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>
>;

/** Values by the references of a spec: what a run of the core or of the oracle gives. */
export interface CoreResults {
  readonly outputs: NamedResults;
  readonly state: Readonly<Record<string, NamedResults>>;
}

/** One way to run a recorded case. */
export interface Mode {
  readonly mode: "sequence" | "step";
  run(adapter: Adapter): Promise<NamedResults>;
}

/** A recorded case made ready to be checked on any engine. */
export interface RecordedCase {
  readonly name: string;
  readonly modes: readonly Mode[];
  /** Float64 values as recorded. */
  readonly want: Readonly<Record<string, Float64Tensor>>;
  /**
   * Float64 values of the oracle. They are not what engines are compared with, but show whether the two
   * agree.
   */
  readonly exact: Readonly<Record<string, Float64Tensor>>;
  /** How far an honest engine may be from them. */
  readonly bounds: Readonly<Record<string, Float64Tensor>>;
}

export type Tensors = Readonly<Record<string, NamedTensor>>;

/** A recorded tensor as float64. @throws UNROLL_FORMAT when the file has none of that name */
export function float64(tensors: Tensors, name: string, place: string): Float64Tensor {
  const found = tensors[name];
  if (found?.dtype !== "F64")
    throw unrollError({
      code: "UNROLL_FORMAT",
      place: place,
      expected: `tensor "${name}" of type F64`,
      got: found ? found.dtype : "none",
      cure: "record the case again",
      details: { name },
    });
  return { shape: found.shape, data: found.data as Float64Array };
}

/** What the oracle says of a case, and its bound, in the names of the recording. */
export function truthOf(
  spec: Spec,
  weights: WeightMap,
  run: Run,
  named: (results: CoreResults) => NamedResults,
): Pick<RecordedCase, "exact" | "bounds"> {
  const derived = deriveBounds(spec, weights, run);
  const float64s = (results: CoreResults): Record<string, Float64Tensor> =>
    Object.fromEntries(
      Object.entries(named(results)).map(([name, { shape, data }]) => [
        name,
        { shape, data: Float64Array.from(data) },
      ]),
    );
  return { exact: float64s(derived.exact), bounds: float64s(derived.bounds) };
}

/** Whether a run can also be done one step at a time: no layer looks ahead, and no row is padded. */
export const canStep = (spec: Spec, run: Run): boolean =>
  whyNotSteppable(spec) === null && !run.lengths && !run.mask;

/** Runs a case one step at a time on the core, with the state passed from step to step. */
export async function steps(
  spec: Spec,
  weights: WeightMap,
  run: Run,
  adapter: Adapter,
  shapes: Evaluation,
): Promise<CoreResults> {
  const model = await compile(spec, { adapter, weights });
  const input = spec.inputs[0]!;
  const x = run.inputs[input.name]!;
  const [batch, time, ...rest] = x.shape as [number, number, ...number[]];
  const size = rest.reduce((a, b) => a * b, 1);
  const given =
    run.state &&
    Object.fromEntries(
      Object.entries(run.state).map(([layer, parts]) => [
        layer,
        Object.fromEntries(
          Object.entries(parts).map(([part, { shape, data }]) => [part, tensor(data as Float32Array, shape)]),
        ),
      ]),
    );
  let state = given ?? (await model.zeroState(batch).toTypedArrays());
  const outputs: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
  for (let t = 0; t < time; t++) {
    const frame = tensor(new Float32Array(batch * size), [batch, ...rest]);
    for (let row = 0; row < batch; row++)
      frame.data.set(x.data.subarray((row * time + t) * size, (row * time + t + 1) * size), row * size);
    const result = await model.step(
      (input.dtype === "int32"
        ? { ...frame, dtype: "int32", data: Int32Array.from(frame.data) }
        : frame) as InputsLike,
      state,
    );
    for (const [ref, { shape, data }] of Object.entries<HostTensor>(result.outputs)) {
      const whole = shapes.outputs[ref]!.shape;
      if (whole.length === shape.length) outputs[ref] = { shape, data: data as Float32Array };
      else {
        const made = (outputs[ref] ??= {
          shape: whole,
          data: new Float32Array(whole.reduce((a, b) => a * b, 1)),
        });
        const width = data.length / batch;
        for (let row = 0; row < batch; row++)
          made.data.set(
            data.subarray(row * width, (row + 1) * width) as Float32Array,
            (row * time + t) * width,
          );
      }
    }
    state = await result.state.toTypedArrays();
  }
  model.dispose();
  return { outputs, state };
}
