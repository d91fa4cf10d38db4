import { sizeOf } from "../contract/tensor.js";
import type { WeightRule } from "./rules.js";

/** Where the elements lie that a rule moves, row-major on both sides: `canonical[k]` is `foreign[k]`. */
interface Places {
  readonly canonical: Uint32Array;
  readonly foreign: Uint32Array;
}

/** A permutation where the rule covers every gate, so reading it the other way converts back. */
function placesOf(rule: WeightRule): Places {
  if (rule.axes) return movedAxes(rule.shape, rule.axes);
  const columns = rule.shape[rule.shape.length - 1] ?? 1;
  const rows = sizeOf(rule.shape) / columns;
  const units = columns / (rule.ofGates ?? rule.gates.length);
  const width = units * rule.gates.length;
  const [canonical, foreign] = [new Uint32Array(rows * width), new Uint32Array(rows * width)];
  let k = 0;
  rule.gates.forEach((gate, at) => {
    for (let unit = 0; unit < units; unit++)
      for (let row = 0; row < rows; row++) {
        const [ours, theirs] = [gate * units + unit, at * units + unit];
        canonical[k] = row * columns + ours;
        foreign[k++] = rule.transposed ? theirs * rows + row : row * width + theirs;
      }
  });
  return { canonical, foreign };
}

/** Places of a tensor whose foreign axes are `axes` of ours. */
function movedAxes(shape: readonly number[], axes: readonly number[]): Places {
  const size = sizeOf(shape);
  const [canonical, foreign] = [new Uint32Array(size), new Uint32Array(size)];
  const strides = shape.map((_, k) => sizeOf(shape.slice(k + 1)));
  for (let at = 0; at < size; at++) {
    let place = 0;
    for (const axis of axes) place = place * shape[axis]! + (Math.floor(at / strides[axis]!) % shape[axis]!);
    canonical[at] = at;
    foreign[at] = place;
  }
  return { canonical, foreign };
}

/** Words of a float array, so that a copy keeps every bit, NaN payloads included. */
const words = (values: Float32Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, values.length);

/** Elements of one foreign part. */
export const foreignSize = (rule: WeightRule): number =>
  (sizeOf(rule.shape) / (rule.ofGates ?? rule.gates.length)) * rule.gates.length;

/** Writes a foreign array into a canonical one: the gates that the rule covers. */
export function toCanonicalLayout(
  rule: WeightRule,
  foreign: Float32Array,
  into: Float32Array = new Float32Array(sizeOf(rule.shape)),
): Float32Array {
  const places = placesOf(rule);
  const [from, to] = [words(foreign), words(into)];
  places.canonical.forEach((at, k) => (to[at] = from[places.foreign[k]!]!));
  return into;
}

/** A canonical array in foreign layout; a copy of the gates that the rule covers. */
export function toForeignLayout(rule: WeightRule, canonical: Float32Array): Float32Array {
  const foreign = new Float32Array(foreignSize(rule));
  const places = placesOf(rule);
  const [from, to] = [words(canonical), words(foreign)];
  places.canonical.forEach((at, k) => (to[places.foreign[k]!] = from[at]!));
  return foreign;
}
