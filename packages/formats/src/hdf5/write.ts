import type { AnyTensor, StoredDType } from "@unroll/api/weights";
import { refuse } from "../refuse.js";
import { joined } from "../source.js";
import { elementsOf } from "../tensors.js";
import { MOST_MESSAGES, messageTypes } from "./object-header.js";

/** Texts beside an object, by name: one, or a list. */
export type WrittenAttributes = ReadonlyMap<string, string | readonly string[]>;

/** A group to be written. */
export interface WrittenGroup {
  /** Its members by name, in the order that the file lists them in. */
  readonly members: ReadonlyMap<string, WrittenGroup | WrittenDataset>;
  /** What is said of it. */
  readonly attributes?: WrittenAttributes;
}

/** Numbers to be written. */
export interface WrittenDataset {
  /** Shape, element type and elements. */
  readonly tensor: AnyTensor;
  /** What is said of them. */
  readonly attributes?: WrittenAttributes;
}

/** Bytes of the superblock with the root's symbol (II.A). */
const SUPERBLOCK = 96;
const NOWHERE = 0xffffffffffffffffn;
/** A heap of texts has at least these bytes (III.E). */
const SMALLEST_HEAP = 4096;
/** Bytes before each text in a heap. */
const HEAP_ENTRY = 16;
/** What a place in a heap, a message's length and the length of an attribute's name can say. */
const MOST_SHORT = 0xffff;
/** Of a place of a text: its length, where its heap is, which of it. */
const TEXT_PLACE = 16;

/**
 * Writes an HDF5 file of groups and of numbers in one piece, whose texts are of any length as h5py's are:
 * superblock 0, headers of version 1 and links in the header of their group, all of which every release of
 * the HDF5 library since 1.8 reads (HDF5 File Format Specification 3.0).
 *
 * @throws UNROLL_FORMAT for elements that HDF5 has no type for, data that do not fill their shape, names that
 *   are empty or have a slash, and more than a header holds
 */
export function writeHdf5(root: WrittenGroup): Uint8Array {
  const texts = textsIn(root);
  const heap = heapOf(texts);
  const pieces: Uint8Array[] = [heap];
  let at = SUPERBLOCK + heap.length;
  const put = (bytes: Uint8Array): number => {
    const start = at;
    pieces.push(bytes, new Uint8Array(padding(bytes.length)));
    at += padded(bytes.length);
    return start;
  };
  let text = 0;
  const attributes = (place: string, all: WrittenAttributes = new Map()): Message[] =>
    [...all].map(([name, value]) => {
      const count = typeof value === "string" ? null : value.length;
      const first = text;
      text += count ?? 1;
      const places = texts.slice(first, text).map(({ length }, k) => [length, first + k + 1] as const);
      return [messageTypes.attribute, attribute(place, name, count, places)];
    });
  const dataset = ({ tensor, attributes: own }: WrittenDataset, place: string): number => {
    const { dtype, shape, bytes } = elementsOf(place, tensor, "HDF5", numberTypes);
    const address = bytes.length === 0 ? NOWHERE : BigInt(put(bytes));
    const layout = new Fields().put(1, 3, 1).put(8, address, bytes.length);
    return put(
      header(place, [
        [messageTypes.dataspace, dataspace(shape)],
        [messageTypes.datatype, numberType(numberTypes[dtype])],
        [messageTypes.layout, layout],
        ...attributes(place, own),
      ]),
    );
  };
  const group = ({ members, attributes: own }: WrittenGroup, path: string): number => {
    const place = path === "" ? "hdf5 file" : `hdf5 file "${path}"`;
    // Texts are counted as they were collected: a group's before its members'.
    const said = attributes(place, own);
    const links = [...members].map(([name, member]): Message => {
      const within = path === "" ? name : `${path}/${name}`;
      if (name === "" || name === "." || name.includes("/") || name.includes("\0"))
        refuse(place, "members with names of their own, without a slash", JSON.stringify(name), "rename it");
      const address = "members" in member ? group(member, within) : dataset(member, `hdf5 file "${within}"`);
      return [messageTypes.link, link(name, address)];
    });
    return put(
      header(place, [
        [messageTypes.linkInfo, new Fields().put(1, 0, 0).put(8, NOWHERE, NOWHERE)],
        [GROUP_INFO, new Fields().put(1, 0, 0)],
        ...said,
        ...links,
      ]),
    );
  };
  const address = group(root, "");
  const start = new Fields()
    .put(1, 0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0, 0, 8, 8, 0)
    .put(2, 4, 16)
    .put(4, 0)
    .put(8, 0, NOWHERE, at, NOWHERE, 0, address, 0, 0, 0);
  return joined([start.bytes(), ...pieces]);
}

