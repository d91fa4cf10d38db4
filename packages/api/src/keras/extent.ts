import type { Extent } from "../model/row-ends.js";
import { unrollError } from "../contract/error.js";
import { type HostTensor, isHostTensor, type Nested, tensor } from "../contract/tensor.js";

/** A mask as a bool tensor [batch, time]; true marks a real step. @throws UNROLL_SHAPE, UNROLL_DTYPE */
export function toMask(given: HostTensor | Nested): HostTensor<"bool"> {
  const made = isHostTensor(given) ? given : tensor(given, undefined, "bool");
  if (made.shape.length !== 2)
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: "predict mask",
      expected: "[batch, time]",
      got: `[${made.shape.join(", ")}]`,
      cure: "true marks a real step",
    });
  if (made.dtype !== "bool")
    throw unrollError({
      code: "UNROLL_DTYPE",
      place: "predict mask",
      expected: "bool",
      got: made.dtype,
      cure: 'make it with tensor(data, shape, "bool")',
    });
  return made as HostTensor<"bool">;
}

/** Where ids are not 0, as Keras's `Embedding(mask_zero=True)` masks them. */
export function nonZero(ids: HostTensor): HostTensor<"bool"> {
  return {
    dtype: "bool",
    shape: ids.shape,
    data: Uint8Array.from(ids.data as Int32Array, (id) => (id !== 0 ? 1 : 0)),
  };
}

/** Which steps of x [batch, time, features] have a feature that is not a value, as `Masking` has it. */
export function unequal({ shape, data }: HostTensor, value: number): HostTensor<"bool"> {
  const [batch = 0, time = 0, features = 1] = shape;
  const own = Math.fround(value);
  const real = Uint8Array.from({ length: batch * time }, (_, step) => {
    for (let k = step * features; k < (step + 1) * features; k++) if (data[k] !== own) return 1;
    return 0;
  });
  return { dtype: "bool", shape: [batch, time], data: real };
}

/** Steps that are real in either, as Keras joins the masks of merged values. */
export function either(a: HostTensor<"bool">, b: HostTensor<"bool">): HostTensor<"bool"> {
  if (a.shape.join() !== b.shape.join())
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: "predict mask",
      expected: "masks of one shape",
      got: `[${a.shape.join(", ")}] and [${b.shape.join(", ")}]`,
      cure: "inputs share batch and time",
    });
  return { ...a, data: a.data.map((real, k) => real | b.data[k]!) };
}

/** Masks by time axis, as the core takes them: nothing of a kind that there is none of. */
export function extentsOf(masks: ReadonlyMap<string, HostTensor<"bool">>): Extent {
  const told = [...masks].map(([axis, mask]) => [axis, extentOf(mask)] as const);
  const of = <Kind extends "lengths" | "mask">(kind: Kind): Pick<Extent, Kind> => {
    const own = told.flatMap(([axis, extent]) => (extent[kind] ? [[axis, extent[kind]] as const] : []));
    return (own.length > 0 ? { [kind]: Object.fromEntries(own) } : {}) as unknown as Pick<Extent, Kind>;
  };
  return { ...of("lengths"), ...of("mask") };
}

/**
 * Padding at the end only is told by lengths, which every engine's fused kernels take; other masks stay
 * masks.
 */
function extentOf(mask: HostTensor<"bool">): { lengths?: number[]; mask?: HostTensor<"bool"> } {
  const [batch = 0, time = 0] = mask.shape;
  const rows = Array.from({ length: batch }, (_, row) => mask.data.subarray(row * time, (row + 1) * time));
  const lengths = rows.map((row) => row.reduce((sum, real) => sum + real, 0));
  return rows.every((row, k) => row.subarray(0, lengths[k]).every((real) => real === 1))
    ? { lengths }
    : { mask };
}
