import type { HostTensor, Node, PrimitiveNode, Program, ScanNode, ValueId } from "@unroll/api/adapter";
import { fault, type Fault, type RunInfo } from "./planting/fault.js";
import type { Tensors } from "./planting/differ.js";
import { onOperands, withAttrs } from "./planting/rewrite.js";

/** What is changed of a program's way back: where cotangents go. */
interface Change {
  /** @param made nodes of the region so far, by what they make */
  primitive?(node: PrimitiveNode, made: ReadonlyMap<ValueId, Node>, depth: number): readonly Node[];
  scan?(scan: ScanNode): Node;
}

/** A program's way back changed: the nodes that its cotangents reach, within scans too. */
const wayBack =
  ({ primitive = (node) => [node], scan = (node) => node }: Change) =>
  (program: Program): Program => {
    const changed = (nodes: readonly Node[], back: Set<ValueId>, depth: number): Node[] => {
      const made = new Map<ValueId, Node>();
      return nodes.flatMap((node): readonly Node[] => {
        for (const { id } of node.outputs) made.set(id, node);
        if (!node.inputs.some((id) => back.has(id))) return [node];
        for (const { id } of node.outputs) back.add(id);
        if (node.kind === "primitive") return primitive(node, made, depth);
        // What a scan back carries are cotangents, though they start from zeros.
        const carries = node.kind === "scan" ? node.carries : 0;
        const within = new Set(
          node.body.inputs.filter((_, k) => k < carries || back.has(node.inputs[k]!)).map(({ id }) => id),
        );
        const body = { ...node.body, nodes: changed(node.body.nodes, within, depth + 1) };
        return [node.kind === "scan" ? scan({ ...node, body }) : { ...node, body }];
      });
    };
    const fed = program.inputs.filter(({ name }) => name.startsWith("cotangent.")).map(({ id }) => id);
    return { ...program, nodes: changed(program.nodes, new Set(fed), 0) };
  };

/** One of a node's operands in its place. */
const instead = (node: PrimitiveNode, k: number): PrimitiveNode => ({
  ...node,
  op: "max",
  inputs: [node.inputs[k]!, node.inputs[k]!],
  attrs: {},
});

const isZero = (node: Node | undefined): boolean =>
  node?.kind === "primitive" &&
  node.op === "constant" &&
  (node.attrs["value"] as readonly number[]).every((value) => value === 0);

/** A product whose second operand is made so: the derivative that a cotangent is multiplied by. */
const byDerivative = (
  node: PrimitiveNode,
  made: ReadonlyMap<ValueId, Node>,
  op: string,
): PrimitiveNode | null => {
  const derivative = node.op === "mul" ? made.get(node.inputs[1]!) : undefined;
  return derivative?.kind === "primitive" && derivative.op === op ? derivative : null;
};

/** Gradients with other numbers. */
const gradientsBy =
  (change: (held: HostTensor, name: string, info: RunInfo) => HostTensor) =>
  (results: Tensors, info: RunInfo): Tensors =>
    Object.fromEntries(
      Object.entries(results).map(([name, held]) => [
        name,
        name.startsWith("gradient.") ? change(held, name.slice("gradient.".length), info) : held,
      ]),
    );

const scaled = (held: HostTensor, f: (value: number, k: number) => number): HostTensor =>
  ({ ...held, data: held.data.map(f) }) as HostTensor;

const isParam = ({ program }: RunInfo, name: string): boolean =>
  program.params.some((param) => param.name === name);

