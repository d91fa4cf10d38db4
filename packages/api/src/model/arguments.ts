import { unrollError } from "../contract/error.js";
import { type HostTensor, isHostTensor, type Nested, sizeOf, tensor } from "../contract/tensor.js";
import { extentName, type Extents } from "../lowering/lower.js";
import { STEPS } from "../specification/state.js";
import type { InputSpec, Spec } from "../specification/types.js";
import { specAxes } from "../specification/values.js";

/** One input of a run: a tensor, or nested arrays of numbers. */
export type TensorLike = HostTensor | Nested;

/** Everything a run is fed: the one input, or every input by name. */
export type InputsLike = TensorLike | Readonly<Record<string, TensorLike>>;

/** Inputs of a run after checking, with the sizes they share. */
export interface CheckedInputs {
  readonly feeds: Readonly<Record<string, HostTensor>>;
  readonly batch: number;
  /** Length of each time axis. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** Names of the leading axes of an input, in order. */
function axesOf(input: InputSpec, mode: "sequence" | "step", timeMajor: boolean): readonly string[] {
  const { axis } = input;
  if (axis === null || (mode === "step" && axis === STEPS)) return ["batch"];
  return timeMajor ? [axis, "batch"] : ["batch", axis];
}

/** How many rows the embedding tables have that read an input directly; ids must be below. */
function idLimit(spec: Spec, name: string): number {
  return spec.layers.reduce(
    (limit, layer) =>
      layer.type === "embedding" && layer.input === name ? Math.min(limit, layer.inputSize) : limit,
    Infinity,
  );
}

/** Prepares the check of a model's inputs: what depends on the spec alone is worked out here, once. */
export function inputChecker(
  spec: Spec,
  mode: "sequence" | "step",
  timeMajor: boolean,
): (given: InputsLike) => CheckedInputs {
  // Over no time at all a state stays as it is, but only where nothing else of the model has steps.
  const mayBeEmpty =
    specAxes(spec).length === 1 && !spec.layers.some(({ type }) => type === "repeat") ? STEPS : null;
  const plans = spec.inputs.map((input) => ({
    input,
    axes: axesOf(input, mode, timeMajor),
    limit: idLimit(spec, input.name),
  }));
  return (given) => {
    const sizes: Record<string, number> = {};
    const feeds: Record<string, HostTensor> = {};
    const named = byName(spec, mode, given);
    for (const { input, axes, limit } of plans) {
      const place = `${mode} input "${input.name}"`;
      const value = toTensor(place, named[input.name]!, input.dtype);
      const wanted = [...axes, ...input.shape];
      const fits =
        value.shape.length === wanted.length &&
        wanted.every((dim, k) => {
          const got = value.shape[k]!;
          if (typeof dim === "number") return dim === got;
          return (sizes[dim] ??= got) === got;
        });
      if (!fits) {
        throw unrollError({
          code: "UNROLL_SHAPE",
          place: `model "${spec.name}" ${place}`,
          expected: `[${wanted.map((dim) => (typeof dim === "string" && sizes[dim] !== undefined && input !== spec.inputs[0] ? `${dim} = ${sizes[dim]}` : dim)).join(", ")}]`,
          got: `[${value.shape.join(", ")}]`,
          cure:
            value.shape.length === wanted.length
              ? "the last axis is the input size"
              : mode === "step" && input.axis === STEPS
                ? "a step takes one row for each sequence and no time axis"
                : "the axes are those of one batch of sequences",
          details: { input: input.name, expected: wanted, got: value.shape },
        });
      }
      if (value.dtype === "int32")
        assertIds(`model "${spec.name}" ${place}`, value.data as Int32Array, limit);
      feeds[input.name] = value;
    }
    const { batch, ...lengths } = sizes as { batch: number };
    if (batch === 0)
      throw unrollError({
        code: "UNROLL_SHAPE",
        place: `model "${spec.name}" ${mode}`,
        expected: "at least one row",
        got: "batch 0",
        cure: "skip the call when there is nothing to run",
        details: { batch },
      });
    const empty = Object.keys(lengths).find(
      (axis) => axis !== mayBeEmpty && (lengths as Record<string, number>)[axis] === 0,
    );
    if (empty !== undefined)
      throw unrollError({
        code: "UNROLL_SHAPE",
        place: `model "${spec.name}" ${mode}`,
        expected: `at least one step of "${empty}"`,
        got: "0",
        cure: "skip the call when there is nothing to look at",
        details: { axis: empty },
      });
    return { feeds, batch, sizes: lengths };
  };
}

function byName(spec: Spec, mode: string, given: InputsLike): Readonly<Record<string, TensorLike>> {
  const single = spec.inputs.length === 1 ? spec.inputs[0]!.name : null;
  const isRecord =
    typeof given === "object" &&
    given !== null &&
    !Array.isArray(given) &&
    !isHostTensor(given) &&
    !ArrayBuffer.isView(given);
  if (!isRecord) {
    if (single !== null) return { [single]: given as TensorLike };
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: `model "${spec.name}" ${mode}`,
      expected: `an object with inputs ${spec.inputs.map((i) => i.name).join(", ")}`,
      got: "one value",
      cure: "name each input",
    });
  }
  const record = given as Readonly<Record<string, TensorLike>>;
  const names = spec.inputs.map((i) => i.name);
  const missing = names.filter((name) => record[name] === undefined);
  const extra = Object.keys(record).filter((name) => !names.includes(name));
  if (missing.length + extra.length > 0) {
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: `model "${spec.name}" ${mode}`,
      expected: `inputs ${names.join(", ")}`,
      got: `${missing.length > 0 ? `none for ${missing.join(", ")}` : ""}${missing.length > 0 && extra.length > 0 ? " and " : ""}${extra.length > 0 ? `unknown ${extra.join(", ")}` : ""}`,
      cure: "name each input once",
      details: { missing, extra },
    });
  }
  return record;
}

