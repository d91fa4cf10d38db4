import type { CompositeNode, Node, Region } from "@unroll/api/adapter";
import { SLOPE } from "../cases/following.js";
import { faultOfComposites } from "./planting/composites.js";
import { fault, type Fault } from "./planting/fault.js";
import { changeAttrs } from "./planting/programs.js";
import { changeNamed, gatesInOrder } from "./planting/weights.js";

/** In the body of a cell, or in that of its scan, the last peephole multiplies the state that came in. */
function withOldState(body: Region, names: CompositeNode["inputNames"]): Region {
  const peephole = names.indexOf("peephole");
  if (peephole < 0) return body;
  const scan = body.nodes.find((node) => node.kind === "scan");
  if (!scan)
    return {
      ...body,
      nodes: seeing(body.nodes, body.inputs[peephole]!.id, body.inputs[names.indexOf("c")]!.id),
    };
  // A scan's body has the carries first, h before c, then the elements and what it captures.
  const inner = scan.body.inputs[scan.inputs.indexOf(body.inputs[peephole]!.id)]!.id;
  return {
    ...body,
    nodes: body.nodes.map((node) =>
      node === scan
        ? { ...scan, body: { ...scan.body, nodes: seeing(scan.body.nodes, inner, scan.body.inputs[1]!.id) } }
        : node,
    ),
  };
}

function seeing(nodes: readonly Node[], peephole: string, before: string): Node[] {
  const parts = nodes
    .filter((node) => node.kind === "primitive" && node.op === "slice" && node.inputs[0] === peephole)
    .map((node) => node.outputs[0]!.id);
  const last = parts[parts.length - 1]!;
  return nodes.map((node) =>
    node.inputs.includes(last)
      ? { ...node, inputs: node.inputs.map((id) => (id === last ? id : before)) }
      : node,
  );
}

/** A limit so far away that nothing reaches it, in the place of the one that clips. */
function unclipped(node: Node, limit: number): Node {
  if (node.kind !== "primitive")
    return { ...node, body: { ...node.body, nodes: node.body.nodes.map((one) => unclipped(one, limit)) } };
  const [value] = (node.op === "constant" ? node.attrs["value"] : []) as readonly number[];
  return value !== undefined && Math.abs(value) === limit
    ? { ...node, attrs: { ...node.attrs, value: [Math.sign(value) * 1e9] } }
    : node;
}

/** Activations, peepholes, projections and bounds of a cell passed over or confused. */
export const cellOptions: readonly Fault[] = [
  fault(
    "hard-sigmoid-of-the-other-slope",
    "the hard sigmoid has slope 1/5 where it should have 1/6, and the other way round",
    "Keras 3 loads files of Keras 2 with another slope",
    {
      program: changeAttrs((attrs) =>
        Object.fromEntries(
          Object.entries(attrs).map(([name, value]) => [
            name,
            value === "hardSigmoidSixth"
              ? "hardSigmoidFifth"
              : value === "hardSigmoidFifth"
                ? "hardSigmoidSixth"
                : value,
          ]),
        ),
      ),
    },
  ),
  fault(
    "hard-sigmoid-is-sigmoid",
    "the hard sigmoid is a sigmoid",
    "TensorFlow.js defaults to hardSigmoid where Keras has sigmoid",
    {
      program: changeAttrs((attrs) =>
        Object.fromEntries(
          Object.entries(attrs).map(([name, value]) => [
            name,
            typeof value === "string" && value.startsWith("hardSigmoid") ? "sigmoid" : value,
          ]),
        ),
      ),
    },
  ),
  fault(
    "candidate-activation-ignored",
    "the candidate is always a tanh",
    "fused kernels that know one activation",
    { program: changeAttrs((attrs) => ("activation" in attrs ? { ...attrs, activation: "tanh" } : attrs)) },
  ),
  fault("gate-activation-ignored", "gates are always sigmoids", "cuDNN knows nothing else", {
    program: changeAttrs((attrs) =>
      "recurrentActivation" in attrs ? { ...attrs, recurrentActivation: "sigmoid" } : attrs,
    ),
  }),
  fault(
    "output-activation-left-out",
    "an LSTM puts out o times c, without the tanh",
    "the third activation of ONNX forgotten",
    {
      program: changeAttrs((attrs) =>
        "outputActivation" in attrs ? { ...attrs, outputActivation: "linear" } : attrs,
      ),
    },
  ),
  fault(
    "slope-is-the-usual-one",
    "a leaky ReLU and an ELU are those of the usual slope, whatever they are given",
    "an engine's own leaky ReLU called without its argument",
    {
      program: (program) => ({
        ...program,
        nodes: program.nodes.map((node) =>
          node.kind === "primitive" &&
          node.op === "constant" &&
          `${node.attrs["value"] as number[]}` === `${SLOPE}`
            ? { ...node, attrs: { ...node.attrs, value: [0.01] } }
            : node,
        ),
      }),
    },
  ),
  fault(
    "peepholes-ignored",
    "the gates do not see the cell state",
    "ONNX importers that pass over operand P",
    { weights: changeNamed(".peephole", ({ data }) => new Float32Array(data.length)) },
  ),
  faultOfComposites(
    "peephole-on-the-wrong-cell-state",
    "the output gate sees the cell state before the step, not the one after it",
    "the input gate's formula copied for all three",
    (node) => ({ ...node, body: withOldState(node.body, node.inputNames) }),
  ),
  fault(
    "peephole-gates-exchanged",
    "the peepholes of the forget and the output gate are exchanged",
    "ONNX orders them i o f",
    {
      weights: changeNamed(".peephole", (weight) => gatesInOrder(weight, weight.data.length / 3, [0, 2, 1])),
    },
  ),
  faultOfComposites(
    "cell-clip-ignored",
    "the cell state goes past its bounds",
    "cell_clip of a TensorFlow 1 model lost in conversion: it is no weight",
    (node) => {
      const limit = node.attrs["cellClip"];
      return typeof limit === "number" ? (unclipped(node, limit) as typeof node) : node;
    },
  ),
  fault(
    "projection-rows-shifted",
    "the projection takes the unit beside the one it should",
    "a packed layout whose rows were padded",
    {
      weights: changeNamed(".projectionKernel", ({ shape, data }) =>
        Float32Array.from(data, (_, k) => data[(k + shape[1]!) % data.length]!),
      ),
    },
  ),
];
