import { unrollError } from "../../contract/error.js";
import { onnxGates, onnxPeepholeGates } from "../../contract/gates.js";
import { cellsOf } from "../../specification/state.js";
import type { CellSpec, KnownCellSpec, LayerSpec } from "../../specification/types.js";
import { cellRules, type GateOrder, type WeightRule } from "../rules.js";
import { everything } from "../../specification/catalog.js";
import { plainRules } from "../plain-weights.js";
import type { OnnxBinding } from "./bindings.js";

/**
 * ONNX's order of gates is in the contract, since adapters of ONNX need it too. W [directions, gates x
 * hidden, input] and R [directions, gates x hidden, hidden] are the transposes of ours, forward first; B
 * [directions, 2 x gates x hidden] holds the bias of the input and then that of the state, P [directions,
 * 3 x hidden] the peepholes. Source: ONNX operator schemas LSTM, GRU and RNN (`onnx/defs/rnn/defs.cc`);
 * semantics rule `weight-layouts`.
 */
const order: GateOrder = onnxGates;

const peepholes = (cell: KnownCellSpec): boolean => cell.kind === "lstm" && cell.peepholes;

function cells(
  layer: string,
  all: readonly (readonly [prefix: string, cell: CellSpec])[],
  { names }: OnnxBinding,
): WeightRule[] {
  const given = all.map(([prefix, cell]): readonly [string, KnownCellSpec] => {
    if (cell.kind !== "custom") return [prefix, cell];
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: `onnx weights of layer "${layer}"`,
      expected: "an LSTM, GRU or RNN",
      got: `custom cell "${cell.name}"`,
      cure: "ONNX has no operator for it",
      details: { layer },
    });
  });
  const [[, first]] = given as [readonly [string, KnownCellSpec]];
  for (const [, cell] of given) {
    if (
      cell.kind === first.kind &&
      cell.units === first.units &&
      (cell.bias === "none") === (first.bias === "none") &&
      peepholes(cell) === peepholes(first)
    )
      continue;
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: `onnx weights of layer "${layer}"`,
      expected: "both directions of one kind, size and form",
      got: `${first.kind} of ${first.units} units and ${cell.kind} of ${cell.units}`,
      cure: "an ONNX operator has one hidden_size",
      details: { layer },
    });
  }
  const directions = given.length;
  return given.flatMap(([prefix, cell], direction) =>
    cellRules(layer, prefix === "" ? layer : `${layer}.${prefix.slice(0, -1)}`, cell, {
      order,
      transposed: true,
      kernel: names.W!,
      recurrentKernel: names.R!,
      biases: [names.B!, names.B!],
      stackedBiases: true,
      projection: null,
      peephole: { key: names.P!, order: onnxPeepholeGates },
      framework: "onnx",
    }).map((rule): WeightRule => ({
      ...rule,
      // The parts of a direction lie one after the other: a matrix alone, or two biases.
      foreign: rule.foreign.map(({ key, shape, row }) =>
        row === null
          ? { key, shape: [directions, ...shape], row: direction }
          : { key, shape: [directions, shape[0]! * shape[1]!], row: 2 * direction + row },
      ),
    })),
  );
}

/**
 * Which initializers hold a layer's weights, and how. @throws UNROLL_UNSUPPORTED for directions that differ
 */
export function onnxRules(layer: LayerSpec, binding: OnnxBinding): WeightRule[] {
  const { name } = layer;
  switch (layer.type) {
    case "recurrent":
    case "bidirectional":
      return cells(name, cellsOf(layer), binding);
    default:
      return plainRules(everything, layer, "onnx", (weight) => binding.names[weight.canonical]!);
  }
}
