import type { StoredDType } from "@unroll/api/weights";
import type { Cursor } from "./bytes.js";

/** What the elements of a dataset or an attribute are: numbers, texts, or something else that has a name. */
export type Datatype =
  | {
      readonly kind: "number";
      readonly dtype: StoredDType;
      readonly size: number;
      readonly bigEndian: boolean;
    }
  | { readonly kind: "text"; readonly size: number }
  | { readonly kind: "textElsewhere"; readonly size: 16 }
  | { readonly kind: "other"; readonly size: number; readonly words: string };

const whole: Readonly<Record<number, readonly [StoredDType, StoredDType]>> = {
  1: ["U8", "I8"],
  2: ["U16", "I16"],
  4: ["U32", "I32"],
  8: ["U64", "I64"],
};
const classes = [
  "whole numbers",
  "floats",
  "times",
  "texts",
  "bits",
  "opaque bytes",
  "records",
  "references",
  "enumerations",
  "lists of any length",
  "arrays",
];

/** Reads a datatype message (HDF5 File Format Specification 3.0, IV.A.2.d). */
export function datatypeOf(cursor: Cursor): Datatype {
  const head = cursor.uint(1);
  const [kind, version] = [head & 0xf, head >> 4];
  const bits = cursor.uint(1) | (cursor.uint(1) << 8);
  cursor.uint(1);
  const size = cursor.uint(4);
  const bigEndian = (bits & 1) === 1;
  const other: Datatype = { kind: "other", size, words: `${classes[kind] ?? "unknown"} of ${size} bytes` };
  switch (kind) {
    case 0: {
      const [offset, precision] = cursor.uints(2, 2);
      const filled = offset === 0 && precision === 8 * size;
      const dtype = filled && Object.hasOwn(whole, size) ? whole[size]![(bits >> 3) & 1]! : null;
      return dtype === null ? other : { kind: "number", dtype, size, bigEndian };
    }
    case 1: {
      const [, precision] = cursor.uints(2, 2);
      const [, exponentSize, , mantissaSize] = cursor.uints(4, 1);
      const form = `${precision}:${exponentSize}:${mantissaSize}`;
      const dtype = floats.get(form);
      return dtype === undefined || (bits & 0x40) !== 0 ? other : { kind: "number", dtype, size, bigEndian };
    }
    case 3:
      return { kind: "text", size };
    case 8: {
      const base = datatypeOf(cursor);
      // h5py writes booleans so. Names are padded to a multiple of 8 before version 3.
      const names = version < 3 ? "FALSE\0\0\0TRUE\0\0\0\0" : "FALSE\0TRUE\0";
      const found = String.fromCharCode(...cursor.take(names.length));
      return base.size === 1 && bits === 2 && found === names
        ? { kind: "number", dtype: "BOOL", size: 1, bigEndian: false }
        : other;
    }
    case 9:
      return (bits & 0xf) === 1 && size === 16 ? { kind: "textElsewhere", size: 16 } : other;
    default:
      return other;
  }
}

/** IEEE floats and bfloat16 by their bits, those of the exponent and those of the mantissa. */
const floats: ReadonlyMap<string, StoredDType> = /* @__PURE__ */ new Map<string, StoredDType>([
  ["64:11:52", "F64"],
  ["32:8:23", "F32"],
  ["16:5:10", "F16"],
  ["16:8:7", "BF16"],
]);

/** Reads a dataspace message (IV.A.2.b): sizes of axes, [] for a single element, null for none at all. */
export function dataspaceOf(cursor: Cursor): readonly number[] | null {
  const version = cursor.version("a dataspace", [1, 2]);
  const rank = cursor.uint(1);
  cursor.uint(1);
  const type = cursor.uint(1);
  if (version === 1) cursor.uint(4);
  if (rank > 32) cursor.damaged("at most 32 axes", `${rank}`);
  return version === 2 && type === 2 ? null : cursor.uints(rank, 8);
}
