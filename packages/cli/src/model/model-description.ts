import { type Form, list, number, nullable, object, optional, type Read, text, whole } from "../json/form.js";
import { limits } from "../json/limits.js";

const size = whole(1, limits.size);
/** Rows and columns: inputs and outputs of an embedding or a linear layer. */
const pair = list(size, 2, 2) as Form<readonly [number, number]>;

/** What NAME.json of a model folder says; what else it holds is not read. */
export const modelDescription = object({
  architecture: object({
    embedding: pair,
    lstm: object({ input_size: size, hidden_size: size, num_layers: whole(1, limits.layers) }),
    fc: pair,
  }),
  vocab: list(text, 1, limits.size),
  passage: text,
  prompt: text,
  mean_loglik: optional(nullable(number)),
});

export type ModelDescription = Read<typeof modelDescription>;
