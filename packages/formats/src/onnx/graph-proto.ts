import { isUnrollError } from "@unroll/api/adapter";
import type { AnyTensor } from "@unroll/api/weights";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { tensorOf } from "../onnx-initializers.js";
import { DAMAGED, refuse } from "../refuse.js";

/** An attribute of a node, by the kind of its value. */
export type OnnxAttribute =
  | { readonly kind: "float" | "int"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "floats" | "ints"; readonly value: readonly number[] }
  | { readonly kind: "strings"; readonly value: readonly string[] }
  | { readonly kind: "tensor"; readonly value: AnyTensor }
  | { readonly kind: "graph"; readonly value: GraphProto }
  | { readonly kind: "other"; readonly value: null };

/** One use of an operator. */
export interface NodeProto {
  /** Its own name, or that of its first output, for errors. */
  readonly name: string;
  readonly op: string;
  /** The operator set that has the operator; "" for ONNX's own. */
  readonly domain: string;
  /** Names of values; "" leaves an optional one out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

/** An input or output of a graph. */
export interface ValueProto {
  readonly name: string;
  /** Number of its element type in onnx.proto; 0 where it is no tensor, or not said. */
  readonly type: number;
  /** Sizes and names of axes, null where neither is said; null where the number of axes is not known. */
  readonly shape: readonly (number | string | null)[] | null;
}

/** A graph, or the body of Scan, Loop or If. */
export interface GraphProto {
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  readonly initializers: ReadonlyMap<string, AnyTensor>;
  readonly inputs: readonly ValueProto[];
  readonly outputs: readonly ValueProto[];
}

/** An ONNX file. */
export interface ModelProto {
  readonly graph: GraphProto;
  /** Version of ONNX's operator set. */
  readonly opset: number;
  /** Names of operators that the file defines itself. */
  readonly functions: readonly string[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** Graphs within graphs at most. */
const DEEPEST = 16;
/** Nodes of a file at most. */
const NODES = 2 ** 16;
/** A name in a file at most. */
const LONGEST_NAME = 1000;

/** Calls back with each field; what it does not read is passed over. */
function fields(reader: BinaryReader, read: (field: number, wire: WireType) => boolean): void {
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (!read(field, wire)) reader.skip(wire, field);
  }
}

const inner = (reader: BinaryReader): BinaryReader => new BinaryReader(reader.bytes());

/** Numbers come packed, or one by one. */
function numbers(reader: BinaryReader, wire: WireType, read: (from: BinaryReader) => void): void {
  if (wire !== WireType.LengthDelimited) return read(reader);
  const packed = inner(reader);
  while (packed.pos < packed.len) read(packed);
}

const int = (reader: BinaryReader): number => Number(reader.int64());

/** Attribute kinds by their number in AttributeProto.type. */
const kinds: Readonly<Record<number, OnnxAttribute["kind"]>> = {
  1: "float",
  2: "int",
  3: "string",
  4: "tensor",
  5: "graph",
  6: "floats",
  7: "ints",
  8: "strings",
};

/** Reads one file's graphs; how many nodes there are is counted over all of them. */
class Reading {
  #nodes = 0;

