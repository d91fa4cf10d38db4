import type { Node, PrimitiveNode, Program, Region } from "@unroll/api/adapter";
import { fault, type Fault } from "./planting/fault.js";
import { axisSize, faultOfKernel, withNumbers } from "./planting/kernels.js";
import { changeEveryScan, replace, withAttrs } from "./planting/rewrite.js";

/** Of two nodes that look alike the second is left out, and who reads it reads the first. */
function merged(
  nodes: readonly Node[],
  keyOf: (node: PrimitiveNode) => string | null,
): (outputs: readonly string[]) => [Node[], string[]] {
  const known = new Map<string, string>();
  const same = new Map<string, string>();
  const other = (id: string): string => same.get(id) ?? id;
  const kept = nodes.flatMap((node): Node[] => {
    const read = { ...node, inputs: node.inputs.map(other) };
    const key = read.kind === "primitive" ? keyOf(read) : null;
    if (key === null) return [read];
    const before = known.get(key);
    if (before === undefined) known.set(key, node.outputs[0]!.id);
    else same.set(node.outputs[0]!.id, before);
    return before === undefined ? [read] : [];
  });
  return (outputs) => [kept, outputs.map(other)];
}

const mergedIn =
  (keyOf: (node: PrimitiveNode) => string | null) =>
  (program: Program): Program => {
    const regionOf = (region: Region): Region => {
      const [nodes, outputs] = merged(region.nodes.map(within), keyOf)(region.outputs);
      return { ...region, nodes, outputs };
    };
    const within = (node: Node): Node =>
      node.kind === "primitive" ? node : { ...node, body: regionOf(node.body) };
    const [nodes, ids] = merged(program.nodes.map(within), keyOf)(program.outputs.map(({ id }) => id));
    return { ...program, nodes, outputs: program.outputs.map((output, k) => ({ ...output, id: ids[k]! })) };
  };

const typeOf = ({ outputs }: PrimitiveNode): string => JSON.stringify(outputs[0]!.type);

