import type { DType, DTypeArray } from "../contract/tensor.js";
import type { Binder } from "./slot.js";
import { type Inner, stretched, stridesOf, walk } from "./walk.js";

type Data = DTypeArray[DType];

// One loop written out for each operation: a shared loop that calls a function per element is an order
// slower.
const loops: Readonly<Record<string, (out: Data, x: Data, y: Data, z: Data) => Inner>> = {
  add: (out, x, y) => (count, o, so, a, sa, b, sb) => {
    for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = x[a]! + y[b]!;
  },
  sub: (out, x, y) => (count, o, so, a, sa, b, sb) => {
    for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = x[a]! - y[b]!;
  },
  mul: (out, x, y) => (count, o, so, a, sa, b, sb) => {
    for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = x[a]! * y[b]!;
  },
  div: (out, x, y) => (count, o, so, a, sa, b, sb) => {
    for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = x[a]! / y[b]!;
  },
  min: (out, x, y) => (count, o, so, a, sa, b, sb) => {
    for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = Math.min(x[a]!, y[b]!);
  },
  max: (out, x, y) => (count, o, so, a, sa, b, sb) => {
    for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = Math.max(x[a]!, y[b]!);
  },
  less: (out, x, y) => (count, o, so, a, sa, b, sb) => {
    for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = x[a]! < y[b]! ? 1 : 0;
  },
  equal: (out, x, y) => (count, o, so, a, sa, b, sb) => {
    for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = x[a] === y[b] ? 1 : 0;
  },
  and: (out, x, y) => (count, o, so, a, sa, b, sb) => {
    for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = x[a]! & y[b]!;
  },
  select: (out, x, y, z) => (count, o, so, a, sa, b, sb, c, sc) => {
    for (let k = 0; k < count; k++, o += so, a += sa, b += sb, c += sc) out[o] = x[a] ? y[b]! : z[c]!;
  },
};

/** Operations on two or three operands that broadcast as NumPy does. */
export const elementwise: Readonly<Record<string, Binder>> = Object.fromEntries(
  Object.entries(loops).map(([op, loop]): [string, Binder] => [
    op,
    ({ ins, outs }) => {
      const out = outs[0]!;
      const [x, y, z] = ins.map((slot) => slot.data);
      return walk(
        out.shape,
        [stridesOf(out.shape), ...ins.map((slot) => stretched(slot.shape, out.shape))],
        [],
        loop(out.data, x!, y!, z ?? y!),
      );
    },
  ]),
);