/** Ways back that are wrong, with results that are right. */
export const gradients: readonly Fault[] = [
  fault(
    "masked-step-gives-gradient",
    "on the way back a masked step gives its weights and input a gradient",
    "a mask that the loop forward selects by, and the one back forgets",
    {
      program: wayBack({
        primitive: (node, made, depth) => [
          depth > 0 && node.op === "select" && isZero(made.get(node.inputs[2]!)) ? instead(node, 1) : node,
        ],
      }),
    },
  ),
  fault(
    "masked-step-ends-the-gradient",
    "no gradient of the state gets past a masked step",
    "cotangents multiplied by the mask, as outputs are",
    {
      program: wayBack({
        primitive: (node, made, depth) => [
          depth > 0 && node.op === "select" && isZero(made.get(node.inputs[1]!)) ? instead(node, 1) : node,
        ],
      }),
    },
  ),
  fault(
    "state-detached-at-each-step",
    "the gradient of a state does not get past the step before it",
    "states that a loop passes on as values, as truncated backpropagation of one step does",
    {
      program: wayBack({
        scan: (scan) => {
          const [first] = scan.body.inputs;
          if (scan.carries === 0) return scan;
          const outputs = scan.body.outputs.map((id, k) => (k === 0 ? first!.id : id));
          return { ...scan, body: { ...scan.body, outputs } };
        },
      }),
    },
  ),
  fault(
    "weights-of-one-step",
    "a weight's gradient is that of one step, not the sum over all",
    "a buffer that each step writes over, where it has to add",
    {
      program: wayBack({
        scan: (scan) => {
          const adds = new Map(scan.body.nodes.map((node) => [node.outputs[0]!.id, node]));
          const outputs = scan.body.outputs.map((id, k) => {
            const sum = k < scan.carries ? adds.get(id) : undefined;
            const own = scan.body.inputs[k]?.id;
            return sum?.kind === "primitive" && sum.op === "add" && sum.inputs[0] === own
              ? sum.inputs[1]!
              : id;
          });
          return { ...scan, body: { ...scan.body, outputs } };
        },
      }),
    },
  ),
  fault(
    "scan-back-runs-forward",
    "the way back through a loop begins at its first step",
    "a gradient of a loop that is a loop with the body's gradient, and not turned round",
    { program: wayBack({ scan: (scan) => ({ ...scan, reverse: !scan.reverse }) }) },
  ),
  fault(
    "tanh-derivative-of-the-input",
    "the derivative of tanh is 1 - y where it is 1 - y²",
    "a derivative by the output that was written for sigmoid's second factor",
    {
      program: wayBack({
        primitive: (node, made) => {
          const derivative = byDerivative(node, made, "sub");
          const square = derivative && made.get(derivative.inputs[1]!);
          if (square?.kind !== "primitive" || square.op !== "mul" || square.inputs[0] !== square.inputs[1])
            return [node];
          const [{ type }] = derivative!.outputs as [Node["outputs"][number]];
          const id = `${node.outputs[0]!.id}.slope`;
          return [
            { ...derivative!, inputs: [derivative!.inputs[0]!, square.inputs[0]!], outputs: [{ id, type }] },
            onOperands(node, ([g]) => [g!, id]),
          ];
        },
      }),
    },
  ),
  fault(
    "sigmoid-derivative-without-the-rest",
    "the derivative of a sigmoid is y where it is y·(1 - y)",
    "the second factor taken for the one that the next operation brings",
    {
      program: wayBack({
        primitive: (node, made) => {
          const derivative = byDerivative(node, made, "mul");
          const rest = derivative && made.get(derivative.inputs[1]!);
          if (rest?.kind !== "primitive" || rest.op !== "sub" || rest.inputs[1] !== derivative!.inputs[0])
            return [node];
          return [onOperands(node, ([g]) => [g!, derivative!.inputs[0]!])];
        },
      }),
    },
  ),
  fault(
    "gradient-of-the-first-reader-alone",
    "a value that several read has the gradient of one of them",
    "tables of gradients by value, each written over by the next reader's",
    {
      // Outside of loops nothing but cotangents of one value is added to another.
      program: wayBack({
        primitive: (node, _made, depth) => [depth === 0 && node.op === "add" ? instead(node, 0) : node],
      }),
    },
  ),
  fault(
    "sum-over-the-first-axis-alone",
    "a bias that is stretched over batch and time has the gradient of one step",
    "sums over several axes that take the first for all",
    {
      program: wayBack({
        primitive: (node) => {
          const axes = node.op === "sum" ? (node.attrs["axes"] as readonly number[]) : [];
          const [{ id, type }] = node.outputs as [Node["outputs"][number]];
          if (axes.length < 2) return [node];
          const [first, ...others] = axes as [number, ...number[]];
          const cut = others.map((axis, k): PrimitiveNode => {
            const shape = type.shape.map((dim, at) => (others.slice(0, k + 1).includes(at) ? 1 : dim));
            return {
              ...node,
              op: "slice",
              attrs: { axis, start: 0, length: 1 },
              inputs: [k === 0 ? node.inputs[0]! : `${id}.cut${k - 1}`],
              outputs: [{ id: `${id}.cut${k}`, type: { ...type, shape } }],
            };
          });
          return [
            ...cut,
            onOperands(withAttrs(node, { axes: [first] }), () => [`${id}.cut${others.length - 1}`]),
          ];
        },
      }),
    },
  ),
  fault(
    "gradients-of-the-run-before-added",
    "gradients of a run have those of the run before in them",
    "PyTorch's .grad, which adds until it is zeroed",
    {
      results: (results, info) => {
        const before = (info.memory["gradients"] ?? {}) as Tensors;
        const made = gradientsBy((held, name) => {
          const last = before[name];
          return last && last.data.length === held.data.length
            ? scaled(held, (value, k) => value + last.data[k]!)
            : held;
        })(results, info);
        info.memory["gradients"] = Object.fromEntries(
          Object.entries(made).map(([name, held]) => [name.slice("gradient.".length), held]),
        );
        return made;
      },
    },
  ),
  fault(
    "weights-averaged-over-rows",
    "the gradients of weights are means over the rows of a batch, and not sums",
    "a loss that averages, for which a library divides itself",
    {
      results: gradientsBy((held, name, info) => {
        const cotangent = Object.keys(info.feeds).find((one) => one.startsWith("cotangent."));
        const rows = cotangent === undefined ? 1 : info.feeds[cotangent]!.shape[0]!;
        return isParam(info, name) ? scaled(held, (value) => value / rows) : held;
      }),
    },
  ),
  fault("gradients-clipped", "gradients past 1 are 1", "clipping that a training loop asks for, left on", {
    results: gradientsBy((held) => scaled(held, (value) => Math.max(-1, Math.min(1, value)))),
  }),
  fault(
    "square-kernel-gradient-transposed",
    "the gradient of a kernel with as many rows as columns is the other way round",
    "the operands of the product exchanged, which any other shape would show",
    {
      results: gradientsBy((held, name, info) => {
        const [rows, columns] = held.shape;
        return isParam(info, name) && held.shape.length === 2 && rows === columns
          ? scaled(held, (_, k) => held.data[(k % rows!) * rows! + Math.floor(k / rows!)]!)
          : held;
      }),
    },
  ),
  fault(
    "no-gradient-of-the-initial-state",
    "the state that a sequence starts from has no gradient",
    "loops that take their first state for a constant",
    {
      results: gradientsBy((held, name) => (name.startsWith("state.") ? scaled(held, () => 0) : held)),
    },
  ),
  fault(
    "padding-cleared-by-a-product",
    "padding is cleared by a product with 0, which leaves NaN what it is",
    "masks of 0 and 1 that are multiplied by",
    {
      program: (program) => {
        if (!program.inputs.some(({ name }) => name.startsWith("cotangent."))) return program;
        const made = new Map(program.nodes.map((node) => [node.outputs[0]!.id, node]));
        const fed = new Set(program.inputs.map(({ id }) => id));
        return {
          ...program,
          nodes: program.nodes.flatMap((node): readonly Node[] => {
            if (node.kind !== "primitive" || node.op !== "select") return [node];
            const [real, value, other] = node.inputs as readonly [string, string, string];
            const mask = made.get(real);
            if (!fed.has(value) || !isZero(made.get(other)) || !mask) return [node];
            const [{ id, type }] = node.outputs as [Node["outputs"][number]];
            const factor = `${id}.factor`;
            const shape = mask.outputs[0]!.type.shape;
            return [
              {
                ...node,
                op: "cast",
                inputs: [real],
                attrs: { dtype: "float32" },
                outputs: [{ id: factor, type: { dtype: "float32", shape } }],
              },
              { ...node, op: "mul", inputs: [value, factor], attrs: {}, outputs: [{ id, type }] },
            ];
          }),
        };
      },
    },
  ),
];