/** A message of an object's header that readers have no use for: how a group's links are kept. */
const GROUP_INFO = 0x0a;

type Message = readonly [type: number, fields: Fields];

const padding = (length: number): number => (8 - (length % 8)) % 8;
const padded = (length: number): number => length + padding(length);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** All texts of attributes, a group's before those of its members. */
function textsIn(one: WrittenGroup | WrittenDataset): Uint8Array[] {
  const own = [...(one.attributes?.values() ?? [])].flat().map(utf8);
  return "members" in one ? [...own, ...[...one.members.values()].flatMap(textsIn)] : own;
}

/** A heap of texts, numbered from 1 (III.E); nothing where there are none. */
function heapOf(texts: readonly Uint8Array[]): Uint8Array {
  if (texts.length === 0) return new Uint8Array(0);
  if (texts.length > MOST_SHORT)
    refuse("hdf5 file", `at most ${MOST_SHORT} texts`, `${texts.length}`, "write several files");
  const used = texts.reduce((sum, { length }) => sum + HEAP_ENTRY + padded(length), HEAP_ENTRY);
  const size = Math.max(SMALLEST_HEAP, used);
  const left = size - used;
  const entries = texts.flatMap((text, k) => [
    new Fields()
      .put(2, k + 1, 1)
      .put(4, 0)
      .put(8, text.length)
      .bytes(),
    text,
    new Uint8Array(padding(text.length)),
  ]);
  // What is free is entry 0, as long as an entry fits there.
  const free = left < HEAP_ENTRY ? [] : [new Fields().put(8, 0, left).bytes()];
  const start = new Fields().put(1, 0x47, 0x43, 0x4f, 0x4c, 1, 0, 0, 0).put(8, size).bytes();
  const whole = new Uint8Array(size);
  whole.set(joined([start, ...entries, ...free]));
  return whole;
}

/**
 * An attribute of texts (IV.A.2.m).
 *
 * @param count how many; null for one that is no list
 */
function attribute(
  place: string,
  name: string,
  count: number | null,
  places: readonly (readonly [length: number, index: number])[],
): Fields {
  const letters = utf8(`${name}\0`);
  if (letters.length > MOST_SHORT || letters.indexOf(0) !== letters.length - 1)
    refuse(place, `names of attributes of at most ${MOST_SHORT} bytes, none of them 0`, name, "rename it");
  const type = textType();
  const space = dataspace(count === null ? [] : [count]);
  const message = new Fields()
    .put(1, 3, 0)
    .put(2, letters.length, type.length, space.length)
    .put(1, UTF8, ...letters)
    .add(type)
    .add(space);
  const size = message.length + places.length * TEXT_PLACE;
  if (padded(size) > MOST_SHORT)
    refuse(
      place,
      `at most ${Math.floor(MOST_SHORT / TEXT_PLACE) - 8} texts in one list`,
      `${places.length} in "${name}"`,
      "split the list",
    );
  for (const [length, index] of places)
    // An empty text has no place.
    if (length === 0) message.put(4, 0).put(8, 0).put(4, 0);
    else message.put(4, length).put(8, SUPERBLOCK).put(4, index);
  return message;
}

