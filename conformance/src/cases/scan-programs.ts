import { type HostTensor, tensor } from "@unroll/api";
import { type Block, type Dim, ProgramBuilder, type Value } from "@unroll/api/adapter";
import * as fc from "fast-check";
import { generator } from "../tolerance/random.js";
import type { GivenProgram } from "./programs.js";

/** A scan by its wiring: what goes round, what comes along, and where everything goes. Numbers choose. */
export interface ScanCase {
  readonly carries: number;
  readonly sequences: number;
  readonly captures: number;
  readonly reverse: boolean;
  /** What becomes the next of each carry, chosen among all that a step has. */
  readonly next: readonly number[];
  /** What each step puts out, chosen among all that a step has. */
  readonly stacked: readonly number[];
  /** Whether a step holds a scan of its own, and which way that runs. */
  readonly within: "none" | "forward" | "reversed";
  /** Whether a second scan reads what the first put out, the other way round. */
  readonly then: boolean;
  readonly batch: number;
  readonly time: number;
  readonly seed: number;
}

const WIDTH = 3;
const row: readonly Dim[] = ["batch", WIDTH];

/** What a step has: carries, elements, captures, and what is made of them. */
function valuesOf(
  b: Block,
  { within }: ScanCase,
  [carried, elements, captured]: readonly (readonly Value[])[],
  inner: Value | null,
): Value[] {
  const share = b.constant(0.3);
  const made = [...carried!, ...captured!].map((value, k) =>
    b.add(b.mul(value, share), elements![k % elements!.length]!),
  );
  const values = [...carried!, ...elements!, ...captured!, ...made];
  if (!inner) return values;
  const { carries, stacked } = b.scan(
    { carries: [values[0]!], sequences: [inner], captures: [elements![0]!], reverse: within === "reversed" },
    (deep, [before], [element], [outside]) => {
      const after = deep.add(deep.mul(before!, deep.constant(0.25)), deep.mul(element!, outside!));
      // What was carried into a step is what it puts out.
      return { carries: [after], stacked: [before!] };
    },
  );
  return [carries[0]!, b.squeeze(b.slice(stacked[0]!, 0, -1, 1), 0), ...values];
}

/** The program of a wiring. */
export function scanProgram(given: ScanCase): GivenProgram {
  const { carries, sequences, captures, batch, time, seed } = given;
  const builder = new ProgramBuilder("scans");
  const random = generator(seed);
  const feeds: Record<string, HostTensor> = {};
  const sizes: Readonly<Record<string, number>> = { batch, time, within: 3 };
  const fed = (name: string, shape: readonly Dim[]): Value => {
    const dims = shape.map((dim) => (typeof dim === "number" ? dim : sizes[dim]!));
    // Quarters: what only moves numbers is exact.
    const data = Float32Array.from(
      { length: dims.reduce((p, q) => p * q, 1) },
      () => Math.round(random() * 16 - 8) / 4,
    );
    feeds[name] = tensor(data, dims);
    return builder.input(name, { dtype: "float32", shape });
  };
  const some = (count: number, name: string, shape: readonly Dim[]): Value[] =>
    Array.from({ length: count }, (_, k) => fed(`${name} ${k}`, shape));
  const inner = given.within === "none" ? [] : [fed("within", ["within" as Dim, ...row])];
  const { block } = builder;
  const first = block.scan(
    {
      carries: some(carries, "start", row),
      sequences: some(sequences, "sequence", ["time", ...row]),
      captures: [...some(captures, "outside", row), ...inner],
      reverse: given.reverse,
    },
    (b, carried, elements, captured) => {
      const values = valuesOf(
        b,
        given,
        [carried, elements, captured.slice(0, captures)],
        captured[captures] ?? null,
      );
      const at = (pick: number): Value => values[pick % values.length]!;
      return {
        carries: carried.map((_, k) => at(given.next[k]!)),
        stacked: given.stacked.map(at),
      };
    },
  );
  first.carries.forEach((value, k) => builder.output(`carry ${k}`, value));
  first.stacked.forEach((value, k) => builder.output(`stacked ${k}`, value));
  if (given.then && first.stacked.length > 0) {
    const second = block.scan(
      {
        carries: [block.expand(block.constant(0), fed("like", row))],
        sequences: first.stacked,
        reverse: !given.reverse,
      },
      (b, [sum], [element]) => ({ carries: [b.add(sum!, element!)], stacked: [sum!] }),
    );
    builder.output("sum", second.carries[0]!);
    builder.output("sums", second.stacked[0]!);
  }
  return { program: builder.finish(), feeds, weights: {} };
}

const plain: ScanCase = {
  carries: 1,
  sequences: 1,
  captures: 0,
  reverse: false,
  next: [0, 0, 0],
  stacked: [0],
  within: "none",
  then: false,
  batch: 2,
  time: 4,
  seed: 1,
};

/** Wirings that engines have been wrong for, either way round; chance seldom draws each of them. */
export const knownScans: readonly ScanCase[] = (
  [
    // What is carried into a step is put out; the carry stays as it is; it is what came along.
    { next: [2], stacked: [0, 2, 1] },
    { next: [0], stacked: [0, 0] },
    { next: [1], stacked: [0, 1, 1] },
    // Two carries change places, go round in three, and follow one another.
    { carries: 2, next: [1, 0, 0], stacked: [0, 1] },
    { carries: 3, next: [1, 2, 0], stacked: [2, 0, 1] },
    { carries: 2, sequences: 2, next: [2, 0, 0], stacked: [1, 3] },
    // Nothing goes round; nothing is put out; what is outside is put out.
    { carries: 0, captures: 1, next: [], stacked: [0, 1, 2] },
    { carries: 2, sequences: 2, next: [4, 5, 0], stacked: [] },
    { captures: 2, next: [2], stacked: [2, 3, 0] },
    // One value twice among the carries, and beside what is put out.
    { carries: 2, next: [3, 3, 0], stacked: [3, 3] },
    // A scan in a step, and one after.
    { within: "forward", next: [0], stacked: [0, 1, 2] },
    { within: "reversed", carries: 2, captures: 1, next: [1, 0, 0], stacked: [0, 3] },
    { then: true, next: [2], stacked: [0, 2] },
  ] satisfies readonly Partial<ScanCase>[]
).flatMap((one, k) => [
  { ...plain, ...one, seed: k + 1 },
  { ...plain, ...one, seed: k + 1, reverse: true, time: 1 + (k % 5), batch: 1 + (k % 3) },
]);

/** Scans wired by chance; they shrink to one carry and one sequence. */
export const scanCases = (): fc.Arbitrary<ScanCase> =>
  fc.record({
    carries: fc.constantFrom(1, 0, 2, 3),
    sequences: fc.constantFrom(1, 2, 3),
    captures: fc.constantFrom(0, 1, 2, 9),
    reverse: fc.boolean(),
    next: fc.array(fc.nat({ max: 30 }), { minLength: 3, maxLength: 3 }),
    stacked: fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 4 }),
    within: fc.constantFrom("none", "none", "forward", "reversed"),
    then: fc.boolean(),
    batch: fc.integer({ min: 1, max: 4 }),
    time: fc.integer({ min: 1, max: 9 }),
    seed: fc.integer({ min: 1, max: 2 ** 30 }),
  });
