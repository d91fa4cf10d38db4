import { UnrollError, unrollError } from "../contract/error.js";
import { isRecord, kindOf } from "../contract/kind.js";
import { shown } from "../contract/shown.js";
import { takenWithin } from "../contract/taken-within.js";
import { type HostTensor, isHostTensor, type Nested, tensor } from "../contract/tensor.js";
import { type NamedTensor, storedTypes, toFloat32 } from "../formats/named-tensor.js";
import { either, nonZero, toMask, unequal } from "./extent.js";
import type { Network } from "./network.js";

/** A tensor of TensorFlow.js, by what it has: its values are read at once. */
export interface ForeignTensor {
  /** Sizes of its axes. */
  readonly shape: readonly number[];
  /** What its elements are. */
  readonly dtype: string;
  /** Its values, row-major. */
  dataSync(): ArrayLike<number>;
}

/** What is given for one input: a tensor, of TensorFlow.js as well, or nested arrays. */
export type KerasInput = HostTensor | Nested | ForeignTensor;

/** Inputs of a call: one, a list in the order of the model's inputs, or by name. */
export type KerasInputs = KerasInput | readonly KerasInput[] | Readonly<Record<string, KerasInput>>;

/** Masks of a call: one, or by the name of an input along the time that it masks. */
export type GivenMasks = KerasInput | Readonly<Record<string, KerasInput>> | undefined;

const refuse = (
  code: UnrollError["code"],
  place: string,
  expected: string,
  got: string,
  cure: string,
): never => {
  throw unrollError({ code, place, expected, got, cure });
};

const isForeign = (value: unknown): value is ForeignTensor =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as Partial<ForeignTensor>).dataSync === "function" &&
  Array.isArray((value as Partial<ForeignTensor>).shape);

const isTensor = (value: unknown): value is HostTensor | ForeignTensor =>
  isHostTensor(value) || isForeign(value);

/** The inputs of a call by name. @throws UNROLL_ARGUMENT, UNROLL_DTYPE, UNROLL_SHAPE */
export function feedsOf(place: string, { inputs }: Network, x: KerasInputs): Record<string, HostTensor> {
  const names = inputs.map(({ name }) => name);
  const asked = `inputs ${names.join(", ")}`;
  if (x === undefined || x === null || typeof x === "function" || typeof x === "string")
    refuse("UNROLL_ARGUMENT", place, asked, kindOf(x), "give a tensor, nested arrays, or inputs by name");
  const named = !isTensor(x) && !Array.isArray(x) && !ArrayBuffer.isView(x) && typeof x === "object";
  if (named && !isRecord(x))
    refuse("UNROLL_ARGUMENT", place, asked, kindOf(x), "give a tensor, nested arrays, or inputs by name");
  // A list of tensors is one for each input; of numbers it is one input's values.
  const listed = Array.isArray(x) && x.length > 0 && x.every(isTensor);
  const several = Array.isArray(x) && names.length > 1 && x.length === names.length;
  const list: Readonly<Record<string, KerasInput>> = named
    ? (x as Readonly<Record<string, KerasInput>>)
    : listed || several
      ? Object.fromEntries((x as readonly KerasInput[]).map((one, k) => [names[k] ?? `${k}`, one]))
      : { [names[0]!]: x as KerasInput };
  const given = Object.keys(list);
  if (named && !given.some((name) => names.includes(name)) && isRecord((x as { tensors?: unknown }).tensors))
    refuse("UNROLL_ARGUMENT", place, asked, "what a reader of files returns", "give one of its `tensors`");
  if (given.length !== names.length || given.some((name) => !names.includes(name)))
    refuse(
      "UNROLL_ARGUMENT",
      place,
      asked,
      given.join(", ") || "none",
      "give every input, as a list in order or by name",
    );
  return Object.fromEntries(
    inputs.map(({ name, tensor: { form, steps } }) => {
      const own = `${place} input "${name}"`;
      const feed = toHost(own, list[name]!, form.dtype);
      if (steps !== null && feed.shape.length > 1 && feed.shape[1] !== steps)
        refuse(
          "UNROLL_SHAPE",
          own,
          `${steps} steps, as its shape says`,
          `${feed.shape[1]} in [${feed.shape.join(", ")}]`,
          "pad or cut them, or declare the input with null for any length",
        );
      return [name, feed];
    }),
  );
}

