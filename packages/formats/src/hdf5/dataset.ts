import type { NamedTensor, StoredDType } from "@unroll/api/weights";
import { DAMAGED, refuse } from "../refuse.js";
import { elementCount, tensorOf } from "../tensors.js";
import { inflated } from "../inflate.js";
import { type Cursor, NOWHERE } from "./bytes.js";
import { dataspaceOf, type Datatype, datatypeOf } from "./datatype.js";
import { walkTree } from "./group.js";
import { type Message, messageTypes } from "./object-header.js";

const DEFLATE = 1;
const SHUFFLE = 2;

interface Filter {
  readonly id: number;
  /** Bytes of an element, for the one that sorts bytes by their place in it. */
  readonly parameter: number;
}

/** What an object's messages say of its data. */
interface Described {
  readonly shape: readonly number[];
  readonly type: Datatype & { readonly kind: "number" };
  readonly layout: Cursor;
  readonly filters: readonly Filter[];
}

/**
 * The numbers of a dataset.
 *
 * @param dtype what two bytes of an element are, where an attribute says so and the file's types can't
 * @param charge takes bytes off what may still be made
 * @throws UNROLL_FORMAT for texts and other elements, data in another file, and filters other than gzip and
 *   shuffle
 */
export function readDataset(
  messages: readonly Message[],
  place: string,
  dtype: StoredDType | null,
  charge: (bytes: number) => void,
): NamedTensor {
  const { shape, type, layout, filters } = described(messages, place, dtype);
  const own = contents(layout, {
    shape,
    size: type.size,
    bytes: elementCount(place, shape) * type.size,
    filters,
    charge,
  });
  return tensorOf(place, type.dtype, shape, own, type.bigEndian);
}

function described(messages: readonly Message[], place: string, dtype: StoredDType | null): Described {
  const find = (type: number): Cursor | undefined => {
    const found = messages.find((message) => message.type === type)?.data;
    return found?.to(found.at);
  };
  if (find(messageTypes.externalFiles))
    refuse(place, "its data in the file", "a reference to another one", "copy them into the file");
  const [space, typeData, layout] = [messageTypes.dataspace, messageTypes.datatype, messageTypes.layout].map(
    find,
  );
  if (!space || !typeData || !layout)
    return refuse(place, "a dataset", "an object without data", "save numbers there");
  const found = datatypeOf(typeData);
  const type: Datatype =
    dtype !== null && found.size === 2 ? { kind: "number", dtype, size: 2, bigEndian: false } : found;
  if (type.kind !== "number")
    return refuse(
      place,
      "numbers",
      type.kind === "other" ? type.words : "texts",
      "leave it out, or save it as numbers",
    );
  const shape = dataspaceOf(space) ?? [0];
  const filtering = find(messageTypes.filters);
  return { shape, type, layout, filters: filtering ? filtersOf(filtering) : [] };
}

/** A filter pipeline message (IV.A.2.l). */
function filtersOf(data: Cursor): Filter[] {
  const version = data.version("a list of filters", [1, 2]);
  const count = data.uint(1);
  if (version === 1) data.take(6);
  return Array.from({ length: count }, () => {
    const id = data.uint(2);
    const nameLength = version === 1 || id >= 256 ? data.uint(2) : 0;
    const [, values] = data.uints(2, 2) as [number, number];
    data.take(version === 1 ? Math.ceil(nameLength / 8) * 8 : nameLength);
    const [parameter = 0] = data.uints(values, 4);
    if (version === 1 && values % 2 === 1) data.take(4);
    if (id !== DEFLATE && id !== SHUFFLE)
      refuse(data.place, "data plain or packed by gzip", `filter ${id}`, 'write it with compression="gzip"');
    return { id, parameter };
  });
}

/** What is known of data before they are read. */
interface Wanted {
  readonly shape: readonly number[];
  /** Bytes of an element. */
  readonly size: number;
  /** Bytes of all. */
  readonly bytes: number;
  readonly filters: readonly Filter[];
  readonly charge: (bytes: number) => void;
}

/** A data layout message (IV.A.2.i), and what it leads to. */
function contents(layout: Cursor, wanted: Wanted): Uint8Array {
  const { bytes, charge } = wanted;
  const version = layout.version("a data layout", [3, 4]);
  const kind = layout.uint(1);
  if (kind === 0) return layout.take(layout.uint(2));
  charge(bytes);
  if (kind === 1) {
    const [address, length] = layout.uints(2, 8) as [number, number];
    if (bytes === 0) return new Uint8Array(0);
    if (address >= NOWHERE) layout.damaged("data that were written", "none");
    return layout.to(address).take(length);
  }
  if (kind !== 2 || version !== 3)
    return refuse(
      layout.place,
      "data in one piece, or in pieces as h5py writes them by default",
      `layout ${kind} of version ${version}`,
      'write it with h5py.File(path, "w", libver="earliest")',
    );
  return pieces(layout, wanted);
}

