import type { CellSpec, CustomCellSpec } from "@unroll/api";
import type { Arithmetic } from "./arithmetic.js";
import type { RowState } from "./layers/context.js";
import type { Numbers } from "./primitives.js";
import { runProgram } from "./programs.js";

/** What a cell reads beside its input: vectors of a sequence with which of them are real, or one vector. */
export type Reads<V> = Readonly<
  Record<string, { readonly values: readonly V[]; readonly real: readonly boolean[] | null }>
>;

/** What one step of one row is given. */
export interface StepInput<V> {
  readonly x: V;
  readonly state: RowState<V>;
  readonly reads: Reads<V>;
}

/** What one step gives for one row. */
export interface RowStep<V> {
  readonly state: RowState<V>;
  readonly output: V;
}

/** A cell's weights by their own names. */
type Weight<V> = (name: string) => V | undefined;

/** What the oracle knows of one kind of cell. */
interface CellEquations<Cell> {
  outputSize(cell: Cell): number;
  /** Shape of each state part of a row, in the order in which parts are listed. */
  state(cell: Cell): Readonly<Record<string, readonly number[]>>;
  /** The state part that is the output; null where it is none of them. */
  outputPart(cell: Cell): string | null;
  step<V>(m: Arithmetic<V>, cell: Cell, weight: Weight<V>, given: StepInput<V>): RowStep<V>;
}

type CellOf<K extends CellSpec["kind"]> = Extract<CellSpec, { readonly kind: K }>;

/** x·K + h·U with the biases there are: rule `bias-forms`. */
function preactivation<V>(
  m: Arithmetic<V>,
  { units }: { readonly units: number },
  gates: number,
  weight: Weight<V>,
  { x, state }: StepInput<V>,
): V {
  const bias = weight("inputBias") ?? weight("bias");
  return m.add(
    m.affine(x, weight("kernel")!, gates * units, bias),
    m.affine(state["h"]!, weight("recurrentKernel")!, gates * units, weight("recurrentBias")),
  );
}

const stateH = <V>(h: V): RowStep<V> => ({ state: { h }, output: h });

/** Rule `simple-rnn`. */
const simpleRnn: CellEquations<CellOf<"simpleRnn">> = {
  outputSize: ({ units }) => units,
  state: ({ units }) => ({ h: [units] }),
  outputPart: () => "h",
  step: (m, cell, weight, given) =>
    stateH(m.activate(cell.activation, preactivation(m, cell, 1, weight, given))),
};

/** Rules `lstm`, `peepholes`, `projection`, `cell-clip`. */
const lstm: CellEquations<CellOf<"lstm">> = {
  outputSize: ({ units, projection }) => projection ?? units,
  state: (cell) => ({ h: [lstm.outputSize(cell)], c: [cell.units] }),
  outputPart: () => "h",
  step<V>(m: Arithmetic<V>, cell: CellOf<"lstm">, weight: Weight<V>, given: StepInput<V>) {
    const n = cell.units;
    const pre = preactivation(m, cell, 4, weight, given);
    const before = given.state["c"]!;
    const peephole = weight("peephole");
    const seeing = (argument: V, c: V, k: number): V =>
      peephole ? m.add(argument, m.mul(m.slice(peephole, k * n, n), c)) : argument;
    const i = m.activate(cell.recurrentActivation, seeing(m.slice(pre, 0, n), before, 0));
    const f = m.activate(cell.recurrentActivation, seeing(m.slice(pre, n, n), before, 1));
    const g = m.activate(cell.activation, m.slice(pre, 2 * n, n));
    const free = m.add(m.mul(f, before), m.mul(i, g));
    const c = cell.cellClip === null ? free : m.clamp(free, cell.cellClip);
    const o = m.activate(cell.recurrentActivation, seeing(m.slice(pre, 3 * n, n), c, 2));
    const out = m.mul(o, m.activate(cell.outputActivation, c));
    const h =
      cell.projection === null ? out : m.affine(out, weight("projectionKernel")!, cell.projection, undefined);
    return { state: { h, c }, output: h };
  },
};

