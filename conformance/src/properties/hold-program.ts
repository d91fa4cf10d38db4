import type { Adapter, HostTensor } from "@unroll/api";
import { type DeviceTensor, prepare } from "@unroll/api/adapter";
import type { GivenProgram } from "../cases/programs.js";
import type { Float64Tensor } from "../oracle/evaluate.js";
import { type Numbers, type Rounding, unrounded } from "../oracle/primitives.js";
import { runProgram, type Watch } from "../oracle/programs.js";
import { compareWithBound } from "../tolerance/compare.js";
import { type Precision, precisions } from "../tolerance/precision.js";
import { generator } from "../tolerance/random.js";
import { expectArray } from "./promises.js";
import { Violation } from "./property.js";

const numbersOf = (given: Readonly<Record<string, HostTensor>>): [string, Numbers][] =>
  Object.entries(given).map(([name, { dtype, shape, data }]) => [
    name,
    { dtype, shape, data: Float64Array.from(data) },
  ]);

/** The results of a program by its definitions. */
export const evaluate = (
  { program, feeds, weights }: GivenProgram,
  rounding: Rounding,
  watch: Watch | null = null,
): Record<string, Numbers> =>
  runProgram(program, Object.fromEntries([...numbersOf(weights), ...numbersOf(feeds)]), rounding, watch);

function noise({ unit, activation }: Precision, seed: number): Rounding {
  const random = generator(seed);
  const sway = (): number => random() * 2 - 1;
  // No engine rounds what is infinite, and noise of its size would make NaN of it.
  const off = (value: number, by: number): number => (Number.isFinite(value) ? value + by : value);
  return {
    value: (value, approximated) =>
      off(
        value,
        sway() * (unit * Math.abs(value) + (approximated ? activation * Math.max(1, Math.abs(value)) : 0)),
      ),
    sum: (value, spread) => off(value, sway() * Math.sqrt(3) * unit * spread),
  };
}

/** What is given as an engine holds it, off by a rounding. */
function rounded({ program, feeds, weights }: GivenProgram, { value }: Rounding): GivenProgram {
  const off = (given: Readonly<Record<string, HostTensor>>): Record<string, HostTensor> =>
    Object.fromEntries(
      Object.entries(given).map(([name, one]) => [
        name,
        one.dtype === "float32" ? { ...one, data: Float32Array.from(one.data, (v) => value(v)) } : one,
      ]),
    );
  return { program, feeds: off(feeds), weights: off(weights) };
}

/** How the elements of a result are judged. */
export interface Judging {
  /**
   * Whether each element has a bound of its own alone. By default half of what is common among the elements
   * of a result is allowed to each, as few samples may say too little of one; where elements differ by many
   * orders of magnitude that would say nothing.
   */
  readonly apart?: boolean;
}

/** How far an engine may be off: twelve deviations of what rounding alone does, worked out by sampling it. */
function boundOf(
  exact: Numbers,
  samples: readonly Numbers[],
  { unit, smallest }: Precision,
  { apart = false }: Judging,
): Float64Tensor {
  const own = exact.data.map((want, k) =>
    Math.sqrt(samples.reduce((sum, { data }) => sum + (data[k]! - want) ** 2, 0) / samples.length),
  );
  const common = apart ? 0 : Math.sqrt(own.reduce((sum, d) => sum + d * d, 0) / own.length);
  return {
    shape: exact.shape,
    data: exact.data.map(
      (value, k) =>
        12 * Math.max(own[k]!, 0.5 * common) +
        (exact.dtype === "float32" ? unit * Math.abs(value) : 0) +
        smallest,
    ),
  };
}

/** What a result is where its numbers end: past the largest it is infinite. */
const held = (exact: Numbers, { largest, unit }: Precision): Numbers =>
  exact.dtype === "float32"
    ? {
        ...exact,
        data: exact.data.map((value) =>
          Math.abs(value) >= largest * (1 + unit / 2) ? Math.sign(value) * Infinity : value,
        ),
      }
    : exact;

/** Holds one result against its definition. @throws Violation */
function hold(name: string, got: HostTensor, want: Numbers, bound: Float64Tensor): number {
  if (got.dtype !== want.dtype) throw new Violation(name, `dtype ${want.dtype}, got ${got.dtype}`);
  expectArray(name, got);
  const comparison = compareWithBound(got, want, bound);
  if (comparison.firstBadIndex < 0) return comparison.errorOverBound;
  if (got.shape.join() !== want.shape.join())
    throw new Violation(name, `shape [${want.shape.join(", ")}], got [${got.shape.join(", ")}]`, {
      firstBadIndex: comparison.firstBadIndex,
    });
  throw new Violation(name, `${comparison.want} within ${comparison.bound?.toExponential(2)}`, {
    firstBadIndex: comparison.firstBadIndex,
    got: comparison.got!,
    want: comparison.want!,
    bound: comparison.bound!,
  });
}

/** The results of a program by its definitions, and how far an honest engine may be from them. */
export interface ProgramBounds {
  /** By output: float64, rounded nowhere. */
  readonly exact: Readonly<Record<string, Numbers>>;
  /** By output, of its shape: the largest distance of each element. */
  readonly bounds: Readonly<Record<string, Float64Tensor>>;
}

