import type { CellSpec, CustomCellSpec } from "@unroll/api";
import type { Arithmetic } from "./arithmetic.js";
import type { Numbers } from "./primitives.js";
import { runProgram } from "./programs.js";

/** Weights of one cell by canonical name; `bias` where there is one. */
export type CellWeights<V> = Readonly<Record<string, V | undefined>>;

/** Size of the output: of an LSTM that projects h, of the projection. */
export const outputSizeOf = (cell: CellSpec): number =>
  cell.kind === "lstm" ? (cell.projection ?? cell.units) : cell.units;

/** Size of each state part: h, and c of an LSTM; a custom cell's by its own names. */
export function partSizes(cell: CellSpec): Readonly<Record<string, number>> {
  if (cell.kind === "custom") return cell.state;
  return cell.kind === "lstm" ? { h: outputSizeOf(cell), c: cell.units } : { h: cell.units };
}

/** The state part that is put out; null where a custom cell's output is none of them. */
export function partPutOut(cell: CellSpec): string | null {
  if (cell.kind !== "custom") return "h";
  const id = (name: string): string | undefined => cell.step.outputs.find((one) => one.name === name)?.id;
  return Object.keys(cell.state).find((part) => id(part) === id("output")) ?? null;
}

/** State of one row by part. */
export type RowState<V> = Readonly<Record<string, V>>;

/** What one step gives for one row. */
export interface RowStep<V> {
  readonly state: RowState<V>;
  readonly output: V;
}

/** One step of one row of any cell. */
export function step<V>(
  m: Arithmetic<V>,
  cell: CellSpec,
  w: CellWeights<V>,
  x: V,
  state: RowState<V>,
): RowStep<V> {
  if (cell.kind === "custom") return customStep(m, cell, w, x, state);
  const after = knownStep(m, cell, w, x, state);
  return { state: after, output: after["h"]! };
}

/** Rule `custom-cell`: the cell's own program, by the definitions of the primitives. */
function customStep<V>(
  m: Arithmetic<V>,
  { step: program }: CustomCellSpec,
  w: CellWeights<V>,
  x: V,
  state: RowState<V>,
): RowStep<V> {
  const named = [...program.params, ...program.inputs];
  const results = m.primitives(
    named.map(({ name }) => w[name] ?? state[name] ?? x),
    (given, rounding) => {
      const values = named.map(({ name, type }, k): [string, Numbers] => [
        name,
        {
          dtype: "float32",
          shape: type.shape.map((dim) => (dim === "batch" ? 1 : (dim as number))),
          data: given[k]!,
        },
      ]);
      const made = runProgram(program, Object.fromEntries(values), rounding);
      return program.outputs.map(({ name }) => made[name]!.data);
    },
  );
  const byName = Object.fromEntries(program.outputs.map(({ name }, k) => [name, results[k]!]));
  const { output, ...after } = byName;
  return { state: after, output: output! };
}

/**
 * One step of one row, straight from docs/semantics.md: rules `lstm`, `peepholes`, `projection`,
 * `gru-reset-after`, `gru-reset-before`, `simple-rnn`, `bias-forms`.
 */
function knownStep<V>(
  m: Arithmetic<V>,
  cell: Exclude<CellSpec, CustomCellSpec>,
  w: CellWeights<V>,
  x: V,
  state: RowState<V>,
): RowState<V> {
  const n = cell.units;
  const h = state["h"]!;
  const inputBias = w["inputBias"] ?? w["bias"];
  const recurrentBias = w["recurrentBias"];
  switch (cell.kind) {
    case "simpleRnn": {
      const pre = m.add(
        m.affine(x, w["kernel"]!, n, inputBias),
        m.affine(h, w["recurrentKernel"]!, n, recurrentBias),
      );
      return { h: m.activate(cell.activation, pre) };
    }
    case "lstm": {
      const pre = m.add(
        m.affine(x, w["kernel"]!, 4 * n, inputBias),
        m.affine(h, w["recurrentKernel"]!, 4 * n, recurrentBias),
      );
      const before = state["c"]!;
      const peephole = w["peephole"];
      const seeing = (argument: V, c: V, k: number): V =>
        peephole ? m.add(argument, m.mul(m.slice(peephole, k * n, n), c)) : argument;
      const i = m.activate(cell.recurrentActivation, seeing(m.slice(pre, 0, n), before, 0));
      const f = m.activate(cell.recurrentActivation, seeing(m.slice(pre, n, n), before, 1));
      const g = m.activate(cell.activation, m.slice(pre, 2 * n, n));
      const c = m.add(m.mul(f, before), m.mul(i, g));
      const o = m.activate(cell.recurrentActivation, seeing(m.slice(pre, 3 * n, n), c, 2));
      const out = m.mul(o, m.activate(cell.outputActivation, c));
      return {
        h: cell.projection === null ? out : m.affine(out, w["projectionKernel"]!, cell.projection, undefined),
        c,
      };
    }
    case "gru": {
      const fromInput = m.affine(x, w["kernel"]!, 3 * n, inputBias);
      const gate = (v: V, k: number): V => m.slice(v, k * n, n);
      if (cell.resetAfter) {
        const fromState = m.affine(h, w["recurrentKernel"]!, 3 * n, recurrentBias);
        const z = m.activate(cell.recurrentActivation, m.add(gate(fromInput, 0), gate(fromState, 0)));
        const r = m.activate(cell.recurrentActivation, m.add(gate(fromInput, 1), gate(fromState, 1)));
        const candidate = m.activate(
          cell.activation,
          m.add(gate(fromInput, 2), m.mul(r, gate(fromState, 2))),
        );
        return { h: m.add(m.mul(z, h), m.mul(m.complement(z), candidate)) };
      }
      const column = (k: number): V => columns(m, w["recurrentKernel"]!, n, 3 * n, k * n, n);
      const bias = (k: number): V | undefined => recurrentBias && gate(recurrentBias, k);
      const z = m.activate(
        cell.recurrentActivation,
        m.add(gate(fromInput, 0), m.affine(h, column(0), n, bias(0))),
      );
      const r = m.activate(
        cell.recurrentActivation,
        m.add(gate(fromInput, 1), m.affine(h, column(1), n, bias(1))),
      );
      const candidate = m.activate(
        cell.activation,
        m.add(gate(fromInput, 2), m.affine(m.mul(r, h), column(2), n, bias(2))),
      );
      return { h: m.add(m.mul(z, h), m.mul(m.complement(z), candidate)) };
    }
    default:
      return cell satisfies never;
  }
}

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
