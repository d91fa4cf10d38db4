import { describe, expect, it } from "vitest";
import { CRF, nn, packPaddedSequence, padPackedSequence, tensor, type Tensor } from "./index.js";

const numbers = (shape: number[], seed: number) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(12.9 * k + 7 * seed)),
    shape,
  );

class Tagger extends nn.Module {
  lstm = new nn.LSTM(2, 3, { bidirectional: true, batchFirst: true });
  scores = new nn.Linear(6, 4);
  crf = new CRF(4, { batchFirst: true });

  scored(x: Tensor, lengths: Tensor): Tensor {
    const packed = packPaddedSequence(x, lengths, { batchFirst: true, enforceSorted: false });
    const [output] = this.lstm.call(packed);
    const [padded] = padPackedSequence(output, { batchFirst: true });
    return this.scores.call(padded);
  }

  forward(x: Tensor, lengths: Tensor, tags: Tensor) {
    const emissions = this.scored(x, lengths);
    return {
      path: this.crf.decode(emissions, lengths),
      likelihood: this.crf.call(emissions, tags, lengths, "none"),
      emissions,
    };
  }
}

const stateDict = {
  "lstm.weight_ih_l0": numbers([12, 2], 1),
  "lstm.weight_hh_l0": numbers([12, 3], 2),
  "lstm.bias_ih_l0": numbers([12], 3),
  "lstm.bias_hh_l0": numbers([12], 4),
  "lstm.weight_ih_l0_reverse": numbers([12, 2], 5),
  "lstm.weight_hh_l0_reverse": numbers([12, 3], 6),
  "lstm.bias_ih_l0_reverse": numbers([12], 7),
  "lstm.bias_hh_l0_reverse": numbers([12], 8),
  "scores.weight": numbers([4, 6], 9),
  "scores.bias": numbers([4], 10),
  "crf.start_transitions": numbers([4], 11),
  "crf.end_transitions": numbers([4], 12),
  "crf.transitions": numbers([4, 4], 13),
};

describe("CRF", () => {
  it("decodes and judges a tagger's ragged rows, its tags as int32", async () => {
    const tagger = new Tagger();
    tagger.loadStateDict(stateDict);
    const tags = tensor([0, 1, 2, 3, 1, 0, 0, 0], [2, 4], "int32");
    const x = numbers([2, 4, 2], 14);
    const { path, likelihood, emissions } = await tagger.run(x, [4, 2], tags);
    expect([path.dtype, path.shape, likelihood.shape]).toEqual(["int32", [2, 4], [2]]);
    expect(Array.from(path.data.slice(6))).toEqual([0, 0]);

    // The second row alone, by adding up its 16 paths.
    const held = (name: keyof typeof stateDict): Float32Array => stateDict[name].data as Float32Array;
    const score = (first: number, second: number): number =>
      held("crf.start_transitions")[first]! +
      emissions.data[16 + first]! +
      held("crf.transitions")[first * 4 + second]! +
      emissions.data[20 + second]! +
      held("crf.end_transitions")[second]!;
    const all = Array.from({ length: 16 }, (_, k) => ({
      pair: [k >> 2, k & 3],
      score: score(k >> 2, k & 3),
    })).sort((a, b) => b.score - a.score);
    expect(Array.from(path.data.slice(4, 6))).toEqual(all[0]!.pair);
    const whole = Math.log(all.reduce((sum, one) => sum + Math.exp(one.score), 0));
    expect(likelihood.data[1]).toBeCloseTo(score(1, 0) - whole, 4);
    tagger.dispose();
  });

  it("judges by itself, time-major by default", async () => {
    const crf = new CRF(3);
    crf.loadStateDict({
      start_transitions: numbers([3], 1),
      end_transitions: numbers([3], 2),
      transitions: numbers([3, 3], 3),
    });
    const likelihood = await crf.run(
      numbers([5, 2, 3], 4),
      tensor(new Array(10).fill(1), [5, 2]),
      null,
      "none",
    );
    expect(likelihood.shape).toEqual([2]);
    expect(Array.from(likelihood.data).every((value) => value < 0)).toBe(true);
    crf.dispose();
  });

  it("takes lengths where nothing is packed", async () => {
    const crf = new CRF(2, true);
    crf.loadStateDict({
      start_transitions: numbers([2], 1),
      end_transitions: numbers([2], 2),
      transitions: numbers([2, 2], 3),
    });
    const x = numbers([2, 3, 2], 4);
    const tags = tensor([0, 1, 1, 1, 0, 0], [2, 3]);
    const ragged = await crf.run(x, tags, [3, 1], "none");
    const short = await crf.run(tensor(x.data.slice(6, 8), [1, 1, 2]), tensor([1], [1, 1]), null, "none");
    expect(ragged.data[1]).toBeCloseTo(short.data[0]!, 5);
    crf.dispose();
  });

  it("refuses rows that end where they were not packed to", async () => {
    class Forgets extends Tagger {
      override forward(x: Tensor, lengths: Tensor) {
        return this.crf.decode(this.scored(x, lengths)) as never;
      }
    }
    const tagger = new Forgets();
    tagger.loadStateDict(stateDict);
    await expect(tagger.run(numbers([2, 4, 2], 1), [4, 2])).rejects.toThrow(
      "CRF: expected the lengths that sequences were packed with, in the place of a mask, got none; " +
        "pass on the argument that packPaddedSequence has",
    );
  });

  it.each([
    [
      (crf: CRF, x: Tensor, tags: Tensor) => crf.call(x, tags),
      'CRF: expected reduction "none", got "sum"; ask for none, and add up what comes out',
    ],
    [
      (crf: CRF, x: Tensor) => crf.decode(x, x.add(x)),
      "CRF: expected lengths that are an argument of forward, got others; pass them in when the model runs",
    ],
  ])("refuses %s by name", async (use, message) => {
    class One extends nn.Module {
      crf = new CRF(3);
      forward(x: Tensor, tags: Tensor) {
        return use(this.crf, x, tags);
      }
    }
    await expect(new One().run(numbers([1, 2, 3], 1), numbers([1, 2], 1))).rejects.toThrow(message);
  });

  it("refuses options that it has none of", () => {
    expect(() => new CRF(3, { batch: true } as never)).toThrow("batch");
    expect(() => new CRF(0)).toThrow("CRF: expected numTags as a whole number of at least 1, got 0");
  });
});
