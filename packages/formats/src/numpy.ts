import type { NamedTensor, StoredDType } from "@unroll/api/weights";
import { DAMAGED, refuse } from "./refuse.js";
import { bytesOf, type FileSource } from "./source.js";
import { elementCount, elementTypes, namedTensors, tensorOf, type Tensors } from "./tensors.js";
import { openZip } from "./zip.js";

// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Bytes of a header at most; NumPy itself trusts none of more than 10,000. */
const MOST_HEADER = 10_000;

const dtypes: Readonly<Record<string, StoredDType>> = {
  f8: "F64",
  f4: "F32",
  f2: "F16",
  i8: "I64",
  i4: "I32",
  i2: "I16",
  i1: "I8",
  u8: "U64",
  u4: "U32",
  u2: "U16",
  u1: "U8",
  b1: "BOOL",
};

/** Whether bytes begin as a `.npy` file does. */
const isNpy = (bytes: Uint8Array): boolean => MAGIC.every((byte, k) => bytes[k] === byte);

/**
 * Reads one array that NumPy saved: `numpy.save("x.npy", array)`. Both orders of bytes and of axes (C and
 * Fortran) come out row-major in the machine's order.
 *
 * @throws UNROLL_FORMAT for damaged files and for arrays of objects, texts, records and complex numbers
 */
export async function readNpy(source: FileSource): Promise<NamedTensor> {
  return arrayOf(await bytesOf(source), "npy file");
}

/**
 * Reads the arrays of `numpy.savez("x.npz", name=array, ...)` by name; compressed ones too.
 *
 * @throws UNROLL_FORMAT as {@link readNpy}, naming the array, and for damaged zip files
 */
export async function readNpz(source: FileSource): Promise<Tensors> {
  const zip = openZip(await bytesOf(source), "npz file");
  const { tensors, add } = namedTensors("npz file");
  for (const name of zip.names) {
    if (!name.endsWith(".npy"))
      refuse("npz file", "arrays in files NAME.npy", `"${name}"`, "save it with numpy.savez");
    const array = name.slice(0, -".npy".length);
    add(array, arrayOf(zip.read(name), `npz file "${array}"`));
  }
  return tensors;
}

function arrayOf(bytes: Uint8Array, place: string): NamedTensor {
  if (!isNpy(bytes)) refuse(place, "the first bytes of a .npy file", "others", "save it with numpy.save");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3)
    refuse(place, "a .npy file of version 1, 2 or 3", `${version}`, "save it with numpy.save");
  const wide = version >= 2;
  const start = wide ? 12 : 10;
  const length = bytes.length < start ? NaN : wide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (!(length <= MOST_HEADER && start + length <= bytes.length))
    refuse(place, `a header of at most ${MOST_HEADER} bytes within the file`, `${length}`, DAMAGED);
  const text = new TextDecoder().decode(bytes.subarray(start, start + length));
  const { dtype, bigEndian, fortran, shape } = headerOf(text, place);
  const tensor = tensorOf(place, dtype, shape, bytes.subarray(start + length), bigEndian);
  return fortran && shape.length > 1 ? rowMajor(tensor) : tensor;
}

interface Header {
  readonly dtype: StoredDType;
  readonly bigEndian: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
}

/** The header, a dictionary in Python's words, which is read by its form and not evaluated. */
function headerOf(text: string, place: string): Header {
  const descr = /'descr': *'([<>|=]?)([a-zA-Z])(\d*)'/.exec(text);
  const order = /'fortran_order': *(True|False)/.exec(text);
  const axes = /'shape': *\(([\d, L]*)\)/.exec(text);
  if (!descr && /'descr': *\[/.test(text))
    refuse(place, "an array of numbers", "one of records", "save each field as an array of its own");
  if (!descr || !order || !axes)
    return refuse(place, "a header with descr, fortran_order and shape", `"${text.trim()}"`, DAMAGED);
  const [, endian, kind, size] = descr;
  if (kind === "O")
    refuse(
      place,
      "an array of numbers",
      "one of Python objects, which only Python can read, and only by running what the file says",
      "save arrays of numbers: numpy.savez(path, **{name: numpy.asarray(one) for name, one in ...})",
    );
  const dtype = Object.hasOwn(dtypes, `${kind}${size}`) ? dtypes[`${kind}${size}`] : undefined;
  if (dtype === undefined)
    return refuse(
      place,
      `an element type among ${Object.keys(dtypes).join(", ")}`,
      `${kind}${size}`,
      'convert it: array.astype("float32")',
    );
  // Python 2 wrote an L after a long number, and every Python writes a comma after a single one.
  const parts = axes[1]!.split(",").map((part) => part.trim().replace(/L$/, ""));
  const sizes = parts.filter((part, k) => part !== "" || k < parts.length - 1);
  if (sizes.some((part) => !/^\d{1,10}$/.test(part)))
    refuse(place, "a shape of whole numbers", `(${axes[1]})`, DAMAGED);
  return { dtype, bigEndian: endian === ">", fortran: order[1] === "True", shape: sizes.map(Number) };
}

/** A tensor whose elements lie with the first axis fastest, with the last one fastest. */
function rowMajor({ dtype, shape, data }: NamedTensor): NamedTensor {
  const { array, bytes } = elementTypes[dtype];
  const count = elementCount("npy file", shape);
  const own = new array(new ArrayBuffer(count * bytes));
  const steps = shape.map((_, axis) => shape.slice(0, axis).reduce((a, b) => a * b, 1));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < count; to++) {
    own[to] = data[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= steps[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return { dtype, shape, data: own } as NamedTensor;
}
