import type { GivenProgram } from "../cases/programs.js";
import { type Numbers, primitive, unrounded } from "../oracle/primitives.js";
import { evaluate } from "./hold-program.js";

/** How close to equal two numbers may be that a program compares: rounding decides which is less. */
const NARROW = 1e-3;

/** How far each operation is from deciding otherwise: what it compares, or where it jumps. */
const margins: Readonly<Record<string, (operands: readonly Numbers[], axis: number) => Iterable<number>>> = {
  less: (operands) => primitive("sub", operands, {}).data.map(Math.abs),
  equal: (operands) => primitive("sub", operands, {}).data.map(Math.abs),
  floor: ([x]) => x!.data.map((value) => Math.abs(value - Math.round(value))),
  argmax([x], axis) {
    const best = primitive("reduceMax", [x!], { axes: [axis] });
    const behind = primitive("sub", [best, x!], {});
    // The best itself is at 0: once a row; more often, two are equal.
    return [...behind.data].sort((a, b) => a - b).slice(best.data.length);
  },
};

/**
 * Whether rounding could turn no comparison, and no step of a function, of this program around.
 *
 * @param sameIsEqual whether what equals another value exactly does on every engine: a copy of it, or zeros
 */
export function decided(given: GivenProgram, sameIsEqual = false): boolean {
  let narrow = false;
  evaluate(given, unrounded, ({ op, attrs }, operands) => {
    const margin = Object.hasOwn(margins, op) ? margins[op] : undefined;
    if (narrow || !margin || operands[0]!.dtype !== "float32") return;
    for (const distance of margin(operands, attrs["axis"] as number))
      narrow ||= !(distance > NARROW || (sameIsEqual && distance === 0));
  });
  return !narrow;
}
