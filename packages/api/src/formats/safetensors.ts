import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import { sizeOf } from "../contract/tensor.js";
import {
  type AnyTensor,
  type NamedTensor,
  type StoredDType,
  storedProblem,
  storedTypes,
  toStored,
} from "./named-tensor.js";
import { decodeUtf8, encodeUtf8 } from "./utf8.js";

/** Contents of a safetensors file. */
export interface Safetensors {
  /** By name, in the order of the header. */
  readonly tensors: Record<string, NamedTensor>;
  /** Free text of the `__metadata__` entry. */
  readonly metadata: Record<string, string>;
}

interface Entry {
  readonly name: string;
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function refuse(
  where: string,
  expected: string,
  got: unknown,
  cure = "the file is damaged or not safetensors",
): never {
  throw unrollError({
    code: "UNROLL_FORMAT",
    place: `safetensors${where}`,
    expected: expected,
    got: typeof got === "string" ? got.slice(0, 200) : shown(got),
    cure: cure,
    details: { where: where.trim(), expected, got },
  });
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function parseHeader(bytes: Uint8Array): { header: Record<string, unknown>; start: number } {
  if (bytes.length < 8) refuse("", "at least 8 bytes", `${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8))
    refuse(" header", `a length of at most ${bytes.length - 8}, what follows it`, `${length} at offset 0`);
  const start = 8 + Number(length);
  let header: unknown;
  try {
    header = JSON.parse(decodeUtf8(bytes.subarray(8, start)));
  } catch (cause) {
    throw unrollError({
      code: "UNROLL_FORMAT",
      place: "safetensors header",
      expected: `JSON in bytes 8 to ${start}`,
      got: (cause as Error).message,
      cure: "the file is damaged or not safetensors",
      cause,
    });
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    refuse(" header", "a JSON object", header);
  return { header: header as Record<string, unknown>, start };
}

function parseEntry(name: string, value: unknown): Entry {
  const where = ` tensor "${name}"`;
  if (typeof value !== "object" || value === null) refuse(where, "{ dtype, shape, data_offsets }", value);
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  if (typeof dtype !== "string" || !Object.hasOwn(storedTypes, dtype))
    refuse(
      where,
      `one of the types ${Object.keys(storedTypes).join(" ")}`,
      dtype,
      "store it as another type",
    );
  if (!Array.isArray(shape) || !shape.every(isCount)) refuse(where, "a shape of whole numbers", shape);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    refuse(where, "two data_offsets", offsets);
  const [begin, end] = offsets as [number, number];
  const size = sizeOf(shape) * storedTypes[dtype as StoredDType].BYTES_PER_ELEMENT;
  if (end - begin !== size)
    refuse(where, `${size} bytes for ${dtype} [${shape.join(", ")}]`, `${end - begin} at offset ${begin}`);
  return { name, dtype: dtype as StoredDType, shape: shape as number[], begin, end };
}

/**
 * Reads a safetensors file. The header is checked to the last byte: lengths, types, and that the tensors fill
 * the data without a gap or an overlap. Every tensor is a copy of its own, so alignment in the file does not
 * matter and `bytes` may be reused.
 *
 * @throws UNROLL_FORMAT naming the tensor and the offset
 */
export function readSafetensors(bytes: Uint8Array | ArrayBuffer): Safetensors {
  // Node's Buffer is a Uint8Array whose slice() shares memory, so it is viewed as a plain one.
  const whole =
    bytes instanceof Uint8Array
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new Uint8Array(bytes);
  const { header, start } = parseHeader(whole);
  const { __metadata__: metadata = {}, ...rest } = header;
  if (
    typeof metadata !== "object" ||
    metadata === null ||
    Object.values(metadata).some((value) => typeof value !== "string")
  )
    refuse(" __metadata__", "an object of strings", metadata);

  const entries = Object.entries(rest).map(([name, value]) => parseEntry(name, value));
  let reached = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== reached)
      refuse(
        ` tensor "${name}"`,
        `data from offset ${reached}, where the tensor before it ends`,
        `${begin}, ${begin < reached ? "an overlap" : "a gap"}`,
      );
    reached = end;
  }
  if (start + reached !== whole.length)
    refuse(
      " data",
      `${reached} bytes, the sum of the tensors`,
      `${whole.length - start}`,
      "the file is cut short or has something after its end",
    );

  return {
    tensors: Object.fromEntries(
      entries.map(({ name, dtype, shape, begin, end }) => {
        const own = whole.slice(start + begin, start + end);
        return [name, { dtype, shape, data: new storedTypes[dtype](own.buffer as ArrayBuffer) }];
      }),
    ),
    metadata: metadata as Record<string, string>,
  };
}

/**
 * Writes a safetensors file: header padded to a multiple of 8, tensors by falling element size and then in
 * the order given, so that each is aligned. What {@link readSafetensors} reads back is the same bit for bit.
 *
 * @throws UNROLL_FORMAT when data are not what dtype and shape say, or a name is reserved
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, AnyTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const stored = Object.entries(tensors).map(([name, tensor]) => {
    const one = toStored(tensor);
    const problem = storedProblem(one);
    if (problem) refuse(` tensor "${name}"`, ...problem, "give data of the dtype that fill the shape");
    return { name, ...one };
  });
  const ordered = [...stored].sort(
    (a, b) => storedTypes[b.dtype].BYTES_PER_ELEMENT - storedTypes[a.dtype].BYTES_PER_ELEMENT,
  );
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  let end = 0;
  for (const { name, dtype, shape, data } of ordered) {
    if (name === "__metadata__")
      refuse("", "tensor names other than __metadata__", name, "rename the tensor");
    header.push([name, { dtype, shape, data_offsets: [end, end + data.byteLength] }]);
    end += data.byteLength;
  }
  const text = encodeUtf8(JSON.stringify(Object.fromEntries(header)));
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(start + end).fill(0x20, 8, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(text, 8);
  let at = start;
  for (const { data } of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}
