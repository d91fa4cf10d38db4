import { readFileSync, writeFileSync } from "node:fs";
import { tensor } from "@unroll/api";
import type { AnyTensor, NamedTensor, StoredDType } from "@unroll/api/weights";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Hdf5Object, openHdf5 } from "../src/hdf5/file.js";
import { type WrittenDataset, type WrittenGroup, writeHdf5 } from "../src/hdf5/write.js";
import { elementTypes } from "../src/tensors.js";

const dtypes = ["F64", "F32", "F16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8"] as const;
const stored = (dtype: StoredDType, shape: number[], bytes: Uint8Array): NamedTensor =>
  ({ dtype, shape, data: new elementTypes[dtype].array(bytes.slice().buffer) }) as NamedTensor;
const group = (
  members: Readonly<Record<string, WrittenGroup | WrittenDataset>>,
  attributes: Readonly<Record<string, string | readonly string[]>> = {},
): WrittenGroup => ({
  members: new Map(Object.entries(members)),
  attributes: new Map(Object.entries(attributes)),
});
const at = (root: Hdf5Object, ...path: string[]): Hdf5Object =>
  path.reduce((one, name) => one.members!.get(name)!, root);

/** What NumPy calls them. */
const types = {
  F64: "<f8",
  F32: "<f4",
  F16: "<f2",
  I64: "<i8",
  I32: "<i4",
  I16: "<i2",
  I8: "|i1",
  U64: "<u8",
  U32: "<u4",
  U16: "<u2",
  U8: "|u1",
} as const;

/** Small numbers of a type, in any of which they are whole. */
const ofType = (dtype: (typeof dtypes)[number]): NamedTensor => {
  const count = elementTypes[dtype].bytes;
  if (dtype === "F64") return { dtype, shape: [2, 1], data: Float64Array.of(1.5, -2e300) };
  if (dtype === "F32") return { dtype, shape: [2, 1], data: Float32Array.of(1.5, -(2 ** -149)) };
  if (dtype === "F16") return { dtype, shape: [2, 1], data: Uint16Array.of(0x3c00, 0xc000) };
  // All ones is the least negative, or the greatest.
  return stored(
    dtype,
    [2, 1],
    Uint8Array.from({ length: 2 * count }, (_, k) => (k < count ? 255 : +(k === count))),
  );
};

const numbers = group(
  {
    types: group(Object.fromEntries(dtypes.map((dtype) => [dtype, { tensor: ofType(dtype) }])), {
      names: ["a", "ö", "", "日本"],
      none: [],
      empty: "",
    }),
    scalar: { tensor: tensor(3, []), attributes: new Map([["unit", "m/s"]]) },
    "no rows": { tensor: tensor(new Float32Array(0), [0, 3]) },
    nothing: group({}),
  },
  { version: "3.15.1", long: "so ".repeat(2000) },
);
const file = new URL("../../../fixtures/keras-written/numbers.h5", import.meta.url);

/** A group of groups and of numbers under names that HDF5 has. */
const name = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .filter((own) => !/^\.$|[/\0]/.test(own));
const words = fc.string({ unit: "grapheme", maxLength: 20 }).filter((own) => !own.includes("\0"));
const attributes = fc
  .dictionary(fc.stringMatching(/^[a-z_]{1,9}$/), fc.oneof(words, fc.array(words, { maxLength: 4 })), {
    maxKeys: 3,
  })
  .map((own) => new Map(Object.entries(own)));
const dataset = fc
  .tuple(fc.constantFrom(...dtypes), fc.array(fc.nat(3), { maxLength: 4 }))
  .chain(([dtype, shape]) => {
    const length = shape.reduce((a, b) => a * b, elementTypes[dtype].bytes);
    return fc.record({
      tensor: fc
        .uint8Array({ minLength: length, maxLength: length })
        .map((bytes): AnyTensor => stored(dtype, shape, bytes)),
      attributes,
    });
  });
const { tree } = fc.letrec<{ tree: WrittenGroup }>((tie) => ({
  tree: fc.record({
    members: fc
      .array(fc.tuple(name, fc.oneof({ maxDepth: 3 }, dataset, tie("tree") as fc.Arbitrary<WrittenGroup>)), {
        maxLength: 5,
      })
      .map((all) => new Map(all)),
    attributes,
  }),
}));

