import { cellDefinitions } from "../layers/cells.js";
import type {
  AnyCell,
  AnyLayer,
  Catalog,
  CellDefinition,
  LayerDefinition,
  Surroundings,
} from "../layers/definition.js";
import { layerDefinitions } from "../layers/layers.js";
import type { ValueInfo } from "../layers/value-info.js";
import { unrollError } from "../contract/error.js";
import { primitives } from "../program/primitives.js";

/** Every layer and cell that the library has. */
export const everything: Catalog = { layers: layerDefinitions, cells: cellDefinitions, primitives };

/** The definition of a layer. @throws UNROLL_SPEC for a type that the catalog does not have */
export function layerIn(catalog: Catalog, { type }: AnyLayer): LayerDefinition {
  return Object.hasOwn(catalog.layers, type) ? catalog.layers[type]! : missing("layer", type, catalog.layers);
}

/** The definition of a cell. @throws UNROLL_SPEC for a kind that the catalog does not have */
export function cellIn(catalog: Catalog, { kind }: AnyCell): CellDefinition {
  return Object.hasOwn(catalog.cells, kind) ? catalog.cells[kind]! : missing("cell", kind, catalog.cells);
}

function missing(what: string, got: string, known: object): never {
  throw unrollError({
    code: "UNROLL_SPEC",
    place: `spec ${what} of kind "${got}"`,
    expected: `one of ${Object.keys(known).join(", ")}`,
    got: `"${got}"`,
    cure: "give its definition to the kit as well",
    details: { kind: got },
  });
}

/** What layers may ask of the values made so far. */
export const surroundingsOf = (catalog: Catalog, values: ReadonlyMap<string, ValueInfo>): Surroundings => ({
  cell: (cell) => cellIn(catalog, cell),
  value: (ref) => values.get(ref)!,
});
