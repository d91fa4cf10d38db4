import {
  activation,
  activationNames,
  attention,
  bidirectional,
  type CellSpec,
  dense,
  embedding,
  groupNorm,
  gruCell,
  input,
  layerNorm,
  type LayerSpec,
  lstmCell,
  recurrent,
  simpleRnnCell,
  spec,
  stack,
} from "@unroll/api";
import { outputPart, outputSize } from "../oracle/cell-equations.js";
import { type Case, SOURCE } from "./case.js";
import { caseOn, stateOf, weightsOf } from "./cases.js";
import { coveringRows, type Factor, matters, type RowOf } from "./covering.js";
import { customCells } from "./custom-cells.js";
import { IDS } from "./specs.js";
import { values } from "./values.js";

const LSTMS = ["lstm", "lstm with peepholes", "lstm projected", "lstm projected with peepholes"] as const;
const GRUS = ["gru", "gru that resets before"] as const;
const GATED = [...LSTMS, ...GRUS] as const;
const KNOWN = ["simpleRnn", ...GATED] as const;
const BOTH_WAYS = ["concat", "sum", "ave", "mul", "none"] as const;

const factor = <const L extends string | number>(
  levels: readonly L[],
  needs?: Factor["needs"],
): Factor<L> => ({ levels, ...(needs && { needs }) });

/** What a model of one recurrent layer is made of, and how it is run. */
const factors = {
  cell: factor([...KNOWN, "highway", "layerNormLstm", "readout"]),
  form: factor(["forward", "backward", ...BOTH_WAYS]),
  units: factor([1, 3, 4, 7, 8, 16, 17, 33]),
  inputs: factor([1, 3, 4, 8, 17, 64]),
  batch: factor([1, 2, 4, 5, 9, 17]),
  time: factor([1, 2, 7, 16, 33, 65]),
  bias: factor(["none", "single", "split"], { cell: KNOWN }),
  activation: factor(activationNames, { cell: KNOWN }),
  recurrentActivation: factor(["sigmoid", "tanh", "hardSigmoidSixth", "hardSigmoidFifth", "softsign"], {
    cell: GATED,
  }),
  outputActivation: factor(["tanh", "sigmoid", "relu", "softsign", "linear"], { cell: LSTMS }),
  cellClip: factor(["none", "clipped"], { cell: LSTMS }),
  extent: factor(["none", "lengths", "mask"]),
  masked: factor(["zero", "held from zeros", "held from the state"], { extent: ["lengths", "mask"] }),
  order: factor(["time", "processing"], { form: ["backward"], returns: ["sequence"] }),
  returns: factor(["sequence", "last"]),
  state: factor(["none", "given"]),
  reads: factor(["vectors", "ids"]),
  then: factor([
    "nothing",
    "dense",
    "softmax",
    "logSoftmax",
    "layerNorm",
    "groupNorm",
    "attention",
    "attention to nothing",
    "another",
    "half as many",
  ]),
} as const;

type Row = RowOf<typeof factors>;

/** A model by its levels. */
export type PairedCase = Row & { readonly seed: number };

/** Multiplications of a run up to which a case is quickly checked. */
const MOST = 300_000;

/** Multiplications that take as long as the rest of a case. */
const PLAIN = 100_000;

/** Multiplications of a run of a row, as far as it is chosen. */
function multiplications({
  units = 1,
  inputs = 1,
  batch = 1,
  time = 1,
  form = "forward",
}: Partial<Row>): number {
  const ways = (BOTH_WAYS as readonly string[]).includes(form) ? 2 : 1;
  return ways * 4 * units * (units + inputs) * batch * time;
}

/** Whether a row is small enough, as far as it is chosen. */
const small = (row: Partial<Row>): boolean => multiplications(row) <= MOST;

/** What a row costs: a model to be made, and what it multiplies. */
const costOf = (row: Row): number => PLAIN + multiplications(row);

let rows: readonly Row[] | undefined;

/** Models in which every pair of levels of two factors is met; docs: `coveringRows`. */
export const pairedRows = (): readonly Row[] => (rows ??= coveringRows(factors, small, costOf));

/** The levels of a row that matter in it. */
export const pairedLevels = (row: Row): string[] =>
  Object.keys(factors)
    .filter((name) => matters(factors, row, name))
    .map((name) => `${name}: ${row[name as keyof Row]}`);

export { factors as pairedFactors, small as pairedFits };

