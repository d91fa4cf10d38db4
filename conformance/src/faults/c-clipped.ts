import { changeElements, fault } from "./break.js";

export const cClipped = fault(
  "c-clipped",
  "the cell state is clipped to -1 and 1",
  "cell_clip of TensorFlow 1, clip of ONNX",
  {
    results: changeElements(
      (value) => Math.max(-1, Math.min(1, value)),
      (name) => name.endsWith(".c"),
    ),
  },
);
