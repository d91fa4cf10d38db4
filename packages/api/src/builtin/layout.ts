import { unrollError } from "../contract/error.js";
import { sizeOf } from "../contract/tensor.js";
import type { Binder } from "./slot.js";
import { copying, read } from "./strided-copy.js";
import { transpose } from "./transpose.js";
import { stretched, stridesOf, walk } from "./walk.js";

/** Operations that move elements and compute nothing; most are one strided copy. */
export const layout = {
  transpose,
  reverse: (binding) => {
    const {
      ins: [x],
      attrs,
    } = binding;
    const axis = attrs["axis"] as number;
    const strides = stridesOf(x!.shape);
    const start = strides[axis]! * (x!.shape[axis]! - 1);
    strides[axis] = -strides[axis]!;
    return read(binding, strides, start);
  },
  slice: (binding) => {
    const {
      ins: [x],
      attrs,
      place,
    } = binding;
    const axis = attrs["axis"] as number;
    const [start, length, size] = [attrs["start"] as number, attrs["length"] as number, x!.shape[axis]!];
    const from = start < 0 ? size + start : start;
    // A symbolic axis is only known now.
    if (from < 0 || from + length > size)
      throw unrollError({
        code: "UNROLL_SHAPE",
        place: place,
        expected: `axis ${axis} to hold ${length} elements from ${start}`,
        got: `length ${size}`,
        cure: "feed a longer one",
        details: { axis, start, length, size },
      });
    const strides = stridesOf(x!.shape);
    return read(binding, strides, from * strides[axis]!);
  },
  stride: (binding) => {
    const {
      ins: [x],
      attrs,
    } = binding;
    const axis = attrs["axis"] as number;
    const strides = stridesOf(x!.shape);
    const start = strides[axis]! * (attrs["low"] as number);
    strides[axis] = strides[axis]! * (attrs["step"] as number);
    return read(binding, strides, start);
  },
  pad: ({ ins: [x], outs: [out], attrs, kernels }) => {
    const strides = stridesOf(out!.shape);
    const start = strides[attrs["axis"] as number]! * (attrs["low"] as number);
    const copy = walk(
      x!.shape,
      [strides, stridesOf(x!.shape)],
      [start, 0],
      copying(out!.data, x!.data, kernels),
    );
    const value = attrs["value"] as number;
    return () => {
      out!.data.fill(value);
      copy();
    };
  },
  scatterAdd: ({ ins: [updates, indices], outs: [out], place }) => {
    const rows = out!.shape[0]!;
    const row = sizeOf(out!.shape.slice(1));
    const [from, at, to] = [updates!.data, indices!.data, out!.data];
    return () => {
      to.fill(0);
      for (let k = 0; k < at.length; k++) {
        const index = at[k]!;
        if (index < 0 || index >= rows) refuseRow(place, index, k, rows);
        for (let j = 0; j < row; j++) to[index * row + j] = to[index * row + j]! + from[k * row + j]!;
      }
    };
  },
  expand: (binding) => read(binding, stretched(binding.ins[0]!.shape, binding.outs[0]!.shape)),
  concat: ({ ins, outs: [out], attrs, kernels }) => {
    const axis = attrs["axis"] as number;
    const strides = stridesOf(out!.shape);
    let at = 0;
    const copies = ins.map((x) => {
      const start = at * strides[axis]!;
      at += x.shape[axis]!;
      return walk(x.shape, [strides, stridesOf(x.shape)], [start, 0], copying(out!.data, x.data, kernels));
    });
    return () => {
      for (let k = 0; k < copies.length; k++) copies[k]!();
    };
  },
  gather: ({ ins: [table, indices], outs: [out], place, kernels: { fast } }) => {
    const rows = table!.shape[0]!;
    const row = sizeOf(table!.shape.slice(1));
    const [from, at, to] = [table!.data, indices!.data, out!.data];
    return () => {
      for (let k = 0; k < at.length; k++) {
        const index = at[k]!;
        if (index < 0 || index >= rows) refuseRow(place, index, k, rows);
        if (fast) fast.copy(to, k * row, from, index * row, row);
        else for (let j = 0; j < row; j++) to[k * row + j] = from[index * row + j]!;
      }
    };
  },
  iota:
    ({ outs: [out] }) =>
    () => {
      for (let k = 0; k < out!.data.length; k++) out!.data[k] = k;
    },
  constant:
    ({ outs: [out], attrs }) =>
    () =>
      out!.data.set(attrs["value"] as readonly number[]),
  cast: ({ ins: [x], outs: [out] }) => {
    const [from, to] = [x!.data, out!.data];
    // Storing into an int32 array truncates by itself; a byte would keep only the low bits.
    const toBool = out!.dtype === "bool";
    return () => {
      for (let k = 0; k < from.length; k++) to[k] = toBool ? (from[k] !== 0 ? 1 : 0) : from[k]!;
    };
  },
} satisfies Readonly<Record<string, Binder>>;

function refuseRow(place: string, index: number, position: number, rows: number): never {
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected: `an index in 0..${rows - 1}`,
    got: `${index} at position ${position}`,
    cure: `the table has ${rows} rows`,
    details: { index, position, rows },
  });
}
