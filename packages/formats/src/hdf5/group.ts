import { type Cursor, NOWHERE } from "./bytes.js";
import { type Message, messageTypes } from "./object-header.js";
import { refuse } from "../refuse.js";

/** Members of one group at most, letters of a name, and levels and entries of the tree that lists them. */
const MOST_MEMBERS = 2 ** 14;
const MOST_LETTERS = 1024;
const MOST_LEVELS = 16;
const MOST_ENTRIES = 2 ** 20;

/** Whether an object's messages are those of a group. */
export const isGroup = (messages: readonly Message[]): boolean =>
  messages.some(
    ({ type }) =>
      type === messageTypes.symbolTable || type === messageTypes.linkInfo || type === messageTypes.link,
  );

/** Addresses of a group's members by name, in the order of the file. */
export function membersOf(messages: readonly Message[], file: Cursor): ReadonlyMap<string, number> {
  const members = new Map<string, number>();
  const add = (name: string, address: number): void => {
    if (members.has(name) || members.size >= MOST_MEMBERS)
      file.damaged(`at most ${MOST_MEMBERS} members, each name once`, `another "${name}"`);
    members.set(name, address);
  };
  for (const { type, data } of messages) {
    if (type === messageTypes.symbolTable) symbolTable(data, add);
    else if (type === messageTypes.link) link(data, add);
    else if (type === messageTypes.linkInfo) assertCompact(data);
  }
  return members;
}

type Add = (name: string, address: number) => void;

/** Groups as h5py writes them by default: a tree of nodes whose names stand in a heap (III.A.1, III.D). */
function symbolTable(data: Cursor, add: Add): void {
  const [tree, heap] = data.uints(2, 8) as [number, number];
  const head = data.to(heap);
  head.signature("HEAP");
  head.take(4);
  const [size, , segment] = head.uints(3, 8) as [number, number, number];
  const names = data.to(segment).take(size);
  const nameAt = (offset: number): string => {
    const cursor = data.to(segment + offset);
    return offset < names.length
      ? cursor.text(Math.min(names.length - offset, MOST_LETTERS))
      : data.damaged(`a name within ${names.length} bytes`, `one at ${offset}`);
  };
  walkTree(data.to(tree), 0, 0, (node) => {
    const entries = data.to(node.at);
    entries.signature("SNOD");
    entries.take(2);
    for (let left = entries.uint(2); left > 0; left--) {
      const [name, address] = entries.uints(2, 8) as [number, number];
      const kind = entries.uint(4);
      entries.take(20);
      if (kind === 2) elsewhere(data, nameAt(name));
      add(nameAt(name), address);
    }
  });
}

/**
 * Each leaf of a version 1 tree (III.A.1), with the cursor of its key. A node is below the one that names it,
 * so that a tree can't lead back to itself.
 *
 * @param type 0 for groups, 1 for pieces of data
 * @param keySize bytes of a key beyond the 8 of groups
 */
export function walkTree(
  node: Cursor,
  type: 0 | 1,
  keySize: number,
  leaf: (child: Cursor, key: Cursor) => void,
  walk = { entries: 0 },
  level = MOST_LEVELS,
): void {
  node.signature("TREE");
  const [found, height, used] = [node.uint(1), node.uint(1), node.uint(2)];
  if (found !== type || height >= level) node.damaged(`a node of type ${type} below its own`, `${found}`);
  walk.entries += used;
  if (walk.entries > MOST_ENTRIES) node.damaged(`a tree of at most ${MOST_ENTRIES} entries`, "a larger one");
  node.take(16);
  for (let k = 0; k < used; k++) {
    const key = node.to(node.at);
    node.take(8 + keySize);
    const child = node.to(node.uint(8));
    if (height === 0) leaf(child, key);
    else walkTree(child, type, keySize, leaf, walk, height);
  }
}

/** One member of a group of the newer form (IV.A.2.g). */
function link(data: Cursor, add: Add): void {
  data.version("a link", [1]);
  const flags = data.uint(1);
  const kind = flags & 8 ? data.uint(1) : 0;
  if (flags & 4) data.take(8);
  if (flags & 0x10) data.take(1);
  const name = new TextDecoder().decode(data.take(data.uint(1 << (flags & 3))));
  if (kind !== 0) elsewhere(data, name);
  add(name, data.uint(8));
}

function assertCompact(data: Cursor): void {
  data.version("what a group says of its links", [0]);
  if (data.uint(1) & 1) data.take(8);
  if (data.uint(8) < NOWHERE)
    refuse(
      data.place,
      "groups in the form that h5py writes by default",
      "one whose members stand in a fractal heap",
      'write it with h5py.File(path, "w", libver="earliest") and without track_order',
    );
}

function elsewhere(data: Cursor, name: string): never {
  return refuse(
    data.place,
    "members that are in the file",
    `"${name}", a link to another name or file`,
    "copy what it leads to into the file",
  );
}