/** Scans, optimisers of graphs, and operators that are wrong in one of their forms. */
export const loopsAndOperators: readonly Fault[] = [
  fault(
    "scan-puts-out-the-next-carry",
    "a scan that puts out what it carried into a step puts out what it carries out of it",
    "onnx/onnx-mlir#1153: carried values were updated before they were stored as outputs",
    {
      program: changeEveryScan((scan) => {
        const { inputs, outputs } = scan.body;
        const carried = inputs.slice(0, scan.carries).map(({ id }) => id);
        const next = outputs.map((id, k) =>
          k >= scan.carries && carried.includes(id) ? outputs[carried.indexOf(id)]! : id,
        );
        return { ...scan, body: { ...scan.body, outputs: next } };
      }),
    },
  ),
  fault(
    "carries-start-in-each-others-place",
    "a scan with two carries of one type starts each from the other's start",
    "microsoft/onnxruntime#27887: buffers of carried states found by their shape",
    {
      program: changeEveryScan((scan) => {
        if (scan.carries < 2) return scan;
        const [a, b] = scan.body.inputs;
        if (JSON.stringify(a!.type) !== JSON.stringify(b!.type)) return scan;
        const [first, second, ...rest] = scan.inputs;
        return { ...scan, inputs: [second!, first!, ...rest] };
      }),
    },
  ),
  faultOfKernel(
    "loops-within-loops-add-twice",
    "an addition within two scans counts its second operand twice",
    "apache/texera#5700: an inner loop that is not reset when the outer one goes on",
    ["add"],
    (right, { xs: [, b], depth }) =>
      depth < 2 || b!.data.length !== right.data.length
        ? right
        : withNumbers(right, (value, k) => value + b!.data[k]!),
  ),
  faultOfKernel(
    "largest-of-the-negative-is-zero",
    "the largest of negative numbers is about 0",
    "openvinotoolkit/openvino#5494: a maximum that starts from the least positive number",
    ["reduceMax"],
    (right) => withNumbers(right, (value) => (value < 0 ? 2 ** -126 : value)),
  ),
  faultOfKernel(
    "power-of-the-negative-is-nan",
    "a power of a negative number is NaN, also where the exponent is whole",
    "praeclarum/webgpu-torch#11: a power by exponential and logarithm",
    ["pow"],
    (right, { xs: [a] }) =>
      a!.data.length === right.data.length
        ? withNumbers(right, (value, k) => (a!.data[k]! < 0 ? NaN : value))
        : right,
  ),
  faultOfKernel(
    "scattered-twice-counts-once",
    "of several updates of one row the last counts alone",
    "onnx/onnx-mlir#3551: a scatter with reduction add was lowered like one without",
    ["scatterAdd"],
    (right, { xs: [updates, indices] }) => {
      const row = updates!.data.length / indices!.data.length;
      return withNumbers(right, (value, k) => {
        const last = indices!.data.lastIndexOf(Math.floor(k / row));
        return last < 0 ? value : updates!.data[last * row + (k % row)]!;
      });
    },
  ),
  faultOfKernel(
    "argmax-is-the-last-of-equals",
    "of several largest elements the place of the last is given",
    "pytorch/pytorch#93630 and pytorch/xla#2415",
    ["argmax"],
    (right, { xs: [x], attrs }) => {
      const axis = attrs["axis"] as number;
      const size = x!.shape[axis]!;
      const inner = x!.shape.slice(axis + 1).reduce((p, q) => p * q, 1);
      return withNumbers(right, (_, k) => {
        const first = Math.floor(k / inner) * size * inner + (k % inner);
        const row = Array.from({ length: size }, (_one, t) => x!.data[first + t * inner]!);
        return row.lastIndexOf(Math.max(...row));
      });
    },
  ),
  faultOfKernel(
    "stretched-in-the-middle",
    "an operand that stretches along an axis between two others gives every row the first one's",
    "ROCm/aiter#288: broadcasting of (m, 1, k)",
    ["add", "sub", "mul", "div", "min", "max", "less", "equal"],
    (right, { xs: [, b] }) => {
      const [rows, middle, last] = [axisSize(b!.shape, -3), axisSize(b!.shape, -2), axisSize(b!.shape, -1)];
      if (b!.shape.length < 3 || middle !== 1 || rows < 2 || last < 2) return right;
      const size = axisSize(right.shape, -2) * axisSize(right.shape, -1);
      return size === last ? right : withNumbers(right, (_, k) => right.data[k % size]!);
    },
  ),
  faultOfKernel(
    "both-operands-stretched",
    "where both operands stretch, the elements are in the order of the other one's axes",
    "tenstorrent/tt-metal#15808: (16, 1) by (1, 1, 32)",
    ["add", "sub", "mul", "div", "min", "max", "less", "equal", "and"],
    (right, { xs: [a, b] }) => {
      const size = right.data.length;
      if (a!.data.length === size || b!.data.length === size) return right;
      const [rows, columns] = [axisSize(right.shape, -2), axisSize(right.shape, -1)];
      return withNumbers(right, (_, k) => {
        const [at, matrix] = [k % (rows * columns), Math.floor(k / rows / columns)];
        return right.data[matrix * rows * columns + (at % rows) * columns + Math.floor(at / rows)]!;
      });
    },
  ),
  faultOfKernel(
    "integers-computed-as-floats",
    "sums and products of integers are rounded to what a float holds",
    "zkonduit/ezkl#1036: 16,777,217 became 16,777,216",
    ["add", "sub", "mul"],
    (right) => (right.dtype === "int32" ? withNumbers(right, Math.fround) : right),
  ),
  faultOfKernel(
    "integers-compared-as-floats",
    "integers past 2^24 are equal where the floats next to them are",
    "pytorch/pytorch#34758: integers that go through a tensor of floats",
    ["equal"],
    (right, { xs: [a, b] }) =>
      a!.dtype === "int32" && a!.data.length === b!.data.length
        ? withNumbers(right, (_, k) => Number(Math.fround(a!.data[k]!) === Math.fround(b!.data[k]!)))
        : right,
  ),
  fault(
    "padding-on-the-other-side",
    "what is padded before goes after, and the other way round",
    "libraries that give pads as all beginnings and then all ends, or as pairs",
    {
      program: replace("pad", (node) => [
        withAttrs(node, { low: node.attrs["high"]!, high: node.attrs["low"]! }),
      ]),
    },
  ),
  faultOfKernel(
    "joins-four-at-most",
    "of more than four operands joined, those after the fourth are the fourth again",
    "shaders of which each may read only so many textures",
    ["concat"],
    (right, { xs, attrs }) => {
      if (xs.length <= 4) return right;
      const axis = attrs["axis"] as number;
      const sizes = xs.map(({ shape }) => shape[axis]!);
      if (new Set(sizes).size > 1) return right;
      const inner = right.shape.slice(axis + 1).reduce((p, q) => p * q, 1);
      return withNumbers(right, (value, k) => {
        const at = Math.floor(k / inner) % right.shape[axis]!;
        const operand = Math.floor(at / sizes[0]!);
        return operand < 4 ? value : right.data[k - (operand - 3) * sizes[0]! * inner]!;
      });
    },
  ),
  fault(
    "constants-merged-by-their-first-number",
    "constants of one type that begin with the same number are one",
    "pools of initialisers with a hash of their first bytes",
    {
      program: mergedIn((node) =>
        node.op === "constant" ? `${typeOf(node)} ${(node.attrs["value"] as readonly number[])[0]}` : null,
      ),
    },
  ),
  fault(
    "nodes-merged-whatever-their-attributes",
    "two operations of one name on the same operands are one, though their attributes differ",
    "elimination of common subexpressions by operator and inputs",
    {
      program: mergedIn((node) =>
        node.op === "constant" ? null : `${node.op} ${node.inputs.join()} ${typeOf(node)}`,
      ),
    },
  ),
];
