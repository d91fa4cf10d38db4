import type { NamedTensor } from "@unroll/api/weights";
import { DAMAGED, refuse } from "../refuse.js";
import { textAttribute } from "./attributes.js";
import { Cursor, NOWHERE } from "./bytes.js";
import { readDataset } from "./dataset.js";
import { isGroup, membersOf } from "./group.js";
import { type Message, messagesAt, SMALLEST_MESSAGE } from "./object-header.js";

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/** Groups within groups at most, and objects of a file: a group may be a member of several. */
const MOST_DEPTH = 64;
const MOST_OBJECTS = 2 ** 15;
/** What datasets may come to together, as a multiple of the file. */
const MOST_RATIO = 100;
const ALWAYS_ALLOWED = 2 ** 26;

/** Whether bytes begin as an HDF5 file does. */
export const isHdf5 = (bytes: Uint8Array): boolean => SIGNATURE.every((byte, k) => bytes[k] === byte);

/** A group or a dataset of an HDF5 file. */
export interface Hdf5Object {
  /** What it is called, from the root, e.g. `layers/lstm/cell/vars/0`; "" for the root. */
  readonly path: string;
  /** Members of a group by name; null for a dataset. */
  readonly members: ReadonlyMap<string, Hdf5Object> | null;
  /** The texts of an attribute; null where there is none of the name. @throws UNROLL_FORMAT for others */
  texts(name: string): readonly string[] | null;
  /** The numbers of a dataset. @throws UNROLL_FORMAT for what holds none */
  read(): NamedTensor;
}

/**
 * Opens an HDF5 file of the kind that h5py writes by default, and Keras with it (HDF5 File Format
 * Specification 3.0): superblocks of every version, groups with tables of symbols or with links in their
 * header, data in one piece or in pieces, plain or by gzip and shuffle.
 *
 * @throws UNROLL_FORMAT for damaged files, and by name for what it does not read
 */
export function openHdf5(bytes: Uint8Array, place: string): Hdf5Object {
  const cursor = new Cursor(bytes, 0, place);
  const root = rootAddress(cursor);
  let left = Math.max(ALWAYS_ALLOWED, bytes.length * MOST_RATIO);
  let objects = 0;
  // Each header once, however many names it has, and of all no more messages than the file has room for.
  const headers = new Map<number, Header>();
  let messagesLeft = bytes.length / SMALLEST_MESSAGE;
  const header = (address: number, within: string): Header => {
    const known = headers.get(address);
    if (known) return known;
    const messages = messagesAt(new Cursor(bytes, address, within));
    messagesLeft -= messages.length;
    if (messagesLeft < 0) refuse(within, "headers that fit the file together", "more", DAMAGED);
    const read = { messages, group: isGroup(messages) };
    headers.set(address, read);
    return read;
  };
  const open = (address: number, path: string, around: readonly number[]): Hdf5Object => {
    const within = path === "" ? place : `${place} "${path}"`;
    if (around.includes(address)) refuse(within, "groups within groups", "one within itself", COPY);
    if (around.length >= MOST_DEPTH || ++objects > MOST_OBJECTS)
      refuse(
        within,
        `at most ${MOST_DEPTH} groups within one another and ${MOST_OBJECTS} objects`,
        "more",
        COPY,
      );
    const { messages, group } = header(address, within);
    return {
      path,
      members: group ? members(messages, address, path, around) : null,
      texts: (name) => textAttribute(messages, name),
      read: () => {
        const dtype = textAttribute(messages, "dtype")?.[0] === "bfloat16" ? "BF16" : null;
        return readDataset(messages, within, dtype, (size) => {
          if (size > left) refuse(within, `data of at most ${MOST_RATIO} times the file`, "more", COPY);
          left -= size;
        });
      },
    };
  };
  const members = (
    messages: readonly Message[],
    address: number,
    path: string,
    around: readonly number[],
  ): ReadonlyMap<string, Hdf5Object> =>
    new Map(
      [...membersOf(messages, cursor)].map(([name, child]) => [
        name,
        open(child, path === "" ? name : `${path}/${name}`, [...around, address]),
      ]),
    );
  return open(root, "", []);
}

/** The header of an object. */
interface Header {
  readonly messages: readonly Message[];
  /** Whether it is that of a group. */
  readonly group: boolean;
}

const COPY = "save the weights again";

/** Where the root group is, by the superblock (II.A). */
function rootAddress(cursor: Cursor): number {
  if (!isHdf5(cursor.bytes)) cursor.damaged("the first bytes of an HDF5 file", "others");
  cursor.take(8);
  const version = cursor.version("a superblock", [0, 1, 2, 3]);
  if (version < 2) cursor.take(4);
  const [offsets, lengths] = cursor.uints(2, 1);
  if (offsets !== 8 || lengths !== 8)
    refuse(
      cursor.place,
      "addresses of 8 bytes",
      `${offsets} and ${lengths}`,
      "write it with h5py, which takes 8",
    );
  cursor.take(version < 2 ? 9 : 1);
  if (version === 1) cursor.take(4);
  const [base, , , fourth] = cursor.uints(4, 8) as [number, number, number, number];
  if (base !== 0) cursor.damaged("addresses from the beginning of the file", `from ${base}`);
  // Before version 2 the root's symbol follows: its name, its address.
  const root = version < 2 ? cursor.uints(2, 8)[1]! : fourth;
  return root < NOWHERE ? root : cursor.damaged("a root group", "none");
}
