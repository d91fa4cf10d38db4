import { readFileSync } from "node:fs";
import { type HostTensor, tensor } from "@unroll/api";
import * as tf from "@unroll/api/tf1";
import { readSafetensors } from "@unroll/api/weights";
import { beforeEach, describe, expect, it } from "vitest";
import { engines } from "./engines.js";
import { holds } from "./tensorflow-1.js";

interface Case {
  readonly name: string;
  readonly width: number;
  readonly vocabulary: number;
  readonly length_penalty: number;
  readonly coverage_penalty: number;
  readonly variables: readonly string[];
}

const folder = new URL("../fixtures/tf1-beam-search/", import.meta.url);
const manifest = readFileSync(new URL("manifest.json", folder), "utf8");
const { cases } = JSON.parse(manifest) as { readonly cases: readonly Case[] };

const { rnnCell, seq2seq } = tf;
const [batch, units, end] = [2, 4, 1];

/** A cell and its first state, of what is fed, as record.py has them. */
const cells: Readonly<Record<string, (state: tf.Tensor, width: number) => [tf.rnnCell.RNNCell, tf.State]>> = {
  plain: (state) => [new rnnCell.GRUCell(units), state],
  lengths: (state) => [new rnnCell.LSTMCell(units), new tf.LSTMStateTuple(state, state)],
  attention(state, width) {
    const memory = tf.placeholder(tf.float32, [batch, 4, units], "memory");
    const lengths = tf.constant([4, 2], tf.int32);
    const [tiled, memorySequenceLength] = seq2seq.tileBatch([memory, lengths], width) as [
      tf.Tensor,
      tf.Tensor,
    ];
    const mechanism = new seq2seq.LuongAttention(units, tiled, { memorySequenceLength });
    const cell = new seq2seq.AttentionWrapper(new rnnCell.LSTMCell(units), mechanism, {
      attentionLayerSize: 3,
    });
    const cellState = new tf.LSTMStateTuple(state, state);
    return [cell, cell.zeroState(tf.shape(tiled)[0]!).clone({ cellState })];
  },
  wide: (state) => [new rnnCell.GRUCell(units), state],
};

function build({ name, width, vocabulary, ...how }: Case) {
  const table = tf.getVariable("table", [vocabulary, 3]);
  const state = tf.placeholder(tf.float32, [batch, units], "state");
  const [cell, first] = cells[name]!(seq2seq.tileBatch(state, width), width);
  const outputLayer = new tf.layers.Dense(vocabulary, { name: "projection" });
  const decoder = new seq2seq.BeamSearchDecoder(cell, table, [2, 0], end, first, width, {
    outputLayer,
    lengthPenaltyWeight: how.length_penalty,
    coveragePenaltyWeight: how.coverage_penalty,
  });
  const decoded = seq2seq.dynamicDecode(decoder, { maximumIterations: 8 });
  return { decoded, cell, first, table, outputLayer };
}

beforeEach(() => tf.resetDefaultGraph());

it("are those that were recorded", () => {
  expect(Object.keys(cells)).toEqual(cases.map(({ name }) => name));
});

