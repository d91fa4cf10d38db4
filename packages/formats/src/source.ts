import { refuse } from "./refuse.js";

/**
 * Where a file comes from: its bytes, a `Blob` or `File` of the browser, the answer of `fetch`. In Node
 * `await readFile(path)` gives bytes.
 */
export type FileSource = Uint8Array | ArrayBuffer | Blob | Response;

/** How far a file has been fetched: bytes so far, and of how many if that is known. */
export type Progress = (loaded: number, total: number | null) => void;

const isBlob = (source: object): source is Blob => typeof (source as Blob).arrayBuffer === "function";
const isResponse = (source: object): source is Response => "body" in source && "headers" in source;

/**
 * All bytes of a file. Those of a `Uint8Array` and an `ArrayBuffer` are seen where they are.
 *
 * @param progress called while a response arrives, and once at the end of every other source
 * @throws UNROLL_FORMAT for an answer that is no success; UNROLL_FORMAT for what is no source of bytes
 */
export async function bytesOf(source: FileSource, progress?: Progress): Promise<Uint8Array> {
  if (typeof source === "object" && source !== null && isResponse(source))
    return bytesOfResponse(source, progress);
  const bytes = await bytesAtHand(source);
  progress?.(bytes.length, bytes.length);
  return bytes;
}

async function bytesAtHand(source: Uint8Array | ArrayBuffer | Blob): Promise<Uint8Array> {
  // By their tags, as they may come from another realm; Node's Buffer is viewed as a plain array of bytes.
  if (ArrayBuffer.isView(source) && source[Symbol.toStringTag] === "Uint8Array")
    return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (Object.prototype.toString.call(source) === "[object ArrayBuffer]")
    return new Uint8Array(source as ArrayBuffer);
  if (typeof source === "object" && source !== null && isBlob(source))
    return new Uint8Array(await source.arrayBuffer());
  return refuse(
    "file",
    "a Uint8Array, an ArrayBuffer, a Blob or a Response",
    source === null ? "null" : typeof source,
    "read it first, in Node with await readFile(path)",
  );
}

async function bytesOfResponse(response: Response, progress?: Progress): Promise<Uint8Array> {
  const place = `file ${response.url || "of a response"}`;
  if (!response.ok)
    refuse(place, "an answer with the file", `status ${response.status}`, "check the address");
  if (!response.body || !progress) return new Uint8Array(await response.arrayBuffer());
  const length = Number(response.headers.get("content-length") ?? NaN);
  // A compressed answer has another length than what it unpacks to.
  const total = Number.isSafeInteger(length) && !response.headers.get("content-encoding") ? length : null;
  const pieces: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    pieces.push(piece.value);
    loaded += piece.value.length;
    progress(loaded, total);
  }
  return joined(pieces);
}

/** Pieces one after the other. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
