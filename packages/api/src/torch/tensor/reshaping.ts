import { shown } from "../../contract/shown.js";
import { sizeOf } from "../../contract/tensor.js";
import { reshaped } from "../../layers/reshaped.js";
import { zeros } from "../../layers/zeros.js";
import type { Block, Value } from "../../program/builder.js";
import { type Operation, sizesOf } from "./operation.js";
import { dimOf, dimsOf, refuseSizes, shownShape, viewShape } from "./sizes.js";

/** `view`: the same memory under another shape. */
export function view(place: string, shape: readonly number[], wanted: readonly number[]): Operation {
  const alias = viewShape(place, shape, wanted);
  return { name: place, key: `view ${alias.join()}`, alias, build: (b, [x]) => reshaped(b, x!, alias) };
}

/** Drops axes of length 1: the ones named, or all of them. */
export function squeeze(shape: readonly number[], dims: number | readonly number[] | undefined): Operation {
  const chosen = new Set(dimsOf("squeeze", dims, shape.length));
  return view(
    "squeeze",
    shape,
    shape.filter((size, k) => size !== 1 || !chosen.has(k)),
  );
}

/** A new axis of length 1. */
export function unsqueeze(shape: readonly number[], dim: number): Operation {
  const at = dimOf("unsqueeze", dim, shape.length + 1);
  return view("unsqueeze", shape, [...shape.slice(0, at), 1, ...shape.slice(at)]);
}

/** Axes from one to another, both included, as one. */
export function flatten(shape: readonly number[], from: number, to: number): Operation {
  const [low, high] = [dimOf("flatten", from, shape.length), dimOf("flatten", to, shape.length)];
  if (low > high)
    refuseSizes(
      "flatten",
      "startDim not after endDim",
      `${from}, ${to}`,
      `the tensor is ${shownShape(shape)}`,
    );
  const joined = sizeOf(shape.slice(low, high + 1));
  return view("flatten", shape, [...shape.slice(0, low), joined, ...shape.slice(high + 1)]);
}

/** Parts one axis into several; one size may be -1. */
export function unflatten(shape: readonly number[], dim: number, sizes: readonly number[]): Operation {
  const at = dimOf("unflatten", dim, shape.length);
  const parts = viewShape("unflatten", [shape[at]!], sizes);
  return view("unflatten", shape, [...shape.slice(0, at), ...parts, ...shape.slice(at + 1)]);
}

/** Axes in another order. */
export function permute(shape: readonly number[], dims: readonly number[], name = "permute"): Operation {
  const perm = dims.map((dim) => dimOf(name, dim, shape.length));
  if (perm.length !== shape.length || new Set(perm).size < perm.length)
    refuseSizes(name, `each of ${shape.length} dims once`, shownShape(dims), "e.g. (1, 0, 2)");
  const same = perm.every((dim, k) => dim === k);
  return {
    name,
    key: `permute ${perm.join()}`,
    build: (b, [x]) => b.transpose(x!, perm),
    ...(same && { alias: shape }),
  };
}

/** Two axes changed for each other. */
export function transpose(shape: readonly number[], dim0: number, dim1: number): Operation {
  const [low, high] = [dimOf("transpose", dim0, shape.length), dimOf("transpose", dim1, shape.length)];
  const perm = shape.map((_, k) => (k === low ? high : k === high ? low : k));
  return permute(shape, perm, "transpose");
}

/** One axis brought to another place. */
export function moveAxis(shape: readonly number[], from: number, to: number): Operation {
  const perm = shape.map((_, k) => k).filter((k) => k !== from);
  perm.splice(to, 0, from);
  return permute(shape, perm, "movedim");
}

/** Stretched to sizes, of which -1 keeps what is there. */
export function expand(shape: readonly number[], sizes: readonly number[]): Operation {
  const missing = sizes.length - shape.length;
  const wanted = sizes.map((size, k) => (size === -1 && k >= missing ? shape[k - missing]! : size));
  const fits = wanted.every((size, k) => {
    const own = k < missing ? 1 : shape[k - missing]!;
    return size === own || (own === 1 && size > 0);
  });
  if (missing < 0 || !fits)
    refuseSizes(
      "expand",
      `sizes that ${shownShape(shape)} stretches to`,
      shownShape(sizes),
      "only 1 stretches",
    );
  return {
    name: "expand",
    key: `expand ${wanted.join()}`,
    build: (b, [x]) => stretched(b, x!, wanted),
    ...(wanted.join() === shape.join() && { alias: shape }),
  };
}

