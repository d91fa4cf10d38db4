import { changeNamed, fault } from "./break.js";

export const attentionScaleIgnored = fault(
  "attention-scale-ignored",
  "what a score is multiplied by is taken for 1",
  "a converter without the weight of Attention(use_scale=True)",
  { weights: changeNamed("look.scale", ({ data }) => new Float32Array(data.length).fill(1)) },
);
