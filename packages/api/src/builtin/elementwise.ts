import type { DType, DTypeArray } from "../contract/tensor.js";
import type { Binder } from "./slot.js";
import { type Inner, stretched, stridesOf, walk } from "./walk.js";

type Data = DTypeArray[DType];

// One loop written out for each operation: a shared loop that calls a function per element is an order
// slower.
const loops = {
  add:
    (out: Data, x: Data, y: Data): Inner =>
    (count, o, so, a, sa, b, sb) => {
      for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = x[a]! + y[b]!;
    },
  sub:
    (out: Data, x: Data, y: Data): Inner =>
    (count, o, so, a, sa, b, sb) => {
      for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = x[a]! - y[b]!;
    },
  mul:
    (out: Data, x: Data, y: Data): Inner =>
    (count, o, so, a, sa, b, sb) => {
      for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = x[a]! * y[b]!;
    },
  pow:
    (out: Data, x: Data, y: Data): Inner =>
    (count, o, so, a, sa, b, sb) => {
      for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = power(x[a]!, y[b]!);
    },
  div:
    (out: Data, x: Data, y: Data): Inner =>
    (count, o, so, a, sa, b, sb) => {
      for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = x[a]! / y[b]!;
    },
  min:
    (out: Data, x: Data, y: Data): Inner =>
    (count, o, so, a, sa, b, sb) => {
      for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = Math.min(x[a]!, y[b]!);
    },
  max:
    (out: Data, x: Data, y: Data): Inner =>
    (count, o, so, a, sa, b, sb) => {
      for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = Math.max(x[a]!, y[b]!);
    },
  less:
    (out: Data, x: Data, y: Data): Inner =>
    (count, o, so, a, sa, b, sb) => {
      for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = x[a]! < y[b]! ? 1 : 0;
    },
  equal:
    (out: Data, x: Data, y: Data): Inner =>
    (count, o, so, a, sa, b, sb) => {
      for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = x[a] === y[b] ? 1 : 0;
    },
  and:
    (out: Data, x: Data, y: Data): Inner =>
    (count, o, so, a, sa, b, sb) => {
      for (let k = 0; k < count; k++, o += so, a += sa, b += sb) out[o] = x[a]! & y[b]!;
    },
  select:
    (out: Data, x: Data, y: Data, z: Data): Inner =>
    (count, o, so, a, sa, b, sb, c, sc) => {
      for (let k = 0; k < count; k++, o += so, a += sa, b += sb, c += sc) out[o] = x[a] ? y[b]! : z[c]!;
    },
};

/**
 * As C and every engine has it: 1 to any power is 1, and so is -1 to an infinite one, where JavaScript says
 * NaN.
 */
const power = (x: number, y: number): number =>
  x === 1 || (x === -1 && (y === Infinity || y === -Infinity)) ? 1 : x ** y;

/** Fewer elements than these are not worth a call of a kernel. */
const FEW = 8;

/** A kernel for runs of elements that lie side by side, or one for all; the loop for what is left. */
const either =
  (kernel: Inner, loop: Inner): Inner =>
  (count, o, so, a, sa, b, sb, c, sc) => {
    if (count >= FEW && so === 1 && sa <= 1 && sb <= 1) kernel(count, o, so, a, sa, b, sb, c, sc);
    else loop(count, o, so, a, sa, b, sb, c, sc);
  };

const binding =
  (op: string, loop: (out: Data, x: Data, y: Data, z: Data) => Inner): Binder =>
  ({ ins, outs, kernels }) => {
    const out = outs[0]!;
    const [x, y, z] = ins.map((slot) => slot.data);
    const plain = loop(out.data, x!, y!, z ?? y!);
    const kernel = out.dtype === "float32" && ins.length === 2 ? kernels.fast?.pairs[op] : undefined;
    return walk(
      out.shape,
      [stridesOf(out.shape), ...ins.map((slot) => stretched(slot.shape, out.shape))],
      [],
      kernel ? either(kernel(out.data as Float32Array, x as Float32Array, y as Float32Array), plain) : plain,
    );
  };

/** Operations on two or three operands that broadcast as NumPy does. */
export const elementwise = Object.fromEntries(
  Object.entries(loops).map(([op, loop]) => [op, binding(op, loop)]),
) as Readonly<Record<keyof typeof loops, Binder>>;
