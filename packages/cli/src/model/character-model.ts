import { type Spec, unrollError, type WeightMap } from "@unroll/api";
import { inline } from "../escaped.js";

/**
 * A character language model out of a folder: an embedding, LSTM layers and a linear layer over the
 * vocabulary.
 */
export interface CharacterModel {
  readonly name: string;
  readonly spec: Spec;
  readonly weights: WeightMap;
  /** Characters by id. */
  readonly vocab: readonly string[];
  readonly passage: string;
  readonly prompt: string;
  /** Mean log-likelihood per character that was recorded for the passage, in nats. */
  readonly recorded: number | null;
  /** Ids of a text. @throws UNROLL_ARGUMENT naming a character that the model does not know */
  idsOf(text: string, place: string): Int32Array;
}

/** Looks up ids of characters in the vocabulary of a model. */
export function idsIn(vocab: readonly string[], model: string): CharacterModel["idsOf"] {
  const ids = new Map(vocab.map((character, id) => [character, id]));
  const known = (): string =>
    vocab
      .filter((entry) => [...entry].length === 1)
      .map(inline)
      .join("");
  return (text, place) =>
    Int32Array.from([...text], (character) => {
      const id = ids.get(character);
      if (id !== undefined) return id;
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place,
        expected: `characters that model "${model}" knows`,
        got: JSON.stringify(character),
        cure: `it knows ${known()}`,
        details: { character },
      });
    });
}