/**
 * What was given for an input as a tensor of the host, in memory of its own.
 *
 * @throws UNROLL_DTYPE for another type of elements; UNROLL_SHAPE, UNROLL_ARGUMENT for what is no tensor
 */
export function toHost(place: string, given: KerasInput, dtype: HostTensor["dtype"]): HostTensor {
  const made = isHostTensor(given)
    ? given
    : isForeign(given)
      ? foreign(place, given)
      : tensor(given, undefined, dtype);
  const { shape, data } = made;
  if (made.dtype === dtype) return made === given ? takenWithin(made) : made;
  const stored = Object.hasOwn(storedTypes, made.dtype) ? (made as unknown as NamedTensor) : null;
  if (stored !== null && dtype === "float32" && /F/.test(stored.dtype))
    return takenWithin(toFloat32(stored, place));
  const whole =
    made.dtype === "float32" || made.dtype === "int32" || (stored && /^[FIU]\d/.test(stored.dtype));
  if (whole && dtype === "int32") {
    const ids = Array.from(data as ArrayLike<number | bigint>, Number);
    if (ids.every((id) => (id | 0) === id)) return { dtype, shape: [...shape], data: Int32Array.from(ids) };
  }
  return refuse(
    "UNROLL_DTYPE",
    place,
    dtype === "int32" ? "whole numbers (ids)" : dtype,
    String(made.dtype),
    `make it with tensor(data, shape, "${dtype}")`,
  );
}

/** A tensor of another library with its values. @throws UNROLL_DTYPE for elements that are no numbers */
function foreign(place: string, given: ForeignTensor): HostTensor {
  const { shape, dtype } = given;
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool")
    return refuse("UNROLL_DTYPE", place, "float32, int32 or bool", shown(dtype), "cast it first");
  return tensor(given.dataSync(), shape, dtype);
}

/**
 * One mask for each time axis, of what the caller gave and of what the model derives from its inputs.
 *
 * @throws UNROLL_ARGUMENT for one that there is no place for; UNROLL_SHAPE, UNROLL_DTYPE for what is no mask
 */
export function masksFor(
  place: string,
  { masks, axes }: Network,
  inputs: Readonly<Record<string, HostTensor>>,
  given: GivenMasks,
): ReadonlyMap<string, HostTensor<"bool">> {
  const found = new Map<string, HostTensor<"bool">>();
  for (const [axis, names] of masks)
    if (names.length > 0)
      found.set(
        axis,
        names
          .map(({ name, unequal: value }) => {
            const own = inputs[name]!;
            if (value !== null) return unequal(own, value);
            return own.dtype === "bool" ? toMask(own) : nonZero(own);
          })
          .reduce(either),
      );
  if (given === undefined || given === null) return found;
  const list = isTensor(given) || Array.isArray(given);
  const all = new Set(axes.values());
  if (list && all.size > 1)
    refuse(
      "UNROLL_ARGUMENT",
      place,
      `masks by input (${[...axes.keys()].join(", ")})`,
      "one mask",
      "its inputs do not share their time",
    );
  const named: [string, KerasInput][] = list
    ? [[[...axes.keys()][0]!, given as KerasInput]]
    : Object.entries(given as Readonly<Record<string, KerasInput>>);
  for (const [name, mask] of named) {
    const axis =
      axes.get(name) ??
      refuse(
        "UNROLL_ARGUMENT",
        place,
        `masks of inputs ${[...axes.keys()].join(", ") || "with time, of which there is none"}`,
        `one of "${name}"`,
        "name an input that has time",
      );
    if (found.has(axis)) {
      const others = (masks.get(axis) ?? [{ name }]).map((one) => one.name);
      refuse(
        "UNROLL_ARGUMENT",
        place,
        "a mask from one place",
        `one given beside that of input "${others.join('", "')}"`,
        "leave one out",
      );
    }
    found.set(axis, toMask(isForeign(mask) ? foreign(place, mask) : mask));
  }
  return found;
}
