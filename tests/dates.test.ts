import { readFileSync } from "node:fs";
import { type Adapter, compile, type HostTensor, type Spec, tensor, type WeightMap } from "@unroll/api";
import { fromKeras, readSafetensors } from "@unroll/api/weights";
import { compareWithBound, deriveBounds, type Run } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { engines } from "./engines.js";

interface Dates {
  readonly sizes: object;
  translate(dates: readonly string[]): Promise<{ texts: string[]; looks: Float32Array[][] }>;
  dispose(): void;
}
const module = async (name: string): Promise<object> =>
  (await import(/* @vite-ignore */ new URL(`../examples/dates/${name}.mjs`, import.meta.url).href)) as object;
const { loadDates } = (await module("dates")) as {
  loadDates(options: { adapter: Adapter; about: unknown; file: Uint8Array }): Promise<Dates>;
};
const { translator } = (await module("models")) as { translator(sizes: object): Spec };

const folder = new URL("../fixtures/models/dates/", import.meta.url);
const about = JSON.parse(readFileSync(new URL("dates.json", folder), "utf8")) as {
  source: string[];
  target: string[];
  size: number;
  units: number;
  questions: string[];
  answers: string[];
};
const file = readFileSync(new URL("dates.safetensors", folder));
const sizes = {
  letters: about.source.length,
  digits: about.target.length,
  size: about.size,
  units: about.units,
};

const model = translator(sizes);
const weights: WeightMap = fromKeras(model, readSafetensors(file).tensors).weights;
const { tensors: expected } = readSafetensors(readFileSync(new URL("expected.safetensors", folder)));
const ids = (name: string): HostTensor<"int32"> =>
  tensor(expected[name]!.data as Int32Array, expected[name]!.shape, "int32");
const inputs = { source: ids("source"), target: ids("target") };
const [batch, longest] = inputs.source.shape as [number, number];
const lengths = Array.from(
  { length: batch },
  (_, row) => inputs.source.data.subarray(row * longest, (row + 1) * longest).filter((id) => id > 0).length,
);
const run: Run = { inputs, along: { source: { lengths: tensor(lengths, [batch], "int32") } } };
const results = { words: "f64.words", "attention.weights": "f64.weights" } as const;

const judged = deriveBounds(model, weights, run);

describe("the trained translator of dates", () => {
  it("is what the oracle computes, to 1e-12", () => {
    const { outputs } = judged.exact;
    for (const [ref, key] of Object.entries(results)) {
      expect(outputs[ref]!.shape).toEqual(expected[key]!.shape);
      outputs[ref]!.data.forEach((value, k) =>
        expect(Math.abs(value - (expected[key]!.data as Float64Array)[k]!), `${ref}[${k}]`).toBeLessThan(
          1e-12,
        ),
      );
    }
  });

  it.each(Object.entries(engines))("runs as a whole on %s within the bound", async (_engine, make) => {
    const { exact, bounds } = judged;
    const compiled = await compile(model, { adapter: make(), weights });
    const { outputs, state } = await compiled.sequence(inputs, { lengths: { source: lengths } });
    state.dispose();
    for (const ref of Object.keys(results))
      expect(
        compareWithBound(outputs[ref]!, exact.outputs[ref]!, bounds.outputs[ref]!).errorOverBound,
        ref,
      ).toBeLessThan(1);
    compiled.dispose();
  });

  it.each(Object.entries(engines))(
    "writes one digit at a time on %s what Keras wrote",
    async (_engine, make) => {
      const dates = await loadDates({ adapter: make(), about, file });
      const { texts, looks } = await dates.translate(about.questions);
      expect(texts).toEqual(about.answers);
      for (const [row, question] of about.questions.entries())
        for (const look of looks[row]!) {
          expect(look).toHaveLength(question.length);
          // The total that shares are divided by is rounded once a share, and each share once or twice.
          expect(Math.abs(look.reduce((a, b) => a + b, 0) - 1)).toBeLessThan((look.length + 2) * 2 ** -24);
        }
      dates.dispose();
    },
  );
});