const UTF8 = 1;

/** Texts of any length in UTF-8, of bytes (IV.A.2.d, class 9). */
const textType = (): Fields =>
  new Fields().put(1, 0x19, 1, UTF8, 0).put(4, TEXT_PLACE).put(1, 0x10, 0, 0, 0).put(4, 1).put(2, 0, 8);

/** The member's name and where it is (IV.A.2.g): with its letters' encoding, its length in 4 bytes. */
function link(name: string, address: number): Fields {
  const letters = utf8(name);
  return new Fields()
    .put(1, 1, 0x12, UTF8)
    .put(4, letters.length)
    .put(1, ...letters)
    .put(8, address);
}

/** Sizes of axes (IV.A.2.b), none for a single element. */
const dataspace = (shape: readonly number[]): Fields =>
  new Fields()
    .put(1, 1, shape.length, 0, 0)
    .put(4, 0)
    .put(8, ...shape);

/** Bytes of an element, and of a float how many bits the exponent and the mantissa are; else the sign's. */
const numberTypes = {
  F64: [8, 11, 52],
  F32: [4, 8, 23],
  F16: [2, 5, 10],
  I64: [8, 1],
  I32: [4, 1],
  I16: [2, 1],
  I8: [1, 1],
  U64: [8, 0],
  U32: [4, 0],
  U16: [2, 0],
  U8: [1, 0],
} as const satisfies Readonly<Partial<Record<StoredDType, readonly number[]>>>;

/** What elements are (IV.A.2.d): IEEE floats of class 1, or whole numbers of class 0, least byte first. */
const numberType = ([bytes, exponentOrSign, mantissa]: readonly [number, number, number?]): Fields =>
  mantissa === undefined
    ? new Fields()
        .put(1, 0x10, 8 * exponentOrSign, 0, 0)
        .put(4, bytes)
        .put(2, 0, 8 * bytes)
    : new Fields()
        .put(1, 0x11, 0x20, 8 * bytes - 1, 0)
        .put(4, bytes)
        .put(2, 0, 8 * bytes)
        .put(1, mantissa, exponentOrSign, 0, mantissa)
        .put(4, 2 ** (exponentOrSign - 1) - 1);

/** An object's header (IV.A.1.a): each message fills a multiple of 8 bytes. */
function header(place: string, messages: readonly Message[]): Uint8Array {
  // What our own reader takes of one header is less than the count of its messages can say.
  if (messages.length > MOST_MESSAGES)
    refuse(
      place,
      `at most ${MOST_MESSAGES} members and attributes of one object`,
      `${messages.length}`,
      "write several files",
    );
  const parts = messages.flatMap(([type, fields]) => {
    const data = fields.bytes();
    if (padded(data.length) > MOST_SHORT)
      refuse(place, `names of at most ${MOST_SHORT} bytes`, `a longer one`, "shorten it");
    return [
      new Fields().put(2, type, padded(data.length)).put(4, 0).bytes(),
      data,
      new Uint8Array(padding(data.length)),
    ];
  });
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const start = new Fields().put(1, 1, 0).put(2, messages.length).put(4, 1, length, 0);
  return joined([start.bytes(), ...parts]);
}

/** Fields one after the other, least byte first. */
class Fields {
  private readonly own: number[] = [];

  /** How many bytes there are. */
  get length(): number {
    return this.own.length;
  }

  /** Whole numbers of so many bytes. */
  put(size: 1 | 2 | 4 | 8, ...values: readonly (number | bigint)[]): this {
    for (const value of values)
      for (let k = 0, left = BigInt(value); k < size; k++, left >>= 8n) this.own.push(Number(left & 255n));
    return this;
  }

  /** Those of others after these. */
  add(others: Fields): this {
    for (const byte of others.own) this.own.push(byte);
    return this;
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.own);
  }
}