  graph(reader: BinaryReader, depth: number): GraphProto {
    if (depth > DEEPEST)
      refuse("onnx file", `graphs within graphs up to ${DEEPEST} deep`, "deeper ones", DAMAGED);
    let name = "";
    const nodes: NodeProto[] = [];
    const initializers = new Map<string, AnyTensor>();
    const inputs: ValueProto[] = [];
    const outputs: ValueProto[] = [];
    fields(reader, (field) => {
      if (field === 1) nodes.push(this.#node(inner(reader), depth));
      else if (field === 2) name = reader.string();
      else if (field === 5) {
        const [initializer, tensor] = tensorOf(inner(reader));
        if (initializers.has(initializer))
          refuse(
            `onnx initializer "${initializer}"`,
            "each name once",
            "two of it",
            "export the model again",
          );
        initializers.set(initializer, tensor);
      } else if (field === 11) inputs.push(valueOf(inner(reader)));
      else if (field === 12) outputs.push(valueOf(inner(reader)));
      else if (field === 15)
        refuse("onnx file", "dense initializers", "a sparse one", "export the model without sparse tensors");
      else return false;
      return true;
    });
    return { name, nodes, initializers, inputs, outputs };
  }

  #node(reader: BinaryReader, depth: number): NodeProto {
    if (++this.#nodes > NODES)
      refuse("onnx file", `at most ${NODES} nodes`, "more", "part the model in several");
    let [name, op, domain] = ["", "", ""];
    const inputs: string[] = [];
    const outputs: string[] = [];
    const attributes = new Map<string, OnnxAttribute>();
    fields(reader, (field) => {
      if (field === 1) inputs.push(nameIn(reader));
      else if (field === 2) outputs.push(nameIn(reader));
      else if (field === 3) name = nameIn(reader);
      else if (field === 4) op = nameIn(reader);
      else if (field === 5) {
        const [attribute, value] = this.#attribute(inner(reader), depth);
        if (attributes.has(attribute))
          refuse(`onnx node "${name}"`, "each attribute once", `two of ${attribute}`, DAMAGED);
        attributes.set(attribute, value);
      } else if (field === 7) domain = nameIn(reader);
      else return false;
      return true;
    });
    const own = name || (outputs.find((output) => output !== "") ?? op);
    return { name: own, op, domain: domain === "ai.onnx" ? "" : domain, inputs, outputs, attributes };
  }

  #attribute(reader: BinaryReader, depth: number): [name: string, attribute: OnnxAttribute] {
    let [name, type, float, whole, text] = ["", 0, 0, 0, ""];
    let tensor: AnyTensor | null = null;
    let graph: GraphProto | null = null;
    const [floats, ints, strings]: [number[], number[], string[]] = [[], [], []];
    fields(reader, (field, wire) => {
      if (field === 1) name = nameIn(reader);
      else if (field === 2) float = reader.float();
      else if (field === 3) whole = int(reader);
      else if (field === 4) text = reader.string();
      else if (field === 5) [, tensor] = tensorOf(inner(reader));
      else if (field === 6) graph = this.graph(inner(reader), depth + 1);
      else if (field === 7) numbers(reader, wire, (from) => floats.push(from.float()));
      else if (field === 8) numbers(reader, wire, (from) => ints.push(int(from)));
      else if (field === 9) strings.push(reader.string());
      else if (field === 20) type = reader.int32();
      else return false;
      return true;
    });
    const kind = Object.hasOwn(kinds, type) ? kinds[type]! : "other";
    const values = { float, int: whole, string: text, tensor, graph, floats, ints, strings, other: null };
    const value = values[kind];
    // Of these two there is no value to stand for one that is missing.
    if ((kind === "tensor" || kind === "graph") && value === null)
      refuse(`onnx attribute "${name}"`, `a ${kind}`, "none", DAMAGED);
    return [name, { kind, value } as OnnxAttribute];
  }
}

function nameIn(reader: BinaryReader): string {
  const name = reader.string();
  if (name.length > LONGEST_NAME)
    refuse("onnx file", `names of at most ${LONGEST_NAME} letters`, name, DAMAGED);
  return name;
}

function valueOf(reader: BinaryReader): ValueProto {
  let [name, type] = ["", 0];
  let shape: (number | string | null)[] | null = null;
  const dimOf = (from: BinaryReader): void => {
    let dim: number | string | null = null;
    fields(from, (field) => {
      if (field === 1) dim = int(from);
      else if (field === 2) dim = nameIn(from) || null;
      else return false;
      return true;
    });
    shape!.push(dim);
  };
  const tensorType = (from: BinaryReader): void =>
    fields(from, (field) => {
      if (field === 1) type = from.int32();
      else if (field === 2) {
        shape = [];
        const dims = inner(from);
        fields(dims, (dim) => dim === 1 && (dimOf(inner(dims)), true));
      } else return false;
      return true;
    });
  fields(reader, (field) => {
    if (field === 1) name = nameIn(reader);
    else if (field === 2) {
      const typeProto = inner(reader);
      fields(typeProto, (of) => of === 1 && (tensorType(inner(typeProto)), true));
    } else return false;
    return true;
  });
  return { name, type, shape };
}

/**
 * Takes an ONNX file apart. What the operators in it are is for its reader.
 *
 * @throws UNROLL_FORMAT for bytes that are no ONNX model, for data in another file, and for more nodes,
 *   graphs within graphs and letters than any model has
 */
export function readModelProto(bytes: Uint8Array): ModelProto {
  const reading = new Reading();
  let graph: GraphProto | null = null;
  let opset = 0;
  const functions: string[] = [];
  const metadata = new Map<string, string>();
  try {
    const reader = new BinaryReader(bytes);
    fields(reader, (field, wire) => {
      if (wire !== WireType.LengthDelimited) return false;
      if (field === 7) graph = reading.graph(inner(reader), 0);
      else if (field === 8) {
        const set = inner(reader);
        let [domain, version] = ["", 0];
        fields(set, (of) => {
          if (of === 1) domain = set.string();
          else if (of === 2) version = int(set);
          else return false;
          return true;
        });
        if (domain === "" || domain === "ai.onnx") opset = version;
      } else if (field === 14) {
        const entry = inner(reader);
        let [key, value] = ["", ""];
        fields(entry, (of) => {
          if (of === 1) key = entry.string();
          else if (of === 2) value = entry.string();
          else return false;
          return true;
        });
        metadata.set(key, value);
      } else if (field === 25) {
        const own = inner(reader);
        let name = "";
        fields(own, (of) => of === 1 && ((name = own.string()), true));
        functions.push(name);
      } else return false;
      return true;
    });
  } catch (cause) {
    if (isUnrollError(cause)) throw cause;
    refuse(
      "onnx file",
      "a ModelProto",
      `bytes that don't parse (${cause instanceof Error ? cause.message : String(cause)})`,
      "export the model again",
      cause,
    );
  }
  if (graph === null) return refuse("onnx file", "a graph", "none", DAMAGED);
  return { graph, opset, functions, metadata };
}
