import type {
  ActivationSpec,
  AttentionSpec,
  BidirectionalSpec,
  CellSpec,
  HostTensor,
  LayerSpec,
  MaskingSpec,
  RecurrentSpec,
  Spec,
  WeightMap,
} from "@unroll/api";
import { type Arithmetic, exact } from "./arithmetic.js";
import { outputSizeOf, partPutOut, partSizes, type RowState, step } from "./cell-equations.js";

/** Which steps are real; all where neither is given. */
export interface RealSteps {
  /** int32 [batch] */
  readonly lengths?: HostTensor | undefined;
  /** bool [batch, time] */
  readonly mask?: HostTensor | undefined;
}

/**
 * What a run is given. Sequences are batch-major: [batch, time, ...]. `lengths` and `mask` are of the axis
 * `time`.
 */
export interface Run extends RealSteps {
  /** Every input of the spec by name. */
  readonly inputs: Readonly<Record<string, HostTensor>>;
  /** Those of other time axes, by name. */
  readonly along?: Readonly<Record<string, RealSteps>> | undefined;
  /** Initial state by layer and part, each [batch, units]; zeros where it is not given. */
  readonly state?:
    | Readonly<
        Record<
          string,
          Readonly<
            Record<
              string,
              {
                readonly shape: readonly number[];
                readonly data: Float32Array | Float64Array | HostTensor["data"];
              }
            >
          >
        >
      >
    | undefined;
}

/** A tensor of float64, row-major. */
export interface Float64Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** What a run gives: the spec's outputs by reference, and every layer's state after it. */
export interface Evaluation {
  readonly outputs: Readonly<Record<string, Float64Tensor>>;
  readonly state: Readonly<Record<string, Readonly<Record<string, Float64Tensor>>>>;
}

/** A value of the spec: for each row, one vector, or one a step where it is a sequence. */
interface Value<V> {
  /** Name of its time axis; null for none. */
  readonly axis: string | null;
  /** Axes of one vector. */
  readonly shape: readonly number[];
  readonly rows: readonly (readonly V[])[];
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

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
  const first = run.inputs[spec.inputs[0]!.name]!;
  const batch = first.shape[0]!;
  const values = new Map<string, Value<V>>();
  // Token ids are no quantities: they stay numbers.
  const ids = new Map<string, HostTensor>();
  for (const { name, dtype, axis, shape } of spec.inputs) {
    const given = run.inputs[name]!;
    if (dtype === "int32") ids.set(name, given);
    const size = sizeOf(shape);
    const time = axis === null ? 1 : given.shape[1]!;
    values.set(name, {
      axis,
      shape,
      rows: rowsOf(batch, time, (row, t) =>
        m.from(given.data.subarray((row * time + t) * size, (row * time + t + 1) * size)),
      ),
    });
  }
  const w = new Map(Object.entries(weights).map(([name, weight]) => [name, m.from(weight.data)]));
  const state: Record<string, Record<string, Float64Tensor>> = {};

  for (const layer of spec.layers) {
    for (const [ref, value] of layerValues(layer)) values.set(ref, value);
  }
  const outputs = Object.fromEntries(spec.outputs.map((ref) => [ref, tensorOf(values.get(ref)!)]));
  return { outputs, state };

  function layerValues(layer: LayerSpec): [string, Value<V>][] {
    switch (layer.type) {
      case "embedding": {
        const given = ids.get(layer.input)!;
        const { axis, shape, rows } = values.get(layer.input)!;
        const size = sizeOf(shape);
        const table = w.get(`${layer.name}.table`)!;
        return [
          [
            layer.name,
            {
              axis,
              shape: [...shape, layer.outputSize],
              rows: rows.map((steps, row) =>
                steps.map((_, t) =>
                  m.concat(
                    Array.from({ length: size }, (_unused, k) =>
                      m.slice(
                        table,
                        given.data[(row * steps.length + t) * size + k]! * layer.outputSize,
                        layer.outputSize,
                      ),
                    ),
                  ),
                ),
              ),
            },
          ],
        ];
      }
      case "dense": {
        const value = values.get(layer.input)!;
        const kernel = w.get(`${layer.name}.kernel`)!;
        const bias = w.get(`${layer.name}.bias`);
        return [
          [
            layer.name,
            mapped(value, [...value.shape.slice(0, -1), layer.units], (v) =>
              activated(layer.activation, m.affine(v, kernel, layer.units, bias)),
            ),
          ],
        ];
      }
      case "activation": {
        const value = values.get(layer.input)!;
        return [[layer.name, mapped(value, value.shape, (v) => activated(layer.activation, v))]];
      }
      case "dropout":
        return [[layer.name, values.get(layer.input)!]];
      case "merge":
        return [
          [
            layer.name,
            merged(
              layer.mode,
              layer.inputs.map((ref) => values.get(ref)!),
            ),
          ],
        ];
      case "recurrent": {
        const { y, last, final } = folded(layer, layer.cell, layer.name, "", layer.direction === "backward");
        record(layer.name, "", final, layer.cell);
        const ordered =
          layer.direction === "backward" && layer.outputOrder === "processing"
            ? y.map((steps) => [...steps].reverse())
            : y;
        return [
          [layer.name, output(layer, ordered, last, outputSizeOf(layer.cell))],
          ...states(layer.name, final, layer.cell),
        ];
      }
      case "bidirectional": {
        const ways = (["forward", "backward"] as const).map((way) => ({
          way,
          cell: layer[way],
          ...folded(layer, layer[way], `${layer.name}.${way}`, `${way}.`, way === "backward"),
        }));
        for (const { way, final, cell } of ways) record(layer.name, `${way}.`, final, cell);
        const made = ways.map(({ y, last, cell }) => output(layer, y, last, outputSizeOf(cell)));
        const refs: [string, Value<V>][] =
          layer.merge === "none"
            ? ways.map(({ way }, k) => [`${layer.name}.${way}`, made[k]!])
            : [[layer.name, merged(layer.merge, made)]];
        return [
          ...refs,
          ...ways.flatMap(({ way, final, cell }) => states(`${layer.name}.${way}`, final, cell)),
        ];
      }
      case "repeat": {
        const { shape, rows } = values.get(layer.input)!;
        return [
          [
            layer.name,
            {
              axis: layer.axis,
              shape,
              rows: rows.map(([one]) => Array.from({ length: layer.steps }, () => one!)),
            },
          ],
        ];
      }
      case "attention":
        return attended(layer);
      default:
        return layer satisfies never;
    }
  }

