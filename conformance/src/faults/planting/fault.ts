import type { Adapter, WeightMap } from "@unroll/api";
import {
  type DeviceTensor,
  type Feed,
  type HostTensor,
  type Program,
  unrollError,
} from "@unroll/api/adapter";
import type { Dialect } from "../../dialects.js";
import { differ, snapshot, type Tensors } from "./differ.js";

/** One way to break an honest engine, or an honest weight layout. */
export interface Fault {
  /** Stable, e.g. `lstm-gates-i-f`. */
  readonly id: string;
  /** What is wrong, as a sentence. */
  readonly title: string;
  /** Where such a fault has happened for real. */
  readonly seen: string;
  /** The engine with the fault; left out where a weight layout is broken. */
  breakEngine?(honest: Adapter, planted: Planted): Adapter;
  /** The layout with the fault; left out where an engine is broken. */
  breakDialect?(honest: Dialect, planted?: Planted): Dialect;
}

/** What a planted fault tells while it is at work. */
export interface Planted {
  /** Objects that the faulty engine says it holds. */
  count: number;
  /** How often the fault made something other than it was. A fault that never does is planted in nothing. */
  fired?: number;
}

/** Tells that a fault made something other than it was. */
export function fire(planted: Planted): void {
  planted.fired = (planted.fired ?? 0) + 1;
}

/** What a run knows when feeds or results are changed. */
export interface RunInfo {
  /** The program that runs. */
  readonly program: Program;
  /** Its weights. */
  readonly weights: WeightMap;
  /** What it was fed. */
  readonly feeds: Tensors;
  /** How many runs this executable had before. */
  readonly before: number;
  /** Kept from run to run of one executable. */
  readonly memory: Record<string, unknown>;
  /** For a change that no value shows, such as memory that two results share. */
  readonly fired: () => void;
}

/** Where an engine is broken; what is left out stays honest. */
export interface Break {
  /** Another program in place of the one to compile. */
  program?(program: Program): Program;
  /** Other weights in place of the given ones. */
  weights?(weights: WeightMap, program: Program): WeightMap;
  /** Other feeds in place of the given ones. */
  feeds?(feeds: Tensors, info: Omit<RunInfo, "feeds">): Tensors;
  /** `info.feeds` are as the caller gave them. */
  results?(results: Tensors, info: RunInfo): Tensors;
}

class Result implements DeviceTensor {
  private disposed = false;
  constructor(private readonly held: HostTensor) {}
  get dtype(): HostTensor["dtype"] {
    return this.held.dtype;
  }
  get shape(): readonly number[] {
    return this.held.shape;
  }
  readSync(): HostTensor {
    if (this.disposed)
      throw unrollError({
        code: "UNROLL_DISPOSED",
        place: "result",
        expected: "one in use",
        got: "a disposed one",
        cure: "read it before you dispose it",
      });
    return this.held;
  }
  async read(): Promise<HostTensor> {
    return this.readSync();
  }
  dispose(): void {
    this.disposed = true;
  }
}

/**
 * An adapter that goes wrong as told, and is honest otherwise.
 *
 * @param fired called whenever a change made something other than it was
 */
export function broken(honest: Adapter, how: Break, fired: () => void = () => undefined): Adapter {
  return {
    name: "faulty",
    device: honest.device,
    capabilities: { ...honest.capabilities, synchronous: false },
    async compile(program, weights) {
      const executable = await honest.compile(
        changedProgram(program, how, fired),
        changedWeights(weights, program, how, fired),
      );
      const about = { program, weights, memory: {}, fired };
      let before = 0;
      return {
        async run(given) {
          const info = { ...about, before: before++ };
          const feeds: Tensors = Object.fromEntries(
            Object.entries(given).map(([name, feed]) => [name, hostOf(feed)]),
          );
          const results = await readAll(await executable.run(changedFeeds(feeds, info, how)));
          return Object.fromEntries(
            Object.entries(changedResults(results, { ...info, feeds }, how)).map(([name, held]) => [
              name,
              new Result(held),
            ]),
          );
        },
        dispose: () => executable.dispose(),
      };
    },
  };
}

function changedProgram(program: Program, how: Break, fired: () => void): Program {
  if (!how.program) return program;
  const changed = how.program(program);
  if (JSON.stringify(changed) !== JSON.stringify(program)) fired();
  return changed;
}

function changedWeights(weights: WeightMap, program: Program, how: Break, fired: () => void): WeightMap {
  if (!how.weights) return weights;
  const changed = how.weights(weights, program);
  if (differ(changed, weights)) fired();
  return changed;
}

function changedFeeds(feeds: Tensors, info: Omit<RunInfo, "feeds">, how: Break): Tensors {
  if (!how.feeds) return feeds;
  const before = snapshot(feeds);
  const changed = how.feeds(feeds, info);
  if (differ(changed, before) || differ(feeds, before)) info.fired();
  return changed;
}

function changedResults(results: Tensors, info: RunInfo, how: Break): Tensors {
  if (!how.results) return results;
  const before = snapshot(results);
  const changed = how.results(results, info);
  if (differ(changed, before)) info.fired();
  return changed;
}

const hostOf = (feed: Feed): HostTensor => ("data" in feed ? feed : feed.readSync!());

const readAll = async (results: Readonly<Record<string, DeviceTensor>>): Promise<Tensors> =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(results).map(async ([name, result]) => [name, await result.read()] as const),
    ),
  );

/** A fault that is one {@link Break}. */
export const fault = (id: string, title: string, seen: string, how: Break): Fault => ({
  id,
  title,
  seen,
  breakEngine: (honest, planted) => broken(honest, how, () => fire(planted)),
});
