import { readdirSync, readFileSync } from "node:fs";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { isUnrollError } from "@unroll/api";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readInitializers } from "../src/index.js";

const folder = new URL("../../../fixtures/onnx-attr/", import.meta.url);

/** An ONNX model with one initializer, written field by field. */
function modelWith(write: (w: BinaryWriter) => void): Uint8Array {
  const message = (w: BinaryWriter, field: number, inner: (w: BinaryWriter) => void): void => {
    w.tag(field, WireType.LengthDelimited).fork();
    inner(w);
    w.join();
  };
  const w = new BinaryWriter();
  message(w, 7, (graph) => {
    message(graph, 5, write);
  });
  return w.finish();
}

describe("readInitializers", () => {
  it("reads the weights of every recorded model", () => {
    const { cases } = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8")) as {
      cases: { name: string; initializers: Record<string, number[]> }[];
    };
    expect(cases.length).toBe(readdirSync(folder).filter((file) => file.endsWith(".onnx")).length);
    for (const { name, initializers } of cases) {
      const read = readInitializers(readFileSync(new URL(`${name}.onnx`, folder)));
      expect(Object.fromEntries(Object.entries(read).map(([key, { shape }]) => [key, shape]))).toMatchObject(
        initializers,
      );
      for (const { data } of Object.values(read)) expect(data.length).toBeGreaterThan(0);
    }
  });

  it("takes raw bytes, packed numbers and numbers one by one", () => {
    const values = new Float32Array([1.5, -2]);
    const raw = modelWith((w) =>
      w
        .tag(1, WireType.Varint)
        .int64(2)
        .tag(2, WireType.Varint)
        .int32(1)
        .tag(8, WireType.LengthDelimited)
        .string("raw")
        .tag(9, WireType.LengthDelimited)
        .bytes(new Uint8Array(values.buffer)),
    );
    expect(readInitializers(raw)).toEqual({ raw: { dtype: "F32", shape: [2], data: values } });
    const packed = modelWith((w) =>
      w
        .tag(1, WireType.LengthDelimited)
        .fork()
        .int64(1)
        .int64(2)
        .join()
        .tag(2, WireType.Varint)
        .int32(7)
        .tag(7, WireType.LengthDelimited)
        .fork()
        .int64(3)
        .int64(-4)
        .join(),
    );
    expect(readInitializers(packed)).toEqual({
      "": { dtype: "I64", shape: [1, 2], data: new BigInt64Array([3n, -4n]) },
    });
    const half = modelWith((w) =>
      w
        .tag(1, WireType.Varint)
        .int64(1)
        .tag(2, WireType.Varint)
        .int32(10)
        .tag(5, WireType.Varint)
        .int32(0x3c00),
    );
    expect(readInitializers(half)).toEqual({
      "": { dtype: "F16", shape: [1], data: new Uint16Array([0x3c00]) },
    });
    const single = modelWith((w) => w.tag(2, WireType.Varint).int32(1).tag(4, WireType.Bit32).float(0.25));
    expect(readInitializers(single)).toEqual({
      "": { dtype: "F32", shape: [], data: new Float32Array([0.25]) },
    });
  });

  it("names what it can't read", () => {
    expect(() => readInitializers(new TextEncoder().encode("not a model"))).toThrow(
      /onnx file: expected a ModelProto/,
    );
    const whole = readFileSync(new URL("00_lstm.onnx", folder));
    expect(() => readInitializers(whole.subarray(0, whole.length - 40))).toThrow(
      /onnx file: expected a ModelProto/,
    );
    expect(() =>
      readInitializers(
        modelWith((w) =>
          w.tag(1, WireType.Varint).int64(3).tag(2, WireType.Varint).int32(1).tag(4, WireType.Bit32).float(1),
        ),
      ),
    ).toThrow(/expected 3 elements for shape \[3\], got 1/);
    expect(() => readInitializers(modelWith((w) => w.tag(2, WireType.Varint).int32(8)))).toThrow(
      /got data type 8/,
    );
    expect(() =>
      readInitializers(
        modelWith((w) => w.tag(2, WireType.Varint).int32(1).tag(14, WireType.Varint).int32(1)),
      ),
    ).toThrow(/expected its data in the file/);
  });

  it("takes no name for a prototype, and none twice", () => {
    const named = (w: BinaryWriter): void => {
      w.tag(1, WireType.Varint).int64(1);
      w.tag(2, WireType.Varint).int32(1);
      w.tag(8, WireType.LengthDelimited).string("__proto__");
      w.tag(9, WireType.LengthDelimited).bytes(new Uint8Array(4));
    };
    const read = readInitializers(modelWith(named));
    expect(Object.keys(read)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    const one = modelWith(named);
    expect(() => readInitializers(new Uint8Array([...one, ...one]))).toThrow(
      'onnx initializer "__proto__": expected each name once, got two of it',
    );
  });

  it("holds sizes of axes to be sizes, though their product fits", () => {
    const negative = modelWith((w) => {
      for (const dim of [-1, -2]) w.tag(1, WireType.Varint).int64(dim);
      w.tag(2, WireType.Varint).int32(1);
      w.tag(8, WireType.LengthDelimited).string("w");
      w.tag(9, WireType.LengthDelimited).bytes(new Uint8Array(8));
    });
    expect(() => readInitializers(negative)).toThrow("expected sizes of axes in place of [-1, -2], got 2");
  });

  it("refuses files changed anywhere with an error of the library, or reads what still holds", () => {
    const file = new Uint8Array(readFileSync(new URL("00_lstm.onnx", folder)));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: file.length - 1 }), fc.nat({ max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.nat({ max: file.length }),
        (changes, end) => {
          const changed = file.slice(0, end % 3 === 0 ? end : file.length);
          for (const [at, byte] of changes) changed[at % changed.length] = byte;
          try {
            const read = readInitializers(changed);
            for (const { shape, data } of Object.values(read))
              expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
          } catch (error) {
            if (!isUnrollError(error)) throw error;
          }
        },
      ),
      { seed: 1, numRuns: Number(process.env["UNROLL_FUZZ"] ?? 300) },
    );
  });
});
