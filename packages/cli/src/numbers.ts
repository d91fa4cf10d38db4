import { unrollError } from "@unroll/api";

/** An option that is a number. @throws UNROLL_ARGUMENT naming the option */
export function numberOption(
  name: string,
  value: string,
  allowed: (n: number) => boolean,
  what: string,
): number {
  const number = value.trim() === "" ? NaN : Number(value);
  if (!allowed(number))
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: `--${name}`,
      expected: what,
      got: `"${value}"`,
      cure: "give another",
      details: { name, value },
    });
  return number;
}

/** An option that is a whole number within bounds. @throws UNROLL_ARGUMENT naming both */
export function wholeOption(name: string, value: string, least: number, most: number): number {
  const allowed = (n: number): boolean => Number.isInteger(n) && n >= least && n <= most;
  return numberOption(name, value, allowed, `a whole number from ${least} to ${most}`);
}

/** `--length`: characters to read or to write. */
export const lengthOption = (value: string): number => wholeOption("length", value, 1, 1_000_000);

/** `--runs`: cases of each property. */
export const runsOption = (value: string): number => wholeOption("runs", value, 1, 1_000_000);

/** `--seed`: the generators of numbers take 32 bits. */
export const seedOption = (value: string): number => wholeOption("seed", value, -(2 ** 31), 2 ** 32 - 1);
/** A number of at most four significant digits, in whatever form is shortest to read. */
export function short(value: number): string {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return String(value);
  return Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5 ? value.toExponential(1) : value.toPrecision(3);
}

/** A duration of so many microseconds. */
export function duration(us: number): string {
  if (us >= 1e6) return `${(us / 1e6).toPrecision(3)} s`;
  return us >= 1e3 ? `${(us / 1e3).toPrecision(3)} ms` : `${us.toPrecision(3)} us`;
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
