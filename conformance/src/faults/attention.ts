import type { HostTensor } from "@unroll/api";
import type { CompositeNode, PrimitiveNode } from "@unroll/api/adapter";
import { faultOfComposites } from "./planting/composites.js";
import { fault, type Fault } from "./planting/fault.js";
import type { Tensors } from "./planting/differ.js";
import { attentionOf } from "./planting/programs.js";
import { isState } from "./planting/results.js";
import { rewrite } from "./planting/rewrite.js";
import { changeNamed } from "./planting/weights.js";

const changedBody = (
  node: CompositeNode,
  change: (inner: PrimitiveNode) => PrimitiveNode,
): CompositeNode => ({
  ...node,
  body: {
    ...node.body,
    nodes: node.body.nodes.map((inner) => (inner.kind === "primitive" ? change(inner) : inner)),
  },
});

const negated = ({ body }: CompositeNode, id: string): boolean =>
  body.nodes.some((inner) => inner.kind === "primitive" && inner.op === "not" && inner.outputs[0]!.id === id);

/** More steps than a cache of any case has slots. */
const MANY = 100;

/** Keys and values of a cache [batch, slots, size] changed on their way in. */
const changedCache =
  (f: (shape: readonly number[], k: number) => number) =>
  (feeds: Tensors): Tensors =>
    Object.fromEntries(
      Object.entries(feeds).map(([name, feed]) => [
        name,
        isState(name) && /\.(key|value)$/.test(name) && feed.shape.length === 3
          ? ({ ...feed, data: feed.data.map((_, k) => feed.data[f(feed.shape, k)]!) } as HostTensor)
          : feed,
      ]),
    );

/** Where the element that takes the place of element k lies: in the slot before, the last for the first. */
function slotsMoved([, slots, size]: readonly number[], k: number): number {
  const slot = Math.floor(k / size!) % slots!;
  return k + (slot === 0 ? slots! - 1 : -1) * size!;
}

/** The same, in the row before. */
function rowsMoved([batch, slots, size]: readonly number[], k: number): number {
  const row = slots! * size!;
  return (k + (batch! - 1) * row) % (batch! * row);
}

