// A model of one ONNX LSTM node, as someone would write it who drives onnxruntime by hand.
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

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

/** Bytes of the model: inputs X [T, B, I], h0 and c0 [1, B, H]; outputs Y [T, 1, B, H], hN, cN. */
export function onnxLstm(inputSize, units, random) {
  const filled = (size) => Float32Array.from({ length: size }, random);
  const writer = new BinaryWriter();
  whole(writer, 1, 8);
  message(writer, 8, (opset) => whole(opset, 2, 17));
  message(writer, 7, (graph) => {
    message(graph, 1, (node) => {
      for (const name of ["X", "W", "R", "B", "", "h0", "c0"]) text(node, 1, name);
      for (const name of ["Y", "hN", "cN"]) text(node, 2, name);
      text(node, 4, "LSTM");
      message(node, 5, (attr) => {
        text(attr, 1, "hidden_size");
        whole(attr, 3, units);
        whole(attr, 20, 2);
      });
    });
    text(graph, 2, "lstm");
    weight(graph, "W", [1, 4 * units, inputSize], filled(4 * units * inputSize));
    weight(graph, "R", [1, 4 * units, units], filled(4 * units * units));
    weight(graph, "B", [1, 8 * units], filled(8 * units));
    value(graph, 11, "X", ["T", "B", inputSize]);
    value(graph, 11, "h0", [1, "B", units]);
    value(graph, 11, "c0", [1, "B", units]);
    value(graph, 12, "Y", ["T", 1, "B", units]);
    value(graph, 12, "hN", [1, "B", units]);
    value(graph, 12, "cN", [1, "B", units]);
  });
  return writer.finish();
}
