import { type HostTensor, unrollError } from "@unroll/api";
import { type NamedTensor, type StoredDType, toFloat32 } from "@unroll/api/weights";
import type { Float64Tensor } from "@unroll/conformance";

export type Floats = HostTensor<"float32">;

/** A shape with named axes: a number is that size, a name any size of at least 1. */
export type Axes = readonly (number | string)[];

/**
 * The tensors of a case's file, looked up by name. What is missing, of another type or of another shape is
 * UNROLL_FORMAT.
 */
export interface RecordedTensors {
  /** The case, as errors name it. */
  readonly place: string;
  has(name: string): boolean;
  /** As stored, of one of these types where some are named. */
  stored(name: string, axes?: Axes, types?: readonly StoredDType[]): NamedTensor;
  floats(name: string, axes?: Axes): Floats;
  /** A recorded result, which is of type F64; ids that a layer decides on may be of type I32. */
  result(name: string): Float64Tensor;
  /** Those that `wanted` picks, by name. */
  named(wanted: (name: string) => boolean): Record<string, NamedTensor>;
}

/** @param place the case, as errors name it */
export function recordedTensors(
  place: string,
  tensors: Readonly<Record<string, NamedTensor>>,
): RecordedTensors {
  const byName = new Map(Object.entries(tensors));
  const stored: RecordedTensors["stored"] = (name, axes, types) => {
    const found = byName.get(name);
    if (!found) throw refusal(place, `tensor "${name}"`, "none in its file", name);
    if (types && !types.includes(found.dtype))
      throw refusal(place, `tensor "${name}" of type ${types.join(" or ")}`, found.dtype, name);
    if (axes && !hasAxes(found.shape, axes))
      throw refusal(place, `tensor "${name}" [${axes.join(", ")}]`, `[${found.shape.join(", ")}]`, name);
    return found;
  };
  return {
    place,
    has: (name) => byName.has(name),
    stored,
    floats: (name, axes) => toFloat32(stored(name, axes), `${place} tensor "${name}"`),
    result(name) {
      const { shape, data } = stored(name, undefined, ["F64", "I32"]);
      return { shape, data: Float64Array.from(data as ArrayLike<number>) };
    },
    named: (wanted) => Object.fromEntries([...byName].filter(([name]) => wanted(name))),
  };
}

/**
 * Tensors under other names: those that are told of, and no others; of which the file may leave some out.
 *
 * @param names what each is read as, and its name in the file
 */
export function renamed(tensors: RecordedTensors, names: ReadonlyMap<string, string>): RecordedTensors {
  const there = [...names].filter(([, own]) => tensors.has(own));
  return recordedTensors(
    tensors.place,
    Object.fromEntries(there.map(([name, own]) => [name, tensors.stored(own)])),
  );
}

/** The error of a recording that does not fit together. */
export function refusal(place: string, expected: string, got: string, name?: string): Error {
  const details = name === undefined ? {} : { name };
  return unrollError({ code: "UNROLL_FORMAT", place, expected, got, cure: "record the case again", details });
}

const hasAxes = (shape: readonly number[], axes: Axes): boolean =>
  shape.length === axes.length &&
  axes.every((axis, k) => (typeof axis === "number" ? shape[k] === axis : shape[k]! >= 1));
