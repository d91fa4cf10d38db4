import { kindOf } from "../../contract/kind.js";
import { boundedSize, limits } from "../../contract/limits.js";
import { shown } from "../../contract/shown.js";
import { assertTensor, type Tensor } from "../graph.js";
import { refuse } from "../refuse.js";
import { axisOf, refuseShape, shownShape } from "../static-shapes.js";
import { expandDims } from "./arranging.js";
import { one, sizesOf } from "./operation.js";

/** Along one axis: a place, which drops the axis; `":"`, all; or from a place to before another. */
export type Index = number | ":" | readonly [from: number, to?: number];

const isIndex = (index: unknown): boolean =>
  index === ":" ||
  Number.isInteger(index) ||
  (Array.isArray(index) && (index.length === 1 || index.length === 2) && index.every(Number.isInteger));

/**
 * Part of a tensor, as Python's brackets: `x[:, t, 1:]` is `at(x, ":", t, [1])`. Axes without an index stay
 * whole.
 *
 * @throws UNROLL_SHAPE for places that there are not
 */
export function at(x: Tensor, ...indices: readonly Index[]): Tensor {
  assertTensor("at", x);
  if (indices.length > x.shape.length || !indices.every(isIndex))
    refuseShape(
      "at",
      `at most ${x.shape.length} indices: places, ":" and [from, to]`,
      shown(indices),
      `of ${shownShape(x.shape)}`,
    );
  /** Start and length along an axis of a size. */
  const span = (index: Index, size: number): readonly [number, number] => {
    if (index === ":") return [0, size];
    const from = typeof index === "number" ? index : index[0];
    const to = typeof index === "number" ? index + 1 || size : (index[1] ?? size);
    const [start, end] = [from, to].map((place) => (place < 0 ? place + size : place)) as [number, number];
    return start >= 0 && end > start && end <= size
      ? [start, end - start]
      : refuseShape("at", `places within ${size}`, shown(index), "an empty part has no tensor");
  };
  const made = x.shape.flatMap((size, axis) => {
    const index = indices[axis] ?? ":";
    if (typeof index === "number") return size === null ? [] : (span(index, size), []);
    return [size === null ? (index === ":" ? null : partial(index)) : span(index, size)[1]];
  });
  return one("StridedSlice", [x], x.dtype, made, (b, [value]) => {
    let [part, axis] = [value!, 0];
    indices.forEach((index, k) => {
      const [start, length] = span(index, sizesOf(value!)[k]!);
      if (index !== ":") part = b.slice(part, axis, start, length);
      if (typeof index === "number") part = b.squeeze(part, axis);
      else axis++;
    });
    return part;
  });
}

/** How long a part of an axis is whose size is not known. */
const partial = ([from, to]: readonly [number, number?]): number | null =>
  to === undefined ? (from < 0 ? -from : null) : from < 0 === to < 0 ? to - from : null;

/**
 * So many elements along each axis from a place on: `tf.slice`, whose second list holds sizes. {@link at} is
 * for Python's brackets.
 *
 * @param begin where the part begins along each axis
 * @param size how long it is along each; -1 for all that is left
 * @throws UNROLL_SHAPE
 */
export function slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor {
  assertTensor("slice", x);
  const whole = (list: unknown, least: number): boolean =>
    Array.isArray(list) &&
    list.length === x.shape.length &&
    list.every((one) => Number.isInteger(one) && one >= least && (one !== 0 || least === 0));
  if (!whole(begin, 0) || !whole(size, -1))
    refuseShape(
      "slice",
      `two lists of ${x.shape.length}: where it begins, and sizes`,
      `${shown(begin)} and ${shown(size)}`,
      'Python\'s x[:, t, 1:] is at(x, ":", t, [1])',
    );
  return at(x, ...begin.map((from, k): Index => (size[k] === -1 ? [from] : [from, from + size[k]!])));
}

// Not a type guard, which would make any of the elements.
const isList = (given: unknown): boolean => Array.isArray(given);

/** One after another along an axis: `tf.concat`. @throws UNROLL_SHAPE, UNROLL_ARGUMENT */
export function concat(values: readonly Tensor[], axis: number): Tensor {
  if (!isList(values) || values.length === 0)
    refuse(
      "concat",
      "tensors in a list",
      kindOf(values),
      "concat([a, b], 1), the axis last as since TensorFlow 1.0",
    );
  for (const value of values) assertTensor("concat", value);
  const first: Tensor = values[0]!;
  const place = axisOf("concat", axis, first.shape.length);
  const size = values.reduce<number | null>((sum, { shape }) => {
    const own = shape[place] ?? null;
    return sum === null || own === null ? null : sum + own;
  }, 0);
  const made = first.shape.map((own, k) =>
    k === place ? size : values.reduce<number | null>((known, { shape }) => known ?? shape[k] ?? null, own),
  );
  const off = values.find(
    ({ shape, dtype }) =>
      dtype !== first.dtype ||
      shape.length !== made.length ||
      shape.some((own, k) => k !== place && own !== null && own !== made[k]),
  );
  if (off)
    refuseShape(
      "concat",
      `tensors like ${first.toString()}`,
      off.toString(),
      `they may differ along axis ${place} alone`,
    );
  return one("ConcatV2", values, first.dtype, made, (b, all) =>
    all.length === 1 ? all[0]! : b.concat([...all], place),
  );
}

/** One beside another along a new axis: `tf.stack`. @throws UNROLL_SHAPE, UNROLL_ARGUMENT */
export function stack(values: readonly Tensor[], axis = 0): Tensor {
  if (!isList(values) || values.length === 0)
    refuse("stack", "tensors in a list", kindOf(values), "e.g. stack([a, b])");
  return concat(
    values.map((value) => expandDims(value, axis)),
    axis,
  );
}

/** The places of an axis, each without it: `tf.unstack`. @throws UNROLL_SHAPE where a run chooses how many */
export function unstack(x: Tensor, num: number | null = null, axis = 0): Tensor[] {
  assertTensor("unstack", x);
  const place = axisOf("unstack", axis, x.shape.length);
  const size = x.shape[place] ?? num;
  if (size === null || (num !== null && num !== size) || boundedSize([size], limits.list) < 1)
    refuseShape(
      "unstack",
      "an axis of a known size",
      `${shownShape(x.shape)}, num ${num}`,
      "dynamicRnn takes any length",
    );
  const dims = x.shape.filter((_, k) => k !== place);
  return Array.from({ length: size as number }, (_, k) =>
    one("Unpack", [x], x.dtype, dims, (b, [value]) => {
      if (sizesOf(value!)[place] !== size)
        refuseShape(
          "unstack",
          `${size} places of axis ${place}`,
          shownShape(sizesOf(value!)),
          "feed as many",
        );
      return b.squeeze(b.slice(value!, place, k, 1), place);
    }),
  );
}

/** Parts of one size along an axis: `tf.split`. @throws UNROLL_SHAPE */
export function split(x: Tensor, count: number, axis = 0): Tensor[] {
  assertTensor("split", x);
  const place = axisOf("split", axis, x.shape.length);
  const size = x.shape[place];
  if (typeof size !== "number" || !Number.isInteger(count) || count < 1 || size % count !== 0)
    refuseShape(
      "split",
      "a known size that can be parted so",
      `${shownShape(x.shape)} in ${shown(count)}`,
      "parts are of one size",
    );
  const part = (size as number) / count;
  const before = new Array<Index>(place).fill(":");
  return Array.from({ length: count }, (_, k) => at(x, ...before, [k * part, (k + 1) * part]));
}
