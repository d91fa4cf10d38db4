import { unrollError } from "../../contract/error.js";
import { shown } from "../../contract/shown.js";
import { allocate, type DType, type DTypeArray, sizeOf } from "../../contract/tensor.js";
import { reshaped } from "../../layers/reshaped.js";
import type { Block, Value } from "../../program/builder.js";
import { type Operation, type Sized, sizesOf } from "./operation.js";
import { stretched } from "./reshaping.js";
import { broadcastShape, dimOf, refuseSizes, shownShape } from "./sizes.js";

/** What is taken along one axis: every `step`-th of some elements, or a single one, whose axis goes. */
export interface Cut {
  readonly start: number;
  readonly length: number;
  readonly step: number;
  /** Whether the axis goes. */
  readonly single: boolean;
}

/** An index as Python writes it: a place, a slice as a text, `...`, or null for a new axis. */
export type Basic = number | string | null;

/** What a list of indices does: cuts for each axis, and the shape that is left. */
export interface Picked {
  readonly cuts: readonly Cut[];
  readonly shape: readonly number[];
}

function refuse(expected: string, got: unknown, cure: string): never {
  throw unrollError({ code: "UNROLL_ARGUMENT", place: "at", expected, got: shown(got), cure });
}

/** A slice such as `1:-1` or `::2` of an axis. */
function sliceOf(text: string, size: number): Cut {
  const parts = text.replaceAll(" ", "").split(":");
  if (parts.length < 2 || parts.length > 3 || parts.some((part) => !/^(-?\d+)?$/.test(part)))
    refuse("an index, a slice or ...", text, 'e.g. at(":", -1) or at("1:3", "...")');
  const step = parts[2] ? Number(parts[2]) : 1;
  if (step < 1) refuse("a step of at least 1", text, "flip() turns an axis round");
  const bound = (part: string | undefined, open: number): number => {
    if (!part) return open;
    const at = Number(part);
    return Math.min(Math.max(at < 0 ? at + size : at, 0), size);
  };
  const [from, to] = [bound(parts[0], 0), bound(parts[1], size)];
  return { start: from, length: Math.max(0, Math.ceil((to - from) / step)), step, single: false };
}

/** Reads indices against a shape. @throws UNROLL_ARGUMENT, UNROLL_SHAPE for a place that there is not */
export function picked(shape: readonly number[], indices: readonly Basic[]): Picked {
  const wide = indices.filter((index) => index === "...").length;
  const used = indices.filter((index) => index !== null && index !== "...").length;
  if (wide > 1) refuse("one ... at most", indices, "leave one out");
  if (used > shape.length)
    refuseSizes("at", `at most ${shape.length} indices`, `${used}`, `the tensor is ${shownShape(shape)}`);
  const all = (count: number): string[] => new Array<string>(count).fill(":");
  const rest = shape.length - used;
  const full: readonly Basic[] =
    wide === 0
      ? [...indices, ...all(rest)]
      : indices.flatMap((index) => (index === "..." ? all(rest) : [index]));
  const cuts: Cut[] = [];
  const left: number[] = [];
  for (const index of full) {
    if (index === null) {
      left.push(1);
      continue;
    }
    const size = shape[cuts.length]!;
    if (typeof index === "number") {
      const at = index < 0 ? index + size : index;
      if (!Number.isInteger(index) || at < 0 || at >= size)
        refuseSizes(
          "at",
          `an index from ${-size} to ${size - 1} of axis ${cuts.length}`,
          `${index}`,
          "mind the axis",
        );
      cuts.push({ start: at, length: 1, step: 1, single: true });
      continue;
    }
    if (typeof index !== "string")
      refuse("whole numbers, slices as texts, null or tensors", index, 'e.g. ":"');
    const cut = sliceOf(index, size);
    cuts.push(cut);
    left.push(cut.length);
  }
  return { cuts, shape: left };
}

/** The cuts as nodes of a program. */
export function pick(x: Sized, { cuts, shape }: Picked): Operation {
  if (sizeOf(shape) === 0)
    refuseSizes("at", "at least one element", shownShape(shape), "engines have no empty tensors");
  const key = cuts.map(({ start, length, step }) => `${start}.${length}.${step}`).join();
  const whole = sizeOf(shape) === sizeOf(x.shape);
  return {
    name: "at",
    key: `at ${key} ${shape.join()}`,
    ...(whole && { alias: shape }),
    build(b, [value]) {
      const cut = cuts.reduce((made, { start, length, step }, axis) => {
        const size = x.shape[axis]!;
        if (length === size) return made;
        if (step === 1 || length === 1) return b.slice(made, axis, start, length);
        return b.stride(made, axis, start, size - (start + (length - 1) * step + 1), step);
      }, value!);
      return reshaped(b, cut, shape);
    },
  };
}

/** The same as memory is moved: a part of it where that is in one piece, else a copy. */
export function pickNow(data: DTypeArray[DType], x: Sized, { cuts, shape }: Picked): DTypeArray[DType] {
  const inner = x.shape.map((_, k) => sizeOf(x.shape.slice(k + 1)));
  // After the last axis that is cut everything lies side by side, after the first that is a single one too.
  let last = cuts.length - 1;
  while (last >= 0 && cuts[last]!.length === x.shape[last]) last--;
  if (last < 0) return data;
  const piece = cuts[last]!.step === 1 || cuts[last]!.length === 1;
  if (piece && cuts.slice(0, last).every(({ length }) => length === 1)) {
    const start = cuts.slice(0, last + 1).reduce((at, cut, k) => at + cut.start * inner[k]!, 0);
    return data.subarray(start, start + cuts[last]!.length * inner[last]!);
  }
  const made = allocate(x.dtype, sizeOf(shape));
  let to = 0;
  const copy = (axis: number, from: number): void => {
    const { start, length, step } = cuts[axis]!;
    const width = inner[axis]!;
    if (axis === last && step === 1) {
      made.set(data.subarray(from + start * width, from + (start + length) * width), to);
      to += length * width;
      return;
    }
    for (let k = 0; k < length; k++) {
      const at = from + (start + k * step) * width;
      if (axis < last) copy(axis + 1, at);
      else {
        made.set(data.subarray(at, at + width), to);
        to += width;
      }
    }
  };
  copy(0, 0);
  return made;
}

