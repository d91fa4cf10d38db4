import { unrollError } from "../../contract/error.js";
import { outputSize } from "../../specification/cell-parts.js";
import { cellsOf } from "../../specification/state.js";
import type { CellSpec, KnownCellSpec, LayerSpec } from "../../specification/types.js";
import { customRules, plainRule, type WeightRule } from "../rules.js";
import { everything } from "../../specification/catalog.js";
import { plainRules } from "../plain-weights.js";
import type { Tf1Binding } from "./bindings.js";

/**
 * TensorFlow 1 keeps a cell's kernel and recurrent kernel in one matrix [inputSize + size of h, gates x
 * units], input rows first. Gates of an LSTM are i j f o, j being our g. A GRU has one matrix for r and u,
 * our z, and another for the candidate. Source: `tensorflow/python/keras/layers/legacy_rnn/rnn_cell_impl.py`;
 * semantics rule `weight-layouts`.
 */
const matrices = {
  lstm: [{ prefix: "", gates: [0, 2, 1, 3] }],
  gru: [
    { prefix: "gates/", gates: [1, 0] },
    { prefix: "candidate/", gates: [2] },
  ],
  simpleRnn: [{ prefix: "", gates: [0] }],
} as const;
const gateCount = { lstm: 4, gru: 3, simpleRnn: 1 } as const;
/** Our number of the gate that the forget bias is added to, and gates that see the cell state. */
const FORGET = 1;
const peepholes = ["w_i_diag", "w_f_diag", "w_o_diag"] as const;

/** What a TensorFlow 1 cell computes; a spec cell that computes something else has no place there. */
function assertComputable(layer: string, cell: KnownCellSpec): void {
  const refuse = (expected: string, got: string): never => {
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: `tf1 weights of ${cell.kind} "${layer}"`,
      expected: `${expected}, the only form TensorFlow 1 computes`,
      got: got,
      cure: "these weights would mean something else there",
      details: { layer },
    });
  };
  if (cell.bias === "none") refuse("a bias", "none");
  if (cell.kind !== "simpleRnn" && cell.recurrentActivation !== "sigmoid")
    refuse("recurrentActivation sigmoid", cell.recurrentActivation);
  if (cell.kind === "lstm" && cell.outputActivation !== cell.activation)
    refuse("one activation for candidate and output", `${cell.activation} and ${cell.outputActivation}`);
  if (cell.kind === "gru" && cell.resetAfter) refuse("a reset before the product", "resetAfter");
}

function cellRulesOf(
  layer: string,
  prefix: string,
  cell: CellSpec,
  scope: string,
  forgetBias: number,
): WeightRule[] {
  if (cell.kind === "custom") return customRules(layer, prefix, cell, (name) => `${scope}/${name}`);
  assertComputable(layer, cell);
  const { units, inputSize } = cell;
  const ofGates = gateCount[cell.kind];
  const rows = { kernel: inputSize, recurrentKernel: outputSize(cell) };
  const rules: WeightRule[] = [];
  for (const { prefix: part, gates } of matrices[cell.kind]) {
    const width = gates.length * units;
    const common = { layer, transposed: false, gates, ofGates, unsummableFrom: null };
    const whole = [rows.kernel + rows.recurrentKernel, width];
    for (const name of ["kernel", "recurrentKernel"] as const) {
      rules.push({
        ...common,
        canonical: [`${prefix}.${name}`],
        shape: [rows[name], ofGates * units],
        foreign: [
          {
            key: `${scope}/${part}kernel`,
            shape: whole,
            row: null,
            offset: name === "kernel" ? 0 : rows.kernel * width,
          },
        ],
      });
    }
    const canonical = (cell.bias === "single" ? ["bias"] : ["inputBias", "recurrentBias"]).map(
      (name) => `${prefix}.${name}`,
    );
    rules.push({
      ...common,
      canonical,
      shape: [ofGates * units],
      foreign: [{ key: `${scope}/${part}bias`, shape: [width], row: null }],
      ...(cell.kind === "lstm" && forgetBias !== 0 ? { added: { gate: FORGET, value: forgetBias } } : {}),
    });
  }
  if (cell.kind !== "lstm") return rules;
  if (cell.peepholes) {
    peepholes.forEach((name, gate) =>
      rules.push({
        layer,
        canonical: [`${prefix}.peephole`],
        shape: [3 * units],
        transposed: false,
        gates: [gate],
        ofGates: 3,
        unsummableFrom: null,
        foreign: [{ key: `${scope}/${name}`, shape: [units], row: null }],
      }),
    );
  }
  if (cell.projection !== null)
    rules.push({
      ...plainRule(layer, "projectionKernel", `${scope}/projection/kernel`, [units, cell.projection]),
      canonical: [`${prefix}.projectionKernel`],
    });
  return rules;
}

/** Where TensorFlow 1 keeps a layer's weights. @throws UNROLL_UNSUPPORTED for a cell that it does not have */
export function tf1Rules(
  layer: LayerSpec,
  { scope, backwardScope, forgetBias = 1 }: Tf1Binding,
): WeightRule[] {
  const { name } = layer;
  switch (layer.type) {
    case "recurrent":
      return cellRulesOf(name, name, layer.cell, scope, forgetBias);
    case "bidirectional": {
      if (backwardScope === undefined)
        throw unrollError({
          code: "UNROLL_ARGUMENT",
          place: `tf1 binding of bidirectional "${name}"`,
          expected: "backwardScope",
          got: "none",
          cure: "give the scope of the cell that runs backward",
          details: { layer: name },
        });
      return cellsOf(layer).flatMap(([way, cell]) =>
        cellRulesOf(
          name,
          `${name}.${way.slice(0, -1)}`,
          cell,
          way === "forward." ? scope : backwardScope,
          forgetBias,
        ),
      );
    }
    default:
      return plainRules(everything, layer, "tf1", (weight) =>
        weight.name === "" ? scope : `${scope}/${weight.name}`,
      );
  }
}
