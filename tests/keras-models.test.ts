import { readFileSync } from "node:fs";
import { type HostTensor, tensor } from "@unroll/api";
import { input, type KerasModel, layers, model, modelFromJson, sequential } from "@unroll/api/keras";
import { describe, expect, it } from "vitest";

interface Held {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
  readonly data: readonly number[];
}
interface Described {
  readonly config: object;
  readonly weights: readonly string[];
  readonly layers: readonly string[];
  readonly params: number;
  readonly summary: string;
  readonly calls: readonly { readonly inputs: readonly Held[]; readonly outputs: readonly Held[] }[];
}
interface Recorded extends Described {
  readonly name: string;
  readonly stored: readonly string[];
  readonly parts: readonly Described[];
}

const { models: recorded } = JSON.parse(
  readFileSync(new URL("../fixtures/keras-models/manifest.json", import.meta.url), "utf8"),
) as { models: readonly Recorded[] };
const named = (name: string): Recorded => recorded.find((one) => one.name === name)!;

/** As for the ports: frameworks are within 7e-7 of float64. */
const NEAR = 3e-6;

/** Weights as record.py makes them. */
function filled<M extends KerasModel>(made: M): M {
  made.setWeights(
    made.weightSpecs.map(({ name, shape }, k) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const wave = Float32Array.from({ length: size }, (_, n) => Math.sin(1.3 * n + k) * 0.7);
      return tensor(name.includes("variance") ? wave.map(Math.abs) : wave, shape);
    }),
  );
  return made;
}

const given = (held: readonly Held[]): HostTensor[] =>
  held.map(({ data, shape, dtype }) => tensor(data, shape, dtype));

async function holds(made: KerasModel, calls: Described["calls"]): Promise<void> {
  for (const { inputs, outputs } of calls) {
    const out = await made.predict(given(inputs));
    const got = Array.isArray(out) ? out : [out];
    expect(got.map(({ shape }) => shape)).toEqual(outputs.map(({ shape }) => shape));
    got.forEach(({ data }, k) =>
      data.forEach((value: number, n: number) =>
        expect(Math.abs(value - outputs[k]!.data[n]!), `output ${k}[${n}]`).toBeLessThan(NEAR),
      ),
    );
  }
}

const quiet = { printFn: () => undefined };

/** The models of record.py, statement for statement. */
const code: Readonly<Record<string, () => KerasModel>> = {
  nested() {
    const i = input([6, 3], { name: "i" });
    const inner = model(i, layers.Dense(2).apply(layers.LSTM(2, { returnSequences: true }).apply(i)), {
      name: "inner",
    });
    const last = sequential([input([6, 2], { name: "s" }), layers.GRU(2)], { name: "last" });
    const [a, b] = [input([6, 3], { name: "a" }), input([6, 3], { name: "b" })];
    const one = last.apply(inner.apply(a));
    return model([a, b], layers.Add().apply([one, layers.GRU(2).apply(inner.apply(b))]), {
      name: "functional_1",
    });
  },
  deep() {
    const i = input([6, 3], { name: "i" });
    const one = model(i, layers.gru(3, { returnSequences: true }).apply(i), { name: "one" });
    const j = input([6, 3], { name: "j" });
    const two = model(j, layers.lstm(2).apply(one.apply(j)), { name: "two" });
    const a = input([6, 3], { name: "a" });
    return model(a, layers.dense(2).apply(two.apply(a)));
  },
  ends() {
    const i = input([6, 3], { name: "i" });
    const [, state] = layers.gru(2, { returnState: true }).apply(i);
    const inner = model(i, [layers.lstm(2).apply(i), state!], { name: "inner" });
    const [a, b] = [input([6, 3], { name: "a" }), input([6, 3], { name: "b" })];
    const [[one, oneState], [, twoState]] = [inner.apply(a), inner.apply(b)];
    return model([a, b], [one!, twoState!, layers.dense(1).apply(oneState!)]);
  },
  stateful: () =>
    sequential([
      input([3, 3], { batchSize: 2, name: "x" }),
      layers.gru(2, { stateful: true, returnSequences: true }),
      layers.lstm(2, { stateful: true }),
    ]),
};

