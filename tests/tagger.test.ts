import { readFileSync } from "node:fs";
import { type Adapter, type HostTensor, type SequenceModel, tensor } from "@unroll/api";
import { fromTorch, readSafetensors } from "@unroll/api/weights";
import { compareWithBound, deriveBounds, evaluate, type Evaluation } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { fast } from "../conformance/test/settings.js";
import { engines } from "./engines.js";

/** What the example gives; it is plain JavaScript. */
interface Tagger {
  readonly spelling: SequenceModel;
  readonly tagger: SequenceModel;
  prepare(sentences: readonly (readonly string[])[]): { words: Padded; characters: Padded };
  scores(sentences: readonly (readonly string[])[]): Promise<HostTensor<"float32">>;
  tag(sentences: readonly (readonly string[])[]): Promise<string[][]>;
  dispose(): void;
}
interface Padded {
  readonly ids: HostTensor<"int32">;
  readonly lengths: number[];
}
const { loadTagger } = (await import(
  /* @vite-ignore */ new URL("../examples/tagger/tagger.mjs", import.meta.url).href
)) as { loadTagger: (options: { adapter: Adapter; about: unknown; file: Uint8Array }) => Promise<Tagger> };

const folder = new URL("../fixtures/models/tagger/", import.meta.url);
const about = JSON.parse(readFileSync(new URL("tagger.json", folder), "utf8")) as {
  tags: string[];
  sentences: { tokens: string[]; predicted: string[] }[];
};
const file = readFileSync(new URL("tagger.safetensors", folder));
const state = readSafetensors(file).tensors;
const recorded = readSafetensors(readFileSync(new URL("expected.safetensors", folder))).tensors;
const sentences = about.sentences.map(({ tokens }) => tokens);
const weightsOf = ({ spec }: SequenceModel) =>
  fromTorch(
    spec,
    Object.fromEntries(
      Object.entries(state).filter(([name]) =>
        spec.layers.some((layer) => name.startsWith(`${layer.name}.`)),
      ),
    ),
  ).weights;
const lengthsOf = ({ lengths }: Padded) => tensor(lengths, [lengths.length], "int32");

/** Vectors of words one after the other, as [sentences, longest, size]. */
function bySentence(
  {
    shape: [, size],
    data,
  }: { readonly shape: readonly number[]; readonly data: Float64Array | Float32Array },
  { ids, lengths }: Padded,
): { shape: number[]; data: Float64Array } {
  const [rows, longest] = ids.shape as [number, number];
  const made = new Float64Array(rows * longest * size!);
  let word = 0;
  lengths.forEach((count, row) => {
    made.set(data.subarray(word * size!, (word + count) * size!), row * longest * size!);
    word += count;
  });
  return { shape: [rows, longest, size!], data: made };
}

describe("a cascade that PyTorch trained: characters of words, then words of sentences", () => {
  it("gives PyTorch's float64 scores by the equations, to 1e-11", async () => {
    const tagger = await loadTagger({ adapter: engines["builtin"]!(), about, file });
    const { words, characters } = tagger.prepare(sentences);
    expect([...characters.lengths]).toEqual([...recorded["char_len"]!.data]);
    const spelled = evaluate(tagger.spelling.spec, weightsOf(tagger.spelling), {
      inputs: { characters: characters.ids },
      lengths: lengthsOf(characters),
    });
    const [forward, backward] = ["forward", "backward"].map((way) =>
      bySentence(spelled.outputs[`char_lstm.${way}.h`]!, words),
    );
    // Float64 as it is: what the first model gives is not rounded on its way into the second.
    const inputs = { words: words.ids, forward, backward } as unknown as Readonly<Record<string, HostTensor>>;
    const {
      data,
      shape: [, longest, tags],
    } = evaluate(tagger.tagger.spec, weightsOf(tagger.tagger), { inputs, lengths: lengthsOf(words) }).outputs[
      "tag"
    ]!;
    const want = recorded["f64.logits"]!.data as Float64Array;
    let [word, worst] = [0, 0];
    sentences.forEach((tokens, row) =>
      tokens.forEach((_, k) => {
        for (let tag = 0; tag < tags!; tag++)
          worst = Math.max(
            worst,
            Math.abs(data[(row * longest! + k) * tags! + tag]! - want[word * tags! + tag]!),
          );
        word++;
      }),
    );
    expect(word).toBe(851);
    expect(worst).toBeLessThan(1e-11);
    tagger.dispose();
  });

  it.each(Object.entries(engines).slice(0, fast ? 1 : undefined))(
    "tags every word as PyTorch does on %s, each model within its bound",
    async (_engine, make) => {
      const tagger = await loadTagger({ adapter: make(), about, file });
      const read = sentences.slice(0, fast ? 12 : undefined);
      expect(await tagger.tag(read)).toEqual(
        about.sentences.slice(0, read.length).map(({ predicted }) => predicted),
      );

      const some = sentences.slice(0, 6);
      const { words, characters } = tagger.prepare(some);
      const held = (
        got: HostTensor,
        ref: string,
        { exact, bounds }: { exact: Evaluation; bounds: Evaluation },
      ): void =>
        expect(
          compareWithBound(got, exact.outputs[ref]!, bounds.outputs[ref]!).errorOverBound,
          ref,
        ).toBeLessThan(1);
      const first = deriveBounds(tagger.spelling.spec, weightsOf(tagger.spelling), {
        inputs: { characters: characters.ids },
        lengths: lengthsOf(characters),
      });
      const { outputs } = await tagger.spelling.sequence(characters.ids, { lengths: characters.lengths });
      for (const way of ["forward", "backward"])
        held(outputs[`char_lstm.${way}.h`]!, `char_lstm.${way}.h`, first);

      const [forward, backward] = ["forward", "backward"].map((way) => {
        const { shape, data } = bySentence(outputs[`char_lstm.${way}.h`] as HostTensor<"float32">, words);
        return tensor(Float32Array.from(data), shape);
      }) as [HostTensor, HostTensor];
      const second = deriveBounds(tagger.tagger.spec, weightsOf(tagger.tagger), {
        inputs: { words: words.ids, forward, backward },
        lengths: lengthsOf(words),
      });
      held(await tagger.scores(some), "tag", second);
      tagger.dispose();
    },
  );
});
