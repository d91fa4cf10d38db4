// A model of an amplifier, one sample in and one out, with weights that are as good as any.
import { type Adapter, compile, dense, gruCell, input, lstmCell } from "@unroll/api";
import { recurrent, spec, specWeights, type SteppableModel, tensor } from "@unroll/api";

/** What is played: a recurrent layer of a kind and a size, then one number. */
export interface Amplifier {
  readonly kind: "lstm" | "gru";
  readonly units: number;
}

export async function amplifierOf({ kind, units }: Amplifier, adapter: Adapter): Promise<SteppableModel> {
  const cell = { lstm: lstmCell, gru: gruCell }[kind]({ inputSize: 1, units });
  const model = spec({
    name: "amplifier",
    inputs: [input({ name: "x", shape: [1] })],
    layers: [
      recurrent({ name: "cell", input: "x", cell }),
      dense({ name: "out", input: "cell", inputSize: units, units: 1 }),
    ],
  });
  const weights = Object.fromEntries(
    specWeights(model).map(({ name, shape }) => {
      const data = Float32Array.from(
        { length: shape.reduce((a, b) => a * b, 1) },
        (_, k) => Math.sin(k + 1) / 2,
      );
      return [name, tensor(data, shape)];
    }),
  );
  return (await compile(model, { adapter, weights })) as SteppableModel;
}

/** A tone that swells, so many samples of it. */
export const toneOf = (samples: number): Float32Array =>
  Float32Array.from({ length: samples }, (_, k) => (Math.sin(k / 17) * (k % 12_000)) / 12_000);
