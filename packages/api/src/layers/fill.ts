import { knownOptions } from "../contract/known-options.js";
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
export const cellOf = <Cell>(kind: string, fields: Fields, options: object): Cell =>
  ({ kind, ...filled(`${kind}Cell`, fields, options) }) as Cell;

/** A layer from its options. */
export const layerOf = <Layer>(type: string, fields: Fields, options: object): Layer =>
  ({ type, ...filled(type, fields, options) }) as Layer;
