import { inflated } from "./inflate.js";
import { DAMAGED, refuse } from "./refuse.js";

// Records of a zip file: APPNOTE.TXT 6.3.10 of PKWARE, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16.
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const STORED = 0;
const DEFLATED = 8;

/** Files in a zip file at most. */
const MOST_ENTRIES = 2 ** 17;
/** What a zip file may unpack to: this many times its own size, or these bytes where that is more. */
const MOST_RATIO = 100;
const ALWAYS_ALLOWED = 2 ** 26;

interface Entry {
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly local: number;
}

/** A zip file whose directory has been read. */
export interface ZipFile {
  /** Names of its files, in the order of the directory. */
  readonly names: readonly string[];
  /**
   * Contents of a file, checked against the sum that the directory has.
   *
   * @throws UNROLL_FORMAT for a damaged one, and for one that unpacks to more than the directory says
   */
  read(name: string): Uint8Array;
}

/** Whether bytes begin as a zip file does. */
export const isZip = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === LOCAL;

/**
 * Reads the directory of a zip file. Nothing is unpacked before it is asked for.
 *
 * @throws UNROLL_FORMAT for a damaged directory, files that would unpack to too much, encrypted files, two of
 *   one name, and names that leave the folder
 */
export function openZip(bytes: Uint8Array, place: string): ZipFile {
  const entries = directory(bytes, place);
  const most = Math.max(ALWAYS_ALLOWED, bytes.length * MOST_RATIO);
  const total = [...entries.values()].reduce((sum, { size }) => sum + size, 0);
  if (total > most)
    refuse(
      place,
      `files that unpack to at most ${most} bytes, ${MOST_RATIO} times its size or 64 MiB`,
      `${total}`,
      "store them with less compression",
    );
  return {
    names: [...entries.keys()],
    read(name) {
      const within = `${place} entry "${name}"`;
      const entry = entries.get(name) ?? refuse(within, "a file of that name", "none", DAMAGED);
      const contents = unpacked(bytes, entry, within);
      if (checksum(contents) !== entry.crc)
        refuse(within, "contents that fit their checksum", "others", DAMAGED);
      return contents;
    },
  };
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** Where the directory is, by the record at the end of the file, and how many files it lists. */
function endRecord(bytes: Uint8Array, place: string): { start: number; count: number } {
  const view = viewOf(bytes);
  // A comment of at most 65535 bytes may stand after it.
  let at = bytes.length - 22;
  const first = Math.max(0, at - 0xffff);
  while (at >= first && view.getUint32(at, true) !== END) at--;
  if (at < first) refuse(place, "the directory of a zip file at its end", "none", DAMAGED);
  const small = { start: view.getUint32(at + 16, true), count: view.getUint16(at + 10, true) };
  const locator = at - 20;
  if (locator < 0 || view.getUint32(locator, true) !== LOCATOR64) return small;
  const end64 = Number(view.getBigUint64(locator + 8, true));
  if (!(end64 + 56 <= bytes.length) || view.getUint32(end64, true) !== END64)
    refuse(place, "the record of a large zip file's directory", "none", DAMAGED);
  return {
    start: Number(view.getBigUint64(end64 + 48, true)),
    count: Number(view.getBigUint64(end64 + 32, true)),
  };
}

function directory(bytes: Uint8Array, place: string): ReadonlyMap<string, Entry> {
  const { start, count } = endRecord(bytes, place);
  const view = viewOf(bytes);
  const entries = new Map<string, Entry>();
  if (count > MOST_ENTRIES) refuse(place, `at most ${MOST_ENTRIES} files within`, `${count}`, DAMAGED);
  let at = start;
  for (let k = 0; k < count; k++) {
    if (!(at + 46 <= bytes.length) || view.getUint32(at, true) !== CENTRAL)
      refuse(place, `${count} files in the directory`, `${k}`, DAMAGED);
    const [nameLength, extraLength, comment] = [28, 30, 32].map((field) =>
      view.getUint16(at + field, true),
    ) as [number, number, number];
    const next = at + 46 + nameLength + extraLength + comment;
    if (next > bytes.length) refuse(place, "a directory that ends in the file", "a longer one", DAMAGED);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const flags = view.getUint16(at + 8, true);
    const method = view.getUint16(at + 10, true);
    const within = `${place} entry "${name}"`;
    if (flags & 1) refuse(within, "contents in the clear", "encrypted ones", "save it without a password");
    if (method !== STORED && method !== DEFLATED)
      refuse(within, "contents stored or deflated", `method ${method}`, "pack it with another program");
    assertInside(within, name);
    if (entries.has(name)) refuse(within, "each name once", "two files of it", DAMAGED);
    const extra = viewOf(bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength));
    entries.set(name, {
      method,
      crc: view.getUint32(at + 16, true),
      ...sizes(view, at, extra),
    });
    at = next;
  }
  return entries;
}

/** Sizes and place of a file; what does not fit 32 bits stands in an extra field (section 4.5.3). */
function sizes(view: DataView, at: number, extra: DataView): Pick<Entry, "packed" | "size" | "local"> {
  const wide = [24, 20, 42].map((field) => view.getUint32(at + field, true));
  for (let k = 0; k + 4 <= extra.byteLength;) {
    const length = extra.getUint16(k + 2, true);
    if (extra.getUint16(k, true) === 1) {
      let from = k + 4;
      for (let which = 0; which < 3; which++)
        if (wide[which] === 0xffffffff && from + 8 <= Math.min(extra.byteLength, k + 4 + length)) {
          wide[which] = Number(extra.getBigUint64(from, true));
          from += 8;
        }
      break;
    }
    k += 4 + length;
  }
  const [size, packed, local] = wide as [number, number, number];
  return { size, packed, local };
}

/** Names are never used as paths here; but who unpacks such a file elsewhere writes where it should not. */
function assertInside(place: string, name: string): void {
  if (/^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|\0/.test(name))
    refuse(place, "a name inside of the folder", "one that leaves it", "do not unpack the file anywhere");
}

function unpacked(bytes: Uint8Array, { method, packed, size, local }: Entry, place: string): Uint8Array {
  const view = viewOf(bytes);
  if (!(local + 30 <= bytes.length) || view.getUint32(local, true) !== LOCAL)
    refuse(place, "a file where the directory says", "none", DAMAGED);
  const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  if (!(start + packed <= bytes.length))
    refuse(place, `${packed} bytes from offset ${start}`, `a file that ends at ${bytes.length}`, DAMAGED);
  const contents = bytes.subarray(start, start + packed);
  if (method === DEFLATED) return inflated(contents, size, place);
  if (packed !== size) refuse(place, `${size} bytes stored as they are`, `${packed}`, DAMAGED);
  return contents;
}

let table: Uint32Array | null = null;

/** CRC-32 as zip files have it, by a table made on first use. */
export function checksum(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value;
  });
  let crc = 0xffffffff;
  for (let k = 0; k < bytes.length; k++) crc = table[(crc ^ bytes[k]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