/** A cell of a row for an input of some size. */
function cellOf(row: Row, inputSize: number, units: number): CellSpec {
  const { cell, bias, activation } = row;
  const common = { inputSize, units, bias, activation };
  switch (cell) {
    case "simpleRnn":
      return simpleRnnCell(common);
    case "gru":
    case "gru that resets before":
      return gruCell({
        ...common,
        recurrentActivation: row.recurrentActivation,
        resetAfter: cell === "gru",
      });
    case "lstm":
    case "lstm with peepholes":
    case "lstm projected":
    case "lstm projected with peepholes":
      return lstmCell({
        ...common,
        recurrentActivation: row.recurrentActivation,
        outputActivation: row.outputActivation,
        cellClip: row.cellClip === "clipped" ? 0.375 : null,
        peepholes: cell.endsWith("peepholes"),
        projection: cell.startsWith("lstm projected") ? Math.max(1, Math.ceil(units / 2) - 1) : null,
      });
    case "highway":
    case "layerNormLstm":
    case "readout":
      return customCells[cell](inputSize, units);
    default:
      return cell satisfies never;
  }
}

const layerOf = (row: Row, at: string, cell: CellSpec): LayerSpec => {
  const { form, masked, order, returns } = row;
  const placed = {
    name: "layer0",
    input: at,
    returns,
    maskedOutput: masked === "zero" ? ("zero" as const) : ("hold" as const),
    heldStart:
      masked === "held from the state" && outputPart(cell) !== null
        ? ("initialState" as const)
        : ("zeros" as const),
  };
  if (form === "forward" || form === "backward")
    return recurrent({ ...placed, cell, direction: form, outputOrder: order });
  return bidirectional({ ...placed, forward: cell, backward: cell, merge: form });
};

/** What stands after the layer, on values `at` of some size. */
function following({ then, returns }: Row, at: string, size: number): LayerSpec[] {
  switch (then) {
    case "nothing":
      return [];
    case "dense":
      return [dense({ name: "out", input: at, inputSize: size, units: 3, activation: "softsign" })];
    case "softmax":
    case "logSoftmax":
      return [dense({ name: "out", input: at, inputSize: size, units: 5, activation: then })];
    case "layerNorm":
      return [layerNorm({ name: "out", input: at, inputSize: size, epsilon: 0.125 })];
    case "groupNorm":
      return [
        activation({ name: "squashed", input: at, activation: "softsign" }),
        stack({ name: "both", inputs: [at, "squashed"] }),
        groupNorm({
          name: "out",
          input: "both",
          inputSize: size,
          groups: size % 2 === 0 ? 2 : 1,
          epsilon: 0.125,
        }),
      ];
    case "attention":
      return [attention({ name: "out", query: at, value: SOURCE, inputSize: size, score: "scaledDot" })];
    case "attention to nothing":
      return [attention({ name: "out", query: at, value: SOURCE, inputSize: size, emptyRows: "mean" })];
    case "another":
    case "half as many": {
      const units = then === "another" ? 4 : Math.max(1, size >> 1);
      const cell = gruCell({ inputSize: size, units });
      // One vector has no steps for another layer.
      return returns === "last"
        ? [dense({ name: "out", input: at, inputSize: size, units })]
        : [recurrent({ name: "out", input: at, cell })];
    }
    default:
      return then satisfies never;
  }
}

/** The case of some levels. */
export function pairedCase(row: PairedCase): Case {
  const { units, inputs, batch, time, extent, seed } = row;
  const ids = row.reads === "ids";
  const cell = cellOf(row, inputs, units);
  const layers: LayerSpec[] = [
    ...(ids ? [embedding({ name: "embed", input: "x", inputSize: IDS, outputSize: inputs })] : []),
    layerOf(row, ids ? "embed" : "x", cell),
  ];
  const both = row.form === "concat" ? 2 : 1;
  const apart = row.form === "none";
  const size = both * outputSize(cell);
  // Two outputs: both are looked at, and what follows reads one.
  const at = apart ? "layer0.forward" : "layer0";
  const after = following(row, at, size);
  const looks = row.then === "attention" || row.then === "attention to nothing";
  // The first row has nothing to look at.
  const ends = Array.from({ length: batch }, (_, k) => (k === 0 ? 0 : 3));
  const x = input(ids ? { name: "x", dtype: "int32", shape: [] } : { name: "x", shape: [inputs] });
  const own = spec({
    name: "case",
    inputs: looks ? [x, input({ name: SOURCE, shape: [size], axis: SOURCE })] : [x],
    layers: [...layers, ...after],
    outputs: [after.length > 0 ? "out" : at, ...(apart ? ["layer0.backward"] : [])],
  });
  const drawn = { seed, fine: true };
  const weights = weightsOf(own, drawn, 1);
  return {
    ...caseOn({ spec: own, weights }, { seed, batch, time, extent }),
    state: row.state === "given" ? stateOf(own, batch, drawn) : null,
    memory: looks
      ? {
          time: 3,
          x: values(drawn, SOURCE, [batch, 3, size]),
          lengths: row.then === "attention" ? null : ends,
          mask: null,
        }
      : null,
  };
}
