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
      details: {
        name,
        value,
      },
    });
  return number;
}

export const isCount = (n: number): boolean => Number.isInteger(n) && n >= 1;

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
