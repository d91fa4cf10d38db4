import type { Node, PrimitiveNode, Program, ValueType } from "@unroll/api/adapter";
import { fault, type Fault } from "./planting/fault.js";
import { onOperands, replace, withAttrs } from "./planting/rewrite.js";

type Shape = ValueType["shape"];

const outputOf = ({ outputs }: Node): { readonly id: string; readonly type: ValueType } => outputs[0]!;

/** A primitive with a result of its own. */
const make = (
  op: string,
  inputs: readonly string[],
  attrs: PrimitiveNode["attrs"],
  id: string,
  type: ValueType,
): PrimitiveNode => ({ kind: "primitive", op, inputs, attrs, outputs: [{ id, type }] });

/** The order of axes in which one and the next are exchanged. */
const exchanged = (rank: number, axis: number): number[] =>
  Array.from({ length: rank }, (_, k) => (k === axis ? axis + 1 : k === axis + 1 ? axis : k));

const inOrder = (shape: Shape, order: readonly number[]): Shape => order.map((axis) => shape[axis]!);

/** An axis parted into two as if the first ran fastest. */
function byColumns(node: PrimitiveNode): readonly PrimitiveNode[] {
  const { id, type } = outputOf(node);
  const axis = node.attrs["axis"] as number;
  const [rows, columns] = type.shape.slice(axis, axis + 2);
  if (node.attrs["count"] !== 2 || typeof rows !== "number" || rows === 1 || columns === 1) return [node];
  const [like, parted] = [`${id}.like`, `${id}.parted`];
  const small = exchanged(axis + 2, axis);
  const whole = exchanged(type.shape.length, axis);
  // Its axes before the one that is parted have length 1, as what lowers to it makes them.
  const sizes = [...new Array<number>(axis).fill(1), columns!, rows];
  return [
    make("transpose", [node.inputs[1]!], { perm: small }, like, { dtype: "float32", shape: sizes }),
    make("splitAxis", [node.inputs[0]!, like], node.attrs, parted, {
      ...type,
      shape: inOrder(type.shape, whole),
    }),
    make("transpose", [parted], { perm: whole }, id, type),
  ];
}

/** Sequences that are made of a feature axis, from the last step to the first. */
const turned = (node: PrimitiveNode): readonly PrimitiveNode[] => {
  const { id, type } = outputOf(node);
  const [first, second] = node.attrs["perm"] as readonly number[];
  if (first !== 1 || second !== 0 || typeof type.shape[0] !== "number") return [node];
  const own = `${id}.own`;
  return [{ ...node, outputs: [{ id: own, type }] }, make("reverse", [own], { axis: 0 }, id, type)];
};

/** Each element several times, as all of them several times: where each gets an axis of its own. */
function blocksForElements(program: Program): Program {
  const nodes = new Map(program.nodes.map((node) => [outputOf(node).id, node]));
  const axes = new Map<string, number>();
  for (const node of program.nodes) {
    if (node.kind !== "primitive" || node.op !== "concat") continue;
    const one = nodes.get(node.inputs[0]!);
    const same = new Set(node.inputs).size === 1 && one?.kind === "primitive" && one.op === "expandDims";
    const axis = node.attrs["axis"] as number;
    if (!same || one.attrs["axis"] !== axis) continue;
    axes.set(outputOf(node).id, axis - 1);
    axes.set(outputOf(one).id, axis - 1);
  }
  return {
    ...program,
    nodes: program.nodes.map((node) => {
      const { id, type } = outputOf(node);
      const axis = axes.get(id);
      if (axis === undefined || node.kind !== "primitive") return node;
      const shape = inOrder(type.shape, exchanged(type.shape.length, axis));
      return { ...withAttrs(node, { axis }), outputs: [{ id, type: { ...type, shape } }] };
    }),
  };
}

/** Numbers of a sum over time that say how many steps are real, as if all were. */
function everyStepCounts(program: Program): Program {
  const summed = new Set(
    program.nodes.flatMap((node) => (node.kind === "primitive" && node.op === "sum" ? node.inputs : [])),
  );
  return replace("cast", (node) => {
    const { id, type } = outputOf(node);
    if (!summed.has(id)) return [node];
    const bool: ValueType = { ...type, dtype: "bool" };
    const [real] = node.inputs as readonly [string];
    return [
      make("not", [real], {}, `${id}.not`, bool),
      make("and", [real, `${id}.not`], {}, `${id}.none`, bool),
      make("not", [`${id}.none`], {}, `${id}.all`, bool),
      onOperands(node, () => [`${id}.all`]),
    ];
  })(program);
}

