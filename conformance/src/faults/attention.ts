import type { HostTensor } from "@unroll/api";
import { faultOfComposites } from "./planting/composites.js";
import { fault, type Fault } from "./planting/fault.js";
import { attentionOf } from "./planting/programs.js";
import { changeNamed } from "./planting/weights.js";

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
    "attention-scale-ignored",
    "what a score is multiplied by is taken for 1",
    "a converter without the weight of Attention(use_scale=True)",
    { weights: changeNamed("look.scale", ({ data }) => new Float32Array(data.length).fill(1)) },
  ),
];
