import { DAMAGED, refuse } from "../refuse.js";

/** What the address of something that is not there is. */
export const NOWHERE = 2 ** 53;

/** A place in a file, which moves as numbers are read. Reads beyond the end are refused. */
export class Cursor {
  private readonly view: DataView;

  constructor(
    /** The whole file, or a part that counts as one. */
    readonly bytes: Uint8Array,
    /** Where the next number is. */
    public at: number,
    /** What is being read, for errors. */
    readonly place: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Another place in the same bytes. */
  to(at: number): Cursor {
    return new Cursor(this.bytes, at, this.place);
  }

  /** Bytes from here on, where they lie. */
  take(length: number): Uint8Array {
    if (!(this.at >= 0 && length >= 0 && this.at + length <= this.bytes.length))
      this.damaged(`${length} bytes at offset ${this.at}`, `a file of ${this.bytes.length}`);
    const taken = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return taken;
  }

  /** A whole number of 1, 2, 4 or 8 bytes, lowest first. One that a number can't hold is {@link NOWHERE}. */
  uint(size: number): number {
    const { length } = this.take(size);
    const at = this.at - length;
    if (size === 1) return this.view.getUint8(at);
    if (size === 2) return this.view.getUint16(at, true);
    if (size === 4) return this.view.getUint32(at, true);
    return Math.min(Number(this.view.getBigUint64(at, true)), NOWHERE);
  }

  /** Several of them. */
  uints(count: number, size: number): number[] {
    return Array.from({ length: count }, () => this.uint(size));
  }

  /** Four letters that a structure begins with. @throws UNROLL_FORMAT for others */
  signature(letters: string): void {
    const found = String.fromCharCode(...this.take(4));
    if (found !== letters) this.damaged(`${letters} at offset ${this.at - 4}`, JSON.stringify(found));
  }

  /** A version that is known. @throws UNROLL_FORMAT for others */
  version(what: string, known: readonly number[]): number {
    const found = this.uint(1);
    if (!known.includes(found))
      refuse(
        this.place,
        `${what} of version ${known.join(" or ")}`,
        `${found}`,
        'write it with h5py.File(path, "w", libver="earliest"), which is what h5py does by default',
      );
    return found;
  }

  /** A text up to the first zero byte. */
  text(most: number): string {
    const all = this.bytes.subarray(this.at, Math.min(this.bytes.length, this.at + most));
    const end = all.indexOf(0);
    return textOf(end < 0 ? all : all.subarray(0, end));
  }

  /** @throws UNROLL_FORMAT */
  damaged(expected: string, got: string): never {
    return refuse(this.place, expected, got, DAMAGED);
  }
}

/** UTF-8 as text; what is not UTF-8 has marks in its place. */
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
