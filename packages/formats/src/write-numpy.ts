import type { AnyTensor, NamedTensor, StoredDType } from "@unroll/api/weights";
import { refuse } from "./refuse.js";
import { joined } from "./source.js";
import { elementCount, elementTypes } from "./tensors.js";
import { checksum } from "./zip.js";

const descriptions: Readonly<Partial<Record<StoredDType, string>>> = {
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
};
const hostTypes = { float32: "F32", int32: "I32", bool: "BOOL" } as const;
/** What the fields of a zip file of 32 bits can say. */
const MOST_BYTES = 0xffffffff;
const MOST_ENTRIES = 0xffff;

/**
 * Writes tensors as `numpy.load("x.npz")` and `readNpz` read them, bit for bit and uncompressed.
 *
 * @throws UNROLL_FORMAT for bfloat16, which NumPy does not have, for data that do not fill their shape or are
 *   of another type than their dtype, and for more than the 4 GiB that such a file holds
 */
export function writeNpz(tensors: Readonly<Record<string, AnyTensor>>): Uint8Array {
  const files = Object.entries(tensors).map(([name, tensor]) => ({
    name: new TextEncoder().encode(`${name}.npy`),
    contents: npy(`npz file "${name}"`, tensor),
  }));
  const total = files.reduce((sum, { name, contents }) => sum + contents.length + 2 * name.length + 76, 22);
  if (total > MOST_BYTES || files.length > MOST_ENTRIES)
    refuse(
      "npz file",
      `at most ${MOST_BYTES} bytes and ${MOST_ENTRIES} arrays`,
      `${total} and ${files.length}`,
      "write several files",
    );
  return zipped(files);
}

const nameOf = (value: unknown): string =>
  typeof value === "object" && value !== null ? value.constructor.name : String(value);

/** A `.npy` file; its data start at a multiple of 64. */
function npy(place: string, tensor: AnyTensor): Uint8Array {
  const dtype = Object.hasOwn(hostTypes, tensor.dtype)
    ? hostTypes[tensor.dtype as keyof typeof hostTypes]
    : (tensor as NamedTensor).dtype;
  const { shape, data } = tensor;
  const description = Object.hasOwn(descriptions, dtype) ? descriptions[dtype] : undefined;
  if (description === undefined)
    return refuse(place, "an element type that NumPy has", `${dtype}`, "widen it with toFloat32 first");
  const { array, bytes } = elementTypes[dtype];
  if (!ArrayBuffer.isView(data) || data[Symbol.toStringTag] !== array.name)
    refuse(place, `${dtype} data in a ${array.name}`, nameOf(data), "give the array that its dtype has");
  if (!Array.isArray(shape)) refuse(place, "a shape", nameOf(shape), "give the sizes of its axes");
  if (data.byteLength !== elementCount(place, shape) * bytes)
    refuse(place, `data that fill [${shape.join(", ")}]`, `${data.length} elements`, "give all of them");
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const words = `{'descr': '${description}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const header = words.padEnd(Math.ceil((words.length + 11) / 64) * 64 - 11) + "\n";
  const start = new Uint8Array(10);
  start.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 0xff, header.length >> 8]);
  return joined([
    start,
    new TextEncoder().encode(header),
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  ]);
}

/** Files stored as they are, and their directory (APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16). */
function zipped(files: readonly { name: Uint8Array; contents: Uint8Array }[]): Uint8Array {
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
