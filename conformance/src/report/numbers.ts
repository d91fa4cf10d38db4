import type { HostTensor } from "@unroll/api";
import { type Case, lengthsOf, maskOf, type Memory, SOURCE } from "../cases/case.js";
import type { GivenProgram } from "../cases/programs.js";

/** A tensor of a counterexample, in JSON: NaN and infinity as text. */
export interface Numbers {
  /** Sizes of its axes. */
  readonly shape: readonly number[];
  /** Its elements, row-major. */
  readonly values: readonly (number | string)[];
}

/** More than this nobody checks by hand. */
const MANY = 400;

/**
 * Every number that goes into a case: inputs, state and weights; null where there are too many to look at.
 */
export function numbersOf(given: Partial<Case & GivenProgram>): Readonly<Record<string, Numbers>> | null {
  const whole = given.spec ? (given as Case) : null;
  const tensors = Object.entries({
    ...given.feeds,
    ...(whole && {
      x: whole.x,
      ...(whole.lengths && { lengths: lengthsOf(whole)! }),
      ...(whole.mask && { mask: maskOf(whole)! }),
    }),
    ...(whole?.memory && memoryOf(whole as Case & { memory: Memory })),
    ...Object.fromEntries(
      Object.entries(whole?.state ?? {}).flatMap(([layer, parts]) =>
        Object.entries(parts).map(([part, held]) => [`state ${layer}.${part}`, held]),
      ),
    ),
    ...given.weights,
  });
  if (tensors.reduce((sum, [, { data }]) => sum + data.length, 0) > MANY) return null;
  return Object.fromEntries(
    tensors.map(([name, { shape, data }]) => [
      name,
      { shape, values: Array.from(data, (value) => (Number.isFinite(value) ? value : String(value))) },
    ]),
  );
}

function memoryOf({ memory, batch }: Case & { memory: Memory }): Record<string, HostTensor> {
  const [lengths, mask] = [lengthsOf({ ...memory, batch }), maskOf({ ...memory, batch })];
  return {
    [SOURCE]: memory.x,
    ...(lengths && { [`lengths.${SOURCE}`]: lengths }),
    ...(mask && { [`mask.${SOURCE}`]: mask }),
  };
}

/** Numbers in brackets, as deep as their shape. */
export function written({ shape, values }: Numbers): string {
  if (shape.length === 0) return String(values[0]);
  const size = values.length / shape[0]!;
  const items = Array.from({ length: shape[0]! }, (_, k) =>
    written({ shape: shape.slice(1), values: values.slice(k * size, (k + 1) * size) }),
  );
  return `[${items.join(", ")}]`;
}
