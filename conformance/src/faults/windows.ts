import type { Adapter } from "@unroll/api";
import type { Node, Program } from "@unroll/api/adapter";
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
