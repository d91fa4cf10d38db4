import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as tf from "../index.js";

const { rnnCell, seq2seq } = tf;
const sessions: tf.Session[] = [];

beforeEach(() => tf.resetDefaultGraph());
afterEach(() => {
  for (const session of sessions.splice(0)) session.close();
  vi.useRealTimers();
});
const open = (): tf.Session => {
  const session = new tf.Session();
  sessions.push(session);
  return session;
};

/** A cell whose scores are looked up by the id before: a Markov chain, whose sequences can be counted out. */
class Chain extends rnnCell.RNNCell {
  readonly #vocabulary: number;
  constructor(vocabulary: number) {
    super("chain");
    this.#vocabulary = vocabulary;
  }
  get stateSize() {
    return 1;
  }
  get outputSize() {
    return this.#vocabulary;
  }
  call(inputs: tf.Tensor, state: tf.State): [tf.Tensor, tf.State] {
    return [inputs, tf.add(state as tf.Tensor, 1)];
  }
}

const END = 0;

interface Search {
  readonly vocabulary: number;
  readonly steps: number;
  readonly width: number;
  readonly weight: number;
  readonly logits: readonly number[];
}

/** Every sequence of ids up to its end token, or of all steps, and its score at the last step, best first. */
function every({ vocabulary, steps, weight, logits }: Search) {
  const found: { ids: readonly number[]; logProb: number; score: number }[] = [];
  const walk = (ids: readonly number[], before: number, logProb: number): void => {
    if (ids.length === steps || ids.at(-1) === END) {
      // The end token counts from the step after it.
      const length = ids.at(-1) === END && ids.length === steps ? steps - 1 : ids.length;
      found.push({ ids, logProb, score: logProb / ((5 + length) / 6) ** weight });
      return;
    }
    const row = logits.slice(before * vocabulary, (before + 1) * vocabulary);
    const sum = Math.log(row.reduce((all, one) => all + Math.exp(one), 0));
    row.forEach((one, id) => walk([...ids, id], id, logProb + one - sum));
  };
  walk([], 1, 0);
  return found.sort((a, b) => b.score - a.score);
}

async function searched({ vocabulary, steps, width, weight, logits }: Search) {
  tf.resetDefaultGraph();
  const cell = new Chain(vocabulary);
  const table = tf.constant(tf.tensor(Float32Array.from(logits), [vocabulary, vocabulary]));
  const decoder = new seq2seq.BeamSearchDecoder(cell, table, [1], END, cell.zeroState(width), width, {
    lengthPenaltyWeight: weight,
  });
  const [outputs, state, lengths] = seq2seq.dynamicDecode(decoder, { maximumIterations: steps });
  return open().run([outputs.predictedIds, outputs.beamSearchDecoderOutput.scores, lengths, state.logProbs]);
}

const random = (seed: number) => () => {
  seed = (seed * 1664525 + 1013904223) >>> 0;
  return seed / 2 ** 32;
};

