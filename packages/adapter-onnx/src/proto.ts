import type { Dim } from "@unroll/api/adapter";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

// Numbers of onnx.proto: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
const types = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;
const attribute = { float: 1, int: 2, string: 3, graph: 5, floats: 6, ints: 7, strings: 8 } as const;
const IR_VERSION = 8;
/**
 * The newest operator set whose recurrent operators onnxruntime's WebGPU kernels still match is 21; 17 is old
 * enough for every build in use.
 */
const OPSET = 17;

export type ElementType = keyof typeof types;

/** A graph's input or output. */
export interface ValueInfo {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly Dim[];
}

export interface Initializer {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Little-endian elements, row-major. */
  readonly bytes: Uint8Array;
}

/** An attribute, by the kind of its value. */
export type Attribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly string: string }
  | { readonly strings: readonly string[] }
  | { readonly graph: GraphProto };

export interface NodeProto {
  readonly op: string;
  /** An empty name leaves an optional operand out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface GraphProto {
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

const message = (w: BinaryWriter, field: number, write: (w: BinaryWriter) => void): void => {
  w.tag(field, WireType.LengthDelimited).fork();
  write(w);
  w.join();
};
const text = (w: BinaryWriter, field: number, value: string): void =>
  void w.tag(field, WireType.LengthDelimited).string(value);
const integer = (w: BinaryWriter, field: number, value: number): void =>
  void w.tag(field, WireType.Varint).int64(value);

/** The bytes of an ONNX file with this graph, and with what else is to be known of it. */
export function encodeModel(graph: GraphProto, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const w = new BinaryWriter();
  integer(w, 1, IR_VERSION);
  text(w, 2, "unroll");
  message(w, 7, (inner) => encodeGraph(inner, graph));
  message(w, 8, (inner) => {
    text(inner, 1, "");
    integer(inner, 2, OPSET);
  });
  for (const [key, value] of Object.entries(metadata))
    message(w, 14, (inner) => {
      text(inner, 1, key);
      text(inner, 2, value);
    });
  return w.finish();
}

function encodeGraph(w: BinaryWriter, graph: GraphProto): void {
  for (const node of graph.nodes) message(w, 1, (inner) => encodeNode(inner, node));
  text(w, 2, graph.name);
  for (const { name, type, shape, bytes } of graph.initializers) {
    message(w, 5, (inner) => {
      for (const dim of shape) integer(inner, 1, dim);
      integer(inner, 2, types[type]);
      text(inner, 8, name);
      inner.tag(9, WireType.LengthDelimited).bytes(bytes);
    });
  }
  for (const value of graph.inputs) message(w, 11, (inner) => encodeValue(inner, value));
  for (const value of graph.outputs) message(w, 12, (inner) => encodeValue(inner, value));
}

function encodeNode(w: BinaryWriter, { op, inputs, outputs, attributes }: NodeProto): void {
  for (const name of inputs) text(w, 1, name);
  for (const name of outputs) text(w, 2, name);
  text(w, 4, op);
  for (const [name, value] of Object.entries(attributes))
    message(w, 5, (inner) => encodeAttribute(inner, name, value));
}

function encodeAttribute(w: BinaryWriter, name: string, value: Attribute): void {
  text(w, 1, name);
  if ("float" in value) w.tag(2, WireType.Bit32).float(value.float);
  else if ("int" in value) integer(w, 3, value.int);
  else if ("string" in value) text(w, 4, value.string);
  else if ("graph" in value) message(w, 6, (inner) => encodeGraph(inner, value.graph));
  else if ("floats" in value) for (const one of value.floats) w.tag(7, WireType.Bit32).float(one);
  else if ("ints" in value) for (const one of value.ints) integer(w, 8, one);
  else for (const one of value.strings) text(w, 9, one);
  integer(w, 20, attribute[Object.keys(value)[0] as keyof typeof attribute]);
}

function encodeValue(w: BinaryWriter, { name, type, shape }: ValueInfo): void {
  text(w, 1, name);
  message(w, 2, (typeProto) =>
    message(typeProto, 1, (tensor) => {
      integer(tensor, 1, types[type]);
      message(tensor, 2, (dims) => {
        for (const dim of shape)
          message(dims, 1, (inner) =>
            typeof dim === "string" ? text(inner, 2, dim) : integer(inner, 1, dim),
          );
      });
    }),
  );
}
