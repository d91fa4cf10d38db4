import type { CompositeNode, Node, PrimitiveNode } from "@unroll/api/adapter";
import { compositesOf, faultOfComposites } from "./planting/composites.js";
import { fault, type Fault } from "./planting/fault.js";
import { faultOfKernel, withNumbers } from "./planting/kernels.js";
import { changeElements } from "./planting/results.js";

/** A composite with other nodes in its body. */
const withBody = (
  node: CompositeNode,
  f: (inner: PrimitiveNode, x: string) => readonly PrimitiveNode[],
): CompositeNode => ({
  ...node,
  body: {
    ...node.body,
    nodes: node.body.nodes.flatMap((inner): readonly Node[] =>
      inner.kind === "primitive" ? f(inner, node.body.inputs[0]!.id) : [inner],
    ),
  },
});

/** Where numbers become large, tiny, infinite or none. */
export const edgesOfNumbers: readonly Fault[] = [
  faultOfComposites(
    "softplus-overflows",
    "softplus takes the exponential of what it is given, and is infinite from 89 on",
    "tracel-ai/burn#5373",
    (node) =>
      withBody(node, (inner, x) => {
        if (inner.op === "abs") return [{ ...inner, op: "neg", inputs: [x] }];
        return inner.op === "max" ? [{ ...inner, op: "mul", inputs: inner.inputs }] : [inner];
      }),
    compositesOf("softplus"),
  ),
  faultOfComposites(
    "softmax-without-the-largest",
    "softmax and its logarithm take exponentials of what they are given as it is",
    "tenstorrent/tt-metal#10001 and dwavesystems/dwave-optimization#555",
    (node) =>
      withBody(node, (inner) => {
        if (inner.op !== "reduceMax") return [inner];
        const [x] = inner.inputs as readonly [string];
        const id = `${inner.outputs[0]!.id}.none`;
        const type = node.body.inputs[0]!.type;
        const none = { ...inner, op: "sub", inputs: [x, x], attrs: {}, outputs: [{ id, type }] };
        return [none, { ...inner, op: "sum", inputs: [id] }];
      }),
    compositesOf("softmax", "logSoftmax"),
  ),
  fault(
    "logarithm-of-a-softmax",
    "the logarithm of a softmax is that of its result, and infinite below -87",
    "tracel-ai/burn#315",
    {
      results: (results, { program }) =>
        program.nodes.some(compositesOf("logSoftmax"))
          ? changeElements((value) => (value < -87 ? -Infinity : value))(results)
          : results,
    },
  ),
  faultOfComposites(
    "variance-as-a-difference-of-squares",
    "the variance of a layer normalisation is the mean of squares less the square of the mean",
    "tracel-ai/burn#5607, pytorch/pytorch#51102 and microsoft/onnxruntime#28463",
    (node) =>
      withBody(node, (inner, x) => {
        if (inner.op !== "mul" || inner.inputs[0] !== inner.inputs[1]) return [inner];
        const [output] = inner.outputs as readonly [PrimitiveNode["outputs"][number]];
        const [own, squares, both] = ["own", "squares", "both"].map((part) => `${output.id}.${part}`) as [
          string,
          string,
          string,
        ];
        const make = (op: string, inputs: readonly string[], id: string): PrimitiveNode => ({
          ...inner,
          op,
          inputs,
          outputs: [{ id, type: output.type }],
        });
        // Adding squares of the mean's size and taking them away cancels as the difference does.
        return [
          { ...inner, outputs: [{ ...output, id: own }] },
          make("mul", [x, x], squares),
          make("add", [own, squares], both),
          make("sub", [both, squares], output.id),
        ];
      }),
    compositesOf("layerNorm"),
  ),
  fault(
    "steps-overflow-where-sequences-do-not",
    "a step whose input is large gives NaN, as no sequence of it does",
    "a kernel for one step with a sigmoid of its own",
    {
      results: (results, { program, feeds }) =>
        !program.inputs.some(({ type }) => type.shape.includes("time")) &&
        Object.values(feeds).some(({ data }) => data.some((value) => Math.abs(value) > 1000))
          ? changeElements(() => NaN)(results)
          : results,
    },
  ),
  fault(
    "infinities-become-the-largest-number",
    "an infinite result is the largest number that there is",
    "gpuweb/gpuweb#3425: shaders need not support infinities",
    {
      results: changeElements((value) =>
        Math.abs(value) === Infinity ? Math.sign(value) * 3.4028234663852886e38 : value,
      ),
    },
  ),
  faultOfKernel(
    "divided-by-zero-is-zero",
    "a number divided by 0 is 0",
    "a division that is made safe for the sake of gradients",
    ["div"],
    (right, { xs: [, b] }) =>
      b!.data.length === right.data.length
        ? withNumbers(right, (value, k) => (b!.data[k] === 0 ? 0 : value))
        : right,
  ),
  faultOfKernel(
    "floor-through-an-integer",
    "the floor of what no integer of 32 bits holds is the last one",
    "pytorch/pytorch#53465: floats around the largest integer",
    ["floor"],
    (right) => withNumbers(right, (value) => Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1)),
  ),
  faultOfKernel(
    "small-is-false",
    "a number between -1 and 1 is false",
    "a cast to boolean by way of an integer",
    ["cast"],
    (right, { xs: [x], attrs }) =>
      attrs["dtype"] === "bool" ? withNumbers(right, (_, k) => Number(Math.trunc(x!.data[k]!) !== 0)) : right,
  ),
  faultOfKernel(
    "least-and-largest-pass-over-nan",
    "the lesser and the larger of a number and NaN is the number",
    "tensorflow/tfjs#5927: what NaN is to minimum and maximum",
    ["min", "max"],
    (right, { xs: [a, b] }) =>
      a!.data.length === right.data.length && b!.data.length === right.data.length
        ? withNumbers(right, (value, k) =>
            Number.isNaN(a!.data[k]) ? b!.data[k]! : Number.isNaN(b!.data[k]) ? a!.data[k]! : value,
          )
        : right,
  ),
];
