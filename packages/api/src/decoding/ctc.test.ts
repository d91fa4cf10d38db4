import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CtcDecoded, ctcBeamSearchDecode, ctcGreedyDecode, isUnrollError, tensor } from "../index.js";
import { readSafetensors } from "../weights.js";

interface Recorded {
  readonly name: string;
  readonly strategy: "greedy" | "beam_search";
  readonly options: {
    readonly blankIndex?: number;
    readonly mergeRepeated?: boolean;
    readonly beamWidth?: number;
    readonly topPaths?: number;
  };
}

const folder = new URL("../../../../fixtures/ctc/", import.meta.url);
const { cases } = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8")) as {
  cases: readonly Recorded[];
};
const { tensors } = readSafetensors(readFileSync(new URL("ctc.safetensors", folder)));
const numbersOf = (name: string): number[] => Array.from(tensors[name]!.data as ArrayLike<number>, Number);

/** The labels of each row of a path. */
const rowsOf = ({ labels, lengths }: CtcDecoded, path = 0): number[][] => {
  const [, batch, time] = labels.shape as [number, number, number];
  return Array.from({ length: batch }, (_, row) => {
    const from = (path * batch + row) * time;
    return Array.from(labels.data.subarray(from, from + lengths.data[path * batch + row]!));
  });
};

describe.each(cases.map((one) => [one.name, one] as const))(
  "ctc %s, recorded from Keras",
  (name, recorded) => {
    const decode = recorded.strategy === "greedy" ? ctcGreedyDecode : ctcBeamSearchDecode;
    const x = tensors[`${name}.scores`]!;
    const decoded = decode(tensor(x.data as Float32Array, x.shape), {
      lengths: numbersOf(`${name}.lengths`),
      ...recorded.options,
    });

    it("gives Keras's labels", () => {
      expect(decoded.labels.shape).toEqual(tensors[`${name}.labels`]!.shape);
      expect(Array.from(decoded.labels.data)).toEqual(numbersOf(`${name}.labels`));
    });

    it("and its scores, as far as float32 adds up so many steps", () => {
      expect(decoded.scores.shape).toEqual(tensors[`${name}.judged`]!.shape);
      const largest = Math.max(...numbersOf(`${name}.scores`).map(Math.abs));
      // A few roundings a step, of numbers as large as the logits and what softmax takes from them.
      const bound = 4 * x.shape[1]! * (largest + Math.log(x.shape[2]!)) * 2 ** -24;
      numbersOf(`${name}.judged`).forEach((score, k) =>
        expect(Math.abs(decoded.scores.data[k]! - score), `${k}`).toBeLessThan(bound),
      );
    });
  },
);

/** What an alignment is of: repeats merged, then blanks dropped. */
const collapsed = (alignment: readonly number[], blank: number): string =>
  alignment.filter((label, t) => label !== blank && label !== alignment[t - 1]).join(" ");

/** The probability of every labelling, by all alignments, of log-probabilities [time, classes]. */
function labellings(p: readonly (readonly number[])[], blank: number): Map<string, number> {
  const all = new Map<string, number>();
  const walk = (alignment: readonly number[], sum: number): void => {
    if (alignment.length === p.length) {
      const own = collapsed(alignment, blank);
      all.set(own, (all.get(own) ?? 0) + Math.exp(sum));
      return;
    }
    p[alignment.length]!.forEach((one, label) => walk([...alignment, label], sum + one));
  };
  walk([], 0);
  return all;
}

interface Drawn {
  readonly classes: number;
  readonly time: number;
  readonly batch: number;
  readonly seed: number;
  readonly spread: number;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  classes: fc.integer({ min: 1, max: 4 }),
  time: fc.integer({ min: 1, max: 5 }),
  batch: fc.integer({ min: 1, max: 2 }),
  seed: fc.integer({ min: 1, max: 2 ** 30 }),
  spread: fc.constantFrom(0.5, 2, 8),
});

