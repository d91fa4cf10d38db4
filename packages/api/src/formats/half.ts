/** One 16-bit float format: 1 sign bit, `exponent` bits, `mantissa` bits. */
export type HalfFormat = "F16" | "BF16";

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

function decodeF16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

function decodeBf16(half: number): number {
  bits[0] = half << 16;
  return float[0]!;
}

/** Drops the low `count` bits of `value`, rounding to nearest and ties to even. */
function dropBits(value: number, count: number): number {
  const kept = value >>> count;
  const rest = value & ((1 << count) - 1);
  const half = 1 << (count - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}

function encodeF16(value: number): number {
  float[0] = value;
  const word = bits[0]!;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  // NaN keeps the top of its payload.
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x1ff);
  const exponent = (magnitude >>> 23) - 127 + 15;
  if (exponent >= 31) return sign | 0x7c00;
  // A carry out of the mantissa lands in the exponent, which is the right result, infinity included.
  if (exponent > 0) return sign | dropBits(magnitude - (112 << 23), 13);
  if (exponent < -10) return sign;
  return sign | dropBits((magnitude & 0x7fffff) | 0x800000, 14 - exponent);
}

function encodeBf16(value: number): number {
  float[0] = value;
  const word = bits[0]!;
  if ((word & 0x7fffffff) > 0x7f800000) return (word >>> 16) | 0x40;
  return ((word >>> 16) + (((word & 0xffff) + 0x7fff + ((word >>> 16) & 1)) >>> 16)) & 0xffff;
}

const codecs = { F16: [decodeF16, encodeF16], BF16: [decodeBf16, encodeBf16] } as const;

/** Raw 16-bit floats as float32. Exact: float32 holds every value of both formats. */
export function halfToFloat32(format: HalfFormat, raw: Uint16Array): Float32Array {
  return Float32Array.from(raw, codecs[format][0]);
}

/** float32 as raw 16-bit floats, rounded to nearest, ties to even; what is too large becomes infinite. */
export function float32ToHalf(format: HalfFormat, values: ArrayLike<number>): Uint16Array {
  return Uint16Array.from(values, codecs[format][1]);
}
