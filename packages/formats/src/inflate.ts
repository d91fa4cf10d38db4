import { isUnrollError } from "@unroll/api/adapter";
import { Inflate } from "fflate";
import { DAMAGED, refuse } from "./refuse.js";

/** Bytes that deflate packs into one at most. */
const MOST_RATIO = 1032;
/** Packed bytes that are given to the library at once, so that little comes of them before it is counted. */
const PIECE = 2 ** 13;

/**
 * Unpacks deflated bytes piece by piece, and stops as soon as there is more than announced.
 *
 * @param size what they unpack to, as the file says
 * @throws UNROLL_FORMAT where they don't
 */
export function inflated(packed: Uint8Array, size: number, place: string): Uint8Array {
  // A size is allocated only if it can come.
  if (size > packed.length * MOST_RATIO + 64)
    refuse(place, `what ${packed.length} packed bytes can hold`, `${size} bytes`, DAMAGED);
  const whole = new Uint8Array(size);
  let length = 0;
  const inflate = new Inflate((piece) => {
    if (length + piece.length > size) refuse(place, `${size} bytes, as announced`, "more", DAMAGED);
    whole.set(piece, length);
    length += piece.length;
  });
  try {
    for (let at = 0; at < packed.length; at += PIECE)
      inflate.push(packed.subarray(at, at + PIECE), at + PIECE >= packed.length);
  } catch (cause) {
    if (isUnrollError(cause)) throw cause;
    refuse(place, "deflated contents", cause instanceof Error ? cause.message : "others", DAMAGED, cause);
  }
  return length === size ? whole : refuse(place, `${size} bytes unpacked`, `${length}`, DAMAGED);
}
