import type { AnyTensor, StoredDType } from "@unroll/api/weights";
import { joined } from "./source.js";
import { elementsOf } from "./tensors.js";
import { zipped } from "./write-zip.js";

const descriptions = {
  F64: "<f8",
  F32: "<f4",
  F16: "<f2",
  I64: "<i8",
  I32: "<i4",
  I16: "<i2",
  I8: "|i1",
  U64: "<u8",
  U32: "<u4",
  U16: "<u2",
  U8: "|u1",
  BOOL: "|b1",
} as const satisfies Readonly<Partial<Record<StoredDType, string>>>;

/**
 * Writes tensors as `numpy.load("x.npz")` and `readNpz` read them, bit for bit and uncompressed.
 *
 * @throws UNROLL_FORMAT for bfloat16, which NumPy does not have, for data that do not fill their shape or are
 *   of another type than their dtype, and for more than the 4 GiB that such a file holds
 */
export function writeNpz(tensors: Readonly<Record<string, AnyTensor>>): Uint8Array {
  return zipped(
    "npz file",
    Object.entries(tensors).map(([name, tensor]) => [`${name}.npy`, npy(`npz file "${name}"`, tensor)]),
  );
}

/** A `.npy` file; its data start at a multiple of 64. */
function npy(place: string, tensor: AnyTensor): Uint8Array {
  const { dtype, shape, bytes } = elementsOf(place, tensor, "NumPy", descriptions);
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const words = `{'descr': '${descriptions[dtype]}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const header = words.padEnd(Math.ceil((words.length + 11) / 64) * 64 - 11) + "\n";
  const start = new Uint8Array(10);
  start.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 0xff, header.length >> 8]);
  return joined([start, new TextEncoder().encode(header), bytes]);
}
