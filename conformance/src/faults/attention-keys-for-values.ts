import { attentionOf, faultOfComposites } from "./break.js";

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