/** What a model within is called in paths depends on when Keras builds it. */
const inner = (name: string): string => name.replace(/^(last|sequential)\//, "");

describe("whole models of Keras", () => {
  it.each(recorded.map((one) => [one.name, one] as const))("%s, out of its JSON", async (_name, one) => {
    const made = filled(modelFromJson(one.config));
    expect(made.weightSpecs.map(({ name }) => inner(name))).toEqual(one.weights.map(inner));
    expect(made.layers.map(({ name }) => name)).toEqual(one.layers);
    expect(made.countParams()).toBe(one.params);
    // Operations on masks are no layers here.
    if (!one.summary.includes("not_equal")) expect(made.summary(quiet)).toBe(one.summary);
    await holds(made, one.calls);
    await holds(filled(modelFromJson(made.toJson())), one.calls);
    for (const part of one.parts) modelFromJson(part.config);
  });

  it.each(recorded.map((one) => [one.name, one] as const))(
    "%s reads its weights file's names",
    (_name, one) => {
      const [made, other] = [filled(modelFromJson(one.config)), modelFromJson(one.config)];
      const weights = made.getWeights();
      other.loadWeights(Object.fromEntries(one.stored.map((name, k) => [name, weights[k]!])));
      expect(other.getWeights()).toEqual(weights);
    },
  );

  it.each(Object.entries(code))("%s, written here", async (name, make) => {
    const [made, one] = [filled(make()), named(name)];
    expect(made.weightSpecs.map((weight) => inner(weight.name))).toEqual(one.weights.map(inner));
    expect(made.layers.map((layer) => layer.name)).toEqual(one.layers);
    expect(made.summary(quiet).split("\n").slice(1)).toEqual(one.summary.split("\n").slice(1));
    await holds(made, one.calls);
  });

  it("share their layers' weights: an encoder, and a decoder that is stepped", async () => {
    const one = named("seq2seq");
    const [source, target] = [input([null, 3], { name: "source" }), input([null, 3], { name: "target" })];
    const [, h, c] = layers.lstm(2, { returnState: true, name: "encoder" }).apply(source);
    const decoder = layers.lstm(2, { returnSequences: true, returnState: true, name: "decoder" });
    const dense = layers.dense(3, { activation: "softmax" });
    const [seen] = decoder.apply(target, { initialState: [h!, c!] });
    const training = model([source, target], dense.apply(seen!));
    const encoder = model(source, [h!, c!]);
    const state = [input([2], { name: "h" }), input([2], { name: "c" })];
    const [step, ...after] = decoder.apply(target, { initialState: state });
    const stepper = model([target, ...state], [dense.apply(step!), ...after]);

    filled(training);
    await holds(training, one.calls);
    await holds(encoder, one.parts[0]!.calls);
    await holds(stepper, one.parts[1]!.calls);
    expect(stepper.getLayer("dense")).toBe(dense);
    expect(encoder.summary(quiet).split("\n").slice(1)).toEqual(one.parts[0]!.summary.split("\n").slice(1));
    expect(stepper.summary(quiet).split("\n").slice(1)).toEqual(one.parts[1]!.summary.split("\n").slice(1));

    // Weights that are set afterwards are seen by models that were compiled before.
    const { inputs } = one.parts[1]!.calls[0]!;
    const before = (await stepper.predict(given(inputs))) as HostTensor[];
    training.setWeights(
      training.getWeights().map((weight) => ({ ...weight, data: weight.data.map((v) => -v) })),
    );
    const afterwards = (await stepper.predict(given(inputs))) as HostTensor[];
    expect(afterwards[1]!.data).not.toEqual(before[1]!.data);
  });

  it("carry their layers' states, which are seen and reset", async () => {
    const [made, one] = [filled(code["stateful"]!()), named("stateful")];
    const [gru, lstm] = made.layers as [ReturnType<typeof layers.gru>, ReturnType<typeof layers.lstm>];
    expect(lstm.states).toBe(null);
    await holds(made, one.calls);
    const [h, c] = lstm.states!;
    expect(lstm.states).toHaveLength(2);
    // The output of the last step is h.
    h!.data.forEach((value, n) =>
      expect(Math.abs(value - one.calls[1]!.outputs[0]!.data[n]!)).toBeLessThan(NEAR),
    );
    expect(c!.shape).toEqual([2, 2]);
    lstm.resetStates();
    expect([lstm.states, gru.states?.length]).toEqual([null, 1]);
    made.resetStates();
    await holds(made, one.calls);
  });

  it("predict so many rows at a time what they predict of all", async () => {
    const made = filled(code["nested"]!());
    const rows = (seed: number) =>
      tensor(
        Array.from({ length: 5 * 18 }, (_, n) => Math.sin(n * seed)),
        [5, 6, 3],
      );
    const x = [rows(1.1), rows(0.7)];
    const all = (await made.predict(x)) as HostTensor;
    for (const batchSize of [1, 2, 5, 9]) {
      const parts = (await made.predict(x, { batchSize })) as HostTensor;
      expect(parts.shape).toEqual(all.shape);
      parts.data.forEach((value: number, n: number) =>
        expect(Math.abs(value - all.data[n]!)).toBeLessThan(NEAR),
      );
    }
    expect(await made.predictOnBatch(x)).toEqual(all);
    const masked = filled(modelFromJson(named("layer_norm_masked").config));
    const ids = tensor([1, 2, 0, 0, 0, 0, 3, 0, 2, 1, 0, 0, 4, 1, 1, 1, 1, 1], [3, 6], "int32");
    const whole = (await masked.predict(ids)) as HostTensor;
    const split = (await masked.predict(ids, { batchSize: 2 })) as HostTensor;
    split.data.forEach((value: number, n: number) =>
      expect(Math.abs(value - whole.data[n]!)).toBeLessThan(NEAR),
    );
  });
});
