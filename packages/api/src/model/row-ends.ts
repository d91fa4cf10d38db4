import { unrollError } from "../contract/error.js";
import { taken } from "../contract/taken.js";
import { type HostTensor, isHostTensor, type Nested, tensor } from "../contract/tensor.js";
import { type RowEnds, rowEndsName, type Runnable, STEPS } from "../program/runnable.js";
import { assertTensor, axesOfInputs } from "./arguments.js";

/**
 * Which steps of which rows are real. Of one time axis at most one of the two; of several by axis, e.g. `{
 * source: [3, 2] }`.
 */
export interface Extent {
  /** Real steps of each row, from the start; [batch]. */
  readonly lengths?: ArrayLike<number> | Readonly<Record<string, ArrayLike<number>>> | undefined;
  /** True where a step is real; [batch, time], or [time, batch] for a time-major model. */
  readonly mask?: HostTensor | Nested | Readonly<Record<string, HostTensor | Nested>> | undefined;
}

/** How rows end, with copies of what says so under the names that programs have for it. */
export interface CheckedExtents {
  /** How the rows end along each time axis that was spoken of. */
  readonly extents: RowEnds;
  /** What a program is fed for it. */
  readonly feeds: Readonly<Record<string, HostTensor>>;
}

const isList = (given: object): boolean =>
  Array.isArray(given) || ArrayBuffer.isView(given) || isHostTensor(given);

/** Where lengths and masks are given, for errors, and which time axes they may be of. */
interface Given {
  readonly place: string;
  readonly axes: readonly string[];
  readonly mode: "sequence" | "step";
}

/** What was given by time axis; of a model with one axis it may stand bare. @throws UNROLL_ARGUMENT */
function byAxis<T extends object>(
  { place, axes, mode }: Given,
  what: "lengths" | "mask",
  given: T | Readonly<Record<string, T>> | undefined,
): readonly [axis: string, value: T][] {
  if (given === undefined) return [];
  const refuse = (expected: string, got: string, cure: string): never => {
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: `${place} ${what}`,
      expected,
      got,
      cure,
      details: { axes },
    });
  };
  if (typeof given !== "object" || given === null)
    refuse("a list", String(given), "leave it out where every step is real");
  if (axes.length === 0) {
    const why = mode === "step" ? "a step has no time axis" : "no input has a time axis";
    refuse(`none, as ${why}`, "some", "remove it");
  }
  const all = axes.map((axis) => `"${axis}"`).join(", ");
  if (isList(given)) {
    if (axes.length > 1) refuse(`an object by time axis (${all})`, "a list", `e.g. { ${axes[0]}: ... }`);
    return [[axes[0]!, given as T]];
  }
  const named = Object.entries(given as Readonly<Record<string, T>>).filter(
    ([, value]) => value !== undefined,
  );
  const unknown = named.find(([axis]) => !axes.includes(axis));
  if (unknown) refuse(`time axes among ${all}`, `"${unknown[0]}"`, "remove it or mend its name");
  return named;
}

/** Prepares the check of lengths and masks; what it makes throws UNROLL_ARGUMENT and UNROLL_SHAPE. */
export type ExtentChecker = (
  runnable: Runnable,
  mode: "sequence" | "step",
  timeMajor: boolean,
) => (place: string, given: Extent, batch: number, sizes: Readonly<Record<string, number>>) => CheckedExtents;

/** Lengths and masks, for models whose rows are not all of one length: a part of a kit. */
export const rowEnds: ExtentChecker = (runnable, mode, timeMajor) => {
  const axes = axesOfInputs(runnable).filter((axis) => mode === "sequence" || axis !== STEPS);
  return (place, given, batch, sizes) => {
    const where: Given = { place, axes, mode };
    // An axis may be called `constructor`.
    const extents = Object.create(null) as Record<string, "lengths" | "mask">;
    const feeds: Record<string, HostTensor> = {};
    for (const [axis, lengths] of byAxis<ArrayLike<number>>(where, "lengths", given.lengths)) {
      const name = rowEndsName(axis, "lengths");
      extents[axis] = "lengths";
      feeds[name] = checkLengths(`${place} ${name}`, lengths, batch, sizes[axis]!);
    }
    const masks = given.mask as HostTensor | readonly Nested[] | undefined;
    for (const [axis, mask] of byAxis<HostTensor | readonly Nested[]>(where, "mask", masks)) {
      if (extents[axis])
        throw unrollError({
          code: "UNROLL_ARGUMENT",
          place,
          expected: "lengths or mask",
          got: "both",
          cure: "a mask says all that lengths say",
          details: { axis },
        });
      const name = rowEndsName(axis, "mask");
      const wanted = timeMajor ? [sizes[axis]!, batch] : [batch, sizes[axis]!];
      extents[axis] = "mask";
      feeds[name] = checkMask(`${place} ${name}`, mask, wanted);
    }
    return { extents, feeds };
  };
};

function checkLengths(place: string, lengths: ArrayLike<number>, batch: number, time: number): HostTensor {
  if (lengths.length !== batch)
    throw unrollError({
      code: "UNROLL_SHAPE",
      place,
      expected: `${batch} of them, one a row`,
      got: `${lengths.length}`,
      cure: "give a full row its full length",
      details: { expected: batch, got: lengths.length },
    });
  for (let k = 0; k < batch; k++) {
    const length = lengths[k]!;
    if (!Number.isInteger(length) || length < 0 || length > time)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: `${place}[${k}]`,
        expected: `a whole number from 0 to ${time}`,
        got: `${length}`,
        cure: "it counts the row's real steps",
        details: { row: k, length, time },
      });
  }
  return { dtype: "int32", shape: [batch], data: Int32Array.from(lengths) };
}

function checkMask(
  place: string,
  mask: HostTensor | readonly Nested[],
  wanted: readonly number[],
): HostTensor {
  if (isHostTensor(mask)) assertTensor(place, "a tensor", mask);
  const made = isHostTensor(mask) ? taken(mask) : tensor(mask, undefined, "bool");
  if (made.dtype !== "bool" || made.shape.join() !== wanted.join())
    throw unrollError({
      code: "UNROLL_SHAPE",
      place,
      expected: `bool [${wanted.join(", ")}]`,
      got: `${made.dtype} [${made.shape.join(", ")}]`,
      cure: "true marks a real step",
      details: { expected: wanted, got: made.shape },
    });
  return made;
}
