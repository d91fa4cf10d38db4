import { unrollError } from "../contract/error.js";
import type { Catalog, StatePart } from "../layers/definition.js";
import { cellIn, everything, layerIn, surroundingsOf } from "./catalog.js";
import type { CellSpec, LayerSpec, Spec } from "./types.js";
import { valuesIn } from "./values.js";

export { STEPS } from "../layers/value-info.js";

/** One state part of a model: [batch, ...shape]. */
export interface StatePartSpec extends StatePart {
  /** The layer that it belongs to. */
  readonly layer: string;
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

/** Every state part a run of a spec returns, in layer order. */
export const stateIn = (catalog: Catalog, spec: Spec): StatePartSpec[] =>
  spec.layers.flatMap((layer) => {
    const around = { cell: cellIn.bind(null, catalog) };
    const parts = layerIn(catalog, layer).state?.(layer, around) ?? [];
    return parts.map((part) => ({ ...part, layer: layer.name }));
  });

/** Every state part a caller may give or is given back, in layer order. */
export const specState = (spec: Spec): StatePartSpec[] => stateIn(everything, spec);

/** The values that a layer's state starts from, by part; null where the caller gives it. */
export const initialStateIn = (catalog: Catalog, layer: LayerSpec): Readonly<Record<string, string>> | null =>
  layerIn(catalog, layer).initialState?.(layer) ?? null;

/** Whether the caller gives this layer's initial state, rather than another value of the spec. */
export const takesStateIn = (catalog: Catalog, layer: LayerSpec): boolean =>
  cellsOf(layer).length > 0 && initialStateIn(catalog, layer) === null;

/** Why a spec whose layers are in a catalog can't run one step at a time, or null when it can. */
export function whyNotSteppableIn(catalog: Catalog, spec: Spec): string | null {
  const around = surroundingsOf(catalog, valuesIn(catalog, spec));
  for (const layer of spec.layers) {
    const reason = layerIn(catalog, layer).whyNotSteppable?.(layer, around) ?? null;
    if (reason !== null) return reason;
  }
  return null;
}

/** Why a spec can't run one step at a time, or null when it can. */
export const whyNotSteppable = (spec: Spec): string | null => whyNotSteppableIn(everything, spec);

/** The error of a model that is asked for a step and has none. */
export const notSteppable = (name: string, reason: string): Error =>
  unrollError({
    code: "UNROLL_UNSUPPORTED",
    place: `model "${name}" step`,
    expected: "layers that see only the past",
    got: reason,
    cure: "use sequence()",
    details: { reason },
  });