function same(read: Hdf5Object, written: WrittenGroup | WrittenDataset): void {
  for (const [key, value] of written.attributes ?? []) expect(read.texts(key)).toEqual([value].flat());
  if (!("members" in written)) {
    const { dtype, shape, data } = read.read();
    const bytes = (own: NamedTensor["data"]): Uint8Array =>
      new Uint8Array(own.buffer, own.byteOffset, own.byteLength);
    expect([dtype, shape]).toEqual([written.tensor.dtype, written.tensor.shape]);
    expect(bytes(data)).toEqual(bytes(written.tensor.data));
    return;
  }
  expect([...read.members!.keys()]).toEqual([...written.members.keys()]);
  for (const [key, member] of written.members) same(read.members!.get(key)!, member);
}

describe("writeHdf5", () => {
  it("is read back to the bit, whatever groups, numbers and texts it is given", () => {
    fc.assert(
      fc.property(tree, (root) => same(openHdf5(writeHdf5(root), "file"), root)),
      { seed: 16, numRuns: Number(process.env["UNROLL_RUNS"] ?? 100) },
    );
  });

  it("writes the file in which h5py found what was given", () => {
    const bytes = writeHdf5(numbers);
    if (process.env["UNROLL_WRITTEN"] === "write") writeFileSync(file, bytes);
    expect(Buffer.compare(bytes, readFileSync(file))).toBe(0);
    const { objects } = JSON.parse(readFileSync(new URL("numbers.json", file), "utf8")) as {
      objects: Record<
        string,
        { attributes: Record<string, string | string[]>; dtype?: string; shape?: number[]; data?: number[] }
      >;
    };
    const root = openHdf5(bytes, "file");
    expect(Object.keys(objects)).toHaveLength(5 + dtypes.length);
    for (const [path, there] of Object.entries(objects)) {
      const one = path === "" ? root : at(root, ...path.split("/"));
      for (const [key, value] of Object.entries(there.attributes))
        expect(one.texts(key)).toEqual([value].flat());
      if (there.dtype === undefined) continue;
      const { shape, data, dtype } = one.read();
      expect(shape).toEqual(there.shape);
      expect(there.dtype).toBe(types[dtype as keyof typeof types]);
      if (dtype !== "F16") expect(Array.from(data as ArrayLike<number | bigint>, Number)).toEqual(there.data);
      else expect(there.data).toEqual([1, -2]);
    }
    expect(objects["types"]!.attributes["names"]).toEqual(["a", "ö", "", "日本"]);
  });

  const x = { tensor: tensor([1]) };
  it.each([
    [
      "a name with a slash",
      group({ "a/b": x }),
      'hdf5 file: expected members with names of their own, without a slash, got "a/b"',
    ],
    ["no name", group({ g: group({ "": x }) }), 'hdf5 file "g": expected members with names'],
    [
      "a type that HDF5 has not",
      group({ x: { tensor: { dtype: "BF16", shape: [1], data: new Uint16Array(1) } } }),
      'hdf5 file "x": expected an element type that HDF5 has, got BF16; widen',
    ],
    [
      "data that do not fill their shape",
      group({ x: { tensor: { ...tensor([1]), shape: [2] } } }),
      "expected data that fill [2], got 1 elements",
    ],
    [
      "too many members",
      group(Object.fromEntries(Array.from({ length: 4095 }, (_, k) => [`${k}`, x]))),
      "at most 4096 members and attributes of one object, got 4097",
    ],
    [
      "too many texts of one list",
      group({}, { names: new Array<string>(5000).fill("a") }),
      'texts in one list, got 5000 in "names"',
    ],
    [
      "too many texts",
      group(
        {},
        Object.fromEntries(
          Array.from({ length: 20 }, (_, k) => [`n${k}`, new Array<string>(4000).fill("a")]),
        ),
      ),
      "expected at most 65535 texts, got 80000",
    ],
    ["a name that is too long", group({ ["a".repeat(70000)]: x }), "expected names of at most 65535 bytes"],
    ["an attribute with a 0 in its name", group({}, { "a\0": "b" }), "names of attributes"],
  ])("refuses %s", (_what, root, text) => {
    expect(() => writeHdf5(root)).toThrow(text);
  });
});