/** Rules `gru-reset-after`, `gru-reset-before`. */
const gru: CellEquations<CellOf<"gru">> = {
  outputSize: ({ units }) => units,
  state: ({ units }) => ({ h: [units] }),
  outputPart: () => "h",
  step<V>(m: Arithmetic<V>, cell: CellOf<"gru">, weight: Weight<V>, { x, state }: StepInput<V>) {
    const n = cell.units;
    const h = state["h"]!;
    const recurrentKernel = weight("recurrentKernel")!;
    const recurrentBias = weight("recurrentBias");
    const fromInput = m.affine(x, weight("kernel")!, 3 * n, weight("inputBias") ?? weight("bias"));
    const part = (v: V, k: number): V => m.slice(v, k * n, n);
    const gate = (k: number, fromState: V): V =>
      m.activate(cell.recurrentActivation, m.add(part(fromInput, k), fromState));
    const mixed = (z: V, candidate: V): RowStep<V> =>
      stateH(m.add(m.mul(z, h), m.mul(m.complement(z), m.activate(cell.activation, candidate))));
    if (cell.resetAfter) {
      const fromState = m.affine(h, recurrentKernel, 3 * n, recurrentBias);
      const [z, r] = [gate(0, part(fromState, 0)), gate(1, part(fromState, 1))];
      return mixed(z, m.add(part(fromInput, 2), m.mul(r, part(fromState, 2))));
    }
    const times = (v: V, k: number): V =>
      m.affine(
        v,
        columns(m, recurrentKernel, n, 3 * n, k * n, n),
        n,
        recurrentBias && part(recurrentBias, k),
      );
    const [z, r] = [gate(0, times(h, 0)), gate(1, times(h, 1))];
    return mixed(z, m.add(part(fromInput, 2), times(m.mul(r, h), 2)));
  },
};

/** Rules `custom-cell`, `cell-reads`: the cell's own program, by the definitions of the primitives. */
const custom: CellEquations<CustomCellSpec> = {
  outputSize: ({ units }) => units,
  state: ({ state }) => state,
  outputPart({ state, step: program }) {
    const id = (name: string): string | undefined => program.outputs.find((one) => one.name === name)?.id;
    return Object.keys(state).find((part) => id(part) === id("output")) ?? null;
  },
  step(m, { step: program, reads: declared }, weight, { x, state, reads }) {
    const masks = new Map(Object.keys(declared).map((name) => [`${name}.mask`, reads[name]!.real]));
    const floats = [...program.params, ...program.inputs].filter(({ name }) => !masks.has(name));
    const lengths = Object.fromEntries(
      Object.entries(reads).map(([name, { values }]) => [name, values.length]),
    );
    const sizes = (shape: readonly (number | string)[]): number[] =>
      shape.map((dim) => (typeof dim === "number" ? dim : dim === "batch" ? 1 : lengths[dim]!));
    const vectors = floats.map(({ name }) => {
      if (Object.hasOwn(reads, name)) return m.concat(reads[name]!.values);
      return weight(name) ?? state[name] ?? x;
    });
    const real = program.inputs.flatMap(({ name, type }): [string, Numbers][] => {
      const mask = masks.get(name);
      return mask
        ? [[name, { dtype: "bool", shape: sizes(type.shape), data: Float64Array.from(mask, Number) }]]
        : [];
    });
    const results = m.primitives(vectors, (given, rounding) => {
      const values = floats.map(({ name, type }, k): [string, Numbers] => [
        name,
        { dtype: "float32", shape: sizes(type.shape), data: given[k]! },
      ]);
      const made = runProgram(program, Object.fromEntries([...values, ...real]), rounding);
      return program.outputs.map(({ name }) => made[name]!.data);
    });
    const { output, ...after } = Object.fromEntries(
      program.outputs.map(({ name }, k) => [name, results[k]!]),
    );
    return { state: after, output: output! };
  },
};

const cells: { readonly [K in CellSpec["kind"]]: CellEquations<CellOf<K>> } = {
  simpleRnn,
  lstm,
  gru,
  custom,
};

const of = (cell: CellSpec): CellEquations<CellSpec> => cells[cell.kind] as CellEquations<CellSpec>;

/** Size of the output: of an LSTM that projects h, of the projection. */
export const outputSize = (cell: CellSpec): number => of(cell).outputSize(cell);

/** Shape of each state part of a row. */
export const stateShapes = (cell: CellSpec): Readonly<Record<string, readonly number[]>> =>
  of(cell).state(cell);

/** The state part that is the output; null where a custom cell's output is none of them. */
export const outputPart = (cell: CellSpec): string | null => of(cell).outputPart(cell);

/** One step of one row of any cell. */
export const step = <V>(
  m: Arithmetic<V>,
  cell: CellSpec,
  weight: Weight<V>,
  given: StepInput<V>,
): RowStep<V> => of(cell).step(m, cell, weight, given);

/** Columns `from` to `from + count` of a row-major matrix. */
function columns<V>(
  m: Arithmetic<V>,
  matrix: V,
  rows: number,
  width: number,
  from: number,
  count: number,
): V {
  return m.concat(Array.from({ length: rows }, (_, row) => m.slice(matrix, row * width + from, count)));
}
