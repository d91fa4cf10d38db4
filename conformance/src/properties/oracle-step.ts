import { type Case, describeCase } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { derived } from "./derived.js";
import { holdAgainst, informative, sequenceOutputs, stepped, withModel } from "./judge.js";
import { type Property, skip } from "./property.js";

export const oracleStep: Property<Case> = {
  id: "oracle-step",
  title: "one step at a time equals the equations in float64",
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
    "bias-forms",
    "time-axes",
    "attention",
    "multi-head-attention",
    "attention-window",
    "positional-embedding",
    "R1",
    "R7",
  ],
  arbitrary: () => cases({ steppable: true, extent: "none" }),
  describe: describeCase,
  async check(given, { adapter }) {
    const truth = derived(given, adapter.capabilities.precision);
    if (!informative(truth, adapter.capabilities.precision)) return skip("bound too wide");
    return {
      errorOverBound: holdAgainst(
        "step by step",
        await withModel(given, adapter, (model) =>
          stepped(model, given, sequenceOutputs(given, truth.exact)),
        ),
        truth,
      ),
    };
  },
};
