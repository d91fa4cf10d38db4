import type { Adapter, Executable, SyncExecutable, WeightMap } from "../contract/adapter.js";
import type { Program } from "../contract/program.js";
import { taken } from "../contract/taken.js";
import type { HostTensor } from "../contract/tensor.js";
import type { ModelParts } from "./parts.js";
import { legalize } from "../program/legalize.js";
import type { RunLimit } from "../program/run-limits.js";
import { rowEndsName, type Runnable, type RunMode } from "../program/runnable.js";

/** What there is for one mode of running. */
interface Entry {
  readonly program: Program;
  readonly limit: RunLimit | undefined;
  executable?: Promise<Executable>;
  /** The same, where it was made at once. */
  sync?: SyncExecutable;
}

/** What runs between two changes of weights. */
interface Generation {
  /** What it runs with; never written to once a generation has it. */
  readonly weights: ReadonlyMap<string, HostTensor>;
  /** Runs that have not ended. */
  runs: number;
  /** The change of weights before it, while under way. */
  before: Promise<void> | null;
  /** Called when no run is left. */
  idle?: () => void;
}

function keyOf({ mode, extents }: RunMode): string {
  if (extents === undefined) return mode;
  const ends = Object.entries(extents);
  if (ends.length === 0) return mode;
  return [mode, ...ends.map(([axis, kind]) => rowEndsName(axis, kind))].sort().join(" ");
}

const withCopiesOf = (weights: WeightMap, others: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> =>
  new Map([...others, ...Object.entries(weights).map(([name, weight]) => [name, taken(weight)] as const)]);

const weightsOf = ({ params }: Program, { weights }: Generation): WeightMap =>
  Object.fromEntries(params.map(({ name }) => [name, weights.get(name)!]));

/** A run that was asked for: `begin` is called at once, and what it returns when the executable is there. */
export type Run = <T>(begin: () => (executable: Executable) => Promise<T>) => Promise<T>;

/** Waits for the change of weights that made a generation, and for every run of it. */
async function ended(generation: Generation): Promise<void> {
  await generation.before?.catch(() => undefined);
  if (generation.runs > 0) await new Promise<void>((resolve) => (generation.idle = resolve));
}

/**
 * The programs of a runnable on one adapter: lowered, legalized and compiled once for each mode, when first
 * wanted.
 */
export class Executables {
  readonly #entries = new Map<string, Entry>();
  #generation: Generation;
  readonly #runnable: Runnable;
  readonly #adapter: Adapter;
  readonly #timeMajor: boolean;
  readonly #runLimits: ModelParts["runLimits"];

  constructor(
    runnable: Runnable,
    adapter: Adapter,
    timeMajor: boolean,
    weights: WeightMap,
    runLimits: ModelParts["runLimits"],
  ) {
    this.#runLimits = runLimits;
    this.#runnable = runnable;
    this.#adapter = adapter;
    this.#timeMajor = timeMajor;
    this.#generation = { weights: withCopiesOf(weights, new Map()), runs: 0, before: null };
  }

  /** Where what was compiled runs: an executable that left the adapter's device speaks for all. */
  get device(): string {
    for (const { sync } of this.#entries.values()) if (sync?.movedTo) return sync.movedTo;
    return this.#adapter.device;
  }

  /** The legalized program of a mode. @throws UNROLL_UNSUPPORTED for what the adapter can't run */
  program(how: RunMode): Program {
    return this.#entry(how).program;
  }

  /** Compiles the program of a mode at once when first called for it, on an adapter that can. */
  compileSync(how: RunMode): () => SyncExecutable {
    const entry = this.#entry(how);
    return () => {
      if (!entry.sync) {
        entry.sync = this.#adapter.compileSync!(entry.program, weightsOf(entry.program, this.#generation));
        entry.executable = Promise.resolve(entry.sync);
      }
      return entry.sync;
    };
  }

  /**
   * The executable of a mode that runs at once, on an adapter that can; null while weights change.
   *
   * @param sizes of the symbolic dims
   */
  now(how: RunMode, sizes: Readonly<Record<string, number>>): SyncExecutable | null {
    if (this.#generation.before !== null) return null;
    const entry = this.#entry(how);
    entry.limit?.(sizes);
    return entry.sync ?? this.compileSync(how)();
  }

  /**
   * Asks for a run of a mode, with the weights that are bound now; whoever has asked begins it, now or later.
   *
   * @param sizes of the symbolic dims
   */
  ask(how: RunMode, sizes: Readonly<Record<string, number>>): Run {
    const own = this.#generation;
    const entry = this.#entry(how);
    entry.limit?.(sizes);
    own.runs++;
    return async (begin) => {
      try {
        const use = begin();
        if (own.before !== null) await own.before;
        return await use(await (entry.executable ??= this.#compile(entry, own)));
      } finally {
        if (--own.runs === 0) own.idle?.();
      }
    };
  }

  /** Gives every executable there is new values for some weights, which are copied before this returns. */
  rebind(weights: WeightMap): Promise<void> {
    const last = this.#generation;
    const next: Generation = { weights: withCopiesOf(weights, last.weights), runs: 0, before: null };
    const binding = this.#bindAfter(last, next);
    next.before = binding;
    this.#generation = next;
    const settled = (): void => {
      next.before = null;
    };
    binding.then(settled, settled);
    return binding;
  }

  /**
   * Frees every executable, once the runs that were asked for have ended: now, where there are none.
   *
   * @param then called when that has come
   */
  dispose(then: () => void): void {
    const last = this.#generation;
    const free = (): void => {
      for (const { executable } of this.#entries.values())
        void executable?.then(
          (one) => one.dispose(),
          () => undefined,
        );
      then();
    };
    if (last.before === null && last.runs === 0) free();
    else void ended(last).then(free);
  }

  #entry(how: RunMode): Entry {
    const key = keyOf(how);
    let entry = this.#entries.get(key);
    if (!entry) {
      const program = legalize(this.#runnable.program({ ...how, timeMajor: this.#timeMajor }), this.#adapter);
      entry = { program, limit: this.#runLimits?.(program, this.#runnable.inputs) };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  async #bindAfter(last: Generation, next: Generation): Promise<void> {
    await ended(last);
    const live = [...this.#entries.values()].filter(({ executable }) => executable !== undefined);
    await Promise.all(live.map((entry) => this.#rebindEntry(entry, next)));
  }

  #compile(entry: Entry, generation: Generation): Promise<Executable> {
    const made = this.#adapter.compile(entry.program, weightsOf(entry.program, generation));
    made.then(
      (one) => {
        // One that also runs at once is all that a mode needs.
        if (entry.executable === made && "runInto" in one) entry.sync ??= one as SyncExecutable;
      },
      () => delete entry.executable,
    );
    return made;
  }

  async #rebindEntry(entry: Entry, generation: Generation): Promise<void> {
    const executable = await entry.executable!;
    if (executable.rebind)
      try {
        return await executable.rebind(weightsOf(entry.program, generation));
      } catch (error) {
        this.#forget(entry, executable);
        throw error;
      }
    // Where compiling fails, the next run that wants it tries again.
    this.#forget(entry, executable);
    await (entry.executable = this.#compile(entry, generation));
  }

  #forget(entry: Entry, executable: Executable): void {
    delete entry.executable;
    delete entry.sync;
    executable.dispose();
  }
}
