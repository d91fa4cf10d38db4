import * as fc from "fast-check";
import { describeCase } from "../cases/case.js";
import { type LayerCase, layerCase, layerLevels, layerRows } from "../cases/layer-forms.js";
import { holdWholeAndSteps } from "./hold-whole-and-steps.js";
import type { Property } from "./property.js";

export const layersInEveryForm: Property<LayerCase> = {
  id: "layers-in-every-form",
  title: "each layer that may follow a recurrent one, in each of its forms, equals the equations",
  rules: [
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
    "reduce",
    "dense",
    "convolution",
    "pool",
    "positional-embedding",
    "masked-state",
  ],
  share: 0.1,
  arbitrary: () =>
    fc
      .record({ row: fc.nat({ max: layerRows().length - 1 }), seed: fc.nat({ max: 1000 }) })
      .map(({ row, seed }) => ({ ...layerRows()[row]!, seed })),
  examples: () => layerRows().map((row, seed) => ({ ...row, seed })),
  classes: { all: () => [...new Set(layerRows().flatMap(layerLevels))], of: layerLevels },
  describe: (given) => `${layerLevels(given).join(", ")}; ${describeCase(layerCase(given))}`,
  check: (given, { adapter }) =>
    holdWholeAndSteps("whole sequence", JSON.stringify(given), layerCase(given), adapter),
};
