import type { DType } from "../contract/tensor.js";
import { outputSize, partSize, stateParts } from "./cells.js";
import type { CellSpec, LayerSpec, ValueRef } from "./types.js";

/** What is known of a value of a spec: axes after batch, and after time where it is a sequence. */
export interface ValueInfo {
  readonly dtype: DType;
  readonly sequence: boolean;
  readonly shape: readonly number[];
}

const vector = (units: number): ValueInfo => ({ dtype: "float32", sequence: false, shape: [units] });

/** A cell's final state, as values under `prefix`. */
function states(prefix: string, cell: CellSpec): [ValueRef, ValueInfo][] {
  return stateParts(cell).map((part) => [`${prefix}.${part}`, vector(partSize(cell, part))]);
}

/** The values a layer makes, given those before it. The layer must be wired correctly. */
export function valuesOf(layer: LayerSpec, values: ReadonlyMap<ValueRef, ValueInfo>): [ValueRef, ValueInfo][] {
  switch (layer.type) {
    case "recurrent":
      return [[layer.name, { ...vector(outputSize(layer.cell)), sequence: layer.returns === "sequence" }], ...states(layer.name, layer.cell)];
    case "bidirectional": {
      const output = (units: number): ValueInfo => ({ ...vector(units), sequence: layer.returns === "sequence" });
      const merged: [ValueRef, ValueInfo][] = layer.merge === "none"
        ? [[`${layer.name}.forward`, output(outputSize(layer.forward))], [`${layer.name}.backward`, output(outputSize(layer.backward))]]
        : [[layer.name, output(layer.merge === "concat" ? outputSize(layer.forward) + outputSize(layer.backward) : outputSize(layer.forward))]];
      return [...merged, ...states(`${layer.name}.forward`, layer.forward), ...states(`${layer.name}.backward`, layer.backward)];
    }
    case "embedding": {
      const info = values.get(layer.input)!;
      return [[layer.name, { dtype: "float32", sequence: info.sequence, shape: [...info.shape, layer.outputSize] }]];
    }
    case "dense": {
      const info = values.get(layer.input)!;
      return [[layer.name, { ...info, shape: [...info.shape.slice(0, -1), layer.units] }]];
    }
    case "activation": case "dropout":
      return [[layer.name, values.get(layer.input)!]];
    case "merge": {
      const infos = layer.inputs.map((ref) => values.get(ref)!);
      const first = infos[0]!;
      const joined = infos.reduce((sum, info) => sum + info.shape[info.shape.length - 1]!, 0);
      return [[layer.name, layer.mode === "concat" ? { ...first, shape: [...first.shape.slice(0, -1), joined] } : first]];
    }
    default:
      return layer satisfies never;
  }
}
