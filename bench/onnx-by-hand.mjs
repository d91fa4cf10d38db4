// Models in ONNX as someone would write them who drives onnxruntime by hand.
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { filled, sizeOf } from "./models.mjs";

const message = (writer, field, write) => {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
};
const text = (writer, field, value) => writer.tag(field, WireType.LengthDelimited).string(value);
const whole = (writer, field, value) => writer.tag(field, WireType.Varint).int64(value);

const weight = (writer, name, shape, data) =>
  message(writer, 5, (w) => {
    for (const dim of shape) whole(w, 1, dim);
    whole(w, 2, 1);
    text(w, 8, name);
    w.tag(9, WireType.LengthDelimited).bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  });
const value = (writer, field, name, shape) =>
  message(writer, field, (v) => {
    text(v, 1, name);
    message(v, 2, (t) =>
      message(t, 1, (tensor) => {
        whole(tensor, 1, 1);
        message(tensor, 2, (dims) =>
          shape.forEach((dim) =>
            message(dims, 1, (d) => (typeof dim === "string" ? text(d, 2, dim) : whole(d, 1, dim))),
          ),
        );
      }),
    );
  });
/** Attributes are whole numbers, or lists of them. */
const node = (writer, operator, inputs, outputs, attributes = {}) =>
  message(writer, 1, (n) => {
    for (const name of inputs) text(n, 1, name);
    for (const name of outputs) text(n, 2, name);
    text(n, 4, operator);
    for (const [name, given] of Object.entries(attributes))
      message(n, 5, (attribute) => {
        text(attribute, 1, name);
        const list = Array.isArray(given);
        for (const one of list ? given : [given]) whole(attribute, list ? 8 : 3, one);
        whole(attribute, 20, list ? 7 : 2);
      });
  });
const model = (write) => {
  const writer = new BinaryWriter();
  whole(writer, 1, 8);
  message(writer, 8, (opset) => whole(opset, 2, 17));
  message(writer, 7, (graph) => {
    text(graph, 2, "race");
    write(graph);
  });
  return writer.finish();
};

/**
 * One LSTM or GRU node; the GRU's reset acts after the product. Inputs X [T, B, inputSize], h0 and for an
 * LSTM c0 [1, B, units]; outputs Y [T, 1, B, units], hN, cN.
 */
export const recurrentNode = (kind, inputSize, units) =>
  model((graph) => {
    const gates = { LSTM: 4, GRU: 3 }[kind];
    const states = kind === "LSTM" ? ["h", "c"] : ["h"];
    const attributes = { hidden_size: units, ...(kind === "GRU" ? { linear_before_reset: 1 } : {}) };
    const [initial, final] = ["0", "N"].map((end) => states.map((part) => `${part}${end}`));
    node(graph, kind, ["X", "W", "R", "B", "", ...initial], ["Y", ...final], attributes);
    for (const [name, shape] of [
      ["W", [1, gates * units, inputSize]],
      ["R", [1, gates * units, units]],
      ["B", [1, 2 * gates * units]],
    ])
      weight(graph, name, shape, filled(sizeOf(shape)));
    value(graph, 11, "X", ["T", "B", inputSize]);
    for (const name of initial) value(graph, 11, name, [1, "B", units]);
    value(graph, 12, "Y", ["T", 1, "B", units]);
    for (const name of final) value(graph, 12, name, [1, "B", units]);
  });

/** Attention by a scaled product: queries [B, T, size], values [B, S, size], which are the keys too. */
export const attentionNodes = (size) =>
  model((graph) => {
    weight(graph, "scale", [1], Float32Array.of(1 / Math.sqrt(size)));
    node(graph, "Transpose", ["values"], ["keys"], { perm: [0, 2, 1] });
    node(graph, "Mul", ["queries", "scale"], ["scaled"]);
    node(graph, "MatMul", ["scaled", "keys"], ["fit"]);
    node(graph, "Softmax", ["fit"], ["shares"], { axis: -1 });
    node(graph, "MatMul", ["shares", "values"], ["y"]);
    value(graph, 11, "queries", ["B", "T", size]);
    value(graph, 11, "values", ["B", "S", size]);
    value(graph, 12, "y", ["B", "T", size]);
  });
