import * as fc from "fast-check";
import type { Case } from "./case.js";
import { cases, type CaseWish } from "./cases.js";
import { type PairedCase, pairedCase } from "./paired.js";

/** A model whose gradient is taken, at a case, and in which direction it is looked at. */
export interface GradientCase extends Case {
  readonly direction: number;
}

/** Steps back through time cost several of those forward. */
const FEW = 5;

/** Cases for gradients: few steps, and activations that hold values in, so that bounds say something. */
export const gradientCases = (wish: CaseWish = {}): fc.Arbitrary<GradientCase> =>
  fc
    .tuple(
      cases({ bounded: true, ...wish }).filter(({ time }) => time <= FEW),
      fc.integer({ min: 1, max: 2 ** 30 }),
    )
    .map(([given, direction]) => ({ ...given, direction }));

const plain: PairedCase = {
  cell: "simpleRnn",
  form: "forward",
  units: 3,
  inputs: 3,
  batch: 2,
  time: 7,
  bias: "split",
  activation: "tanh",
  recurrentActivation: "sigmoid",
  outputActivation: "tanh",
  cellClip: "none",
  extent: "none",
  masked: "zero",
  order: "time",
  returns: "sequence",
  state: "given",
  reads: "vectors",
  then: "nothing",
  seed: 1,
};

/** Ways back that differ: through each known cell, both ways round, past masked steps, to rows of a table. */
export const knownGradients: readonly GradientCase[] = (
  [
    { extent: "mask" },
    { cell: "lstm projected with peepholes", units: 4, extent: "lengths", masked: "held from the state" },
    { cell: "gru", form: "backward", extent: "mask" },
    { cell: "gru that resets before", form: "concat", bias: "single" },
    { cell: "lstm", form: "mul", extent: "lengths", then: "softmax" },
    { reads: "ids", returns: "last", then: "dense" },
    { cell: "lstm", bias: "none", then: "attention" },
    { cell: "layerNormLstm", extent: "mask", then: "another" },
  ] satisfies readonly Partial<PairedCase>[]
).map((one, seed) => ({ ...pairedCase({ ...plain, ...one, seed }), direction: seed + 1 }));
