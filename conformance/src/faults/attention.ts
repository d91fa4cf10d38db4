import type { HostTensor } from "@unroll/api";
import { attentionOf, changeNamed, changeScans, fault, faultOfComposites } from "./break.js";

export const attentionKeysForValues = faultOfComposites(
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
);

export const attentionScaleIgnored = fault(
  "attention-scale-ignored",
  "what a score is multiplied by is taken for 1",
  "a converter without the weight of Attention(use_scale=True)",
  { weights: changeNamed("look.scale", ({ data }) => new Float32Array(data.length).fill(1)) },
);

export const attentionScoreNotScaled = faultOfComposites(
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
);

export const attentionSeesThePadding = fault(
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
);

export const memoryOfAnotherRow = fault(
  "memory-of-another-row",
  "a cell looks at the memory of another row of the batch",
  "a memory repeated for beams in another order than its states",
  {
    program: (program) => {
      const turned: (typeof program.nodes)[number][] = [];
      const change = changeScans((scan) => {
        const inputs = scan.inputs.map((id, k) => {
          const type = scan.body.inputs[k]!.type;
          const whole =
            k >= scan.carries + scan.sequences && type.shape[0] === "batch" && type.dtype === "float32";
          if (!whole || type.shape.length !== 3) return id;
          const output = { id: `${id}.turned.${turned.length}`, type };
          turned.push({
            kind: "primitive",
            op: "reverse",
            inputs: [id],
            attrs: { axis: 0 },
            outputs: [output],
          });
          return output.id;
        });
        return { ...scan, inputs };
      });
      const nodes = change.program!(program).nodes.flatMap((node) => {
        const own = turned.filter((one) => node.inputs.includes(one.outputs[0]!.id));
        return [...own, node];
      });
      return { ...program, nodes };
    },
  },
);
