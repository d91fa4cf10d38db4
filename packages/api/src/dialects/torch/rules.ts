import { unrollError } from "../../contract/error.js";
import type { CellSpec, KnownCellSpec, LayerSpec } from "../../specification/types.js";
import { type GateOrder, type WeightRule, cellRules, customRules } from "../rules.js";
import { foreignWeights } from "../convert.js";
import { plainRules } from "../plain-weights.js";
import type { Catalog } from "../../layers/definition.js";
import type { WeightSpec } from "../../specification/weights.js";
import type { TorchBinding } from "./bindings.js";

/**
 * PyTorch orders LSTM gates i f g o, as we do, and GRU gates r z n. Weights are [gates x hidden, input], the
 * transpose of ours, and there are two biases or none. Source: `torch/nn/modules/rnn.py`; semantics rule
 * `weight-layouts`.
 */
const order: GateOrder = { lstm: ["i", "f", "g", "o"], gru: ["r", "z", "n"], simpleRnn: ["h"] };

/** What a PyTorch cell computes; a spec cell that computes something else has no place there. */
const computes: Readonly<Record<KnownCellSpec["kind"], Readonly<Record<string, readonly unknown[]>>>> = {
  lstm: { activation: ["tanh"], recurrentActivation: ["sigmoid"], outputActivation: ["tanh"] },
  gru: { activation: ["tanh"], recurrentActivation: ["sigmoid"], resetAfter: [true] },
  simpleRnn: { activation: ["tanh", "relu"] },
};

function assertComputable(layer: string, cell: KnownCellSpec): void {
  for (const [choice, allowed] of Object.entries(computes[cell.kind])) {
    const got = (cell as unknown as Record<string, unknown>)[choice];
    if (!allowed.includes(got)) {
      throw unrollError({
        code: "UNROLL_UNSUPPORTED",
        place: `torch weights of ${cell.kind} "${layer}"`,
        expected: `${choice} ${allowed.join(" or ")}, the only form PyTorch computes`,
        got: String(got),
        cure: "these weights would mean something else there",
        details: { layer, choice, got },
      });
    }
  }
}

function torchCell(
  layer: string,
  prefix: string,
  cell: CellSpec,
  path: string,
  suffix: string,
): WeightRule[] {
  const key = (name: string): string => `${path}${name}${suffix}`;
  if (cell.kind === "custom") return customRules(layer, prefix, cell, key);
  assertComputable(layer, cell);
  return cellRules(layer, prefix, cell, {
    order,
    transposed: true,
    kernel: key("weight_ih"),
    recurrentKernel: key("weight_hh"),
    biases: [key("bias_ih"), key("bias_hh")],
    stackedBiases: false,
    projection: key("weight_hr"),
    peephole: null,
    framework: "torch",
  });
}

/**
 * Where PyTorch keeps a layer's weights.
 *
 * @throws UNROLL_UNSUPPORTED for a cell that PyTorch does not have
 */
export function torchRules(catalog: Catalog, layer: LayerSpec, binding: TorchBinding): WeightRule[] {
  const path = binding.module === "" ? "" : `${binding.module}.`;
  const level = binding.level === null ? "" : `_l${binding.level}`;
  const { name } = layer;
  switch (layer.type) {
    case "recurrent":
      return torchCell(name, name, layer.cell, path, level);
    case "bidirectional":
      return [
        ...torchCell(name, `${name}.forward`, layer.forward, path, level),
        ...torchCell(name, `${name}.backward`, layer.backward, path, `${level}_reverse`),
      ];
    default:
      return plainRules(catalog, layer, "torch", (weight) => path + weight.name);
  }
}

/** A weight in PyTorch's layout. */
export interface TorchWeight extends WeightSpec {
  /** Which of its axes is that of the outputs: the first, but of transposed convolutions. */
  readonly outputAxis: number;
}

/** The tensors that rules speak of, each once. */
export function torchWeights(rules: readonly WeightRule[]): TorchWeight[] {
  const outputAxis = new Map(
    rules.flatMap(({ foreign, axes }) =>
      foreign.map(({ key }) => [key, axes ? axes.indexOf(axes.length - 1) : 0] as const),
    ),
  );
  return foreignWeights(rules).map((weight) => ({ ...weight, outputAxis: outputAxis.get(weight.name)! }));
}
