import type { Adapter, Executable, SyncExecutable, WeightMap } from "../contract/adapter.js";
import type { Program } from "../contract/program.js";
import type { HostTensor } from "../contract/tensor.js";
import { legalize } from "../program/legalize.js";
import { rowEndsName, type Runnable, type RunMode } from "../program/runnable.js";

/** What there is for one mode of running. */
interface Entry {
  readonly program: Program;
  executable?: Promise<Executable>;
}

const keyOf = ({ mode, extents = {} }: RunMode): string =>
  [mode, ...Object.entries(extents).map(([axis, kind]) => rowEndsName(axis, kind))].sort().join(" ");

const copied = (weight: HostTensor): HostTensor => ({
  dtype: weight.dtype,
  shape: [...weight.shape],
  data: weight.data.slice(),
});

/**
 * The programs of a runnable on one adapter: lowered, legalized and compiled once for each mode, when first
 * wanted.
 */
export class Executables {
  private readonly entries = new Map<string, Entry>();
  private readonly weights = new Map<string, HostTensor>();
  /** Runs that have not ended; a change of weights waits for them. */
  private readonly active = new Set<Promise<unknown>>();
  /** A change of weights under way; runs that are asked for after it wait for it. */
  private binding: Promise<void> | null = null;

  constructor(
    private readonly runnable: Runnable,
    private readonly adapter: Adapter,
    private readonly timeMajor: boolean,
    weights: WeightMap,
  ) {
    for (const [name, weight] of Object.entries(weights)) this.weights.set(name, copied(weight));
  }

  /** The legalized program of a mode. @throws UNROLL_UNSUPPORTED for what the adapter can't run */
  program(how: RunMode): Program {
    return this.entry(how).program;
  }

  /** Compiles the program of a mode at once, on an adapter that can. */
  compileSync(how: RunMode): SyncExecutable {
    const entry = this.entry(how);
    const executable = this.adapter.compileSync!(entry.program, this.weightsOf(entry.program));
    entry.executable = Promise.resolve(executable);
    return executable;
  }

  /** Uses the executable of a mode, with the weights that are bound when this is called. */
  run<T>(how: RunMode, use: (executable: Executable) => Promise<T>): Promise<T> {
    const result = this.perform(how, use);
    this.active.add(result);
    const forget = (): void => void this.active.delete(result);
    result.then(forget, forget);
    return result;
  }

  /** Gives every executable there is new values for some weights, which are copied before this returns. */
  rebind(weights: WeightMap): Promise<void> {
    // At once, so that a second call builds on them, and what is compiled from now on has them: runs that
    // were asked for before and have yet to compile started to do so when they were asked.
    for (const [name, weight] of Object.entries(weights)) this.weights.set(name, copied(weight));
    const binding = Promise.allSettled([this.binding, ...this.active]).then(async () => {
      const live = [...this.entries.values()].filter(({ executable }) => executable !== undefined);
      await Promise.all(live.map((entry) => this.rebindEntry(entry)));
    });
    const settled = (): void => {
      if (this.binding === binding) this.binding = null;
    };
    this.binding = binding;
    binding.then(settled, settled);
    return binding;
  }

  dispose(): void {
    for (const { executable } of this.entries.values())
      void executable?.then(
        (one) => one.dispose(),
        () => undefined,
      );
    this.entries.clear();
  }

  private entry(how: RunMode): Entry {
    const key = keyOf(how);
    let entry = this.entries.get(key);
    if (!entry) {
      entry = {
        program: legalize(this.runnable.program({ ...how, timeMajor: this.timeMajor }), this.adapter),
      };
      this.entries.set(key, entry);
    }
    return entry;
  }

  private async perform<T>(how: RunMode, use: (executable: Executable) => Promise<T>): Promise<T> {
    const entry = this.entry(how);
    if (this.binding !== null) await this.binding;
    return use(await (entry.executable ??= this.compile(entry)));
  }

  private compile(entry: Entry): Promise<Executable> {
    const made = this.adapter.compile(entry.program, this.weightsOf(entry.program));
    made.catch(() => delete entry.executable);
    return made;
  }

  private async rebindEntry(entry: Entry): Promise<void> {
    const executable = await entry.executable!;
    const weights = this.weightsOf(entry.program);
    if (executable.rebind) return executable.rebind(weights);
    entry.executable = this.adapter.compile(entry.program, weights);
    executable.dispose();
    await entry.executable;
  }

  private weightsOf({ params }: Program): WeightMap {
    return Object.fromEntries(params.map(({ name }) => [name, this.weights.get(name)!]));
  }
}
