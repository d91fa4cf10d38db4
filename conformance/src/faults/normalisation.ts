import type { Node, PrimitiveNode, Program, ValueType } from "@unroll/api/adapter";
import { compositesOf, faultOfComposites, withinBody } from "./planting/composites.js";
import { fault, type Fault } from "./planting/fault.js";

const isConstant = (node: Node): node is PrimitiveNode =>
  node.kind === "primitive" && node.op === "constant" && (node.attrs["value"] as number[]).length === 1;

/** Of sums over two axes that are no neighbours, which group normalisation alone has: a group's. */
function countsOnePlace(program: Program): Program {
  const types = new Map<string, ValueType>();
  const made = program.nodes.flatMap(({ outputs }) => outputs);
  for (const { id, type } of [...program.params, ...program.inputs, ...made]) types.set(id, type);
  const sums = new Map<string, number>();
  for (const node of program.nodes) {
    if (node.kind !== "primitive" || node.op !== "sum") continue;
    const axes = node.attrs["axes"] as readonly number[];
    if (axes.length === 2 && axes[1] === axes[0]! + 2)
      sums.set(node.outputs[0]!.id, types.get(node.inputs[0]!)!.shape[axes[1]] as number);
  }
  const counts = new Map<string, number>();
  for (const node of program.nodes)
    if (node.kind === "primitive" && node.op === "div" && sums.has(node.inputs[0]!))
      counts.set(node.inputs[1]!, sums.get(node.inputs[0]!)!);
  return {
    ...program,
    nodes: program.nodes.map((node) => {
      const count = counts.get(node.outputs[0]?.id ?? "");
      return count !== undefined && isConstant(node)
        ? { ...node, attrs: { ...node.attrs, value: [count] } }
        : node;
    }),
  };
}

/** Layers that normalise. */
export const normalisation: readonly Fault[] = [
  faultOfComposites(
    "batch-norm-divides-by-the-variance",
    "batch normalisation divides by the variance, as if it were the deviation",
    "statistics folded into a scale by hand, the root forgotten",
    (node) =>
      withinBody(node, (inner) =>
        inner.kind === "primitive" && inner.op === "sqrt" ? { ...inner, op: "abs" } : inner,
      ),
    compositesOf("batchNorm"),
  ),
  fault(
    "batch-norm-without-the-mean",
    "batch normalisation leaves the mean that training gathered out",
    "a state dict loaded without its buffers, which then are zeros",
    {
      weights: (weights) =>
        Object.fromEntries(
          Object.entries(weights).map(([name, weight]) => [
            name,
            name.endsWith(".movingMean") ? { ...weight, data: new Float32Array(weight.data.length) } : weight,
          ]),
        ),
    },
  ),
  faultOfComposites(
    "rms-norm-of-the-sum",
    "RMS normalisation divides by the root of the sum of squares",
    "a vector's norm taken for its root mean square",
    (node) => {
      const size = node.body.inputs[0]!.type.shape.at(-1) as number;
      return withinBody(node, (inner) =>
        isConstant(inner) && (inner.attrs["value"] as number[])[0] === size
          ? { ...inner, attrs: { ...inner.attrs, value: [1] } }
          : inner,
      );
    },
    compositesOf("rmsNorm"),
  ),
  fault(
    "group-norm-counts-one-place",
    "group normalisation divides by the features of a group at one place, whatever axes are before them",
    "channels counted where elements were meant",
    { program: countsOnePlace },
  ),
];