/** Rows of an axis at indices, whose axes stand in its place. The indices are the second operand. */
export function indexSelect(x: Sized, dim: number, name = "indexSelect"): Operation {
  const axis = dimOf(name, dim, x.shape.length);
  return {
    name,
    key: `indexSelect ${axis}`,
    build(b, [table, indices]) {
      const rank = x.shape.length;
      const others = x.shape.map((_, k) => k).filter((k) => k !== axis);
      const front = axis === 0 ? table! : b.transpose(table!, [axis, ...others]);
      const rows = b.gather(front, indices!);
      if (axis === 0) return rows;
      const wide = indices!.type.shape.length;
      const low = Array.from({ length: axis }, (_, k) => wide + k);
      const own = Array.from({ length: wide }, (_, k) => k);
      const high = Array.from({ length: rank - axis - 1 }, (_, k) => wide + axis + k);
      return b.transpose(rows, [...low, ...own, ...high]);
    },
  };
}

/**
 * Elements at tensors of indices along axes side by side, which broadcast together and stand in their place.
 * Operands: the tensor, then the indices, which may count from the end.
 */
export function advanced(x: Sized, axis: number, indices: readonly Sized[]): Operation {
  const shape = indices.reduce<readonly number[]>((made, { shape }) => broadcastShape("at", made, shape), []);
  const sizes = x.shape.slice(axis, axis + indices.length);
  const joined = [...x.shape.slice(0, axis), sizeOf(sizes), ...x.shape.slice(axis + sizes.length)];
  const select = indexSelect({ dtype: x.dtype, shape: joined }, axis, "at");
  return {
    name: "at",
    key: `advanced ${axis} ${sizes.length}`,
    build(b, [value, ...given]) {
      const whole = (n: number): Value => b.constant(n, [], "int32");
      const fronts = given.map((index, k) =>
        b.select(b.less(index, whole(0)), b.add(index, whole(sizes[k]!)), index),
      );
      const inside = fronts
        .map((index, k) => b.and(b.not(b.less(index, whole(0))), b.less(index, whole(sizes[k]!))))
        .reduce((all, one) => b.and(all, one));
      const place = fronts.reduce((sum, index, k) => b.add(b.mul(sum, whole(sizes[k]!)), index));
      // A place that there is not must not become one of the next row: it lies outside of all.
      const flat = b.select(inside, place, whole(sizeOf(sizes)));
      const all = stretched(b, flat, shape);
      return select.build(b, [reshaped(b, value!, joined), all]);
    },
  };
}

/** Elements at an index along an axis, each by itself, as `torch.gather`. Operands: the tensor, the index. */
export function gather(x: Sized, dim: number, index: Sized): Operation {
  const axis = dimOf("gather", dim, x.shape.length);
  const fits =
    index.shape.length === x.shape.length &&
    index.shape.every((size, k) => k === axis || size <= x.shape[k]!);
  if (!fits)
    refuseSizes(
      "gather",
      `an index of ${x.shape.length} axes, within ${shownShape(x.shape)} but for dim ${dim}`,
      shownShape(index.shape),
      "unsqueeze and expand it first",
    );
  const strides = x.shape.map((_, k) => sizeOf(x.shape.slice(k + 1)));
  return {
    name: "gather",
    key: `gather ${axis}`,
    build(b, [value, places]) {
      const whole = (n: number): Value => b.constant(n, [], "int32");
      const inside = b.and(b.not(b.less(places!, whole(0))), b.less(places!, whole(x.shape[axis]!)));
      const size = sizeOf(x.shape);
      let flat = b.select(inside, b.mul(places!, whole(strides[axis]!)), whole(size));
      index.shape.forEach((_, k) => {
        if (k === axis) return;
        const steps = b.mul(b.iota(places!, k), whole(strides[k]!));
        const along = index.shape.map((one, other) => (other === k ? one : 1));
        flat = b.add(flat, reshaped(b, steps, along));
      });
      return b.gather(reshaped(b, value!, [size]), flat);
    },
  };
}

/** The part of each matrix on one side of a diagonal; zeros elsewhere. */
export function triangle(name: "tril" | "triu", x: Sized, diagonal: number): Operation {
  const rank = x.shape.length;
  if (rank < 2) refuseSizes(name, "at least 2 axes", shownShape(x.shape), "give matrices");
  return {
    name,
    key: `${name} ${diagonal}`,
    build(b, [value]) {
      const shape = sizesOf(value!);
      const along = (axis: number): Value =>
        reshaped(
          b,
          b.iota(value!, axis),
          shape.slice(rank - 2).map((size, k) => (k === axis - rank + 2 ? size : 1)),
        );
      const apart = b.sub(along(rank - 1), along(rank - 2));
      const edge = b.constant(diagonal, [], "int32");
      const gone = name === "tril" ? b.less(edge, apart) : b.less(apart, edge);
      return b.select(gone, zero(b, value!), value!);
    },
  };
}

const zero = (b: Block, x: Value): Value => b.constant(0, [], x.type.dtype);
