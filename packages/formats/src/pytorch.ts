import { knownOptions } from "@unroll/api/adapter";
import { readPickle } from "./pickle.js";
import { nameOf, PickledGlobal, type PickledValue } from "./pickle-values.js";
import { eachTensor, selected } from "./pytorch-names.js";
import { called, materialised, Storage, type Storages, storageType } from "./pytorch-tensors.js";
import { DAMAGED, refuse } from "./refuse.js";
import { bytesOf, type FileSource } from "./source.js";
import { elementTypes, namedTensors, type Tensors } from "./tensors.js";
import { isZip, openZip } from "./zip.js";

/** What tensors may come to together, as a multiple of the file: views may repeat what a storage has once. */
const MOST_RATIO = 16;
const ALWAYS_ALLOWED = 2 ** 24;
/** What the form before PyTorch 1.6 begins with, in a pickle of its own. */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;

/** Options of {@link readPyTorch}. */
export interface PyTorchOptions {
  /**
   * Which part of a checkpoint to read, by its keys with dots between, e.g. `"model"` of `{"model":
   * state_dict, "optimizer": ...}`; names then begin within it. Default: all, under whole names.
   */
  readonly select?: string;
}

/** Whether bytes begin as a file of `torch.save` from before 1.6 does. */
function isLegacyPyTorch(bytes: Uint8Array): boolean {
  // PROTO 2, LONG1 of 10 bytes: the magic number.
  const start = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
  return start.every((byte, k) => k === 1 || bytes[k] === byte);
}

/**
 * Reads the tensors of a file of `torch.save`: of a state dict, of a checkpoint with several, of a whole
 * module, and of TorchScript, in the zip form and in the one before PyTorch 1.6. Views are read as their
 * shapes, strides and offsets say.
 *
 * No code of the file is run: it is data for a machine that builds plain values, and calls of anything but
 * what makes tensors are refused by name.
 *
 * @returns tensors by the names of `state_dict()`; what is no tensor is left out
 * @throws UNROLL_FORMAT for damaged files, unknown calls, sparse and quantised tensors, and those of other
 *   element types
 */
export async function readPyTorch(source: FileSource, options: PyTorchOptions = {}): Promise<Tensors> {
  knownOptions("readPyTorch", options, ["select"]);
  const bytes = await bytesOf(source);
  const place = "pytorch file";
  const [root, storages] = isZip(bytes) ? zipped(bytes, place) : legacy(bytes, place);
  const { tensors, add } = namedTensors(place);
  const part = options.select === undefined ? root : selected(place, root, options.select);
  eachTensor(place, part, (name, view) => add(name, materialised(`${place} "${name}"`, view, storages)));
  return tensors;
}

/** Counts what tensors come to, which views could make without end out of a small storage. */
function counted(bytes: Uint8Array): Storages["charge"] {
  let left = Math.max(ALWAYS_ALLOWED, bytes.length * MOST_RATIO);
  return (place, size) => {
    if (size > left)
      refuse(
        place,
        `tensors of at most ${MOST_RATIO} times the file together`,
        "more, by views that repeat elements",
        "save them with .contiguous()",
      );
    left -= size;
  };
}

function zipped(bytes: Uint8Array, place: string): [PickledValue, Storages] {
  const zip = openZip(bytes, place);
  const pickles = zip.names.filter((name) => /(^|\/)data\.pkl$/.test(name));
  if (pickles.length !== 1)
    refuse(place, "one data.pkl in the zip file", `${pickles.length}`, "save it with torch.save");
  const folder = pickles[0]!.slice(0, -"data.pkl".length);
  const has = new Set(zip.names);
  const order = has.has(`${folder}byteorder`)
    ? new TextDecoder().decode(zip.read(`${folder}byteorder`)).trim()
    : "little";
  if (order !== "little" && order !== "big")
    refuse(place, "an order of bytes, little or big", `"${order}"`, DAMAGED);
  const read = new Map<string, Uint8Array>();
  const [root] = readPickle(zip.read(pickles[0]!), {
    place,
    call: (callee, args) => called(place, callee, args),
    persistent: (id) => storageOf(place, id)[0],
  });
  return [
    root,
    {
      bigEndian: order === "big",
      charge: counted(bytes),
      bytes(key) {
        const known = read.get(key) ?? zip.read(`${folder}data/${key}`);
        read.set(key, known);
        return known;
      },
    },
  ];
}

