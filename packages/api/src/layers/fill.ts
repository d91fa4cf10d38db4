import { knownOptions } from "../contract/known-options.js";
import { noteCell, noteLayer } from "./built.js";
import type { AnyCell, AnyLayer, CellDefinition, LayerDefinition } from "./definition.js";
import type { DefaultRule, Fields } from "./fields.js";

/**
 * Fills in defaults. An option that is left out or undefined takes its default; null stays null, for the
 * check of the spec to judge.
 *
 * @throws UNROLL_ARGUMENT for an option that there is none of
 */
export function filled(place: string, fields: Fields, options: object): Record<string, unknown> {
  knownOptions(place, options, Object.keys(fields));
  const result: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(fields)) {
    const given = (options as Readonly<Record<string, unknown>>)[key];
    const usual = field.default;
    result[key] =
      given !== undefined ? given : typeof usual === "function" ? (usual as DefaultRule)(result) : usual;
  }
  return result;
}

/** A cell from its options. */
export function cellOf<Cell extends AnyCell>(definition: CellDefinition<Cell>, options: object): Cell {
  const { kind, fields } = definition;
  noteCell(definition as unknown as CellDefinition);
  return { kind, ...filled(`${kind}Cell`, fields, options) } as unknown as Cell;
}

/** A layer from its options. */
export function layerOf<Layer extends AnyLayer>(definition: LayerDefinition<Layer>, options: object): Layer {
  const { type, fields } = definition;
  noteLayer(definition as unknown as LayerDefinition);
  return { type, ...filled(type, fields, options) } as unknown as Layer;
}
