import { type HostTensor, tensor } from "@unroll/api";
import {
  input,
  type KerasModel,
  type KerasTensor,
  layers,
  model,
  modelFromJson,
  sequential,
} from "@unroll/api/keras";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

// Random models of the layers that there are, written as Keras's JSON and read again: the same spec,
// weights of the same names, and the same numbers.

type Draw = (below: number) => number;

const activations = ["tanh", "relu", "hardSigmoid", "softsign", null] as const;

/** What makes a sequence of the same length of one. */
const overSteps: readonly ((draw: Draw) => Parameters<typeof sequential>[0])[] = [
  (draw) => [layers.lstm({ units: 3, returnSequences: true, goBackwards: false, dropout: draw(2) / 4 })],
  (draw) => [
    layers.gru({ units: 2, returnSequences: true, resetAfter: draw(2) === 0, useBias: draw(2) === 0 }),
  ],
  (draw) => [layers.simpleRnn(3, { returnSequences: true, activation: activations[draw(5)]!, unroll: true })],
  (draw) => [
    layers.bidirectional(layers.lstm(2, { returnSequences: true }), {
      mergeMode: (["concat", "sum", "mul", "ave"] as const)[draw(4)]!,
    }),
  ],
  () => [
    layers.bidirectional({
      layer: layers.gru(2, { returnSequences: true }),
      backwardLayer: layers.lstm(2, { returnSequences: true, goBackwards: true }),
    }),
  ],
  (draw) => [
    layers.rnn({
      cell:
        draw(2) === 0
          ? layers.gruCell({ units: 3 })
          : [layers.lstmCell({ units: 2 }), layers.gruCell({ units: 3 })],
      returnSequences: true,
    }),
  ],
  (draw) => [layers.timeDistributed(layers.dense(3, { activation: activations[draw(5)]! }))],
  (draw) => [
    layers.dense({ units: 3, activation: "softmax", useBias: draw(2) === 0, kernelInitializer: "zeros" }),
  ],
  (draw) => [layers.layerNormalization({ epsilon: 0.01, center: draw(2) === 0 }), layers.dropout(0.5)],
  () => [layers.batchNormalization({ scale: false, momentum: 0.9 })],
  () => [layers.activation("sigmoid"), layers.rmsNormalization()],
  () => [layers.conv1d({ filters: 3, kernelSize: 2, padding: "causal", activation: "relu" })],
  () => [
    layers.conv1d({ filters: 2, kernelSize: [3], strides: [2], padding: "same" }),
    layers.upSampling1d(2),
  ],
  () => [layers.maxPooling1d({ poolSize: 2, strides: 1, padding: "same" })],
  () => [layers.zeroPadding1d([1, 0]), layers.cropping1d([0, 1])],
  () => [layers.conv1dTranspose({ filters: 2, kernelSize: 2, padding: "same" })],
];

/** What makes one vector of a sequence. */
const ending: readonly (() => ReturnType<typeof layers.dense>)[] = [
  () => layers.lstm(3),
  () => layers.gru(3, { goBackwards: true }),
  () => layers.bidirectional(layers.simpleRnn(2)),
  () => layers.globalAveragePooling1d(),
  () => layers.globalMaxPooling1d(),
];

const chained = (x: KerasTensor, all: Parameters<typeof sequential>[0]): KerasTensor =>
  (all as readonly ReturnType<typeof layers.dense>[]).reduce<KerasTensor>((y, layer) => layer.apply(y), x);