/** A value of any dtype broadcast to a shape. */
export const stretched = (b: Block, x: Value, shape: readonly number[]): Value =>
  sizesOf(x).join() === shape.join() ? x : b.expand(x, zeros(b, shape));

/** The whole tensor so many times along each axis. */
export function repeat(shape: readonly number[], times: readonly number[]): Operation {
  const missing = times.length - shape.length;
  if (missing < 0)
    refuseSizes("repeat", `at least ${shape.length} numbers`, `${times.length}`, "one for each axis");
  const full = [...new Array<number>(missing).fill(1), ...shape];
  return {
    name: "repeat",
    key: `repeat ${times.join()}`,
    build: (b, [x]) =>
      times.reduce(
        (value, count, axis) => (count === 1 ? value : b.concat(new Array<Value>(count).fill(value), axis)),
        reshaped(b, x!, full),
      ),
  };
}

/** Elements along axes in the opposite order. */
export function flip(shape: readonly number[], dims: readonly number[]): Operation {
  const axes = dimsOf("flip", dims, shape.length);
  return {
    name: "flip",
    key: `flip ${axes.join()}`,
    build: (b, [x]) => axes.reduce((value, axis) => b.reverse(value, axis), x!),
  };
}

/**
 * Elements along axes moved on, those past the end to the front; without axes those of the flattened tensor.
 */
export function roll(
  shape: readonly number[],
  shifts: number | readonly number[],
  dims: number | readonly number[] | undefined,
): Operation {
  const all = (given: number | readonly number[]): readonly number[] =>
    typeof given === "number" ? [given] : given;
  const flat = dims === undefined;
  const axes = flat ? [0] : all(dims).map((dim) => dimOf("roll", dim, shape.length));
  const by = all(shifts);
  if (!Array.isArray(by) || by.length !== axes.length || !by.every(Number.isInteger))
    refuseSizes("roll", `${axes.length} whole numbers`, shown(shifts), "one for each dim");
  const from = flat ? [sizeOf(shape)] : shape;
  return {
    name: "roll",
    key: `roll ${by.join()} ${flat ? "" : axes.join()}`,
    build: (b, [x]) =>
      reshaped(
        b,
        axes.reduce((value, axis, k) => rolled(b, value, by[k]!, axis), reshaped(b, x!, from)),
        shape,
      ),
  };
}

function rolled(b: Block, x: Value, shift: number, axis: number): Value {
  const size = sizesOf(x)[axis] ?? 1;
  const by = ((shift % size) + size) % size;
  return by === 0 ? x : b.concat([b.slice(x, axis, size - by, by), b.slice(x, axis, 0, size - by)], axis);
}

/** Some elements along an axis. */
export function narrow(shape: readonly number[], dim: number, start: number, length: number): Operation {
  const axis = dimOf("narrow", dim, shape.length);
  const size = shape[axis] ?? 1;
  const from = start < 0 ? start + size : start;
  if (!Number.isInteger(start) || !Number.isInteger(length) || from < 0 || length < 1 || from + length > size)
    refuseSizes(
      "narrow",
      `start and length within dim ${dim} of ${shownShape(shape)}`,
      `${start} and ${length}`,
      "at least one element stays",
    );
  return {
    name: "narrow",
    key: `narrow ${axis} ${from} ${length}`,
    build: (b, [x]) => b.slice(x!, axis, from, length),
    ...(length === size && { alias: shape }),
  };
}

/** Tensors one after the other along an axis. */
export function cat(shapes: readonly (readonly number[])[], dim: number): Operation {
  const [first] = shapes;
  const axis = dimOf("cat", dim, first!.length);
  const odd = shapes.find(
    (shape) => shape.length !== first!.length || shape.some((size, k) => k !== axis && size !== first![k]),
  );
  if (odd)
    refuseSizes("cat", `tensors as ${shownShape(first!)} but for dim ${dim}`, shownShape(odd), "mind dim");
  return { name: "cat", key: `cat ${axis}`, build: (b, operands) => b.concat(operands, axis) };
}
