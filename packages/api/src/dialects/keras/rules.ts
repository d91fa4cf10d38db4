import { unrollError } from "../../contract/error.js";
import type { CellSpec, CustomCellSpec, LayerSpec } from "../../specification/types.js";
import { type GateOrder, type WeightRule, cellRules, customRules } from "../rules.js";
import type { Catalog } from "../../layers/definition.js";
import { type PlainLayer, plainRules, type PlainWeight, plainWeights } from "../plain-weights.js";
import type { BoundWeight, KerasBinding } from "./bindings.js";

/**
 * Keras orders LSTM gates i f c o and GRU gates z r h: ours under other names. Weights are [input, gates x
 * units], as ours. One bias, except a GRU with `reset_after`: [2, 3 units], input row then recurrent row.
 * Source: Keras 3 `layers/rnn/lstm.py`, `gru.py` and `simple_rnn.py`; semantics rule `weight-layouts`.
 */
const order: GateOrder = { lstm: ["i", "f", "g", "o"], gru: ["z", "r", "n"], simpleRnn: ["h"] };

/**
 * The cell's own name in paths, and its weights in `get_weights()` order, which is also that of `vars/0`,
 * `vars/1`, ...
 */
const cellNames = { lstm: "lstm_cell", gru: "gru_cell", simpleRnn: "simple_rnn_cell" } as const;
const cellWeights = ["kernel", "recurrent_kernel", "bias"] as const;

/** A layer's rules, and which names in files mean each of their keys. */
export interface KerasRules {
  readonly rules: readonly WeightRule[];
  readonly patterns: ReadonlyMap<string, RegExp>;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");

/**
 * Names that mean one weight. Keras 3 writes `lstm/lstm_cell/kernel`, its weights files
 * `layers/lstm/cell/vars/0`; Keras 2 `lstm/lstm_cell/kernel:0`, some versions without the cell or with a
 * number after it, in files under the layer's name once more. A dot separates as well as a slash.
 */
function pattern(binding: KerasBinding, middle: string, weight: string, index: number): RegExp {
  const { name, stored = name } = binding;
  const under = (layer: string, end: string): string =>
    `${layer === "" ? "" : `(?:.*[/.])?${escaped(layer)}[/.]`}${middle}${end}`;
  return new RegExp(`^(?:${under(name, `${weight}(?::0)?`)}|${under(stored, `vars[/.]${index}`)})$`);
}

const wayPattern = (way: "forward" | "backward" | null): string =>
  way ? `(?:${way}_layer|${way}_[^/.]+|${way})[/.]` : "";

/** `RecurrentHighway` and `recurrentHighway` as Keras writes them in paths: `recurrent_highway`. */
export const snake = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();

/**
 * The cell in a name, with a number or left out where it is the only one; of a custom cell any word, as its
 * class may have any name.
 */
function cellPattern({ cell }: KerasBinding, kind: string | null): string {
  const stacked = /^stacked_rnn_cells\/(.*)$/.exec(cell ?? "")?.[1];
  if (stacked !== undefined)
    return `(?:stacked_rnn_cells(?:_\\d+)?|cell[/.]cells)[/.]${escaped(stacked)}[/.]`;
  return cell
    ? `(?:cell|${escaped(cell)})[/.]`
    : `(?:${kind === null ? "[^/.]+" : `(?:cell|${kind})(?:_\\d+)?`}[/.])?`;
}

function kerasCell(
  layer: string,
  prefix: string,
  cell: CellSpec,
  binding: KerasBinding,
  way: "forward" | "backward" | null,
): KerasRules {
  if (cell.kind === "custom") return kerasCustom(layer, prefix, cell, binding, way);
  if (cell.kind === "lstm" && cell.outputActivation !== cell.activation) {
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: `keras weights of lstm "${layer}"`,
      expected: "one activation for candidate and output",
      got: `${cell.activation} and ${cell.outputActivation}`,
      cure: "a Keras LSTM has only one",
      details: { layer },
    });
  }
  const path = [binding.name, way && `${way}_${binding.inner}`, binding.cell ?? cellNames[cell.kind]]
    .filter((part) => part)
    .join("/");
  const keys = cellWeights.map((name) => `${path}/${name}`);
  const stacked = cell.kind === "gru" && cell.resetAfter;
  const middle = wayPattern(way) + cellPattern(binding, cellNames[cell.kind]);
  return {
    rules: cellRules(layer, prefix, cell, {
      order,
      transposed: false,
      kernel: keys[0]!,
      recurrentKernel: keys[1]!,
      biases: stacked ? [keys[2]!, keys[2]!] : [keys[2]!],
      stackedBiases: stacked,
      projection: null,
      peephole: null,
      framework: "keras",
    }),
    patterns: new Map(keys.map((key, k) => [key, pattern(binding, middle, cellWeights[k]!, k)])),
  };
}

