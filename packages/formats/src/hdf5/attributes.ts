import { type Cursor, NOWHERE, textOf } from "./bytes.js";
import { dataspaceOf, type Datatype, datatypeOf } from "./datatype.js";
import { type Message, messageTypes } from "./object-header.js";
import { refuse } from "../refuse.js";

/** Texts of an attribute at most. */
const MOST_TEXTS = 2 ** 16;

/**
 * The texts of an attribute, one or a list; null where there is none of the name.
 *
 * @throws UNROLL_FORMAT where it holds something else
 */
export function textAttribute(messages: readonly Message[], name: string): readonly string[] | null {
  for (const message of messages) {
    if (message.type === messageTypes.attributeInfo) assertCompact(message.data.to(message.data.at));
    if (message.type !== messageTypes.attribute) continue;
    const { found, shared, type, shape, data } = attribute(message.data.to(message.data.at));
    if (found !== name) continue;
    return shared
      ? data.damaged(`"${name}" with a type of its own`, "one that is shared")
      : texts(data, type, shape, name);
  }
  return null;
}

interface Attribute {
  readonly found: string;
  /** Whether its type stands elsewhere. */
  readonly shared: boolean;
  readonly type: Cursor;
  readonly shape: Cursor;
  readonly data: Cursor;
}

/** An attribute message (IV.A.2.m); what version 1 has is padded to multiples of 8. */
function attribute(cursor: Cursor): Attribute {
  const version = cursor.version("an attribute", [1, 2, 3]);
  // Before version 2 a byte without a meaning.
  const shared = cursor.uint(1) !== 0 && version > 1;
  const lengths = cursor.uints(3, 2) as [number, number, number];
  if (version === 3) cursor.uint(1);
  const padded = (length: number): number => (version === 1 ? Math.ceil(length / 8) * 8 : length);
  const [name, type, shape] = lengths.map((length) => {
    const part = cursor.to(cursor.at);
    cursor.take(padded(length));
    return part;
  }) as [Cursor, Cursor, Cursor];
  return { found: name.text(lengths[0]), shared, type, shape, data: cursor };
}

function texts(data: Cursor, typeData: Cursor, shapeData: Cursor, name: string): string[] {
  const type: Datatype = datatypeOf(typeData);
  const shape = dataspaceOf(shapeData) ?? [0];
  const count = shape.reduce((a, b) => a * b, 1);
  if (!(count <= MOST_TEXTS)) data.damaged(`at most ${MOST_TEXTS} texts in "${name}"`, `${count}`);
  // An empty list that h5py writes has no texts to be of, and is one of floats.
  if (count === 0) return [];
  if (type.kind === "text")
    return Array.from({ length: count }, () => {
      const bytes = data.take(type.size);
      // Shorter texts are filled up with zeros, or with blanks.
      return textOf(bytes).replace(/\0[\s\S]*$/, "");
    });
  if (type.kind === "textElsewhere") {
    // Each has a place of its own, so that all together fit the file; references could repeat a long one.
    let left = data.bytes.length;
    return Array.from({ length: count }, () => {
      const length = data.uint(4);
      const address = data.uint(8);
      const index = data.uint(4);
      if (address === 0 || address >= NOWHERE) return "";
      left -= length;
      if (left < 0) data.damaged(`texts in "${name}" that fit the file together`, "more");
      return textOf(heapObject(data.to(address), index).take(length));
    });
  }
  return refuse(data.place, `texts in "${name}"`, "something else", "write it with h5py or Keras");
}

/** An object of a global heap (III.E), which holds texts of any length. */
function heapObject(cursor: Cursor, wanted: number): Cursor {
  const start = cursor.at;
  cursor.signature("GCOL");
  cursor.take(4);
  const end = start + cursor.uint(8);
  while (cursor.at + 16 <= end) {
    const index = cursor.uint(2);
    cursor.take(6);
    const size = cursor.uint(8);
    if (index === wanted) return cursor.to(cursor.at);
    if (index === 0) break;
    cursor.take(Math.ceil(size / 8) * 8);
  }
  return cursor.damaged(`text ${wanted} in the heap at ${start}`, "none");
}

function assertCompact(data: Cursor): void {
  data.version("what an object says of its attributes", [0]);
  if (data.uint(1) & 1) data.take(2);
  if (data.uint(8) < NOWHERE)
    refuse(
      data.place,
      "attributes in the form that h5py writes by default",
      "ones that stand in a fractal heap",
      'write it with h5py.File(path, "w", libver="earliest")',
    );
}
