import * as fc from "fast-check";
import { type EdgeLayerName, edgeLayerNames, type EdgeMode, layerEdgeProgram } from "../cases/layer-edges.js";
import { holdProgram } from "./hold-program.js";
import type { Property } from "./property.js";

/** A layer at its edges, and how it is run. */
export interface EdgeCase {
  readonly name: EdgeLayerName;
  readonly mode: EdgeMode;
}

const modes = ["sequence", "step"] as const;

const edgeCases = (): EdgeCase[] => edgeLayerNames.flatMap((name) => modes.map((mode) => ({ name, mode })));
const named = ({ name, mode }: EdgeCase): string => `${name}, ${mode}`;

export const layersAtTheEdges: Property<EdgeCase> = {
  id: "layers-at-the-edges",
  title: "each activation, normalisation and attention is right where its usual formula overflows or cancels",
  rules: ["activation", "softmax", "layer-norm", "attention", "R9"],
  share: 0.1,
  arbitrary: () => fc.record({ name: fc.constantFrom(...edgeLayerNames), mode: fc.constantFrom(...modes) }),
  examples: edgeCases,
  classes: { all: () => edgeCases().map(named), of: (given) => [named(given)] },
  describe: ({ name, mode }) => `${name} at its edges, a ${mode}`,
  async check({ name, mode }, { adapter }) {
    const { precision, losesNaN = false } = adapter.capabilities;
    const finite = losesNaN || precision !== "f32";
    const given = layerEdgeProgram(name, mode, finite);
    return { errorOverBound: await holdProgram(given, adapter, { apart: true }) };
  },
};
