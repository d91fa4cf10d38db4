import { sizeOf } from "../contract/tensor.js";
import type { WeightRule } from "./rules.js";

/**
 * Where the foreign value of each canonical element lies: `foreign[map[k]]` is canonical element k, row-major on both
 * sides. A permutation, so reading it the other way converts back.
 */
function elementMap(rule: WeightRule): Uint32Array {
  const columns = rule.shape[rule.shape.length - 1]!;
  const rows = sizeOf(rule.shape) / columns;
  const units = columns / rule.gates.length;
  const map = new Uint32Array(rows * columns);
  for (let column = 0; column < columns; column++) {
    const gate = rule.gates.indexOf(Math.floor(column / units));
    const foreign = gate * units + (column % units);
    for (let row = 0; row < rows; row++) map[row * columns + column] = rule.transposed ? foreign * rows + row : row * columns + foreign;
  }
  return map;
}

/** Words of a float array, so that a copy keeps every bit, NaN payloads included. */
const words = (values: Float32Array): Uint32Array => new Uint32Array(values.buffer, values.byteOffset, values.length);

/** A foreign array in canonical layout; a copy. */
export function toCanonicalLayout(rule: WeightRule, foreign: Float32Array): Float32Array {
  const canonical = new Float32Array(foreign.length);
  const [from, to] = [words(foreign), words(canonical)];
  elementMap(rule).forEach((at, k) => (to[k] = from[at]!));
  return canonical;
}

/** A canonical array in foreign layout; a copy. */
export function toForeignLayout(rule: WeightRule, canonical: Float32Array): Float32Array {
  const foreign = new Float32Array(canonical.length);
  const [from, to] = [words(canonical), words(foreign)];
  elementMap(rule).forEach((at, k) => (to[at] = from[k]!));
  return foreign;
}
