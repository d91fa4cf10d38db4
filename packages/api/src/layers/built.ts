import { commonPrimitives } from "../program/primitives.js";
import type { Catalog, CellDefinition, LayerDefinition } from "./definition.js";

const layers: Record<string, LayerDefinition> = {};
const cells: Record<string, CellDefinition> = {};
const primitives: Record<string, NonNullable<Catalog["primitives"][string]>> = {};

/**
 * The layers and cells that builders have made so far: all that specs may have which are built here, and do
 * not come as JSON. A page that builds its models has no need of any other definition.
 */
export const built: Catalog = { layers, cells, primitives };

/** Notes what a builder makes. */
export function noteLayer(definition: LayerDefinition): void {
  if (layers[definition.type] === definition) return;
  layers[definition.type] = definition;
  Object.assign(primitives, commonPrimitives, definition.primitives);
}

/** Notes what a builder makes. */
export function noteCell(definition: CellDefinition): void {
  if (cells[definition.kind] === definition) return;
  cells[definition.kind] = definition;
  Object.assign(primitives, definition.primitives);
}
