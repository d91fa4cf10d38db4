import { allocate, type DType, type DTypeArray } from "../contract/tensor.js";
import { atob, btoa } from "../contract/binary-text.js";

// Typed arrays have the machine's byte order; the text form is little-endian everywhere.
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Base64 of little-endian elements. */
export function toBase64(values: DTypeArray[DType]): string {
  const bytes = swapped(new Uint8Array(values.slice().buffer), values.BYTES_PER_ELEMENT);
  let binary = "";
  // String.fromCharCode takes its arguments from the stack, so large arrays go in pieces.
  for (let at = 0; at < bytes.length; at += 8192)
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

/** The elements back, bit for bit; null for a text that {@link toBase64} never gives. */
export function fromBase64<D extends DType>(text: unknown, dtype: D): DTypeArray[D] | null {
  const size = dtype === "bool" ? 1 : 4;
  // atob forgives what is cut or padded wrongly, and drops spaces.
  if (typeof text !== "string" || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  const binary = atob(text);
  if (binary.length % size !== 0) return null;
  const values = allocate(dtype, binary.length / size);
  const bytes = new Uint8Array(values.buffer);
  for (let k = 0; k < bytes.length; k++) bytes[k] = binary.charCodeAt(k);
  swapped(bytes, size);
  // Bits after the last byte are zeros, and a bool is 0 or 1.
  const odd = dtype === "bool" && bytes.some((byte) => byte > 1);
  return odd || btoa(binary.slice(-(binary.length % 3 || 3))) !== text.slice(-4) ? null : values;
}

function swapped<B extends Uint8Array>(bytes: B, size: number): B {
  if (!littleEndian && size > 1)
    for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  return bytes;
}
