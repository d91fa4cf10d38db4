import type { Cursor } from "./bytes.js";
import { refuse } from "../refuse.js";

/** One message of an object's header: what kind, and its data. */
export interface Message {
  readonly type: number;
  readonly data: Cursor;
}

/** Kinds of messages that are read. */
export const messageTypes = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

/** Bytes of a message at least. */
export const SMALLEST_MESSAGE = 4;
/** Messages and pieces of one header at most: pieces may lead to one another. */
export const MOST_MESSAGES = 2 ** 12;
const MOST_PIECES = 2 ** 10;

/** The messages of the object at an address (HDF5 File Format Specification 3.0, IV.A.1). */
export function messagesAt(cursor: Cursor): Message[] {
  const start = cursor.at;
  const modern = String.fromCharCode(...cursor.take(4)) === "OHDR";
  return modern ? modernMessages(cursor) : oldMessages(cursor.to(start));
}

interface Piece {
  readonly from: number;
  readonly length: number;
}

/** Messages of pieces, each of which may name another. */
function collected(first: Piece, read: (piece: Piece, found: (message: Message) => void) => void): Message[] {
  const pieces = [first];
  const messages: Message[] = [];
  for (let k = 0; k < pieces.length; k++)
    read(pieces[k]!, ({ type, data }) => {
      if (messages.length >= MOST_MESSAGES || pieces.length >= MOST_PIECES)
        data.damaged(`a header of at most ${MOST_MESSAGES} messages`, "a longer one");
      if (type === messageTypes.continuation) {
        const [from, length] = data.uints(2, 8) as [number, number];
        pieces.push({ from, length });
      } else messages.push({ type, data });
    });
  return messages;
}

const known: ReadonlySet<number> = /* @__PURE__ */ new Set<number>(Object.values(messageTypes));

/** Refuses a message that is read here and whose data stand elsewhere, to be shared. */
function assertOwn(type: number, flags: number, data: Cursor): void {
  if (flags & 2 && known.has(type))
    refuse(data.place, "types and attributes of its own", "one that is named and shared", COPY);
}

const COPY = "copy the data into another file: create_dataset(name, data=old[...])";

function oldMessages(cursor: Cursor): Message[] {
  cursor.version("an object header", [1]);
  cursor.uint(1);
  const count = cursor.uint(2);
  cursor.uint(4);
  const length = cursor.uint(4);
  let left = count;
  return collected({ from: cursor.at + 4, length }, (piece, found) => {
    const own = cursor.to(piece.from);
    while (left > 0 && own.at + 8 <= piece.from + piece.length) {
      const [type, size, flags] = [own.uint(2), own.uint(2), own.uint(1)];
      own.take(3);
      const data = own.to(own.at);
      own.take(size);
      assertOwn(type, flags, data);
      left--;
      found({ type, data });
    }
  });
}

function modernMessages(cursor: Cursor): Message[] {
  cursor.version("an object header", [2]);
  const flags = cursor.uint(1);
  if (flags & 0x20) cursor.take(16);
  if (flags & 0x10) cursor.take(4);
  const length = cursor.uint(1 << (flags & 3));
  const first = cursor.at;
  return collected({ from: first, length }, (piece, found) => {
    const own = cursor.to(piece.from);
    let end = piece.from + piece.length;
    if (piece.from !== first) {
      own.signature("OCHK");
      end -= 4;
    }
    while (own.at + 4 <= end) {
      const [type, size, messageFlags] = [own.uint(1), own.uint(2), own.uint(1)];
      if (flags & 4) own.take(2);
      const data = own.to(own.at);
      own.take(size);
      assertOwn(type, messageFlags, data);
      found({ type, data });
    }
  });
}
