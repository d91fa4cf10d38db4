import { allocate, type DType, type DTypeArray } from "../contract/tensor.js";
import { atob, btoa } from "./binary-text.js";

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

/** The elements back, bit for bit. */
export function fromBase64<D extends DType>(text: string, dtype: D): DTypeArray[D] {
  const binary = atob(text);
  const size = dtype === "bool" ? 1 : 4;
  const values = allocate(dtype, Math.floor(binary.length / size));
  const bytes = new Uint8Array(values.buffer);
  for (let k = 0; k < bytes.length; k++) bytes[k] = binary.charCodeAt(k);
  swapped(bytes, size);
  return values;
}

function swapped<B extends Uint8Array>(bytes: B, size: number): B {
  if (!littleEndian && size > 1)
    for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  return bytes;
}
