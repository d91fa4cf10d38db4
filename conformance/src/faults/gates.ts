import { fault, type Fault } from "./planting/fault.js";
import { changeAttrs } from "./planting/programs.js";
import { changeRecurrent, swapGates } from "./planting/weights.js";

/** Gates taken for one another, or used the other way. */
export const gates: readonly Fault[] = [
  fault(
    "lstm-gates-i-f",
    "gates i and f of an LSTM are exchanged",
    "Keras i f c o read as f i c o",
    swapGates("lstm", "ifgo", 0, 1),
  ),
  fault(
    "lstm-gates-i-g",
    "gates i and g of an LSTM are exchanged",
    "a weight file read with gates i and g exchanged",
    swapGates("lstm", "ifgo", 0, 2),
  ),
  fault(
    "lstm-gates-i-o",
    "gates i and o of an LSTM are exchanged",
    "an importer that takes i o f c of ONNX for i f c o",
    swapGates("lstm", "ifgo", 0, 3),
  ),
  fault(
    "lstm-gates-f-g",
    "gates f and g of an LSTM are exchanged",
    "CNTK and MIOpen order i f o c, ROCm builds of TensorFlow",
    swapGates("lstm", "ifgo", 1, 2),
  ),
  fault(
    "lstm-gates-f-o",
    "gates f and o of an LSTM are exchanged",
    "ONNX orders i o f c",
    swapGates("lstm", "ifgo", 1, 3),
  ),
  fault(
    "lstm-gates-g-o",
    "gates g and o of an LSTM are exchanged",
    "MIOpen wants i f o c where cuDNN has i f c o",
    swapGates("lstm", "ifgo", 2, 3),
  ),
  fault(
    "gru-gates-z-r",
    "gates z and r of a GRU are exchanged",
    "torch orders r z n, Keras z r h; cuDNN in TensorFlow swaps z and r",
    swapGates("gru", "zrn", 0, 1),
  ),
  fault(
    "gru-gates-z-n",
    "gates z and n of a GRU are exchanged",
    "an importer that reads the candidate first",
    swapGates("gru", "zrn", 0, 2),
  ),
  fault(
    "gru-gates-r-n",
    "gates r and n of a GRU are exchanged",
    "an importer that reads z n r",
    swapGates("gru", "zrn", 1, 2),
  ),
  fault(
    "gru-keeps-one-minus-z",
    "a GRU keeps 1 - z of the old state instead of z",
    "the two conventions of the GRU papers of 2014",
    {
      weights: changeRecurrent(({ shape, data }, { kind, units, role }) => {
        const columns = shape[shape.length - 1]!;
        // The sigmoid of -a is 1 minus that of a.
        return kind === "gru" && role !== "x"
          ? Float32Array.from(data, (value, k) => (k % columns < units ? -value : value))
          : null;
      }),
    },
  ),
  fault(
    "reset-on-the-wrong-side",
    "a GRU resets before the product where it should after, and the other way round",
    "ONNX linear_before_reset left at its default; tfjs refuses one of the two",
    {
      program: changeAttrs((attrs) =>
        "resetAfter" in attrs ? { ...attrs, resetAfter: attrs["resetAfter"] !== true } : attrs,
      ),
    },
  ),
];