describe("a beam search", () => {
  it.each([0, 0.7, -0.5])(
    "of all sequences' width is what counting them out gives, at weight %s",
    async (w) => {
      for (let seed = 1; seed <= 8; seed++) {
        const draw = random(seed);
        const vocabulary = 2 + Math.floor(draw() * 2);
        const steps = 1 + Math.floor(draw() * 3);
        const logits = Array.from({ length: vocabulary ** 2 }, () => draw() * 4 - 2);
        const search = { vocabulary, steps, weight: w, logits };
        const all = every({ ...search, width: 0 });
        const width = all.length;
        const [ids, scores, , logProbs] = await searched({ ...search, width });
        const time = ids.shape[1]!;
        all.forEach(({ ids: want, score, logProb }, beam) => {
          const own = Array.from({ length: time }, (_, t) => ids.data[t * width + beam]);
          expect(own).toEqual(Array.from({ length: time }, (_, t) => want[t] ?? END));
          // Sums of some logarithms, in float32.
          expect(scores.data[(time - 1) * width + beam]! / score).toBeCloseTo(1, 5);
          expect(logProbs.data[beam]! / logProb).toBeCloseTo(1, 5);
        });
      }
    },
  );

  it("of one beam is the greedy decoder", async () => {
    const draw = random(5);
    const table = tf.constant(tf.tensor(Float32Array.from({ length: 25 }, draw), [5, 5]));
    const cell = new Chain(5);
    const beam = new seq2seq.BeamSearchDecoder(cell, table, [1, 3], -1, cell.zeroState(2), 1);
    const helper = new seq2seq.GreedyEmbeddingHelper(table, [1, 3], -1);
    const greedy = new seq2seq.BasicDecoder(cell, helper, cell.zeroState(2));
    const six = { maximumIterations: 6 };
    const [found, ids, state] = await open().run([
      seq2seq.dynamicDecode(beam, six)[0].predictedIds,
      seq2seq.dynamicDecode(greedy, six)[0].sampleId,
      seq2seq.dynamicDecode(beam, six)[1].cellState as tf.Tensor,
    ]);
    expect([...found.data]).toEqual([...ids.data]);
    expect(found.shape).toEqual([2, 6, 1]);
    expect([state.shape, ...state.data]).toEqual([[2, 1, 1], 6, 6]);
  });

  it("prefers short beams or long ones by the weight of their length", async () => {
    // An end at once is as likely as all of what goes on, 0.5 against 0.5 by 0.9 at each step.
    const logits = [0, 0, Math.log(0.5), Math.log(0.5)];
    const chain = [0.1, 0.9].map(Math.log);
    const given = { vocabulary: 2, steps: 4, width: 2, logits: [...logits.slice(0, 2), ...chain] };
    const first = async (weight: number) => {
      const [ids, , lengths] = await searched({ ...given, weight });
      return [[0, 1, 2, 3].map((t) => ids.data[t * 2] ?? END), lengths.data[0]];
    };
    expect(await first(0)).toEqual([[1, 1, 1, 1], 4]);
    expect(await first(-8)).toEqual([[0, 0, 0, 0], 1]);
  });

  it.each<[string, (...given: unknown[]) => unknown, RegExp]>([
    ["no cell", () => make({ cell: {} }), /BeamSearchDecoder: expected a cell/],
    ["no width", () => make({ width: 0 }), /beamWidth: expected a whole number of at least 1, got 0/],
    ["an end that is no id", () => make({ end: NaN }), /endToken: expected an id, got NaN/],
    ["no state", () => make({ state: undefined }), /initialState: expected tensors/],
    ["start tokens of two axes", () => make({ start: tf.constant([[1]], tf.int32) }), /startTokens/],
    ["no start tokens", () => make({ start: undefined }), /startTokens: expected int32 \[batch\]/],
    ["Python's names", () => make({ length_penalty_weight: 1 }), /nearest is "lengthPenaltyWeight"/],
    ["a weight that is none", () => make({ lengthPenaltyWeight: NaN }), /expected a finite number, got NaN/],
    ["coverage of no memory", () => make({ coveragePenaltyWeight: 1 }), /looks at no memory/],
    ["a layer that is none", () => make({ outputLayer: {} }), /outputLayer: expected a layer/],
    [
      "states that are to be imputed",
      () => seq2seq.dynamicDecode(make({}), { imputeFinished: true }),
      /imputeFinished: expected false for a BeamSearchDecoder/,
    ],
    ["a batch of no rows", () => seq2seq.tileBatch(tf.constant(1), 2), /tileBatch: expected \[batch, ...\]/],
    ["a multiplier that is none", () => seq2seq.tileBatch(tf.zeros([2]), 1.5), /multiplier/],
    ["no tensor to tile", () => seq2seq.tileBatch(null as never, 2), /tileBatch: expected tensors/],
    ["more than there are", () => tf.topK(tf.zeros([3]), 4), /topK k: expected at most 3, got 4/],
    ["the largest of whole numbers", () => tf.topK(tf.constant([1], tf.int32)), /float32, got int32/],
  ])("refuses %s", (_what, build, message) => {
    expect(build).toThrow(message);
  });

  function make(given: Readonly<Record<string, unknown>>) {
    const own = { cell: new Chain(3), start: [1], end: END, state: tf.zeros([2, 1]), width: 2, ...given };
    const { cell, start, end, state, width, ...options } = own;
    const table = tf.zeros([3, 3]);
    type Given = ConstructorParameters<typeof seq2seq.BeamSearchDecoder>;
    return new seq2seq.BeamSearchDecoder(...([cell, table, start, end, state, width, options] as Given));
  }

  it("refuses a state of rows that were not tiled", async () => {
    const [outputs] = seq2seq.dynamicDecode(make({ state: tf.zeros([1, 1]) }));
    await expect(open().run(outputs.predictedIds)).rejects.toThrow(
      /initialState: expected 2 rows, 2 beams for each of 1 start tokens, got \[1, 1\]; tileBatch/,
    );
  });
});

