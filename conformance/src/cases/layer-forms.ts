import { gruCell, input, recurrent, simpleRnnCell, spec } from "@unroll/api";
import type { Case } from "./case.js";
import { caseOn, stateOf, weightsOf } from "./cases.js";
import { coveringRows, type Factor, matters, type RowOf } from "./covering.js";
import { following } from "./following.js";
import type { Following } from "./layer-choice.js";

const factor = <const L extends string | number>(
  levels: readonly L[],
  needs?: Factor["needs"],
): Factor<L> => ({ levels, ...(needs && { needs }) });

/** What decides the form of a layer that may follow a recurrent one, and how it is run. */
const factors = {
  layer: factor(Object.keys(following) as Following[]),
  resetAfter: factor(["yes", "no"]),
  peepholes: factor(["yes", "no"]),
  bias: factor(["none", "single", "split"]),
  // What sees steps after its own follows what runs backward.
  form: factor(["forward", "backward"], { layer: ["convolution", "pool"] }),
  reduction: factor(["sum", "mean", "max"], { layer: ["reduce"] }),
  // More than one of each, and of axes that are made of them: nothing to exchange leaves nothing to see.
  units: factor([4, 6]),
  batch: factor([1, 3]),
  extent: factor(["none", "lengths", "mask"]),
} as const;

type Row = RowOf<typeof factors>;

/** A layer after a recurrent one by its levels. */
export type LayerCase = Row & { readonly seed: number };

let rows: readonly Row[] | undefined;

/** Layers in which every pair of levels of two factors is met; `coveringRows`. */
export const layerRows = (): readonly Row[] => (rows ??= coveringRows(factors));

/** The levels of a row that matter in it. */
export const layerLevels = (row: Row): string[] =>
  Object.keys(factors)
    .filter((name) => matters(factors, row, name))
    .map((name) => `${name}: ${row[name as keyof Row]}`);

const INPUTS = 3;
const TIME = 5;

/** The case of some levels: the layer between two recurrent ones, and the second reads what it leaves. */
export function layerCase(row: LayerCase): Case {
  const { layer, units, form, bias, reduction, batch, extent, seed } = row;
  const [layers, size] = following[layer]("layer", "before", units, {
    kind: "simpleRnn",
    custom: "integrator",
    units,
    form,
    bias,
    reduction,
    resetAfter: row.resetAfter === "yes",
    peepholes: row.peepholes === "yes",
    activation: "softsign",
    recurrentActivation: "sigmoid",
    outputActivation: "tanh",
    projection: null,
    cellClip: null,
    merge: "concat",
    outputOrder: "time",
    maskedOutput: "zero",
    heldStart: "zeros",
    after: layer,
  });
  const own = spec({
    name: "case",
    inputs: [input({ name: "x", shape: [INPUTS] })],
    layers: [
      recurrent({ name: "before", input: "x", cell: simpleRnnCell({ inputSize: INPUTS, units }) }),
      ...[layers].flat(),
      recurrent({ name: "after", input: "layer", cell: gruCell({ inputSize: size, units: 2 }) }),
    ],
    outputs: ["layer", "after"],
  });
  const drawn = { seed, fine: true };
  return {
    ...caseOn({ spec: own, weights: weightsOf(own, drawn, 1) }, { seed, batch, time: TIME, extent }),
    state: stateOf(own, batch, drawn),
  };
}
