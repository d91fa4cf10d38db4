import { refuse } from "./refuse.js";
import { joined } from "./source.js";
import { checksum } from "./zip.js";

/** What the fields of a zip file of 32 bits can say. */
const MOST_BYTES = 0xffffffff;
const MOST_ENTRIES = 0xffff;

/**
 * A zip file of files stored as they are, and their directory (APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16).
 *
 * @throws UNROLL_FORMAT for more than the 4 GiB and 65535 files that such a one holds
 */
export function zipped(
  place: string,
  named: readonly (readonly [name: string, contents: Uint8Array])[],
): Uint8Array {
  const files = named.map(([name, contents]) => ({ name: new TextEncoder().encode(name), contents }));
  const total = files.reduce((sum, { name, contents }) => sum + contents.length + 2 * name.length + 76, 22);
  if (total > MOST_BYTES || files.length > MOST_ENTRIES)
    refuse(
      place,
      `at most ${MOST_BYTES} bytes and ${MOST_ENTRIES} files`,
      `${total} and ${files.length}`,
      "write several files",
    );
  const pieces: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, contents } of files) {
    // Version 2.0, names in UTF-8, stored, 1 January 1980.
    const common = [20, 0x0800, 0, 0, 0x21];
    const sizes = [checksum(contents), contents.length, contents.length];
    const local = record(0x04034b50, common, sizes, [name.length, 0]);
    directory.push(record(0x02014b50, [20, ...common], sizes, [name.length, 0, 0, 0, 0], [0, at]), name);
    pieces.push(local, name, contents);
    at += local.length + name.length + contents.length;
  }
  const length = directory.reduce((sum, piece) => sum + piece.length, 0);
  const end = record(0x06054b50, [0, 0, files.length, files.length], [length, at], [0]);
  return joined([...pieces, ...directory, end]);
}

/** A record: a signature, then by turns numbers of 16 and of 32 bits. */
function record(signature: number, ...fields: readonly (readonly number[])[]): Uint8Array {
  const size = fields.reduce((sum, list, k) => sum + list.length * (k % 2 === 0 ? 2 : 4), 4);
  const view = new DataView(new ArrayBuffer(size));
  view.setUint32(0, signature, true);
  let at = 4;
  for (const [k, list] of fields.entries())
    for (const value of list) {
      if (k % 2 === 0) view.setUint16(at, value, true);
      else view.setUint32(at, value, true);
      at += k % 2 === 0 ? 2 : 4;
    }
  return new Uint8Array(view.buffer);
}