describe("what beams are made of", () => {
  it("is tiled row by row, in structures too, of sizes that a run chooses", async () => {
    const [x, ids] = [tf.placeholder(tf.float32, [null, 2], "x"), tf.placeholder(tf.int32, [2], "ids")];
    const [{ c }, [h]] = seq2seq.tileBatch([new tf.LSTMStateTuple(x, x), [ids]] as const, 2);
    expect([c.shape, h.shape]).toEqual([[null, 2], [4]]);
    const fed = { x: tf.tensor([1, 2, 3, 4], [2, 2]), ids: tf.tensor([7, 8], [2], "int32") };
    const [rows, numbers] = await open().run([c, h], fed);
    expect([...rows.data]).toEqual([1, 2, 1, 2, 3, 4, 3, 4]);
    expect([...numbers.data]).toEqual([7, 7, 8, 8]);
  });

  it("is the largest, the first of equals first, infinite ones among them", async () => {
    const given = [
      [-Infinity, 3, -Infinity, 3, 1],
      [-Infinity, -Infinity, -Infinity, -Infinity, NaN],
    ];
    const [values, at] = tf.nn.topK(tf.constant(given), 4);
    const [got, where] = await open().run([values, at]);
    expect([...got.data]).toEqual([3, 3, 1, -Infinity, ...new Array<number>(4).fill(-Infinity)]);
    expect([...where.data]).toEqual([1, 3, 4, 0, 0, 1, 2, 3]);
  });

  it("is gathered from the last step to the first", async () => {
    const draw = random(3);
    const [time, batch, width, end] = [5, 3, 4, 2];
    const whole = (most: number) => Int32Array.from({ length: time * batch * width }, () => draw() * most);
    const [ids, parents] = [whole(5), whole(width)];
    const lengths = [5, 0, 3];
    const place = (t: number, row: number, beam: number) => (t * batch + row) * width + beam;
    /** By its definition: ids of a beam of a step are those of its parent's and its own. */
    const idsOf = (t: number, row: number, beam: number): number[] =>
      t < 0 ? [] : [...idsOf(t - 1, row, parents[place(t, row, beam)]!), ids[place(t, row, beam)]!];
    const three = [time, batch, width];
    const made = seq2seq.gatherTree(
      tf.constant(tf.tensor(ids, three, "int32")),
      tf.constant(tf.tensor(parents, three, "int32")),
      tf.constant(lengths, tf.int32),
      end,
    );
    const got = await open().run(made);
    expect(got.shape).toEqual(three);
    for (let row = 0; row < batch; row++)
      for (let beam = 0; beam < width; beam++) {
        const own = idsOf(lengths[row]! - 1, row, beam);
        const ends = own.indexOf(end);
        const kept = ends < 0 ? own : own.slice(0, ends);
        for (let t = 0; t < time; t++) expect(got.data[place(t, row, beam)]).toBe(kept[t] ?? end);
      }
  });

  it("is refused where it is no tree", async () => {
    const ids = tf.constant([[[1, 1]], [[1, 1]]], tf.int32);
    const tree = (parents: number[][][], lengths = [2]) =>
      seq2seq.gatherTree(ids, tf.constant(parents, tf.int32), tf.constant(lengths, tf.int32), 0);
    const run = (made: tf.Tensor) => open().run(made);
    await expect(run(tree([[[0, 0]], [[0, 2]]]))).rejects.toThrow(/from 0 to 1, got 2 at step 1 of row 0/);
    await expect(run(tree([[[0, 0]]]))).rejects.toThrow(/as stepIds has them, got \[1, 1, 2\] and \[1\]/);
    await expect(run(tree([[[0, 0]], [[0, 0]]], [1, 1]))).rejects.toThrow(/lengths \[1\]/);
    expect(() => seq2seq.gatherTree(ids, ids, ids, 0)).toThrow(/maxSequenceLengths: expected \[batch\]/);
    expect(() => seq2seq.gatherTree(ids, ids, tf.zeros([1]), 0)).toThrow(/int32/);
    expect(() => seq2seq.gatherTree(ids, ids, tf.constant([1], tf.int32), 0.5)).toThrow(/endToken/);
  });
});

describe("a decode that never ends", () => {
  const endless = () => {
    const cell = new Chain(2);
    const table = tf.constant([
      [0, 1],
      [0, 1],
    ]);
    const helper = new seq2seq.GreedyEmbeddingHelper(table, [1], 0);
    return new seq2seq.BasicDecoder(cell, helper, cell.zeroState(1));
  };

  it("is refused after its steps, and not where it was said how many", async () => {
    const [bounded] = seq2seq.dynamicDecode(endless(), { maximumIterations: 10_001 });
    expect((await open().run(bounded.sampleId)).shape).toEqual([1, 10_001]);
    const [outputs] = seq2seq.dynamicDecode(endless());
    await expect(open().run(outputs.sampleId)).rejects.toThrow(
      /dynamicDecode: expected every row to be done within 10000 steps.*; give maximumIterations/,
    );
  });

  it("lets what else waits have its turn", async () => {
    const session = open();
    const [outputs] = seq2seq.dynamicDecode(endless(), { maximumIterations: 1_000_000 });
    setTimeout(() => session.close(), 30);
    await expect(session.run(outputs.sampleId)).rejects.toThrow(/after its close/);
  });
});