/** A model of which `draw` decides everything. */
export function drawn(draw: Draw): KerasModel {
  const masked = draw(3) === 0;
  const pick = <T>(of: readonly T[]): T => of[draw(of.length)]!;
  if (draw(5) === 0) {
    const rest = [
      ...(pick(overSteps)(draw) as ReturnType<typeof layers.dense>[]),
      pick(ending)(),
      layers.dense(2),
    ];
    return masked
      ? sequential([layers.embedding({ inputDim: 5, outputDim: 3, maskZero: draw(2) === 0 }), ...rest])
      : sequential([input([6, 3]), ...rest], { name: "row" });
  }
  const [a, b] = [masked ? input([6]) : input({ shape: [6, 3], name: "a" }), input([6, 3])];
  const embedded = masked ? layers.embedding({ inputDim: 5, outputDim: 3, maskZero: true }).apply(a) : a;
  const sequences: KerasTensor[] = [embedded, b];
  for (let k = draw(3); k >= 0; k--) sequences.push(chained(pick(sequences), pick(overSteps)(draw)));
  const within = input([6, 3]);
  const inner = model(within, chained(within, pick(overSteps)(draw)), draw(2) === 0 ? { name: "inner" } : {});
  if (draw(2) === 0) {
    sequences.push(inner.apply(b));
    if (draw(2) === 0) sequences.push(inner.apply(embedded));
  }
  if (draw(3) === 0) sequences.push(sequential([input([6, 3]), ...(pick(overSteps)(draw) as [])]).apply(b));
  if (draw(3) === 0)
    sequences.push(
      layers.multiHeadAttention({ numHeads: 2, keyDim: 2 }).apply([b, pick(sequences.slice(1, 2))]),
    );
  if (draw(3) === 0)
    sequences.push(layers.attention({ useScale: true, useCausalMask: draw(2) === 0 }).apply([b, b]));
  const ends = [0, 1].map(() => pick(ending)().apply(pick(sequences)));
  const [, state] = layers.gru(3, { returnState: true }).apply(pick(sequences));
  ends.push(layers.gru(3).apply(pick(sequences), { initialState: state! }));
  const shared = layers.dense(2, { name: "shared" });
  const joined = layers.concatenate().apply(ends);
  const outputs = [
    shared.apply(joined),
    layers.add().apply([shared.apply(joined), layers.dense(2).apply(joined)]),
  ];
  return model({ inputs: [a, b], outputs: draw(2) === 0 ? outputs : outputs[1]!, name: "drawn" });
}

const wave = (shape: readonly number[], seed: number): HostTensor<"float32"> =>
  tensor(
    Float32Array.from({ length: shape.reduce((p, q) => p * q, 1) }, (_, k) => Math.sin(1.3 * k + seed) * 0.7),
    shape,
  );

/** Weights, among which no variance is below nothing. */
export const weightsOf = (made: KerasModel): HostTensor<"float32">[] =>
  made.weightSpecs.map(({ name, shape }, k) => {
    const own = wave(shape, k);
    return name.endsWith("variance") ? { ...own, data: own.data.map(Math.abs) } : own;
  });

export const inputsOf = (made: KerasModel): HostTensor[] =>
  made.inputs.map(({ dtype }, k) =>
    dtype === "int32"
      ? tensor(
          Array.from({ length: 12 }, (_, n) => (n < 8 ? (n * 3 + 1) % 5 : 0)),
          [2, 6],
          "int32",
        )
      : wave([2, 6, 3], k + 0.5),
  );

/** The spec, whose layers may stand in another order where none reads the other. */
const sorted = ({ spec }: KerasModel) => ({
  ...spec,
  layers: [...spec.layers].sort((p, q) => (p.name < q.name ? -1 : 1)),
});

describe("random models", () => {
  it("are the same after they were written and read again", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(1 << 20), { minLength: 24, maxLength: 24 }), async (choices) => {
        let at = 0;
        const first = drawn((below) => choices[at++ % choices.length]! % below);
        const second = modelFromJson(first.toJson());
        expect(sorted(second)).toEqual(sorted(first));
        expect(second.weightSpecs).toEqual(first.weightSpecs);
        expect(second.toJson()).toBe(first.toJson());
        const [weights, x] = [weightsOf(first), inputsOf(first)];
        first.setWeights(weights);
        second.setWeights(weights);
        expect(await second.predict(x)).toEqual(await first.predict(x));
      }),
      { seed: 15, numRuns: Number(process.env["UNROLL_RUNS"] ?? 40) },
    );
  });
});