/** Integers that are taken from lengths, one more. */
const oneMore = (program: Program): Program => {
  const taken = new Set(
    program.nodes.flatMap((node) =>
      node.kind === "primitive" && node.op === "sub" && outputOf(node).type.dtype === "int32"
        ? [node.inputs[1]!]
        : [],
    ),
  );
  return replace("constant", (node) => [
    taken.has(outputOf(node).id) ? withAttrs(node, { value: [2] }) : node,
  ])(program);
};

/** Layers that move features and steps, choose among them, or bring them together. */
export const shapes: readonly Fault[] = [
  fault(
    "parted-by-columns",
    "an axis is parted into two as if the first ran fastest",
    "arrays of Fortran's order, as MATLAB and R have them",
    { program: replace("splitAxis", byColumns) },
  ),
  fault(
    "square-not-transposed",
    "axes of one length are not exchanged",
    "an optimiser that drops a transpose whose shape stays the same",
    {
      program: replace("transpose", (node) => {
        const { type } = outputOf(node);
        const perm = node.attrs["perm"] as readonly number[];
        const moved = perm.flatMap((axis, k) => (axis === k ? [] : [type.shape[k]]));
        return moved.length > 1 && new Set(moved).size === 1 && typeof moved[0] === "number"
          ? [{ ...node, op: "max", inputs: [node.inputs[0]!, node.inputs[0]!], attrs: {} }]
          : [node];
      }),
    },
  ),
  fault(
    "slice-starts-one-early",
    "a part of a feature axis begins one element too early",
    "starts that are counted from 1 in one place and from 0 in another",
    {
      program: replace("slice", (node) => {
        const start = node.attrs["start"] as number;
        return [start > 0 ? withAttrs(node, { start: start - 1 }) : node];
      }),
    },
  ),
  fault(
    "pad-ends-exchanged",
    "what goes before an axis is put after it, and the other way round",
    "PyTorch's F.pad names the last axis first, and each one's ends in turn",
    {
      program: replace("pad", (node) => [
        withAttrs(node, { low: node.attrs["high"]!, high: node.attrs["low"]! }),
      ]),
    },
  ),
  fault(
    "tile-for-repeat",
    "what repeats each element repeats all of them one after the other",
    "NumPy's repeat is PyTorch's repeat_interleave, and PyTorch's repeat is NumPy's tile",
    { program: blocksForElements },
  ),
  fault(
    "stacked-in-another-order",
    "values side by side along an axis of their own stand from the last to the first",
    "a list that is filled from its end",
    {
      program: (program) => {
        const expanded = new Set(
          program.nodes.flatMap((node) =>
            node.kind === "primitive" && node.op === "expandDims" ? [outputOf(node).id] : [],
          ),
        );
        return replace("concat", (node) => [
          node.inputs.every((id) => expanded.has(id))
            ? onOperands(node, (inputs) => [...inputs].reverse())
            : node,
        ])(program);
      },
    },
  ),
  fault(
    "one-hot-counts-from-one",
    "id 1 is the first place of a one-hot vector",
    "a vocabulary that starts at 1",
    {
      program: replace("constant", (node) => {
        const value = node.attrs["value"] as readonly number[];
        const counts = value.length > 1 && value.every((one, k) => one === k);
        return [counts ? withAttrs(node, { value: value.map((one) => one + 1) }) : node];
      }),
    },
  ),
  fault("maximum-from-zero", "the largest of negative numbers is 0", "a maximum whose variable begins at 0", {
    program: (program) => ({
      ...program,
      nodes: program.nodes.flatMap((node): readonly Node[] => {
        if (node.kind !== "primitive" || node.op !== "reduceMax") return [node];
        const { id, type } = outputOf(node);
        const [own, zero] = [`${id}.own`, `${id}.zero`];
        return [
          { ...node, outputs: [{ id: own, type }] },
          make("constant", [], { dtype: "float32", shape: [], value: [0] }, zero, {
            dtype: "float32",
            shape: [],
          }),
          make("max", [own, zero], {}, id, type),
        ];
      }),
    }),
  }),
  fault(
    "mean-over-the-padding",
    "a mean over the real steps divides by the number of all",
    "a mean over the axis of a padded tensor",
    { program: everyStepCounts },
  ),
  fault(
    "last-step-one-early",
    "the last real step of a row is the one before it",
    "lengths taken for the number of the last step, and one subtracted again",
    { program: oneMore },
  ),
  fault(
    "axis-of-steps-turned",
    "a sequence made of a feature axis runs from its end",
    "the columns of an image read from the right",
    { program: replace("transpose", turned) },
  ),
];
