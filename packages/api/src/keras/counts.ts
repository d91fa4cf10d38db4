import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 1;

const refuse = (place: string, expected: string, given: unknown, cure: string): never => {
  const got = shown(given);
  throw unrollError({ code: "UNROLL_ARGUMENT", place, expected, got, cure, details: { expected, got } });
};

/** Refuses what counts nothing. @throws UNROLL_ARGUMENT */
export function assertCount(place: string, name: string, value: unknown, cure: string): void {
  if (!isCount(value)) refuse(place, `${name} as a whole number of at least 1`, value, cure);
}

/** One count for each of so many axes, of one for all or a list. @throws UNROLL_ARGUMENT */
export function perAxisOf(place: string, name: string, given: unknown, axes: number): readonly number[] {
  const list: unknown = typeof given === "number" ? new Array<number>(axes).fill(given) : given;
  return Array.isArray(list) && list.length === axes && list.every(isCount)
    ? [...list]
    : refuse(
        place,
        `${name} as a whole number of at least 1, or a list of ${axes}`,
        given,
        "it counts steps along each axis",
      );
}
