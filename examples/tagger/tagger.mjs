import { compile, tensor } from "@unroll/api";
import { fromTorch, readSafetensors } from "@unroll/api/weights";
import * as models from "./models.mjs";

const UNKNOWN = 1;

/** Ids of lists of symbols as one tensor [rows, longest], padded with 0, and how long each row is. */
function padded(rows, idOf) {
  const lengths = rows.map((row) => row.length);
  const longest = Math.max(...lengths);
  const ids = new Int32Array(rows.length * longest);
  rows.forEach((row, r) =>
    row.forEach((symbol, k) => {
      ids[r * longest + k] = idOf(symbol);
    }),
  );
  return { ids: tensor(ids, [rows.length, longest], "int32"), lengths, longest };
}

/** Vectors [words, size] of all words in a row as [sentences, longest, size], zeros past a sentence's end. */
function bySentence({ data, shape: [, size] }, { lengths, longest }) {
  const made = new Float32Array(lengths.length * longest * size);
  let word = 0;
  lengths.forEach((count, sentence) => {
    made.set(data.subarray(word * size, (word + count) * size), sentence * longest * size);
    word += count;
  });
  return tensor(made, [lengths.length, longest, size]);
}

/**
 * Loads the tagger onto an engine.
 *
 * @param about `tagger.json`: sizes and vocabularies
 * @param file the bytes of `tagger.safetensors`, PyTorch's `state_dict`
 */
export async function loadTagger({ adapter, about, file }) {
  const { tensors } = readSafetensors(file);
  const load = async (spec) => {
    // One state_dict holds both models.
    const own = Object.fromEntries(
      Object.entries(tensors).filter(([name]) =>
        spec.layers.some((layer) => name.startsWith(`${layer.name}.`)),
      ),
    );
    return compile(spec, { adapter, weights: fromTorch(spec, own).weights });
  };
  const [spelling, tagger] = [
    await load(models.spelling(about.architecture)),
    await load(models.tagger(about.architecture)),
  ];
  const [wordIds, charIds] = [about.words, about.chars].map(
    (list) => new Map(list.map((symbol, id) => [symbol, id])),
  );

  return {
    spelling,
    tagger,
    /** What the models are fed for some sentences, each a list of words. */
    prepare(sentences) {
      const words = padded(sentences, (word) => wordIds.get(word.toLowerCase()) ?? UNKNOWN);
      const characters = padded(
        sentences.flat().map((word) => [...word].slice(0, about.max_chars)),
        (character) => charIds.get(character) ?? UNKNOWN,
      );
      return { words, characters };
    },
    /** Scores [sentences, longest, tags] of sentences that run side by side. */
    async scores(sentences) {
      const { words, characters } = this.prepare(sentences);
      const spelled = await spelling.sequence(characters.ids, { lengths: characters.lengths });
      spelled.state.dispose();
      const [forward, backward] = ["forward", "backward"].map((way) =>
        bySentence(spelled.outputs[`char_lstm.${way}.h`], words),
      );
      const { output, state } = await tagger.sequence(
        { words: words.ids, forward, backward },
        { lengths: words.lengths },
      );
      state.dispose();
      return output;
    },
    /** The likeliest tag of every word. */
    async tag(sentences) {
      const {
        data,
        shape: [, longest, tags],
      } = await this.scores(sentences);
      return sentences.map((sentence, row) =>
        sentence.map((_, k) => {
          const from = (row * longest + k) * tags;
          const own = data.subarray(from, from + tags);
          return about.tags[own.indexOf(Math.max(...own))];
        }),
      );
    },
    dispose() {
      spelling.dispose();
      tagger.dispose();
    },
  };
}
