import type { HostTensor, Spec, WeightMap } from "@unroll/api";
import { type Arithmetic, exact } from "./arithmetic.js";
import { type Context, sizeOf, type Value } from "./layers/context.js";
import { layerValues } from "./layers/equations.js";
import type { Evaluation, Float64Tensor, Run } from "./run.js";

export type { Evaluation, Float64Tensor, RealSteps, Run } from "./run.js";

const rowsOf = <V>(batch: number, time: number, make: (row: number, t: number) => V): V[][] =>
  Array.from({ length: batch }, (_, row) => Array.from({ length: time }, (_unused, t) => make(row, t)));

function inputValues<V>(m: Arithmetic<V>, spec: Spec, run: Run): Map<string, Value<V>> {
  return new Map(
    spec.inputs.map(({ name, axis, shape }) => {
      const {
        shape: [batch, length],
        data,
      } = run.inputs[name]! as HostTensor & { shape: [number, number] };
      const time = axis === null ? 1 : length;
      const size = sizeOf(shape);
      const vector = (row: number, t: number): V =>
        m.from(data.subarray((row * time + t) * size, (row * time + t + 1) * size));
      return [name, { axis, shape, rows: rowsOf(batch, time, vector) }];
    }),
  );
}

function tensorOf<V>(m: Arithmetic<V>, { axis, shape, rows }: Value<V>): Float64Tensor {
  const time = rows[0]!.length;
  const size = sizeOf(shape);
  const data = new Float64Array(rows.length * time * size);
  rows.forEach((steps, row) => steps.forEach((v, t) => data.set(m.values(v), (row * time + t) * size)));
  return { shape: [rows.length, ...(axis === null ? [] : [time]), ...shape], data };
}

/**
 * Runs a spec by its equations, one row and one step at a time. Shares nothing with programs, lowering or
 * engines.
 *
 * @param m arithmetic; exact float64 by default
 */
export function evaluate<V = Float64Array>(
  spec: Spec,
  weights: WeightMap,
  run: Run,
  m: Arithmetic<V> = exact as unknown as Arithmetic<V>,
): Evaluation {
  const values = inputValues(m, spec, run);
  const held = new Map(Object.entries(weights).map(([name, weight]) => [name, m.from(weight.data)]));
  const state: Record<string, Record<string, Float64Tensor>> = {};
  const made = new Map<string, readonly number[]>();
  const context: Context<V> = {
    m,
    value: (ref) => values.get(ref)!,
    ids: (ref) => run.inputs[ref] ?? tensorOf(m, values.get(ref)!),
    weight: (name) => held.get(name),
    real(axis, row, t) {
      const ends = made.get(axis ?? "");
      if (ends) return t < ends[row]!;
      const { lengths, mask } = axis === "time" ? run : (run.along?.[axis ?? ""] ?? {});
      if (lengths) return t < lengths.data[row]!;
      return mask ? mask.data[row * mask.shape[1]! + t] !== 0 : true;
    },
    ends(axis, lengths) {
      made.set(axis, lengths);
    },
    given(layer, part, row, size) {
      const tensor = run.state?.[layer]?.[part];
      return tensor ? m.from(tensor.data.subarray(row * size, (row + 1) * size)) : m.zeros(size);
    },
    givenCount: (layer, part, row) => run.state?.[layer]?.[part]?.data[row] ?? 0,
    record(layer, part, shape, rows) {
      (state[layer] ??= {})[part] = tensorOf(m, { axis: null, shape, rows: rows.map((one) => [one]) });
    },
  };
  for (const layer of spec.layers)
    for (const [ref, value] of layerValues(layer, context)) values.set(ref, value);
  const outputs = Object.fromEntries(spec.outputs.map((ref) => [ref, tensorOf(m, values.get(ref)!)]));
  const margins = Object.fromEntries(
    spec.outputs.flatMap((ref) => {
      const { margins: rows, ...value } = values.get(ref)!;
      return rows ? [[ref, tensorOf(m, { ...value, rows })]] : [];
    }),
  );
  return { outputs, state, ...(Object.keys(margins).length > 0 && { margins }) };
}
