import { readdirSync, readFileSync } from "node:fs";
import { type HostTensor, isUnrollError, tensor } from "@unroll/api";
import { customCell } from "@unroll/api/cells";
import * as keras from "@unroll/api/keras";
import * as tfjs from "@unroll/api/tfjs";
import { readSafetensors } from "@unroll/api/weights";
import { describe, expect, it } from "vitest";

// Models of public scripts as their frameworks write them, `to_json()` and `toJSON()`, with weights in the
// order of get_weights, inputs and outputs.

const folder = new URL("../fixtures/ports/keras/", import.meta.url);

/** Relative to the largest value where that is above 1, as the notes of the recordings have it. */
const NEAR = 3e-6;

/** `MinimalRNNCell` of Keras's guide to recurrent layers. */
const minimal: keras.CustomObject = ({ units }, inputSize) =>
  customCell({
    name: "MinimalRNNCell",
    inputSize: inputSize!,
    state: { h: units as number },
    weights: { kernel: [inputSize!, units as number], recurrent_kernel: [units as number, units as number] },
    step: (b, { x, state, weights: w }) => ({
      state: { h: b.add(b.matmul(x, w.kernel), b.matmul(state.h, w.recurrent_kernel)) },
    }),
  });

const refused: Readonly<Record<string, string>> = {
  tfjs_dates: 'LastStep "encoderLast", Dot "dot_Dot1", Dot "context"',
};

const names = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.slice(0, -5));

const read = (name: string): keras.KerasModel => {
  const text = readFileSync(new URL(`${name}.json`, folder), "utf8");
  const { modelFromJson } = name.startsWith("tfjs") ? tfjs : keras;
  return modelFromJson(text, { customObjects: { MinimalRNNCell: minimal } });
};

const tensorsOf = (name: string) => {
  const { tensors } = readSafetensors(readFileSync(new URL(`${name}.safetensors`, folder)));
  return (prefix: string) =>
    Object.keys(tensors)
      .filter((key) => key.startsWith(prefix))
      .sort()
      .map((key) => tensors[key]!);
};

/** Holds a model to what was recorded; its stateful one was called row by row. */
async function holds(model: keras.KerasModel, name: string): Promise<void> {
  const recorded = tensorsOf(name);
  model.setWeights(recorded("list/"));
  const inputs = recorded("in/").map(({ data, shape }) =>
    tensor(Array.from(data as ArrayLike<number | bigint>, Number), shape),
  );
  const made = await model.predict(inputs, name === "stateful" ? { batchSize: 1 } : {});
  const wanted = recorded("out/");
  const got = Array.isArray(made) ? made : [made];
  // What follows the model's own outputs was made by models of its parts.
  expect(got.length).toBeLessThanOrEqual(wanted.length);
  got.forEach(({ shape, data }: HostTensor, k: number) => {
    expect(shape).toEqual(wanted[k]!.shape);
    const want = Array.from(wanted[k]!.data as Float32Array);
    const largest = Math.max(1, ...want.map(Math.abs));
    data.forEach((value: number, n: number) =>
      expect(Math.abs(value - want[n]!) / largest, `output ${k}[${n}]`).toBeLessThan(NEAR),
    );
  });
  model.dispose();
}

const message = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (isUnrollError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "nothing";
};

describe("models of recorded JSON", () => {
  it("are those of the scripts", () => expect(names.length).toBeGreaterThan(40));

  it.each(names.filter((name) => !Object.hasOwn(refused, name)))("%s runs as recorded", async (name) =>
    holds(read(name), name),
  );

  it.each(Object.entries(refused))("%s is refused by what there is none of", (name, listed) => {
    const text = message(() => read(name));
    expect(text).toMatch(/^UNROLL_UNSUPPORTED: modelFromJson: expected layers of Activation, Add, /);
    expect(text).toContain(`got ${listed}; give what makes them as customObjects`);
  });

  const rewritten = names.filter((name) => !Object.hasOwn(refused, name) && !name.startsWith("tfjs"));
  it.each(rewritten)("%s is the same after it was written and read again", async (name) => {
    const first = read(name);
    const second = keras.modelFromJson(first.toJson(), { customObjects: { MinimalRNNCell: minimal } });
    expect(second.spec).toEqual(first.spec);
    expect(second.weightSpecs).toEqual(first.weightSpecs);
    expect(JSON.parse(second.toJson())).toEqual(JSON.parse(first.toJson()));
    await holds(second, name);
  });
});
