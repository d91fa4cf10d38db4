import { tensor } from "@unroll/api";
import { type NamedTensor, type StoredDType, toHalf } from "@unroll/api/weights";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readNpz, writeNpz } from "../src/index.js";
import { elementTypes } from "../src/tensors.js";

const anyTensor: fc.Arbitrary<NamedTensor> = fc
  .tuple(
    fc.constantFrom<StoredDType>("F64", "F32", "F16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8"),
    fc.array(fc.nat(3), { maxLength: 4 }),
  )
  .chain(([dtype, shape]) => {
    const { bytes, array } = elementTypes[dtype];
    const length = shape.reduce((a, b) => a * b, bytes);
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((own) => ({ dtype, shape, data: new array(own.slice().buffer) }) as NamedTensor);
  });

describe("writeNpz", () => {
  it("is read back to the bit, whatever names and tensors it is given", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string({ maxLength: 9 }), anyTensor, { maxKeys: 5 }),
        async (given) => {
          const inside = Object.keys(given).every((name) => !/^[/\\]|^[A-Za-z]:|\.\.|\0/.test(name));
          fc.pre(inside && Object.keys(given).length > 0);
          const read = await readNpz(writeNpz(given));
          expect(Object.keys(read).sort()).toEqual(Object.keys(given).sort());
          for (const [name, { dtype, shape, data }] of Object.entries(given)) {
            expect([read[name]!.dtype, read[name]!.shape]).toEqual([dtype, shape]);
            const bytes = (one: NamedTensor["data"]): Uint8Array =>
              new Uint8Array(one.buffer, one.byteOffset, one.byteLength);
            expect(bytes(read[name]!.data)).toEqual(bytes(data));
          }
        },
      ),
      { numRuns: 100, seed: 16 },
    );
  });

  it("takes tensors of a program, and says what NumPy does not have", async () => {
    const host = { x: tensor([[1, 2]]), flags: tensor([true, false], undefined, "bool") };
    const read = await readNpz(writeNpz(host));
    expect(read["x"]).toEqual({ dtype: "F32", shape: [1, 2], data: new Float32Array([1, 2]) });
    expect(read["flags"]).toEqual({ dtype: "BOOL", shape: [2], data: new Uint8Array([1, 0]) });
    expect(() => writeNpz({ half: toHalf(host.x, "BF16") })).toThrow(
      'npz file "half": expected an element type that NumPy has, got BF16; widen it with toFloat32 first',
    );
    expect(() => writeNpz({ x: { ...host.x, shape: [3] } })).toThrow("expected data that fill [3], got 2");
    const bits = { dtype: "F32", shape: [2], data: new Int32Array(2) };
    expect(() => writeNpz({ bits } as never)).toThrow("expected F32 data in a Float32Array, got Int32Array");
    expect(() => writeNpz({ x: { dtype: "F32", shape: [2], data: [1, 2] } } as never)).toThrow("got Array");
    expect(() => writeNpz({ x: { dtype: "F32", data: new Float32Array(1) } } as never)).toThrow(
      "expected a shape, got undefined",
    );
    expect(() => writeNpz({ x: { ...bits, dtype: "__proto__" } } as never)).toThrow(
      "that NumPy has, got __p",
    );
  });
});