/** Attention. */
export const attention: readonly Fault[] = [
  fault(
    "attention-sees-the-padding",
    "attention looks at steps past the end of what it looks at",
    "attention over a padded batch of encoder outputs without their mask",
    {
      feeds: (feeds) =>
        Object.fromEntries(
          Object.entries(feeds).map(([name, feed]): [string, HostTensor] => {
            const all = name.startsWith("lengths.")
              ? feeds[name.slice("lengths.".length)]!.shape[1]!
              : name.startsWith("mask.")
                ? 1
                : null;
            return [name, all === null ? feed : ({ ...feed, data: feed.data.map(() => all) } as HostTensor)];
          }),
        ),
    },
  ),
  faultOfComposites(
    "attention-keys-for-values",
    "attention compares with its values and averages its keys, where their sizes allow it",
    "Keras orders [query, value, key], PyTorch query, key, value",
    (node) => {
      const [key, value] = [node.inputNames.indexOf("key"), node.inputNames.indexOf("value")];
      if (JSON.stringify(node.body.inputs[key]!.type) !== JSON.stringify(node.body.inputs[value]!.type))
        return node;
      const inputs = [...node.inputs];
      [inputs[key], inputs[value]] = [inputs[value]!, inputs[key]!];
      return { ...node, inputs };
    },
    attentionOf,
  ),
  faultOfComposites(
    "attention-score-not-scaled",
    "the score of scaled dot-product attention is not divided by the root of its size",
    "Luong's score taken for that of scaled_dot_product_attention",
    (node) => {
      if (node.attrs["score"] !== "scaledDot") return node;
      const divided = node.body.nodes.find((inner) => inner.kind === "primitive" && inner.op === "div")!;
      const root = divided.inputs[1];
      return {
        ...node,
        body: {
          ...node.body,
          nodes: node.body.nodes.map((inner) =>
            inner.outputs[0]!.id === root && inner.kind === "primitive"
              ? { ...inner, attrs: { ...inner.attrs, value: [1] } }
              : inner,
          ),
        },
      };
    },
    attentionOf,
  ),
  fault(
    "attention-score-kernel-transposed",
    "the weights of a general score are read from key to query",
    "k·W·q in the place of q·W·k, where both have one size",
    {
      weights: changeNamed("scoreKernel", ({ shape: [rows, columns], data }) =>
        rows === columns
          ? Float32Array.from(data, (_, k) => data[(k % rows!) * rows! + Math.floor(k / rows!)]!)
          : (data as Float32Array),
      ),
    },
  ),
  faultOfComposites(
    "attention-sees-the-next-step",
    "causal attention sees one step too many",
    "a mask that hides what comes after the diagonal's neighbour",
    (node) =>
      node.attrs["causal"] === true
        ? changedBody(node, (inner) =>
            inner.op === "constant" && inner.attrs["dtype"] === "int32"
              ? { ...inner, attrs: { ...inner.attrs, value: [2] } }
              : inner,
          )
        : node,
    attentionOf,
  ),
  faultOfComposites(
    "attention-of-nothing-is-zeros",
    "a row without a real step gets zeros where it should get the mean",
    "a port of Keras's attention that masks before it normalises",
    (node) =>
      node.attrs["emptyRows"] === "mean"
        ? // What is hidden where something is seen is what is hidden.
          changedBody(node, (inner) =>
            inner.op === "and" && negated(node, inner.inputs[0]!)
              ? { ...inner, inputs: [inner.inputs[0]!, inner.inputs[0]!] }
              : inner,
          )
        : node,
    attentionOf,
  ),
  fault(
    "positions-sines-for-cosines",
    "an encoding of positions exchanges sines and cosines",
    "features counted from 1, as the paper's formula can be read",
    {
      program: rewrite((node) =>
        node.op === "sin" ? [{ ...node, op: "cos" }] : node.op === "cos" ? [{ ...node, op: "sin" }] : [node],
      ),
    },
  ),
  fault(
    "positions-counted-from-one",
    "a positional embedding takes the first row of its table for that of padding",
    "OPTLearnedPositionalEmbedding, whose table has rows before that of the first position",
    {
      weights: changeNamed("_positionalEmbedding.table", ({ shape: [, size], data }) =>
        Float32Array.from(data, (_, k) => data[Math.min(k + size!, data.length - 1)]!),
      ),
    },
  ),
  fault(
    "positions-begin-anew",
    "a positional embedding counts every piece of a sequence from 0",
    "arange(T) in the forward of a module that is fed in pieces",
    {
      feeds: (feeds) =>
        Object.fromEntries(
          Object.entries(feeds).map(([name, feed]) => [
            name,
            isState(name) && name.endsWith(".position")
              ? ({ ...feed, data: feed.data.map(() => 0) } as HostTensor)
              : feed,
          ]),
        ),
    },
  ),
  fault(
    "heads-run-fastest",
    "the columns of a value kernel are read with the heads running fastest",
    "a reshape to [size, heads] where the layout is [heads, size]",
    {
      weights: changeNamed("valueKernel", ({ shape: [, columns], data }) => {
        const half = columns! / 2;
        const from = (column: number): number => (column % half) * 2 + Math.floor(column / half);
        return half % 1 === 0
          ? Float32Array.from(data, (_, k) => data[k - (k % columns!) + from(k % columns!)]!)
          : (data as Float32Array);
      }),
    },
  ),
  fault(
    "attention-scale-ignored",
    "what a score is multiplied by is taken for 1",
    "a converter without the weight of Attention(use_scale=True)",
    { weights: changeNamed(".scale", ({ data }) => new Float32Array(data.length).fill(1)) },
  ),
  fault(
    "attention-cache-one-late",
    "the cache of keys and values is read one slot late",
    "a ring of keys whose next place is moved on before it is written",
    { feeds: changedCache(slotsMoved) },
  ),
  fault(
    "attention-cache-of-another-row",
    "a row looks at the cache of the row before it",
    "beams put in another order without their caches",
    { feeds: changedCache(rowsMoved) },
  ),
  fault(
    "attention-cache-empty-slots-counted",
    "slots of the cache that no step has filled are looked at",
    "a cache allocated whole and attended to without a mask",
    {
      feeds: (feeds) =>
        Object.fromEntries(
          Object.entries(feeds).map(([name, feed]) => [
            name,
            isState(name) && name.endsWith(".count")
              ? ({ ...feed, data: feed.data.map(() => MANY) } as HostTensor)
              : feed,
          ]),
        ),
    },
  ),
];