describe.each(cases.map((one) => [one.name, one] as const))(
  "beam searches of TensorFlow 1: %s",
  (name, one) => {
    const { tensors } = readSafetensors(readFileSync(new URL(`${name}.safetensors`, folder)));
    const recorded = (key: string): number[] => Array.from(tensors[key]!.data as ArrayLike<number>);
    const variables = Object.fromEntries(one.variables.map((key) => [key, tensors[key]!]));
    const given = Object.fromEntries(
      Object.entries(tensors).flatMap(([key, { data, shape }]) =>
        key.startsWith("feed.") ? [[key.slice(5), tensor(data as Float32Array, shape)]] : [],
      ),
    );

    it("have TensorFlow's variables", () => {
      build(one);
      const sorted = (names: readonly string[]) => [...names].sort();
      expect(sorted(tf.globalVariables().map(({ name }) => name))).toEqual(sorted(one.variables));
    });

    it.each(Object.keys(engines))("choose on %s the beams that TensorFlow chose", async (engine) => {
      const { decoded, cell, first, table, outputLayer } = build(one);
      const [{ predictedIds, beamSearchDecoderOutput: steps }, state, lengths] = decoded;
      const session = new tf.Session({ adapter: engines[engine]!() });
      session.restore(variables);
      const [ids, scores, stepIds, parents, ends, finished, logProbs, own] = await session.run(
        [
          ...[predictedIds, steps.scores, steps.predictedIds, steps.parentIds],
          ...[lengths, state.finished, state.logProbs, state.lengths],
        ] as const,
        given,
      );
      session.close();
      const numbers = ({ data }: HostTensor): number[] => Array.from(data);
      expect(ids!.shape).toEqual(tensors["ids"]!.shape);
      expect(numbers(ids!)).toEqual(recorded("ids"));
      expect(numbers(stepIds!)).toEqual(recorded("step_ids"));
      expect(numbers(parents!)).toEqual(recorded("parents"));
      expect(numbers(ends!)).toEqual(recorded("lengths"));
      expect(numbers(own!)).toEqual(recorded("lengths"));
      expect(numbers(finished!)).toEqual(recorded("finished"));

      // What a beam is likely by is a sum over its own ids, and the truth of that is known.
      const [, time, width] = ids!.shape as [number, number, number];
      const row = (k: number): number[] =>
        Array.from({ length: time }, (_, t) =>
          Number(ids!.data[Math.floor(k / width) * time * width + t * width + (k % width)]),
        );
      const beams = Array.from({ length: batch * width }, (_, k) => row(k));
      const before = tf.placeholder(tf.int32, [batch * width, time], "before");
      const chosen = tf.placeholder(tf.float32, [batch * width, time, one.vocabulary], "chosen");
      const inputs = tf.nn.embeddingLookup(table, before);
      const [outputs] = tf.variableScope("decoder", { reuse: true }, () =>
        tf.dynamicRnn(cell, inputs, { initialState: first }),
      );
      const likely = tf.nn.logSoftmax(outputLayer.apply(outputs));
      const sums = tf.reduceSum(tf.multiply(likely, chosen), [1, 2]);
      const starts = [2, 0];
      const fed = beams.flatMap((beam, k) => [starts[Math.floor(k / width)]!, ...beam.slice(0, -1)]);
      const hot = beams.flatMap((beam, k) =>
        beam.flatMap((id, t) =>
          Array.from({ length: one.vocabulary }, (_, other) =>
            Number(other === id && t < Number(ends!.data[k])),
          ),
        ),
      );
      const feeds = new Map<tf.Tensor, HostTensor>([
        [before, tensor(fed, [batch * width, time], "int32")],
        [chosen, tensor(hot, [batch * width, time, one.vocabulary])],
      ]);
      for (const [key, value] of Object.entries(given))
        feeds.set(tf.getDefaultGraph().getTensorByName(key), value);
      const hold = holds([sums], feeds, variables);
      const flat = (data: ArrayLike<number>) => ({ shape: [batch * width], data });
      const real = (k: number): boolean => recorded("f64.log_probs")[k]! > -1e30;
      if (beams.every((_, k) => real(k))) {
        hold(0, flat(logProbs!.data), engine);
        hold(0, flat(recorded("f64.log_probs")), "TensorFlow");
      } else {
        // Beams that there are none of are as low as float32 goes, and stand at the end.
        expect(one.width).toBeGreaterThan(one.vocabulary);
      }
      // Scores differ from TensorFlow's float32 by its roundings and the engine's: two runs of one formula.
      numbers(scores!).forEach((score, k) => {
        const want = recorded("f32.scores")[k]!;
        if (Math.abs(want) > 1e30) expect(score).toBe(want);
        else expect(Math.abs(score - want)).toBeLessThan(1e-5 * Math.max(1, Math.abs(want)));
      });
    });
  },
);
