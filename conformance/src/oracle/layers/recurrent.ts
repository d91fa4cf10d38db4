import type { BidirectionalSpec, CellSpec, RecurrentSpec } from "@unroll/api";
import { outputPart, outputSize, type Reads, stateShapes, step } from "../cell-equations.js";
import {
  type Context,
  type Equations,
  type LayerValues,
  type RowState,
  sizeOf,
  type Value,
} from "./context.js";
import { merged } from "./pointwise.js";

/** A cell of a layer, and which way it runs. */
interface Pass {
  readonly cell: CellSpec;
  /** What weights and parts begin with after the layer's name: "" or `forward.` */
  readonly prefix: string;
  readonly reverse: boolean;
}

/** A layer that folds cells, and what its cells read beside their input. */
type FoldingLayer = (RecurrentSpec | BidirectionalSpec) & { readonly reads?: RecurrentSpec["reads"] };

/**
 * What folding a cell gives: the output of each step, that of the last one processed, and the final state.
 */
interface Folded<V> {
  readonly y: readonly (readonly V[])[];
  readonly last: readonly V[];
  readonly final: readonly RowState<V>[];
}

function initialPart<V>(
  layer: FoldingLayer,
  context: Context<V>,
  part: string,
  row: number,
  size: number,
): V {
  if (layer.initialState) return context.value(layer.initialState[part]!).rows[row]![0]!;
  return context.given(layer.name, part, row, size);
}

/** What one step of one row reads beside its input: rule `cell-reads`. */
function readsAt<V>(
  layer: FoldingLayer,
  cell: CellSpec,
  context: Context<V>,
  row: number,
  t: number,
): Reads<V> {
  if (cell.kind !== "custom") return {};
  return Object.fromEntries(
    Object.entries(cell.reads).map(([name, { along }]) => {
      const { axis, rows } = context.value(layer.reads![name]!);
      const steps = rows[row]!;
      if (along !== "whole") return [name, { values: [steps[along === "steps" ? t : 0]!], real: null }];
      return [name, { values: steps, real: steps.map((_, s) => context.real(axis, row, s)) }];
    }),
  );
}

/** Rules `masked-state`, `masked-output`, `reverse`, `last-output`, `empty-row`. */
function folded<V>(layer: FoldingLayer, { cell, prefix, reverse }: Pass, context: Context<V>): Folded<V> {
  const { m } = context;
  const weights = (name: string): V | undefined => context.weight(`${layer.name}.${prefix}${name}`);
  const shapes = stateShapes(cell);
  const part = outputPart(cell);
  const zeros = m.zeros(outputSize(cell));
  const x = context.value(layer.input);
  const results = x.rows.map((steps, row) => {
    const initial: RowState<V> = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [
        name,
        initialPart(layer, context, prefix + name, row, sizeOf(shape)),
      ]),
    );
    let current = initial;
    let previous = layer.heldStart === "initialState" && part !== null ? initial[part]! : zeros;
    const y = new Array<V>(steps.length);
    for (let s = 0; s < steps.length; s++) {
      const t = reverse ? steps.length - 1 - s : s;
      if (layer.maskedOutput === "ignore" || context.real(x.axis, row, t)) {
        const reads = readsAt(layer, cell, context, row, t);
        ({ state: current, output: previous } = step(m, cell, weights, {
          x: steps[t]!,
          state: current,
          reads,
        }));
        y[t] = previous;
      } else y[t] = layer.maskedOutput === "zero" ? zeros : previous;
    }
    return { y, last: y[reverse ? 0 : y.length - 1]!, final: current };
  });
  return { y: results.map((r) => r.y), last: results.map((r) => r.last), final: results.map((r) => r.final) };
}

/** Final states as values, and noted as the layer's. */
function states<V>(
  { name }: FoldingLayer,
  { cell, prefix }: Pass,
  final: readonly RowState<V>[],
  { record }: Context<V>,
): LayerValues<V> {
  return Object.entries(stateShapes(cell)).map(([part, shape]) => {
    const rows = final.map((row) => row[part]!);
    record(name, prefix + part, shape, rows);
    return [`${name}.${prefix}${part}`, { axis: null, shape, rows: rows.map((one) => [one]) }];
  });
}

function output<V>(
  layer: FoldingLayer,
  { y, last }: Pick<Folded<V>, "y" | "last">,
  cell: CellSpec,
  context: Context<V>,
): Value<V> {
  const shape = [outputSize(cell)];
  return layer.returns === "sequence"
    ? { axis: context.value(layer.input).axis, shape, rows: y }
    : { axis: null, shape, rows: last.map((v) => [v]) };
}

export const recurrent: Equations<RecurrentSpec> = (layer, context) => {
  const pass: Pass = { cell: layer.cell, prefix: "", reverse: layer.direction === "backward" };
  const { y, last, final } = folded(layer, pass, context);
  const turned = pass.reverse && layer.outputOrder === "processing";
  const ordered = turned ? y.map((steps) => [...steps].reverse()) : y;
  return [
    [layer.name, output(layer, { y: ordered, last }, layer.cell, context)],
    ...states(layer, pass, final, context),
  ];
};

/** Rule `bidirectional`. */
export const bidirectional: Equations<BidirectionalSpec> = (layer, context) => {
  const ways = (["forward", "backward"] as const).map((way) => {
    const pass: Pass = { cell: layer[way], prefix: `${way}.`, reverse: way === "backward" };
    const { final, ...rest } = folded(layer, pass, context);
    return {
      way,
      value: output(layer, rest, layer[way], context),
      states: () => states(layer, pass, final, context),
    };
  });
  const outputs: LayerValues<Parameters<typeof context.m.values>[0]> =
    layer.merge === "none"
      ? ways.map(({ way, value }) => [`${layer.name}.${way}`, value])
      : [
          [
            layer.name,
            merged(
              context,
              layer.merge,
              ways.map(({ value }) => value),
            ),
          ],
        ];
  return [...outputs, ...ways.flatMap((way) => way.states())];
};
