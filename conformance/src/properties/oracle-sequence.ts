import { describeCase } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import type { Case } from "../cases/case.js";
import { derived } from "./derived.js";
import { holdAgainst, informative, whole, withModel } from "./judge.js";
import { type Property, skip } from "./property.js";

export const oracleSequence: Property<Case> = {
  id: "oracle-sequence",
  title: "a whole sequence equals the equations in float64",
  rules: [
    "lstm",
    "peepholes",
    "cell-clip",
    "projection",
    "gru-reset-after",
    "gru-reset-before",
    "simple-rnn",
    "custom-cell",
    "cell-reads",
    "activation",
    "layer-norm",
    "batch-norm",
    "rms-norm",
    "group-norm",
    "reshape",
    "permute",
    "slice",
    "pad",
    "tile",
    "stack",
    "one-hot",
    "reduce",
    "pick-step",
    "reduce-time",
    "to-sequence",
    "pad-time",
    "crop-time",
    "upsample-time",
    "concat-time",
    "transposed-convolution",
    "bias-forms",
    "masked-state",
    "masked-output",
    "reverse",
    "last-output",
    "empty-row",
    "merge",
    "embedding",
    "dense",
    "softmax",
    "time-axes",
    "attention",
    "multi-head-attention",
    "attention-window",
    "positional-encoding",
    "positional-embedding",
    "repeat",
    "crf",
    "R1",
    "R2",
  ],
  arbitrary: () => cases(),
  describe: describeCase,
  async check(given, { adapter }) {
    const truth = derived(given, adapter.capabilities.precision);
    if (!informative(truth, adapter.capabilities.precision)) return skip("bound too wide");
    return {
      errorOverBound: holdAgainst(
        "whole sequence",
        await withModel(given, adapter, (model) => whole(model, given)),
        truth,
      ),
    };
  },
};