function pieces(layout: Cursor, { shape, size, bytes, filters, charge }: Wanted): Uint8Array {
  const axes = layout.uint(1) - 1;
  const tree = layout.uint(8);
  const extent = layout.uints(Math.max(0, axes), 4);
  if (axes !== shape.length || axes === 0) layout.damaged(`pieces of ${shape.length} axes`, `${axes}`);
  const pieceSize = elementCount(layout.place, extent) * size;
  if (pieceSize === 0) layout.damaged("pieces with elements", "empty ones");
  const counts = shape.map((length, axis) => Math.ceil(length / extent[axis]!));
  const total = counts.reduce((a, b) => a * b, 1);
  charge(total * pieceSize);
  const whole = new Uint8Array(bytes);
  if (bytes === 0) return whole;
  if (tree >= NOWHERE) layout.damaged("data that were written", "none");
  const pasted = new Set<number>();
  walkTree(layout.to(tree), 1, 8 * axes + 8, (child, key) => {
    const packed = key.uint(4);
    const mask = key.uint(4);
    const origin = key.uints(axes, 8);
    const place = placeAmong(origin, extent, counts);
    if (place === null || pasted.has(place))
      return layout.damaged("each piece once, where one belongs", `one at [${origin.join(", ")}]`);
    pasted.add(place);
    const piece = unfiltered(child.take(packed), filters, mask, pieceSize, layout.place);
    paste(piece, extent, origin, whole, shape, size);
  });
  const missing = total - pasted.size;
  return missing === 0 ? whole : layout.damaged("all pieces of the data", `${missing} less`);
}

/** Which piece begins at an origin, counted row-major; null where none does. */
function placeAmong(
  origin: readonly number[],
  extent: readonly number[],
  counts: readonly number[],
): number | null {
  let place = 0;
  for (const [axis, at] of origin.entries()) {
    const index = at / extent[axis]!;
    if (!Number.isInteger(index) || index >= counts[axis]!) return null;
    place = place * counts[axis]! + index;
  }
  return place;
}

/** What filters made of a piece, undone from the last to the first but for those that the mask leaves out. */
function unfiltered(
  packed: Uint8Array,
  filters: readonly Filter[],
  mask: number,
  size: number,
  place: string,
): Uint8Array {
  let piece = packed;
  for (let k = filters.length - 1; k >= 0; k--) {
    if ((mask >> k) & 1) continue;
    const { id, parameter } = filters[k]!;
    piece = id === DEFLATE ? unpacked(piece, size, place) : unshuffled(piece, parameter, place);
  }
  return piece.length === size ? piece : refuse(place, `pieces of ${size} bytes`, `${piece.length}`, DAMAGED);
}

/** What zlib writes around deflated data: two bytes before, and a sum of four after (RFC 1950). */
function unpacked(bytes: Uint8Array, size: number, place: string): Uint8Array {
  const end = Math.max(2, bytes.length - 4);
  const own = inflated(bytes.subarray(2, end), size, place);
  const sum = bytes.subarray(end).reduce((value, byte) => value * 256 + byte, 0);
  return sum === adler32(own) ? own : refuse(place, "contents that fit their checksum", "others", DAMAGED);
}

/** Adler-32: sums of the bytes, and of those sums, modulo 65521. */
function adler32(bytes: Uint8Array): number {
  let [low, high] = [1, 0];
  for (let k = 0; k < bytes.length; k++) {
    low = (low + bytes[k]!) % 65521;
    high = (high + low) % 65521;
  }
  return high * 65536 + low;
}

function unshuffled(bytes: Uint8Array, size: number, place: string): Uint8Array {
  const count = bytes.length / size;
  if (!Number.isInteger(count))
    refuse(place, `shuffled elements of ${size} bytes`, `${bytes.length} bytes`, DAMAGED);
  const own = new Uint8Array(bytes.length);
  for (let k = 0; k < count; k++)
    for (let byte = 0; byte < size; byte++) own[k * size + byte] = bytes[byte * count + k]!;
  return own;
}

/** Copies a piece to where it belongs, row by row along the last axis; what overhangs is left out. */
function paste(
  piece: Uint8Array,
  extent: readonly number[],
  origin: readonly number[],
  whole: Uint8Array,
  shape: readonly number[],
  size: number,
): void {
  const last = shape.length - 1;
  const width = Math.min(extent[last]!, shape[last]! - origin[last]!);
  if (width <= 0) return;
  const rows = extent.slice(0, last).reduce((a, b) => a * b, 1);
  for (let row = 0; row < rows; row++) {
    let [rest, stride, to, inside] = [row, shape[last]!, origin[last]!, true];
    for (let axis = last - 1; axis >= 0; axis--) {
      const at = origin[axis]! + (rest % extent[axis]!);
      rest = Math.floor(rest / extent[axis]!);
      inside &&= at < shape[axis]!;
      to += at * stride;
      stride *= shape[axis]!;
    }
    const from = row * extent[last]! * size;
    if (inside) whole.set(piece.subarray(from, from + width * size), to * size);
  }
}
