import type { Node, Program, ValueType } from "@unroll/api/adapter";
import { fault, type Fault } from "./planting/fault.js";
import { onOperands, replace, withAttrs } from "./planting/rewrite.js";

const outputOf = ({ outputs }: Node): { readonly id: string; readonly type: ValueType } => outputs[0]!;

/** Numbers of steps, each several times, as all of them several times: the axes that are joined exchanged. */
function blocksOfSteps(program: Program): Program {
  const types = new Map(program.nodes.map((node) => [outputOf(node).id, outputOf(node).type]));
  return replace("mergeAxes", (node) => {
    const [apart] = node.inputs as readonly [string];
    const shape = types.get(apart)?.shape;
    if (outputOf(node).type.dtype !== "int32" || shape?.length !== 2) return [node];
    const turned = { id: `${apart}.turned`, type: { dtype: "int32", shape: [...shape].reverse() } } as const;
    return [
      { kind: "primitive", op: "transpose", inputs: [apart], attrs: { perm: [1, 0] }, outputs: [turned] },
      { ...node, inputs: [turned.id] },
    ];
  })(program);
}

/** What is laid into an output where something is already, the larger of the two. */
function largerOfOverlaps(program: Program): Program {
  const longer = new Set(
    program.nodes.flatMap((node) =>
      node.kind === "primitive" && node.op === "pad" ? [outputOf(node).id] : [],
    ),
  );
  return replace("add", (node) => [longer.has(node.inputs[1]!) ? { ...node, op: "max" } : node])(program);
}

/** Layers that make a sequence longer or shorter. */
export const ownTime: readonly Fault[] = [
  fault(
    "steps-repeated-as-blocks",
    "a sequence each of whose steps is to stand several times in a row stands there as a whole several times",
    "TensorFlow's tile, taken for its repeat",
    { program: blocksOfSteps },
  ),
  fault(
    "cropped-at-the-other-end",
    "what is to be dropped before the first step that stays is dropped after the last",
    "a pair that is read as [after, before]",
    {
      program: replace("stride", (node) => [
        node.attrs["step"] === 1
          ? withAttrs(node, { low: node.attrs["high"]!, high: node.attrs["low"]! })
          : node,
      ]),
    },
  ),
  fault(
    "joined-with-the-ends-of-another",
    "of sequences one after the other the first ends where the last does",
    "masks and values that are joined in two loops, one of them from the end",
    {
      program: replace("concat", (node) => [
        outputOf(node).type.dtype === "bool" ? onOperands(node, (inputs) => [...inputs].reverse()) : node,
      ]),
    },
  ),
  fault(
    "overlaps-not-added",
    "where steps of a transposed convolution overlap, the larger counts in the place of the sum",
    "a scatter without a way to add, as ONNX's had none before opset 16",
    { program: largerOfOverlaps },
  ),
  fault(
    "padded-row-ends-as-before",
    "a row that padding has made longer ends where it did without",
    "lengths that are handed on with the values of another layer",
    {
      program: replace("add", (node) => {
        const { type } = outputOf(node);
        const longer = type.dtype === "int32" && type.shape.join() === "batch";
        const [own] = node.inputs as readonly [string];
        return [longer ? { ...node, op: "max", inputs: [own, own] } : node];
      }),
    },
  ),
];
