import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isUnrollError } from "../contract/error.js";
import { tensor } from "../contract/tensor.js";
import { float32ToHalf, halfToFloat32 } from "./half.js";
import {
  type NamedTensor,
  roundingError,
  storedTypes,
  type StoredDType,
  toFloat32,
  toHalf,
} from "./named-tensor.js";
import { readSafetensors, writeSafetensors } from "./safetensors.js";

const fixtures = fileURLToPath(new URL("../../../../fixtures/", import.meta.url));
const bytesOf = (t: NamedTensor): number[] => [
  ...new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength),
];

function file(header: unknown, data: number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function message(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isUnrollError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "no error";
}

describe("safetensors", () => {
  it("reads recorded files and writes them back bit for bit, at any alignment", () => {
    const paths = ["torch", "keras-like"].flatMap((dir) =>
      readdirSync(fixtures + dir)
        .filter((name) => name.endsWith(".safetensors"))
        .map((name) => `${dir}/${name}`),
    );
    expect(paths.length).toBe(101);
    for (const path of [...paths, "models/charlm/charlm.safetensors"]) {
      const bytes = readFileSync(fixtures + path);
      const [buffer, array] = [bytes, new Uint8Array(bytes)].map((from) => readSafetensors(from).tensors);
      expect(Object.keys(buffer!)).toEqual(Object.keys(array!));
      for (const [name, { dtype, shape, data }] of Object.entries(buffer!)) {
        const other = array![name]!;
        expect([other.dtype, other.shape, other.data.constructor]).toEqual([dtype, shape, data.constructor]);
        // Element by element, `toEqual` would take seconds.
        expect(Buffer.compare(Buffer.from(bytesOf(buffer![name]!)), Buffer.from(bytesOf(other)))).toBe(0);
      }
      const shifted = new Uint8Array(bytes.length + 3);
      shifted.set(bytes, 3);
      const { tensors, metadata } = readSafetensors(shifted.subarray(3));
      const again = readSafetensors(writeSafetensors(tensors, metadata));
      expect(again.metadata).toEqual(metadata);
      expect(Object.keys(again.tensors).sort()).toEqual(Object.keys(tensors).sort());
      for (const [name, one] of Object.entries(tensors)) {
        expect(again.tensors[name]!.dtype).toBe(one.dtype);
        expect(again.tensors[name]!.shape).toEqual(one.shape);
        expect(Buffer.compare(Buffer.from(bytesOf(again.tensors[name]!)), Buffer.from(bytesOf(one)))).toBe(0);
      }
    }
  });

  it("keeps every type, odd sizes, scalars, empty tensors and awkward names", () => {
    const made: Record<string, NamedTensor> = {};
    for (const dtype of Object.keys(storedTypes) as StoredDType[]) {
      const raw = Uint8Array.from(
        { length: 3 * storedTypes[dtype].BYTES_PER_ELEMENT },
        (_, k) => (k * 37 + 250) & 255,
      );
      made[`t.${dtype}`] = {
        dtype,
        shape: [3],
        data: new storedTypes[dtype](raw.buffer as ArrayBuffer),
      } as NamedTensor;
    }
    made["scalar"] = { dtype: "F32", shape: [], data: Float32Array.of(-0) };
    made["empty"] = { dtype: "F32", shape: [0, 4], data: new Float32Array(0) };
    made["empty half"] = { dtype: "F16", shape: [2, 0], data: new Uint16Array(0) };
    Object.defineProperty(made, "__proto__", {
      value: { dtype: "U8", shape: [1], data: Uint8Array.of(7) },
      enumerable: true,
      configurable: true,
      writable: true,
    });
    const { tensors } = readSafetensors(writeSafetensors(made, { note: "grüße" }));
    expect(Object.keys(tensors).sort()).toEqual(Object.keys(made).sort());
    for (const [name, one] of Object.entries(made))
      expect(bytesOf(Object.getOwnPropertyDescriptor(tensors, name)!.value as NamedTensor)).toEqual(
        bytesOf(one),
      );
  });

  it.each([
    ["too short", new Uint8Array(5), "expected at least 8 bytes, got 5"],
    [
      "a long header",
      file({}, 0).fill(9, 0, 1),
      "expected a length of at most 2, what follows it, got 9 at offset 0",
    ],
    ["not JSON", file("{nope", 0), "expected JSON in bytes 8 to 13"],
    [
      "a bad type",
      file({ w: { dtype: "F99", shape: [1], data_offsets: [0, 4] } }, 4),
      'tensor "w": expected one of the types F64',
    ],
    [
      "a bad size",
      file({ w: { dtype: "F32", shape: [2], data_offsets: [0, 4] } }, 4),
      'tensor "w": expected 8 bytes for F32 [2], got 4 at offset 0',
    ],
    [
      "a bad shape",
      file({ w: { dtype: "F32", shape: [-1], data_offsets: [0, 4] } }, 4),
      'tensor "w": expected a shape of whole numbers, got [-1]',
    ],
    [
      "an overlap",
      file(
        {
          a: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
          b: { dtype: "F32", shape: [1], data_offsets: [2, 6] },
        },
        6,
      ),
      'tensor "b": expected data from offset 4, where the tensor before it ends, got 2, an overlap',
    ],
    [
      "a gap",
      file(
        {
          a: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
          b: { dtype: "F32", shape: [1], data_offsets: [8, 12] },
        },
        12,
      ),
      'tensor "b": expected data from offset 4, where the tensor before it ends, got 8, a gap',
    ],
    [
      "a cut file",
      file({ a: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }, 6),
      "data: expected 8 bytes, the sum of the tensors, got 6",
    ],
    ["bad metadata", file({ __metadata__: { a: 1 } }, 0), "__metadata__: expected an object of strings"],
  ])("refuses %s", (_, bytes, text) => {
    expect(message(() => readSafetensors(bytes))).toContain("UNROLL_FORMAT safetensors");
    expect(message(() => readSafetensors(bytes))).toContain(text);
  });
});

describe("half precision", () => {
  it("converts every 16-bit value to float32 and back unchanged", () => {
    for (const format of ["F16", "BF16"] as const) {
      const raw = Uint16Array.from({ length: 65536 }, (_, k) => k);
      const values = halfToFloat32(format, raw);
      const back = float32ToHalf(format, values);
      raw.forEach((half, k) => {
        if (Number.isNaN(values[k]))
          expect(Number.isNaN(halfToFloat32(format, back.subarray(k, k + 1))[0])).toBe(true);
        else if (back[k] !== half) throw new Error(`${format} ${half} came back as ${back[k]}`);
      });
    }
  });

  it("rounds to nearest, ties to even", () => {
    for (const [format, top] of [
      ["F16", 0x7bff],
      ["BF16", 0x7f7f],
    ] as const) {
      const all = halfToFloat32(
        format,
        Uint16Array.from({ length: top + 1 }, (_, k) => k),
      );
      for (let k = 0; k < top; k += 7) {
        const middle = (all[k]! + all[k + 1]!) / 2;
        const near = [Math.fround(middle * (1 - 2 ** -20)), middle, Math.fround(middle * (1 + 2 ** -20))];
        if (k > 64) expect([...float32ToHalf(format, near)]).toEqual([k, k % 2 === 0 ? k : k + 1, k + 1]);
      }
    }
    expect([...float32ToHalf("F16", [65519, 65520, -Infinity, 2 ** -25, 2 ** -24 * 1.5])]).toEqual([
      0x7bff, 0x7c00, 0xfc00, 0, 2,
    ]);
  });

  it("says what converting to float32 costs, and refuses integers", () => {
    const wide: NamedTensor = { dtype: "F64", shape: [2], data: Float64Array.of(1, 0.1) };
    expect(roundingError(wide)).toBe(Math.abs(0.1 - Math.fround(0.1)));
    expect(roundingError(tensor([0.1]))).toBe(0);
    expect([...toFloat32(toHalf(tensor([1.5, -2]), "F16")).data]).toEqual([1.5, -2]);
    expect(message(() => toFloat32({ dtype: "I64", shape: [1], data: BigInt64Array.of(1n) }))).toContain(
      "UNROLL_DTYPE toFloat32: expected floating values, got I64 [1]",
    );
  });
});

describe("writing a tensor that is not what it says", () => {
  it.each([
    [
      "float32 in doubles",
      { dtype: "float32", shape: [2], data: Float64Array.of(1, 2) },
      "Float32Array for F32",
    ],
    ["whole numbers as floats", { dtype: "F32", shape: [2], data: Int32Array.of(1, 2) }, "got Int32Array"],
    ["a dtype of no file", { dtype: "F8", shape: [1], data: Uint8Array.of(1) }, "a dtype among F64, F32"],
    [
      "too few values",
      { dtype: "F32", shape: [3], data: Float32Array.of(1) },
      "3 values for shape [3], got 1",
    ],
    ["a size below zero", { dtype: "F32", shape: [-1], data: Float32Array.of(1) }, "got [-1]"],
  ])("refuses %s", (_, made, text) => {
    expect(() => writeSafetensors({ a: made as never })).toThrow(text);
    expect(() => writeSafetensors({ a: made as never })).toThrow('tensor "a"');
  });
});