/**
 * A cell of the user's own: weights under their names, in a layer `RNN(cell)`, whatever class the cell has.
 */
function kerasCustom(
  layer: string,
  prefix: string,
  cell: CustomCellSpec,
  binding: KerasBinding,
  way: "forward" | "backward" | null,
): KerasRules {
  const path = [binding.name, way && `${way}_${binding.inner}`, binding.cell ?? snake(cell.name)]
    .filter((part) => part)
    .join("/");
  const theirs = (name: string): string => boundOf(binding, name)?.name ?? name;
  const key = (name: string): string => `${path}/${theirs(name)}`;
  return {
    rules: customRules(layer, prefix, cell, key),
    patterns: new Map(
      Object.keys(cell.weights).map((name, k) => [
        key(name),
        pattern(binding, wayPattern(way) + cellPattern(binding, null), escaped(theirs(name)), k),
      ]),
    ),
  };
}

function plain(catalog: Catalog, layer: PlainLayer, binding: KerasBinding): KerasRules {
  const path = [binding.name, binding.inner].filter((part) => part).join("/");
  const middle = binding.inner === null ? "" : `(?:(?:${escaped(binding.inner)}(?:_\\d+)?|layer)[/.])?`;
  const nameOf = ({ canonical, name }: PlainWeight): string => boundOf(binding, canonical)?.name ?? name;
  const key = (weight: PlainWeight): string => (path === "" ? nameOf(weight) : `${path}/${nameOf(weight)}`);
  const weights = plainWeights(catalog, layer, "keras");
  const rules = plainRules(catalog, layer, "keras", key).map((rule, k) => {
    const shapeOf = boundOf(binding, weights[k]!.canonical)?.shapeOf;
    return shapeOf
      ? { ...rule, foreign: rule.foreign.map((one) => ({ ...one, shape: shapeOf(one.shape) })) }
      : rule;
  });
  return {
    rules,
    patterns: new Map(
      weights.map((weight, k) => {
        const at = boundOf(binding, weight.canonical)?.index ?? k;
        return [key(weight), pattern(binding, middle, nameOf(weight), at)];
      }),
    ),
  };
}

/** What one layer of Keras calls a weight, where that is not its kind's name. */
const boundOf = ({ weights = {} }: KerasBinding, canonical: string): BoundWeight | null =>
  Object.hasOwn(weights, canonical) ? weights[canonical]! : null;

/** Where Keras keeps a layer's weights. @throws UNROLL_UNSUPPORTED for a cell that Keras does not have */
export function kerasRules(catalog: Catalog, layer: LayerSpec, binding: KerasBinding): KerasRules {
  const { name } = layer;
  switch (layer.type) {
    case "recurrent":
      return kerasCell(name, name, layer.cell, binding, null);
    case "bidirectional": {
      const ways = [
        kerasCell(name, `${name}.forward`, layer.forward, binding, "forward"),
        kerasCell(name, `${name}.backward`, layer.backward, binding, "backward"),
      ];
      return {
        rules: ways.flatMap((way) => way.rules),
        patterns: new Map(ways.flatMap((way) => [...way.patterns])),
      };
    }
    default:
      return plain(catalog, layer, binding);
  }
}
