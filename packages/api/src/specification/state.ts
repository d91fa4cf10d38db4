import { unrollError } from "../contract/error.js";
import { partSize, stateParts } from "./cell-parts.js";
import type { CellSpec, LayerSpec, Spec } from "./types.js";
import { specValues } from "./values.js";

/** One state part of a model: `[batch, units]`, float32; an h that is projected has fewer units than c. */
export interface StatePartSpec {
  readonly layer: string;
  /** `h`, `c`; `forward.h`, ... when bidirectional. */
  readonly part: string;
  readonly units: number;
}

/** The cells of a recurrent layer with the prefix of their parts; none for other layers. */
export function cellsOf(layer: LayerSpec): readonly (readonly [prefix: string, cell: CellSpec])[] {
  if (layer.type === "recurrent") return [["", layer.cell]];
  if (layer.type === "bidirectional")
    return [
      ["forward.", layer.forward],
      ["backward.", layer.backward],
    ];
  return [];
}

/** Every state part a caller may give or is given back, in layer order. */
export function specState(spec: Spec): StatePartSpec[] {
  return spec.layers.flatMap((layer) =>
    cellsOf(layer).flatMap(([prefix, cell]) =>
      stateParts(cell).map((part) => ({
        layer: layer.name,
        part: prefix + part,
        units: partSize(cell, part),
      })),
    ),
  );
}

/** Whether the caller gives this layer's initial state, rather than another value of the spec. */
export function takesState(layer: LayerSpec): boolean {
  return (layer.type === "recurrent" || layer.type === "bidirectional") && layer.initialState === null;
}

/** The axis that steps run along. */
export const STEPS = "time";

/** Why a spec can't run one step at a time, or null when it can. */
export function whyNotSteppable(spec: Spec): string | null {
  const values = specValues(spec);
  for (const layer of spec.layers) {
    if (layer.type === "attention" && values.get(layer.key)!.axis === STEPS)
      return `attention "${layer.name}" looks at all of "${STEPS}"`;
    if (layer.type === "recurrent" || layer.type === "bidirectional") {
      const { axis } = values.get(layer.input)!;
      if (axis !== STEPS)
        return `layer "${layer.name}" runs along "${axis}", which is there as a whole (make it a model of its own, and its output an input of this one)`;
    }
    if (layer.type === "bidirectional") return `bidirectional "${layer.name}" needs the whole sequence`;
    if (layer.type === "recurrent" && layer.direction === "backward")
      return `layer "${layer.name}" runs backward and needs the whole sequence`;
    if (layer.type === "recurrent" && layer.initialState !== null)
      return `layer "${layer.name}" starts from other values of the model, so its state can't be carried from step to step`;
  }
  return null;
}

/** Throws UNROLL_UNSUPPORTED when a spec can't be stepped. */
export function assertSteppable(spec: Spec): void {
  const reason = whyNotSteppable(spec);
  if (reason !== null)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: `model "${spec.name}" step`,
      expected: "layers that see only the past",
      got: reason,
      cure: "use sequence()",
      details: { reason },
    });
}