function toTensor(place: string, given: TensorLike, dtype: "float32" | "int32"): HostTensor {
  if (isHostTensor(given)) {
    if (given.dtype !== dtype)
      throw unrollError({
        code: "UNROLL_DTYPE",
        place: place,
        expected: dtype,
        got: given.dtype,
        cure: `make it with tensor(data, shape, "${dtype}")`,
        details: { expected: dtype, got: given.dtype },
      });
    if (sizeOf(given.shape) !== given.data.length)
      throw unrollError({
        code: "UNROLL_SHAPE",
        place: place,
        expected: `${sizeOf(given.shape)} values for shape [${given.shape.join(", ")}]`,
        got: `${given.data.length}`,
        cure: "the data must fill the shape",
      });
    return given;
  }
  if (ArrayBuffer.isView(given))
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: place,
      expected: "a tensor or nested arrays",
      got: "a bare typed array",
      cure: "its shape is unknown, wrap it with tensor(data, shape)",
    });
  if (typeof given !== "number" && !Array.isArray(given))
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: place,
      expected: "a tensor or nested arrays of numbers",
      got: given === null ? "null" : typeof given,
      cure: "make one with tensor(data, shape)",
    });
  const made = tensor(given, undefined, dtype);
  // Int32Array drops fractions silently; an id of 2.5 is a mistake.
  if (dtype === "int32" && !whole(given)) {
    throw unrollError({
      code: "UNROLL_DTYPE",
      place: place,
      expected: "whole numbers",
      got: "a fraction",
      cure: "ids are int32",
    });
  }
  return made;
}

const whole = (given: Nested): boolean =>
  Array.isArray(given) ? (given as readonly Nested[]).every(whole) : Number.isInteger(given);

function assertIds(place: string, ids: Int32Array, limit: number): void {
  for (let k = 0; k < ids.length; k++) {
    if (ids[k]! < 0 || ids[k]! >= limit)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: place,
        expected: `ids from 0 to ${limit - 1}`,
        got: `${ids[k]} at position ${k}`,
        cure: `the embedding has ${limit} rows`,
        details: { id: ids[k], position: k, rows: limit },
      });
  }
}

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

