import type { DType } from "../contract/tensor.js";
import { outputSize, partSize, stateParts } from "./cell-parts.js";
import type { CellSpec, LayerSpec, Spec, ValueRef } from "./types.js";

/** What is known of a value of a spec: its time axis, null without one, and the axes after batch and time. */
export interface ValueInfo {
  readonly dtype: DType;
  readonly axis: string | null;
  readonly shape: readonly number[];
  /** A second time axis after the first, of attention weights. */
  readonly over?: string;
}

const vector = (units: number): ValueInfo => ({ dtype: "float32", axis: null, shape: [units] });

/** Every value of a valid spec. */
export function specValues(spec: Spec): ReadonlyMap<ValueRef, ValueInfo> {
  const values = new Map<ValueRef, ValueInfo>(
    spec.inputs.map(({ name, dtype, axis, shape }) => [name, { dtype, axis, shape }]),
  );
  for (const layer of spec.layers) for (const [ref, info] of valuesOf(layer, values)) values.set(ref, info);
  return values;
}

/** Every time axis of a spec, in the order of its inputs. */
export const specAxes = (spec: Spec): readonly string[] => [
  ...new Set(spec.inputs.flatMap(({ axis }) => axis ?? [])),
];

/** A cell's final state, as values under `prefix`. */
function states(prefix: string, cell: CellSpec): [ValueRef, ValueInfo][] {
  return stateParts(cell).map((part) => [`${prefix}.${part}`, vector(partSize(cell, part))]);
}

/** The values a layer makes, given those before it. The layer must be wired correctly. */
export function valuesOf(
  layer: LayerSpec,
  values: ReadonlyMap<ValueRef, ValueInfo>,
): [ValueRef, ValueInfo][] {
  switch (layer.type) {
    case "recurrent":
      return [
        [
          layer.name,
          {
            ...vector(outputSize(layer.cell)),
            axis: layer.returns === "sequence" ? values.get(layer.input)!.axis : null,
          },
        ],
        ...states(layer.name, layer.cell),
      ];
    case "bidirectional": {
      const output = (units: number): ValueInfo => ({
        ...vector(units),
        axis: layer.returns === "sequence" ? values.get(layer.input)!.axis : null,
      });
      const merged: [ValueRef, ValueInfo][] =
        layer.merge === "none"
          ? [
              [`${layer.name}.forward`, output(outputSize(layer.forward))],
              [`${layer.name}.backward`, output(outputSize(layer.backward))],
            ]
          : [
              [
                layer.name,
                output(
                  layer.merge === "concat"
                    ? outputSize(layer.forward) + outputSize(layer.backward)
                    : outputSize(layer.forward),
                ),
              ],
            ];
      return [
        ...merged,
        ...states(`${layer.name}.forward`, layer.forward),
        ...states(`${layer.name}.backward`, layer.backward),
      ];
    }
    case "embedding": {
      const info = values.get(layer.input)!;
      return [[layer.name, { dtype: "float32", axis: info.axis, shape: [...info.shape, layer.outputSize] }]];
    }
    case "dense": {
      const info = values.get(layer.input)!;
      return [[layer.name, { ...info, shape: [...info.shape.slice(0, -1), layer.units] }]];
    }
    case "activation":
    case "dropout":
      return [[layer.name, values.get(layer.input)!]];
    case "merge": {
      const infos = layer.inputs.map((ref) => values.get(ref)!);
      const first = infos[0]!;
      const joined = infos.reduce((sum, info) => sum + info.shape[info.shape.length - 1]!, 0);
      return [
        [
          layer.name,
          layer.mode === "concat" ? { ...first, shape: [...first.shape.slice(0, -1), joined] } : first,
        ],
      ];
    }
    case "repeat":
      return [[layer.name, { ...values.get(layer.input)!, axis: layer.axis }]];
    case "attention": {
      const { axis } = values.get(layer.query)!;
      return [
        [layer.name, { dtype: "float32", axis, shape: values.get(layer.value)!.shape }],
        [`${layer.name}.weights`, { dtype: "float32", axis, shape: [], over: values.get(layer.key)!.axis! }],
      ];
    }
    default:
      return layer satisfies never;
  }
}