  /** Rule `attention`: only real steps are looked at, and only real ones get what they see. */
  function attended({
    name,
    query,
    key,
    value,
    inputSize,
    score,
    scale,
  }: AttentionSpec): [string, Value<V>][] {
    const [q, k, v] = [query, key, value].map((ref) => values.get(ref)!) as [Value<V>, Value<V>, Value<V>];
    const [factor, within] = [w.get(`${name}.scale`), w.get(`${name}.innerScale`)];
    const repeated = (one: V, count: number): V => m.concat(Array.from({ length: count }, () => one));
    const fit = (a: V, b: V): V => {
      if (score !== "additive") {
        const product = m.affine(a, b, 1, undefined);
        return score === "scaledDot" ? m.divide(product, Math.sqrt(inputSize)) : product;
      }
      const sum = m.add(a, b);
      const terms = m.activate("tanh", within ? m.mul(sum, repeated(within, inputSize)) : sum);
      return m.affine(
        terms,
        scale === "vector" ? factor! : m.from(new Float32Array(inputSize).fill(1)),
        1,
        undefined,
      );
    };
    const size = v.shape[0]!;
    const made = q.rows.map((steps, row) =>
      steps.map((one, t): { y: V; shares: V } => {
        const seen = k.rows[row]!.map((_, s) => s).filter((s) => real(k.axis, row, s));
        if (seen.length === 0) return { y: m.zeros(size), shares: m.zeros(k.rows[row]!.length) };
        const fits = m.concat(seen.map((s) => fit(one, k.rows[row]![s]!)));
        const shares = m.softmax(scale === "scalar" ? m.mul(fits, repeated(factor!, seen.length)) : fits);
        const all = k.rows[row]!.map((_, s) =>
          seen.includes(s) ? m.slice(shares, seen.indexOf(s), 1) : m.zeros(1),
        );
        return {
          y: real(q.axis, row, t)
            ? m.affine(shares, m.concat(seen.map((s) => v.rows[row]![s]!)), size, undefined)
            : m.zeros(size),
          shares: m.concat(all),
        };
      }),
    );
    return [
      [name, { axis: q.axis, shape: [size], rows: made.map((steps) => steps.map(({ y }) => y)) }],
      [
        `${name}.weights`,
        {
          axis: q.axis,
          shape: [k.rows[0]!.length],
          rows: made.map((steps) => steps.map(({ shares }) => shares)),
        },
      ],
    ];
  }

  /** Rules `masked-state`, `masked-output`, `reverse`, `last-output`, `empty-row`. */
  function folded(
    layer: RecurrentSpec | BidirectionalSpec,
    cell: CellSpec,
    weightPrefix: string,
    partPrefix: string,
    reverse: boolean,
  ): { y: V[][]; last: V[]; final: RowState<V>[] } {
    const names =
      cell.kind === "custom"
        ? Object.keys(cell.weights)
        : ["kernel", "recurrentKernel", "bias", "inputBias", "recurrentBias", "peephole", "projectionKernel"];
    const own = Object.fromEntries(names.map((name) => [name, w.get(`${weightPrefix}.${name}`)]));
    const sizes = partSizes(cell);
    const put = partPutOut(cell);
    const x = values.get(layer.input)!;
    const results = x.rows.map((steps, row) => {
      const initial: RowState<V> = Object.fromEntries(
        Object.entries(sizes).map(([part, size]) => [part, initialOf(layer, partPrefix + part, row, size)]),
      );
      let current = initial;
      const held: MaskingSpec = layer;
      let previous =
        held.heldStart === "initialState" && put !== null ? initial[put]! : m.zeros(outputSizeOf(cell));
      const y = new Array<V>(steps.length);
      for (let s = 0; s < steps.length; s++) {
        const t = reverse ? steps.length - 1 - s : s;
        if (real(x.axis, row, t)) {
          ({ state: current, output: previous } = step(m, cell, own, steps[t]!, current));
          y[t] = previous;
        } else y[t] = held.maskedOutput === "zero" ? m.zeros(outputSizeOf(cell)) : previous;
      }
      return { y, last: y[reverse ? 0 : y.length - 1]!, final: current };
    });
    return {
      y: results.map((r) => r.y),
      last: results.map((r) => r.last),
      final: results.map((r) => r.final),
    };
  }