/** How rows end, with what says so under the names that programs have for it. */
export interface CheckedExtents {
  readonly extents: Extents;
  readonly feeds: Readonly<Record<string, HostTensor>>;
}

const isList = (given: object): boolean =>
  Array.isArray(given) || ArrayBuffer.isView(given) || isHostTensor(given);

/** Prepares the check of lengths and masks; the given function throws UNROLL_ARGUMENT and UNROLL_SHAPE. */
export function extentChecker(
  spec: Spec,
  mode: "sequence" | "step",
  timeMajor: boolean,
): (place: string, given: Extent, batch: number, sizes: Readonly<Record<string, number>>) => CheckedExtents {
  const axes = specAxes(spec).filter((axis) => mode === "sequence" || axis !== STEPS);
  const all = axes.map((axis) => `"${axis}"`).join(", ");
  function byAxis<T extends object>(
    place: string,
    what: string,
    given: T | Readonly<Record<string, T>> | undefined,
  ): [string, T][] {
    if (given === undefined) return [];
    if (typeof given !== "object" || given === null)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: `${place} ${what}`,
        expected: "a list",
        got: String(given),
        cure: "leave it out where every step is real",
      });
    if (axes.length === 0)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: `${place} ${what}`,
        expected: `none, as ${mode === "step" ? "a step has no time axis" : "no input has a time axis"}`,
        got: "some",
        cure: "remove it",
      });
    if (isList(given)) {
      if (axes.length > 1)
        throw unrollError({
          code: "UNROLL_ARGUMENT",
          place: `${place} ${what}`,
          expected: `an object by time axis (${all})`,
          got: "a list",
          cure: `e.g. { ${axes[0]}: ... }`,
          details: { axes },
        });
      return [[axes[0]!, given as T]];
    }
    const named = Object.entries(given as Readonly<Record<string, T>>).filter(
      ([, value]) => value !== undefined,
    );
    const unknown = named.find(([axis]) => !axes.includes(axis));
    if (unknown)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: `${place} ${what}`,
        expected: `time axes among ${all}`,
        got: `"${unknown[0]}"`,
        cure: "remove it or mend its name",
        details: { axes, got: unknown[0] },
      });
    return named;
  }
  return (place, given, batch, sizes) => {
    const extents: Record<string, "lengths" | "mask"> = {};
    const feeds: Record<string, HostTensor> = {};
    for (const [axis, lengths] of byAxis<ArrayLike<number>>(place, "lengths", given.lengths)) {
      extents[axis] = "lengths";
      feeds[extentName(axis, "lengths")] = checkLengths(
        `${place} ${extentName(axis, "lengths")}`,
        lengths,
        batch,
        sizes[axis]!,
      );
    }
    for (const [axis, mask] of byAxis<HostTensor | readonly Nested[]>(
      place,
      "mask",
      given.mask as HostTensor | readonly Nested[],
    )) {
      if (extents[axis])
        throw unrollError({
          code: "UNROLL_ARGUMENT",
          place: place,
          expected: "lengths or mask",
          got: "both",
          cure: "a mask says all that lengths say",
          details: { axis },
        });
      extents[axis] = "mask";
      feeds[extentName(axis, "mask")] = checkMask(
        `${place} ${extentName(axis, "mask")}`,
        mask,
        timeMajor ? [sizes[axis]!, batch] : [batch, sizes[axis]!],
      );
    }
    return { extents, feeds };
  };
}

function checkLengths(place: string, lengths: ArrayLike<number>, batch: number, time: number): HostTensor {
  if (lengths.length !== batch)
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: place,
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
  const made = isHostTensor(mask) ? mask : tensor(mask, undefined, "bool");
  if (made.dtype !== "bool" || made.shape.join() !== wanted.join())
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: place,
      expected: `bool [${wanted.join(", ")}]`,
      got: `${made.dtype} [${made.shape.join(", ")}]`,
      cure: "true marks a real step",
      details: { expected: wanted, got: made.shape },
    });
  return made;
}