/**
 * Derives the bound of a program's results: its definitions are run again with every operation off at random
 * by the rounding of the precision.
 *
 * @param samples how often
 */
export function deriveProgramBounds(
  given: GivenProgram,
  precision: keyof typeof precisions,
  judging: Judging = {},
  samples = 16,
): ProgramBounds {
  const { [precision]: rough } = precisions;
  const runs = Array.from({ length: samples }, (_, k) => {
    const rounding = noise(rough, k + 1);
    // What is given is float32: only a coarser engine rounds it.
    return evaluate(precision === "f32" ? given : rounded(given, rounding), rounding);
  });
  const exact = Object.fromEntries(
    Object.entries(evaluate(given, unrounded)).map(([name, value]) => [name, held(value, rough)]),
  );
  const bounds = Object.fromEntries(
    Object.entries(exact).map(([name, want]) => [
      name,
      boundOf(
        want,
        runs.map((run) => run[name]!),
        rough,
        judging,
      ),
    ]),
  );
  return { exact, bounds };
}

/** A program that is run again and again, each run given some of the results of the one before. */
export interface CarriedProgram {
  readonly program: GivenProgram["program"];
  readonly weights: GivenProgram["weights"];
  /** What each run is fed, the first one with the state that it begins with. */
  readonly feeds: readonly GivenProgram["feeds"][];
  /** Names of inputs, each with the output of the run before that it takes. */
  readonly carried: Readonly<Record<string, string>>;
}

/**
 * Derives the bounds of all runs of a program that carries a state: an error of one run is in the state of
 * the next. Results are those of all runs, [run, ...axes]; what is common among them is common over runs.
 *
 * @param samples how often all runs are gone through
 */
export function deriveCarriedBounds(
  { program, weights, feeds, carried }: CarriedProgram,
  precision: keyof typeof precisions,
  samples = 2,
): ProgramBounds {
  const { [precision]: rough } = precisions;
  const asHeld = (given: GivenProgram, rounding: Rounding): GivenProgram =>
    precision === "f32" ? given : rounded(given, rounding);
  const all = (
    rounding: Rounding,
    given = (one: GivenProgram): GivenProgram => one,
  ): Record<string, Numbers> => {
    let state: Record<string, Numbers> = {};
    const runs = feeds.map((fed) => {
      const own = given({ program, weights, feeds: fed });
      const results = runProgram(
        program,
        { ...Object.fromEntries([...numbersOf(own.weights), ...numbersOf(own.feeds)]), ...state },
        rounding,
        null,
      );
      state = Object.fromEntries(Object.entries(carried).map(([into, from]) => [into, results[from]!]));
      return results;
    });
    return Object.fromEntries(
      Object.entries(runs[0] ?? {}).map(([name, { dtype, shape }]) => {
        const data = Float64Array.from(runs.flatMap((results) => Array.from(results[name]!.data)));
        return [name, { dtype, shape: [runs.length, ...shape], data }];
      }),
    );
  };
  const noisy = Array.from({ length: samples }, (_, k) => {
    const rounding = noise(rough, k + 1);
    return all(rounding, (given) => asHeld(given, rounding));
  });
  const exact = Object.fromEntries(
    Object.entries(all(unrounded)).map(([name, value]) => [name, held(value, rough)]),
  );
  const bounds = Object.entries(exact).map(([name, want]) => {
    const samplesOf = noisy.map((runs) => runs[name]!);
    return [name, boundOf(want, samplesOf, rough, {})] as const;
  });
  return { exact, bounds: Object.fromEntries(bounds) };
}

/** What an engine made of a program, once it is held. */
export interface HeldProgram {
  /** Worst error over bound. */
  readonly worst: number;
  readonly got: Readonly<Record<string, HostTensor>>;
}

/**
 * Runs a program on an engine as often as is asked, and holds every result against its truth.
 *
 * @param derive the truth; asked for when the engine has taken the program: if not, it is not worth it
 * @param times how often; results of each run are held
 * @returns what the last run gave
 * @throws Violation naming the result and its first element over the bound
 */
export async function heldProgram(
  { program, weights, feeds }: GivenProgram,
  adapter: Adapter,
  derive: () => ProgramBounds,
  times = 1,
): Promise<HeldProgram> {
  const executable = await prepare(adapter, program, weights);
  try {
    const { exact, bounds } = derive();
    const got: Record<string, HostTensor> = {};
    let worst = 0;
    for (let run = 0; run < times; run++) {
      const results: Record<string, DeviceTensor> = await executable.run(feeds);
      for (const [name, want] of Object.entries(exact)) {
        got[name] = await results[name]!.read();
        results[name]!.dispose();
        worst = Math.max(worst, hold(name, got[name], want, bounds[name]!));
      }
    }
    return { worst, got };
  } finally {
    executable.dispose();
  }
}

/**
 * Runs a program on an engine and holds every result against the definitions of its primitives.
 *
 * @returns worst error over bound
 * @throws Violation naming the result and its first element over the bound
 */
export const holdProgram = async (
  given: GivenProgram,
  adapter: Adapter,
  judging: Judging = {},
): Promise<number> =>
  (
    await heldProgram(given, adapter, () =>
      deriveProgramBounds(given, adapter.capabilities.precision, judging),
    )
  ).worst;