/** Logits of a case, and what softmax makes of them. */
function logitsOf({ classes, time, batch, seed, spread }: Drawn) {
  const at = (k: number): number => spread * Math.sin(seed * 0.37 + k * 12.9898 * (1 + (seed % 7)));
  const scores = tensor(
    Float32Array.from({ length: batch * time * classes }, (_, k) => at(k)),
    [batch, time, classes],
  );
  const row = (r: number): number[][] =>
    Array.from({ length: time }, (_, t) => {
      const from = (r * time + t) * classes;
      const own = Array.from(scores.data.subarray(from, from + classes));
      const sum = own.reduce((total, one) => total + Math.exp(one), 0);
      return own.map((one) => one - Math.log(sum));
    });
  return { scores, row };
}

describe("ctcBeamSearchDecode", () => {
  it("of a beam wide enough gives every labelling its probability, the likeliest first", () => {
    fc.assert(
      fc.property(drawn, fc.nat({ max: 3 }), (given, shift) => {
        const blankIndex = shift % given.classes;
        const { scores, row } = logitsOf(given);
        const wide = 4 ** 5;
        const decoded = ctcBeamSearchDecode(scores, { blankIndex, beamWidth: wide, topPaths: wide });
        for (let r = 0; r < given.batch; r++) {
          const want = labellings(row(r), blankIndex);
          const got = Array.from({ length: wide }, (_, path) => ({
            labels: rowsOf(decoded, path)[r]!.join(" "),
            p: decoded.scores.data[r * wide + path]!,
          })).filter(({ p }) => p > -Infinity);
          expect(got.map(({ labels }) => labels).sort()).toEqual([...want.keys()].sort());
          got.forEach(({ labels, p }, k) => {
            expect(Math.abs(p - Math.log(want.get(labels)!)), labels).toBeLessThan(1e-5 * Math.max(1, -p));
            if (k > 0) expect(p).toBeLessThanOrEqual(got[k - 1]!.p);
          });
        }
      }),
      { numRuns: 40 },
    );
  });

  it("of a narrow beam never gives a labelling more than its probability", () => {
    fc.assert(
      fc.property(drawn, fc.integer({ min: 1, max: 3 }), (given, beamWidth) => {
        const { scores, row } = logitsOf(given);
        const decoded = ctcBeamSearchDecode(scores, { beamWidth, topPaths: beamWidth });
        for (let r = 0; r < given.batch; r++) {
          const want = labellings(row(r), 0);
          for (let path = 0; path < beamWidth; path++) {
            const p = decoded.scores.data[r * beamWidth + path]!;
            if (p > -Infinity)
              expect(p).toBeLessThan(Math.log(want.get(rowsOf(decoded, path)[r]!.join(" "))!) + 1e-5);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("finds what several alignments share, which the best alignment is not of", () => {
    const scores = tensor([[[0.4, 0.6].map(Math.log), [0.6, 0.4].map(Math.log)]]);
    // Both steps' best: 1, blank; [1] = 0.36 + 0.24 + 0.16. Of three classes a label may win by sharing.
    const shared = tensor([[[0.4, 0.35, 0.25].map(Math.log), [0.4, 0.35, 0.25].map(Math.log)]]);
    expect(rowsOf(ctcGreedyDecode(scores))).toEqual([[1]]);
    expect(rowsOf(ctcGreedyDecode(shared))).toEqual([[]]);
    const best = ctcBeamSearchDecode(shared);
    expect(rowsOf(best)).toEqual([[1]]);
    expect(Math.exp(best.scores.data[0]!)).toBeCloseTo(2 * 0.4 * 0.35 + 0.35 ** 2, 6);
  });

  it("takes forbidden classes, rows without a step, and fewer labellings than are wanted", () => {
    const scores = tensor([
      [
        [0, -Infinity, -Infinity],
        [-Infinity, 0, -Infinity],
      ],
      [
        [0, 0, 0],
        [0, 0, 0],
      ],
    ]);
    const decoded = ctcBeamSearchDecode(scores, { lengths: [2, 0], topPaths: 2 });
    expect(rowsOf(decoded)).toEqual([[1], []]);
    expect(rowsOf(decoded, 1)).toEqual([[], []]);
    expect(Array.from(decoded.scores.data)).toEqual([0, -Infinity, 0, -Infinity]);
    expect(Array.from(decoded.labels.data)).toEqual([1, -1, -1, -1, -1, -1, -1, -1]);
  });

  it("of a narrow beam is what beginnings written out as texts give, those that come back among them", () => {
    fc.assert(
      fc.property(
        drawn,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 9 }),
        (given, width, time) => {
          const longer = { ...given, batch: 1, time };
          const { scores, row } = logitsOf(longer);
          const want = writtenOut(row(0), width);
          const decoded = ctcBeamSearchDecode(scores, { beamWidth: width, topPaths: width });
          want.forEach(([labels, p], path) => {
            expect(Math.abs(decoded.scores.data[path]! - p)).toBeLessThan(1e-5 * Math.max(1, -p));
            expect(rowsOf(decoded, path)[0]!.join(" ")).toBe(labels);
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  it("lets a beginning that left the beam come back to what goes on from it", () => {
    // Labels a to e are 1 to 5. After two steps [1] is the seventh, after three it is back beside [1 2].
    const steps = [
      [0.8, 0.2, 0, 0, 0, 0],
      [0.12, 0, 0.6, 0.1, 0.1, 0.08],
      [0.52, 0.48, 0, 0, 0, 0],
      [0.1, 0, 0.9, 0, 0, 0],
    ].map((step) => step.map(Math.log));
    const decoded = ctcBeamSearchDecode(tensor([steps]), { beamWidth: 6, topPaths: 6 });
    const want = writtenOut(steps, 6);
    expect(want.map(([labels]) => labels)).toContain("1 2");
    expect(want.map((_, path) => rowsOf(decoded, path)[0]!.join(" "))).toEqual(
      want.map(([labels]) => labels),
    );
    want.forEach(([, p], path) => expect(decoded.scores.data[path]).toBeCloseTo(p, 5));
  });
});

/** The same search with blank 0, by probabilities of beginnings as texts, from log-probabilities. */
function writtenOut(p: readonly (readonly number[])[], width: number): [labels: string, p: number][] {
  let beam = new Map([["", { blank: 1, last: 0 }]]);
  for (const step of p) {
    const next = new Map<string, { blank: number; last: number }>();
    const of = (text: string) => {
      if (!next.has(text)) next.set(text, { blank: 0, last: 0 });
      return next.get(text)!;
    };
    for (const [text, { blank, last }] of beam) {
      const end = text.split(" ").at(-1);
      step.forEach((log, label) => {
        const own = Math.exp(log);
        if (label === 0) of(text).blank += own * (blank + last);
        else {
          if (String(label) === end) of(text).last += own * last;
          of(`${text}${text === "" ? "" : " "}${label}`).last +=
            own * (String(label) === end ? blank : blank + last);
        }
      });
    }
    const total = ({ blank, last }: { blank: number; last: number }): number => blank + last;
    beam = new Map([...next].sort(([, a], [, b]) => total(b) - total(a)).slice(0, width));
  }
  return [...beam]
    .filter(([, { blank, last }]) => blank + last > 0)
    .map(([text, { blank, last }]) => [text, Math.log(blank + last)]);
}

describe("ctcGreedyDecode", () => {
  it("merges repeats, drops blanks, and keeps repeats with a blank between them", () => {
    const best = [1, 1, 0, 1, 2, 2, 0];
    const scores = tensor([best.map((k) => [0, 1, 2].map((c) => (c === k ? 2 : -1)))]);
    expect(rowsOf(ctcGreedyDecode(scores))).toEqual([[1, 1, 2]]);
    expect(rowsOf(ctcGreedyDecode(scores, { mergeRepeated: false }))).toEqual([[1, 1, 1, 2, 2]]);
    expect(rowsOf(ctcGreedyDecode(scores, { blankIndex: 2, lengths: [5] }))).toEqual([[1, 0, 1]]);
    expect(ctcGreedyDecode(scores, { lengths: [3] }).scores.data[0]).toBe(-6);
  });

  it("of one step more is what it was where that is a blank, at random", () => {
    fc.assert(
      fc.property(drawn, (given) => {
        const { scores } = logitsOf({ ...given, batch: 1 });
        const blank = Array.from({ length: given.classes }, (_, k) => (k === 0 ? 9 : -9));
        const longer = tensor([...scores.data, ...blank], [1, given.time + 1, given.classes]);
        expect(rowsOf(ctcGreedyDecode(longer))).toEqual(rowsOf(ctcGreedyDecode(scores)));
      }),
      { numRuns: 40 },
    );
  });
});

describe("what can't be decoded is refused", () => {
  const good = tensor([[[0, 1]]]);
  it.each<readonly [what: string, decode: () => unknown, code: string, text: string]>([
    [
      "an option unknown",
      () => ctcGreedyDecode(good, { blank: 1 } as never),
      "UNROLL_ARGUMENT",
      'got "blank"',
    ],
    ["no tensor", () => ctcGreedyDecode([[[0, 1]]] as never), "UNROLL_ARGUMENT", "float32 tensor"],
    [
      "ids",
      () => ctcGreedyDecode(tensor([[[0, 1]]], undefined, "int32") as never),
      "UNROLL_ARGUMENT",
      "float32",
    ],
    ["two axes", () => ctcGreedyDecode(tensor([[0, 1]])), "UNROLL_SHAPE", "[batch, time, classes]"],
    ["no class", () => ctcGreedyDecode(tensor([], [1, 1, 0])), "UNROLL_SHAPE", "at least 1 of each"],
    [
      "a blank that is none",
      () => ctcGreedyDecode(good, { blankIndex: 2 }),
      "UNROLL_ARGUMENT",
      "from 0 to 1",
    ],
    ["a length too long", () => ctcGreedyDecode(good, { lengths: [2] }), "UNROLL_ARGUMENT", "from 0 to 1"],
    ["lengths of other rows", () => ctcGreedyDecode(good, { lengths: [1, 1] }), "UNROLL_ARGUMENT", "1 whole"],
    ["NaN", () => ctcGreedyDecode(tensor([[[0, NaN]]])), "UNROLL_ARGUMENT", "NaN for class 1"],
    ["infinity", () => ctcBeamSearchDecode(tensor([[[Infinity, 0]]])), "UNROLL_ARGUMENT", "row 0 step 0"],
    [
      "no way",
      () => ctcBeamSearchDecode(tensor([[[-Infinity, -Infinity]]])),
      "UNROLL_ARGUMENT",
      "every class",
    ],
    [
      "a flag",
      () => ctcGreedyDecode(good, { mergeRepeated: 1 } as never),
      "UNROLL_ARGUMENT",
      "true or false",
    ],
    ["no beam", () => ctcBeamSearchDecode(good, { beamWidth: 0 }), "UNROLL_ARGUMENT", "beamWidth"],
    [
      "more paths than beams",
      () => ctcBeamSearchDecode(good, { beamWidth: 2, topPaths: 3 }),
      "UNROLL_ARGUMENT",
      "from 1 to 2",
    ],
  ])("%s", (_what, decode, code, text) => {
    let error: unknown;
    try {
      decode();
    } catch (thrown) {
      error = thrown;
    }
    expect(isUnrollError(error) && error.code).toBe(code);
    expect((error as Error).message).toContain(text);
  });
});
