import type { Adapter } from "@unroll/api";
import type { CompositeNode, Node, Program } from "@unroll/api/adapter";
import { compositesOf, faultOfComposites, withinBody } from "./planting/composites.js";
import { fault, type Fault } from "./planting/fault.js";

const numberOf = (node: Node, name: string): number =>
  node.kind === "primitive" ? (node.attrs[name] as number) : NaN;

/** A program whose nodes of one primitive have other attributes. */
const changed =
  (op: string, attrs: (node: Node) => Readonly<Record<string, number>>) =>
  (program: Program): Program => ({
    ...program,
    nodes: program.nodes.map((node) =>
      node.kind === "primitive" && node.op === op
        ? { ...node, attrs: { ...node.attrs, ...attrs(node) } }
        : node,
    ),
  });

/** A fault of what a convolution is made of, in an engine that runs convolutions by their parts. */
const ofParts = (planted: Fault): Fault => ({
  ...planted,
  breakEngine(honest: Adapter, counts) {
    const { convolution: _, ...composites } = honest.capabilities.composites;
    const capabilities = { ...honest.capabilities, composites };
    return planted.breakEngine!({ ...honest, capabilities }, counts);
  },
});

/** The elements of a convolution's windows side by side, whatever is between them. */
const sideBySide = (node: CompositeNode): CompositeNode =>
  withinBody(node, (inner) => {
    if (inner.kind !== "primitive" || inner.op !== "stride") return inner;
    const [low, high] = [numberOf(inner, "low"), numberOf(inner, "high")];
    const nearer = low / (node.attrs["dilation"] as number);
    return { ...inner, attrs: { ...inner.attrs, low: nearer, high: high + low - nearer } };
  });

/** A convolution that puts out what its bias was to be added to. */
function withoutBias(node: CompositeNode): CompositeNode {
  if (!node.inputNames.includes("bias")) return node;
  const last = node.body.nodes.find(({ outputs }) => outputs[0]!.id === node.body.outputs[0])!;
  return { ...node, body: { ...node.body, outputs: [last.inputs[0]!] } };
}

/** Layers whose outputs see windows: convolutions and pools. */
export const windows: readonly Fault[] = [
  ofParts(
    fault(
      "windows-begin-one-late",
      "the elements of a window but its last are those after the right ones",
      "an index from 1 in a kernel's inner loop",
      {
        program: changed("stride", (node) => {
          const [low, high] = [numberOf(node, "low"), numberOf(node, "high")];
          return high > 0 ? { low: low + 1, high: high - 1 } : {};
        }),
      },
    ),
  ),
  fault(
    "padding-at-the-other-end",
    "what is to be added before an axis is added after it",
    "SAME_UPPER and SAME_LOWER of ONNX's convolutions, taken for one another",
    { program: changed("pad", (node) => ({ low: numberOf(node, "high"), high: numberOf(node, "low") })) },
  ),
  fault(
    "padding-is-not-zero",
    "padding holds a number that was there before",
    "memory that is not cleared between runs",
    { program: changed("pad", () => ({ value: 0.25 })) },
  ),
  faultOfComposites(
    "convolution-without-gaps",
    "a convolution's windows see steps side by side, whatever its dilation",
    "a kernel for dilation 1 that a fused operator is sent to with any",
    sideBySide,
    compositesOf("convolution"),
  ),
  faultOfComposites(
    "convolution-without-bias",
    "a convolution's bias is not added",
    "an optional third input of Conv that is not passed on",
    withoutBias,
    compositesOf("convolution"),
  ),
  fault(
    "kernel-turned-around",
    "a convolution's kernel is read from its last step to its first",
    "convolution in the mathematical sense, where networks mean correlation",
    {
      weights: (weights) =>
        Object.fromEntries(
          Object.entries(weights).map(([name, weight]) => {
            const [steps = 1, ...rest] = weight.shape;
            if (!name.endsWith(".kernel") || rest.length < 2) return [name, weight];
            const size = rest.reduce((a, b) => a * b);
            const data = weight.data.map(
              (_, k) => weight.data[(steps - 1 - Math.floor(k / size)) * size + (k % size)]!,
            );
            return [name, { ...weight, data } as typeof weight];
          }),
        ),
    },
  ),
  fault(
    "windows-of-the-state-zeroed",
    "the steps before a piece of a sequence are taken for zeros",
    "padding of a causal convolution that is computed piece by piece",
    {
      feeds: (feeds) =>
        Object.fromEntries(
          Object.entries(feeds).map(([name, held]) => [
            name,
            name.startsWith("state.") && name.endsWith(".window")
              ? ({ ...held, data: held.data.map(() => 0) } as typeof held)
              : held,
          ]),
        ),
    },
  ),
];
