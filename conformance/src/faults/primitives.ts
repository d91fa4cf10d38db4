import type { PrimitiveNode } from "@unroll/api/adapter";
import { around, changeEveryScan, onOperands, replace, withAttrs } from "./planting/rewrite.js";
import { fault, type Fault } from "./planting/fault.js";

const rankOf = ({ outputs }: PrimitiveNode): number => outputs[0]!.type.shape.length;
const typeOf = ({ outputs }: PrimitiveNode): string => outputs[0]!.type.dtype;

/** Primitives that differ from their definitions. */
export const primitives: readonly Fault[] = [
  fault(
    "axis-is-the-first",
    "what goes along an axis goes along the first one",
    "kernels written for the axis of time, and reused for others",
    {
      program: (program) => ({
        ...program,
        nodes: program.nodes.map((node) =>
          node.kind === "primitive" && ["cumsum", "reverse", "iota"].includes(node.op)
            ? { ...node, attrs: { ...node.attrs, axis: 0 } }
            : node,
        ),
      }),
    },
  ),
  fault(
    "concat-of-integers-turned",
    "integers are joined from the last operand to the first",
    "a branch of a kernel for another dtype that was never run",
    {
      program: replace("concat", (node) => [
        typeOf(node) === "int32" ? onOperands(node, (inputs) => [...inputs].reverse()) : node,
      ]),
    },
  ),
  fault(
    "concat-of-an-alias-first",
    "a value that stands on both sides of another is joined to itself first",
    "operands that are gathered by identity, each once",
    {
      program: replace("concat", (node) => [
        node.inputs.length === 3 && node.inputs[0] === node.inputs[2]
          ? onOperands(node, ([a, c]) => [a!, a!, c!])
          : node,
      ]),
    },
  ),
  fault(
    "select-of-booleans-inverted",
    "a choice between booleans is the other one",
    "TensorFlow.js on wasm read booleans as four bytes each",
    {
      program: replace("select", (node) => [
        typeOf(node) === "bool" ? onOperands(node, ([on, a, b]) => [on!, b!, a!]) : node,
      ]),
    },
  ),
  fault(
    "stride-of-integers-from-the-start",
    "every n-th integer is taken from the first on, wherever it should begin",
    "TensorFlow.js on wasm strides only floats",
    {
      program: replace("stride", (node) => {
        const { low, high } = node.attrs as { low: number; high: number };
        return [typeOf(node) === "int32" ? withAttrs(node, { low: 0, high: high + low }) : node];
      }),
    },
  ),
  fault(
    "slice-from-the-end-one-off",
    "a slice that starts from the end by more than its length starts one too late",
    "a negative index to which the length was added once too often",
    {
      program: replace("slice", (node) => {
        const { start, length } = node.attrs as { start: number; length: number };
        return [start < 0 && -start > length ? withAttrs(node, { start: start + 1 }) : node];
      }),
    },
  ),
  fault(
    "reversed-scan-runs-forward",
    "a scan from the last step to the first runs from the first, its results turned around",
    "ONNX Scan has a direction for each input and each output, and one of them is easily forgotten",
    { program: changeEveryScan((scan) => ({ ...scan, reverse: false })) },
  ),
  fault(
    "scan-within-runs-the-other-way",
    "a reversed scan within another runs forward",
    "loops that look for the direction at the outermost level",
    {
      program: changeEveryScan((scan, { depth }) => (depth > 0 ? { ...scan, reverse: false } : scan)),
    },
  ),
  fault(
    "floor-in-scans-is-another",
    "within a scan, floor is the operation beside it in a table",
    "loop bodies that are compiled by a table of their own",
    { program: replace("floor", (node, { depth }) => [depth > 0 ? { ...node, op: "neg" } : node]) },
  ),
  fault(
    "square-root-of-the-absolute",
    "the square root of a negative number is that of its size",
    "fast inverse square roots that clear the sign",
    { program: replace("sqrt", (node) => around(node, { before: "abs" })) },
  ),
  fault(
    "logarithm-of-the-absolute",
    "the logarithm of a negative number is that of its size",
    "approximations that take the exponent's bits and not the sign's",
    { program: replace("log", (node) => around(node, { before: "abs" })) },
  ),
  fault(
    "equal-counts-as-less",
    "what is equal counts as less",
    "a kernel for less that was copied from that for less or equal",
    {
      program: replace("less", (node) => {
        const [output] = node.outputs as readonly [PrimitiveNode["outputs"][number]];
        // a <= b is not (b < a).
        const swapped = {
          ...node,
          inputs: [node.inputs[1]!, node.inputs[0]!],
          outputs: [{ ...output, id: `${output.id}.own` }],
        };
        const not = { ...node, op: "not", inputs: [`${output.id}.own`], attrs: {}, outputs: [output] };
        return [swapped, not];
      }),
    },
  ),
  fault(
    "truncation-is-floor",
    "a negative number becomes the integer below it",
    "WGSL's and GLSL's casts differ from floor only below zero",
    {
      program: replace("cast", (node) => {
        if (typeOf(node) !== "int32") return [node];
        const [output] = node.outputs as readonly [PrimitiveNode["outputs"][number]];
        const id = `${output.id}.floor`;
        const type = { ...output.type, dtype: "float32" } as const;
        const float = { ...node, attrs: { dtype: "float32" }, outputs: [{ id: `${id}.in`, type }] };
        const floor = { ...node, op: "floor", inputs: [`${id}.in`], attrs: {}, outputs: [{ id, type }] };
        return [float, floor, { ...node, inputs: [id] }];
      }),
    },
  ),
  fault(
    "several-axes-are-another-reduction",
    "a sum over several axes is the largest element of them",
    "reductions of one axis and of several that are registered in two places",
    {
      program: replace("sum", (node) => [
        (node.attrs["axes"] as readonly number[]).length > 1 ? { ...node, op: "reduceMax" } : node,
      ]),
    },
  ),
  fault(
    "cumsum-of-another-axis",
    "a running sum over the steps of a batch runs over the other axis",
    "an axis that is counted from the end in one library and from the front in another",
    {
      program: replace("cumsum", (node) => [
        rankOf(node) === 3 && node.attrs["axis"] === 0 ? withAttrs(node, { axis: 1 }) : node,
      ]),
    },
  ),
  fault(
    "padding-is-always-zero",
    "what is padded is padded with zeros, whatever was asked for",
    "libraries whose pad has no value",
    { program: replace("pad", (node) => [withAttrs(node, { value: 0 })]) },
  ),
];