const isCount = (value: PickledValue | undefined): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

/** What a persistent id says: ("storage", class, key, device, elements, and in old files a view). */
function storageOf(place: string, id: PickledValue): [storage: Storage, elements: number] {
  const [kind, type, key, , elements, view] = Array.isArray(id) ? id : [];
  if (kind !== "storage" || typeof key !== "string" || !isCount(elements))
    return refuse(place, "storages as torch.save names them", nameOf(id), DAMAGED);
  if (view !== undefined && view !== null)
    refuse(place, "whole storages", "a view of one, as PyTorch 0.1 wrote", "save it again with a later one");
  return [new Storage(key, storageType(place, type!)), elements];
}

/** The form before PyTorch 1.6: five pickles one after the other, then the storages. */
function legacy(bytes: Uint8Array, place: string): [PickledValue, Storages] {
  if (!isLegacyPyTorch(bytes))
    refuse(
      place,
      "a zip file, or the first bytes of torch.save before PyTorch 1.6",
      "others",
      "save it with torch.save(model.state_dict(), path)",
    );
  const sizes = new Map<string, number>();
  const plain = { place, call: noCalls(place), persistent: noCalls(place) };
  const [magic, protocolAt] = readPickle(bytes, plain);
  const [protocol, systemAt] = readPickle(bytes, plain, protocolAt);
  const [system, rootAt] = readPickle(bytes, plain, systemAt);
  if (magic !== LEGACY_MAGIC || protocol !== LEGACY_PROTOCOL)
    refuse(place, `protocol ${LEGACY_PROTOCOL} of torch.save`, nameOf(protocol), DAMAGED);
  const [root, keysAt] = readPickle(
    bytes,
    {
      place,
      call: (callee, args) => called(place, callee, args),
      persistent(id) {
        // What stands beside a storage here is the source of a module's class, which is not looked at.
        if (Array.isArray(id) && id[0] === "module") return id[1] ?? null;
        const [storage, elements] = storageOf(place, id);
        if (storage.dtype === null) return refuse(place, "storages with a type", "one without", DAMAGED);
        sizes.set(storage.key, elements * elementTypes[storage.dtype].bytes);
        return storage;
      },
    },
    rootAt,
  );
  const [keys, dataAt] = readPickle(bytes, plain, keysAt);
  const contents = legacyStorages(bytes, place, keys, sizes, dataAt);
  const little = !(system instanceof Map) || system.get("little_endian") !== false;
  return [
    root,
    {
      bigEndian: !little,
      charge: counted(bytes),
      bytes: (key) => contents.get(key) ?? refuse(place, `storage "${key}"`, "none", DAMAGED),
    },
  ];
}

const noCalls =
  (place: string) =>
  (what: PickledValue): never =>
    refuse(
      place,
      "plain values around the state dict",
      what instanceof PickledGlobal ? what.path : nameOf(what),
      DAMAGED,
    );

/** Each storage: how many elements, in 64 bits, then the elements. */
function legacyStorages(
  bytes: Uint8Array,
  place: string,
  keys: PickledValue,
  sizes: ReadonlyMap<string, number>,
  start: number,
): ReadonlyMap<string, Uint8Array> {
  const contents = new Map<string, Uint8Array>();
  let at = start;
  for (const key of Array.isArray(keys) ? keys : []) {
    const size = typeof key === "string" ? sizes.get(key) : undefined;
    if (size === undefined || contents.has(key as string))
      return refuse(place, "each storage of the tensors once", nameOf(key), DAMAGED);
    if (!(at + 8 + size <= bytes.length))
      refuse(place, `${size} bytes of storage "${key as string}"`, `${bytes.length - at - 8}`, DAMAGED);
    contents.set(key as string, bytes.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return contents;
}
