// Typed arrays have the machine's byte order; the text form is little-endian everywhere.
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Base64 of little-endian float32 values. */
export function toBase64(values: Float32Array): string {
  const bytes = swapped(new Uint8Array(values.slice().buffer));
  let binary = "";
  // String.fromCharCode takes its arguments from the stack, so large arrays go in pieces.
  for (let at = 0; at < bytes.length; at += 8192)
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

/** The values back, bit for bit. */
export function fromBase64(text: string): Float32Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length - (binary.length % 4));
  for (let k = 0; k < bytes.length; k++) bytes[k] = binary.charCodeAt(k);
  return new Float32Array(swapped(bytes).buffer);
}

function swapped(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (!littleEndian) for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  return bytes;
}