  function real(axis: string | null, row: number, t: number): boolean {
    const { lengths, mask } = axis === "time" ? run : (run.along?.[axis ?? ""] ?? {});
    if (lengths) return t < lengths.data[row]!;
    return mask ? mask.data[row * mask.shape[1]! + t] !== 0 : true;
  }

  function initialOf(layer: RecurrentSpec | BidirectionalSpec, part: string, row: number, units: number): V {
    if (layer.initialState) return values.get(layer.initialState[part]!)!.rows[row]![0]!;
    const given = run.state?.[layer.name]?.[part];
    return given ? m.from(given.data.subarray(row * units, (row + 1) * units)) : m.zeros(units);
  }

  function output(layer: RecurrentSpec | BidirectionalSpec, y: V[][], last: V[], units: number): Value<V> {
    return layer.returns === "sequence"
      ? { axis: values.get(layer.input)!.axis, shape: [units], rows: y }
      : { axis: null, shape: [units], rows: last.map((v) => [v]) };
  }

  function states(prefix: string, final: readonly RowState<V>[], cell: CellSpec): [string, Value<V>][] {
    return Object.entries(partSizes(cell)).map(([part, size]) => [
      `${prefix}.${part}`,
      { axis: null, shape: [size], rows: final.map((row) => [row[part]!]) },
    ]);
  }

  function record(layer: string, prefix: string, final: readonly RowState<V>[], cell: CellSpec): void {
    for (const [ref, value] of states("", final, cell))
      (state[layer] ??= {})[prefix + ref.slice(1)] = tensorOf(value);
  }

  function activated(name: ActivationSpec["activation"], v: V): V {
    return name === "softmax" ? m.softmax(v) : name === "logSoftmax" ? m.logSoftmax(v) : m.activate(name, v);
  }

  /** Applies a function of the last axis to every vector along it. */
  function mapped(value: Value<V>, shape: readonly number[], f: (v: V) => V): Value<V> {
    const length = value.shape[value.shape.length - 1] ?? 1;
    const count = sizeOf(value.shape) / length;
    const whole = (v: V): V =>
      count === 1
        ? f(v)
        : m.concat(Array.from({ length: count }, (_, k) => f(m.slice(v, k * length, length))));
    return { axis: value.axis, shape, rows: value.rows.map((steps) => steps.map(whole)) };
  }

  function merged(mode: "concat" | "sum" | "ave" | "mul", given: readonly Value<V>[]): Value<V> {
    const { axis, shape } = given[0]!;
    const combine = (vectors: readonly V[]): V => {
      if (mode === "concat") return joined(vectors);
      const result = vectors.reduce(mode === "mul" ? m.mul : m.add);
      return mode === "ave" ? m.divide(result, vectors.length) : result;
    };
    const lengths = given.map((value) => value.shape[value.shape.length - 1]!);
    const joined = (vectors: readonly V[]): V => {
      const count = sizeOf(shape.slice(0, -1));
      return m.concat(
        Array.from({ length: count }, (_, k) =>
          vectors.map((v, n) => m.slice(v, k * lengths[n]!, lengths[n]!)),
        ).flat(),
      );
    };
    return {
      axis,
      shape: mode === "concat" ? [...shape.slice(0, -1), lengths.reduce((a, b) => a + b)] : shape,
      rows: given[0]!.rows.map((steps, row) =>
        steps.map((_, t) => combine(given.map((value) => value.rows[row]![t]!))),
      ),
    };
  }

  function tensorOf(value: Value<V>): Float64Tensor {
    const size = sizeOf(value.shape);
    const time = value.rows[0]!.length;
    const data = new Float64Array(batch * time * size);
    value.rows.forEach((steps, row) =>
      steps.forEach((v, t) => data.set(m.values(v), (row * time + t) * size)),
    );
    return { shape: [batch, ...(value.axis === null ? [] : [time]), ...value.shape], data };
  }
}

const rowsOf = <V>(batch: number, time: number, make: (row: number, t: number) => V): V[][] =>
  Array.from({ length: batch }, (_, row) => Array.from({ length: time }, (_unused, t) => make(row, t)));
