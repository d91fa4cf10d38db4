import { isUnrollError, unrollError } from "@unroll/api/adapter";
import type { AnyTensor } from "@unroll/api/weights";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

// Field and type numbers of onnx.proto: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
const MODEL_GRAPH = 7;
const GRAPH_INITIALIZER = 5;
const tensorField = {
  dims: 1,
  dataType: 2,
  floatData: 4,
  int32Data: 5,
  int64Data: 7,
  name: 8,
  rawData: 9,
  doubleData: 10,
  externalData: 13,
  dataLocation: 14,
} as const;
const types: Readonly<
  Record<number, readonly [dtype: AnyTensor["dtype"], array: new (buffer: ArrayBuffer) => AnyTensor["data"]]>
> = {
  1: ["F32", Float32Array],
  2: ["U8", Uint8Array],
  3: ["I8", Int8Array],
  4: ["U16", Uint16Array],
  5: ["I16", Int16Array],
  6: ["I32", Int32Array],
  7: ["I64", BigInt64Array],
  9: ["BOOL", Uint8Array],
  10: ["F16", Uint16Array],
  11: ["F64", Float64Array],
  16: ["BF16", Uint16Array],
};

/**
 * The initializers of an ONNX file by name: its weights, and what else is constant in it.
 *
 * @throws UNROLL_FORMAT for bytes that are no ONNX model, data in another file, or text and other elements
 *   that are no numbers
 */
export function readInitializers(bytes: Uint8Array): Record<string, AnyTensor> {
  // A file may call a tensor `__proto__`.
  const found = Object.create(null) as Record<string, AnyTensor>;
  try {
    messages(new BinaryReader(bytes), MODEL_GRAPH, (graph) =>
      messages(graph, GRAPH_INITIALIZER, (reader) => {
        const [name, initializer] = tensorOf(reader);
        if (Object.hasOwn(found, name))
          throw unrollError({
            code: "UNROLL_FORMAT",
            place: `onnx initializer "${name}"`,
            expected: "each name once",
            got: "two of it",
            cure: "export the model again",
            details: { name },
          });
        found[name] = initializer;
      }),
    );
  } catch (cause) {
    if (isUnrollError(cause)) throw cause;
    throw unrollError({
      code: "UNROLL_FORMAT",
      place: "onnx file",
      expected: "a ModelProto",
      got: `bytes that don't parse (${cause instanceof Error ? cause.message : String(cause)})`,
      cure: "export the model again",
      cause,
    });
  }
  return found;
}

/** Of a ModelProto each field's number, with how it is written. */
const modelFields: ReadonlyMap<number, WireType> = /* @__PURE__ */ new Map([
  [1, WireType.Varint],
  [5, WireType.Varint],
  ...[2, 3, 4, 6, MODEL_GRAPH, 8, 14, 20, 25, 26].map((field) => [field, WireType.LengthDelimited] as const),
]);

/** Whether bytes are fields that a ModelProto has, one after the other to the last byte. */
export function isModelProto(bytes: Uint8Array): boolean {
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const [field, wire] = reader.tag();
      if (modelFields.get(field) !== wire) return false;
      reader.skip(wire, field);
    }
    return true;
  } catch {
    return false;
  }
}

/** Calls back with every sub-message of one field and passes over the others. */
function messages(reader: BinaryReader, field: number, use: (inner: BinaryReader) => void): void {
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    if (number === field && wire === WireType.LengthDelimited) use(new BinaryReader(reader.bytes()));
    else reader.skip(wire, number);
  }
}

/**
 * A TensorProto: its name and what it holds.
 *
 * @throws UNROLL_FORMAT for data in another file, elements that are no numbers, and sizes that don't fit
 */
export function tensorOf(reader: BinaryReader): [name: string, initializer: AnyTensor] {
  const dims: number[] = [];
  const values: number[] = [];
  const wide: bigint[] = [];
  let [name, dataType, external] = ["", 0, false];
  let raw: Uint8Array | null = null;
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    // Numbers come packed, or one by one.
    const each = (read: (from: BinaryReader) => void): void => {
      if (wire !== WireType.LengthDelimited) return read(reader);
      const inner = new BinaryReader(reader.bytes());
      while (inner.pos < inner.len) read(inner);
    };
    switch (field) {
      case tensorField.dims:
        each((from) => dims.push(Number(from.int64())));
        break;
      case tensorField.dataType:
        dataType = reader.int32();
        break;
      case tensorField.floatData:
        each((from) => values.push(from.float()));
        break;
      case tensorField.doubleData:
        each((from) => values.push(from.double()));
        break;
      case tensorField.int32Data:
        each((from) => values.push(from.int32()));
        break;
      case tensorField.int64Data:
        each((from) => wide.push(BigInt(from.int64())));
        break;
      case tensorField.name:
        name = reader.string();
        break;
      case tensorField.rawData:
        raw = reader.bytes();
        break;
      case tensorField.dataLocation:
        external = reader.int32() === 1;
        break;
      default:
        reader.skip(wire, field);
    }
  }
  const place = `onnx initializer "${name}"`;
  if (external)
    throw unrollError({
      code: "UNROLL_FORMAT",
      place: place,
      expected: "its data in the file",
      got: "a reference to another one",
      cure: "save the model with save_as_external_data=False",
      details: { name },
    });
  const type = types[dataType];
  if (!type)
    throw unrollError({
      code: "UNROLL_FORMAT",
      place: place,
      expected: "numbers of up to 64 bits",
      got: `data type ${dataType} of onnx.proto`,
      cure: "export the model without it",
      details: { name, dataType },
    });
  const [dtype, array] = type;
  // A copy, as raw data may begin anywhere in the file; not by slice(), which Node's Buffer has as a view.
  const data = raw
    ? new array(new Uint8Array(raw).buffer)
    : wide.length > 0
      ? BigInt64Array.from(wide)
      : (array as unknown as { from(list: readonly number[]): AnyTensor["data"] }).from(values);
  const shape = `[${dims.join(", ")}]`;
  const size = dims.reduce((a, b) => (Number.isSafeInteger(b) && b >= 0 ? a * b : NaN), 1);
  if (data.length !== size)
    throw unrollError({
      code: "UNROLL_FORMAT",
      place: place,
      expected: `${size >= 0 ? `${size} elements for shape` : "sizes of axes in place of"} ${shape}`,
      got: `${data.length}`,
      cure: "the file is cut short or was written wrongly",
      details: { name },
    });
  return [name, { dtype, shape: dims, data } as AnyTensor];
}
