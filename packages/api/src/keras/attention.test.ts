import { compareWithBound, deriveBounds } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { type HostTensor, tensor } from "../contract/tensor.js";
import { input, type KerasModel, layers, model } from "./index.js";

const numbers = (...shape: number[]): HostTensor<"float32"> =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(k + 1)),
    shape,
  );
const filled = <M extends KerasModel>(made: M): M => {
  made.setWeights(made.weightSpecs.map(({ shape }) => numbers(...shape)));
  return made;
};

/** An encoder and a decoder, masked by padding ids where asked. */
function translator(maskZero: boolean) {
  const [source, target] = [
    input({ shape: [null], dtype: "int32", name: "source" }),
    input({ shape: [null], dtype: "int32", name: "target" }),
  ];
  const [read, h] = layers
    .gru({ units: 4, returnSequences: true, returnState: true, name: "encoder" })
    .apply(layers.embedding({ inputDim: 6, outputDim: 3, maskZero }).apply(source));
  const wrote = layers
    .gru({ units: 4, returnSequences: true, name: "decoder" })
    .apply(layers.embedding({ inputDim: 5, outputDim: 3, maskZero }).apply(target), {
      initialState: [h!],
      keepMask: true,
    });
  const seen = layers.additiveAttention().apply([wrote, read!]);
  return filled(model({ inputs: [source, target], outputs: layers.concatenate().apply([wrote, seen]) }));
}
const ids = (rows: number[][]): HostTensor<"int32"> =>
  tensor(rows.flat(), [rows.length, rows[0]!.length], "int32");

describe("attention in a Keras model", () => {
  it("lets two inputs have two times; that of the output is the one that steps run along", () => {
    expect(translator(true).spec.inputs.map(({ name, axis }) => `${name}: ${axis}`)).toEqual([
      "source: source",
      "target: time",
    ]);
  });

  it("is masked on either side by what the ids say: longer padding changes nothing", async () => {
    const made = translator(true);
    const [short, long] = await Promise.all(
      [[[1, 2, 3]], [[1, 2, 3, 0, 0]]].map(
        async (source) => (await made.predict([ids(source), ids([[4, 1]])])) as HostTensor,
      ),
    );
    expect(long!.data).toEqual(short!.data);
    const unmasked = translator(false);
    const [one, other] = await Promise.all(
      [[[1, 2, 3]], [[1, 2, 3, 0, 0]]].map(
        async (source) => (await unmasked.predict([ids(source), ids([[4, 1]])])) as HostTensor,
      ),
    );
    expect(other!.data).not.toEqual(one!.data);
  });

  it("takes masks by the names of inputs where their times differ", async () => {
    const made = translator(false);
    const source = ids([[1, 2, 3, 5, 5]]);
    const masked = (await made.predict([source, ids([[4, 1]])], {
      mask: { source: [[1, 1, 1, 0, 0]] },
    })) as HostTensor;
    const cut = (await made.predict([ids([[1, 2, 3]]), ids([[4, 1]])])) as HostTensor;
    const { exact, bounds } = deriveBounds(made.spec, made.canonicalWeights(), {
      inputs: { source, target: ids([[4, 1]]) },
      along: { source: { mask: tensor([[1, 1, 1, 0, 0]], undefined, "bool") } },
    });
    const [ref] = made.spec.outputs as [string];
    for (const got of [masked, cut])
      expect(compareWithBound(got, exact.outputs[ref]!, bounds.outputs[ref]!).errorOverBound).toBeLessThan(1);
    await expect(made.predict([source, ids([[4, 1]])], { mask: [[1, 1, 1, 0, 0]] })).rejects.toThrow(
      "expected masks by input (source, target), got one mask; its inputs do not share their time",
    );
    await expect(
      made.predict([source, ids([[4, 1]])], { mask: { sauce: [[1, 1, 1, 0, 0]] } }),
    ).rejects.toThrow('expected masks of inputs source, target, got one of "sauce"');
    await expect(
      translator(true).predict([source, ids([[4, 1]])], { mask: { source: [[1, 1, 1, 0, 0]] } }),
    ).rejects.toThrow('expected a mask from one place, got one given beside that of input "source"');
  });

  it("joins the times of inputs that a layer reads side by side", () => {
    const [a, b] = [input({ shape: [null, 2], name: "a" }), input({ shape: [null, 2], name: "b" })];
    const made = model({
      inputs: [a, b],
      outputs: layers.attention().apply([a, layers.add().apply([a, b])]),
    });
    expect(made.spec.inputs.map(({ axis }) => axis)).toEqual(["time", "time"]);
  });

  const query = input({ shape: [null, 2] });
  it.each<[string, () => unknown, string]>([
    [
      "a query alone",
      () => layers.attention().apply(query),
      "attention: expected inputs [query, value] or [query, value, key], got 1; apply it to a list",
    ],
    [
      "a value without time",
      () => layers.attention().apply([query, input({ shape: [2] })]),
      "attention: expected a value [batch, time, features], got one without time",
    ],
    [
      "sizes that do not fit",
      () => layers.additiveAttention({ name: "look" }).apply([query, input({ shape: [null, 3] })]),
      'additive_attention "look": expected query and key of one size, got 2 and 3; a dense layer makes ' +
        "them fit",
    ],
    [
      "another score",
      () => layers.attention({ scoreMode: "cosine" as never }),
      "attention: expected scoreMode dot or concat, got cosine",
    ],
    [
      "an option it does not have",
      () => layers.attention({ useScal: true } as never),
      'the nearest is "useScale"',
    ],
    [
      "more masks than sequences",
      () => layers.gru({ units: 1 }).apply(query, { mask: [null, null] }),
      "gru: expected one mask, got 2",
    ],
  ])("refuses %s", (_what, attempt, message) => {
    expect(attempt).toThrow(message);
  });
});
