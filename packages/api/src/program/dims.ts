import type { Dim } from "../contract/program.js";

/** Whether a dim is the name of an axis: no space, which stands around operators, and no bracket is in it. */
export const isAxisName = (dim: string): boolean => /^[A-Za-z_][^\s()]*$/.test(dim);

/** Where an operator stands outside of brackets, in order. */
function* operatorsIn(text: string, operators: string): Generator<number> {
  let depth = 0;
  for (let k = 0; k < text.length; k++) {
    depth += text[k] === "(" ? 1 : text[k] === ")" ? -1 : 0;
    if (depth === 0 && text[k - 1] === " " && text[k + 1] === " " && operators.includes(text[k]!)) yield k;
  }
}

/** The factors of a product. */
export function splitOutside(text: string): string[] {
  const ends = [...operatorsIn(text, "*"), text.length + 1];
  return ends.map((end, k) => text.slice(k === 0 ? 0 : ends[k - 1]! + 2, end - 1));
}

/** The terms of a sum, each with its sign. */
export function signed(text: string): (readonly [sign: 1 | -1, term: string])[] {
  const negative = text.startsWith("-");
  const rest = negative ? text.slice(1) : text;
  const ends = [...operatorsIn(rest, "+-"), rest.length + 1];
  return ends.map((end, k) => [
    k === 0 ? (negative ? -1 : 1) : rest[ends[k - 1]!] === "-" ? -1 : 1,
    rest.slice(k === 0 ? 0 : ends[k - 1]! + 2, end - 1),
  ]);
}

export const divisionIn = (factor: string): readonly [inside: string, divisor: number] | null => {
  const found = /^floor\(\((.*)\) \/ (\d+)\)$/.exec(factor);
  return found && [found[1]!, Number(found[2])];
};

/** The length for given lengths of the axes in it; NaN where one is missing. */
export function evaluateDim(dim: Dim, sizes: (axis: string) => number | undefined): number {
  if (typeof dim === "number") return dim;
  const known = sizes(dim);
  if (known !== undefined || isAxisName(dim)) return known ?? NaN;
  const factor = (one: string): number => {
    const division = divisionIn(one);
    if (division) return Math.floor(evaluateDim(division[0], sizes) / division[1]);
    return /^\d+$/.test(one) ? Number(one) : isAxisName(one) ? evaluateDim(one, sizes) : NaN;
  };
  const product = (term: string): number => splitOutside(term).reduce((size, one) => size * factor(one), 1);
  return signed(dim).reduce((sum, [sign, term]) => sum + sign * product(term), 0);
}
