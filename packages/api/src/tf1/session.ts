import type { Adapter } from "../contract/adapter.js";
import { builtin } from "../builtin/index.js";
import { kindOf } from "../contract/kind.js";
import { taken } from "../contract/taken.js";
import type { HostTensor } from "../contract/tensor.js";
import type { AnyTensor } from "../formats/named-tensor.js";
import { prepare, type Prepared } from "../program/prepare.js";
import { operationsFor } from "./emit.js";
import { type FeedDict, fedBy } from "./feeds.js";
import { isTensor } from "./fold.js";
import { getDefaultGraph, Graph, type Tensor, type VariableReader } from "./graph.js";
import { optionsOf } from "./options.js";
import { fetchName, type GraphProgram, programOf, weightsFor } from "./program.js";
import { refuse } from "./refuse.js";
import { restored, type RestoreOptions, variableName } from "./restored.js";
import { filled, flatten, type LSTMStateTuple, type Structure } from "./structure.js";

/** What a run returns for what was asked of it: numbers in the same structure. */
export type Fetched<F> = [Structure<Tensor>] extends [F]
  ? Structure<HostTensor>
  : F extends Tensor | string
    ? HostTensor
    : F extends LSTMStateTuple<Tensor>
      ? LSTMStateTuple<HostTensor>
      : F extends readonly unknown[]
        ? { -readonly [K in keyof F]: Fetched<F[K]> }
        : F extends object
          ? { [K in keyof F]: Fetched<F[K]> }
          : never;

/** Options of {@link Session}. */
export interface SessionOptions {
  /** The engine. Default `builtin()`. */
  readonly adapter?: Adapter;
  /** What it runs. Default: the default graph. */
  readonly graph?: Graph;
}

/** A program on the engine. */
interface Entry {
  readonly made: GraphProgram;
  readonly prepared: Promise<Prepared>;
  running: number;
  stale: boolean;
}

/** Programs kept: for so many ways of asking, and sizes fed. */
const KEPT = 16;

/**
 * Runs the graph on an engine: `tf.Session`. What is asked for becomes one program for the sizes that are
 * fed, which is kept for the next run of the same sizes.
 *
 * ```ts
 * const session = new Session();
 * session.restore(variables);
 * const [logits, state] = await session.run([model.logits, model.finalState], [[model.inputs, ids]]);
 * ```
 */
export class Session {
  /** What it runs. */
  readonly graph: Graph;
  /** The engine. */
  readonly adapter: Adapter;
  #variables = new Map<string, HostTensor<"float32">>();
  #read: VariableReader = this.#reader();
  readonly #entries = new Map<string, Entry>();
  #closed = false;

  /** @throws UNROLL_ARGUMENT for options that there are none of */
  constructor(options: SessionOptions = {}) {
    optionsOf("Session", options, ["adapter", "graph"]);
    this.graph = options.graph ?? getDefaultGraph();
    this.adapter = options.adapter ?? builtin();
    if (!(this.graph instanceof Graph))
      refuse("Session graph", "a graph", kindOf(this.graph), "e.g. getDefaultGraph()");
    if (typeof this.adapter.compile !== "function")
      refuse("Session adapter", "an adapter", kindOf(this.adapter), "call its factory, await promises");
  }

  /**
   * Gives the graph's variables their numbers, by their names, with `:0` or without: `saver.restore`. Copied.
   *
   * @param variables out of a checkpoint; see docs/from-tensorflow-1.md
   * @returns names that the graph has no variable of; none where `strict`
   * @throws UNROLL_WEIGHTS listing every missing, unexpected and mis-shaped variable; UNROLL_DTYPE
   */
  restore(variables: Readonly<Record<string, AnyTensor>>, options: RestoreOptions = {}): string[] {
    this.#assertOpen();
    const { numbers, unused } = restored(this.graph, variables, options);
    this.#variables = numbers;
    this.#read = this.#reader();
    for (const [key, entry] of this.#entries) this.#drop(key, entry);
    return unused;
  }

  /**
   * Computes tensors of the graph.
   *
   * @param fetches a tensor, or its name, or several in lists, tuples and objects: a state, say
   * @param feedDict numbers for placeholders, and for any other tensor that is to have others than computed
   * @returns numbers in the same structure
   * @throws UNROLL_ARGUMENT, UNROLL_SHAPE, UNROLL_DTYPE, UNROLL_WEIGHTS
   */
  async run<const F>(fetches: F, feedDict: FeedDict = []): Promise<Fetched<F>> {
    this.#assertOpen();
    const isFetch = (value: unknown): value is Tensor | string =>
      isTensor(value) || typeof value === "string";
    const named = flatten("session.run fetches", fetches, isFetch);
    const targets = named.map((one) => (typeof one === "string" ? this.graph.getTensorByName(one) : one));
    for (const target of targets)
      if (target.graph !== this.graph)
        refuse(
          "session.run fetches",
          "tensors of the session's graph",
          "one of another",
          "new Session({ graph })",
        );
    const values = await this.#evaluate(targets, fedBy(this.graph, feedDict));
    let next = 0;
    return filled(fetches, isFetch, () => values[next++]!) as Fetched<F>;
  }

  /** Frees what the engine holds. */
  close(): void {
    this.#closed = true;
    for (const [key, entry] of this.#entries) this.#drop(key, entry);
  }

  #assertOpen(): void {
    if (this.#closed)
      refuse("session", "one in use", "one after its close()", "make a new one", "UNROLL_DISPOSED");
  }

  #reader(): VariableReader {
    const variables = this.#variables;
    return (variable) => {
      const name = variableName(variable);
      return (
        variables.get(name) ??
        refuse(
          "session.run",
          `numbers for variable "${name}"`,
          "none",
          "session.restore(variables) before",
          "UNROLL_WEIGHTS",
        )
      );
    };
  }

  async #evaluate(targets: readonly Tensor[], given: ReadonlyMap<Tensor, HostTensor>): Promise<HostTensor[]> {
    const known = new Map(given);
    for (const op of operationsFor(targets, known)) {
      if (!op.run || op.outputs.every((output) => known.has(output))) continue;
      const results = await op.run((inner, more) => this.#evaluate(inner, new Map([...known, ...more])));
      op.outputs.forEach((output, k) => known.set(output, results[k]!));
    }
    const open = [...new Set(targets)].filter((target) => !known.has(target));
    if (open.length > 0) {
      const needed = new Set(operationsFor(open, known).flatMap(({ inputs }) => inputs));
      const feeds = new Map([...known].filter(([tensor]) => needed.has(tensor)));
      const results = await this.#program(open, feeds);
      open.forEach((target, k) => known.set(target, results[k]!));
    }
    return targets.map((target) => taken(known.get(target)!));
  }

  async #program(targets: readonly Tensor[], given: ReadonlyMap<Tensor, HostTensor>): Promise<HostTensor[]> {
    // A run of several programs, a decoder's, ends where the session is closed in its midst.
    this.#assertOpen();
    const key = JSON.stringify([
      targets.map(({ name }) => name),
      [...given].map(([{ name }, { dtype, shape }]) => [name, dtype, shape]),
    ]);
    const entry = this.#entries.get(key) ?? this.#begin(key, programOf(targets, given));
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.running++;
    try {
      const { made } = entry;
      const fed = (tensor: Tensor): HostTensor | undefined =>
        given.get(tensor) ??
        (tensor.op.type === "Const" ? tensor.op.weights![0]!.valueOf(this.#read) : undefined);
      for (const check of made.checks) check(fed);
      const feeds: Record<string, HostTensor> = {};
      for (const [tensor, name] of made.feeds) feeds[name] = given.get(tensor)!;
      const results = await (await entry.prepared).run(feeds);
      return await Promise.all(
        targets.map(async (_, k) => {
          const result = results[fetchName(k)]!;
          try {
            return await result.read();
          } finally {
            result.dispose();
          }
        }),
      );
    } finally {
      entry.running--;
      if (entry.stale) await this.#free(entry);
    }
  }

  #begin(key: string, made: GraphProgram): Entry {
    const compiled = async (): Promise<Prepared> => {
      const weights = weightsFor(made, this.#read);
      await this.adapter.start?.();
      return prepare(this.adapter, made.program, weights);
    };
    const entry: Entry = { made, prepared: compiled(), running: 0, stale: false };
    // Whoever runs it sees the error, and the next run tries again.
    entry.prepared.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    this.#entries.set(key, entry);
    for (const [oldest, one] of this.#entries) {
      if (this.#entries.size <= KEPT) break;
      this.#drop(oldest, one);
    }
    return entry;
  }

  #drop(key: string, entry: Entry): void {
    this.#entries.delete(key);
    entry.stale = true;
    void this.#free(entry);
  }

  async #free(entry: Entry): Promise<void> {
    if (entry.running > 0) return;
    const prepared = await entry.prepared.catch(() => null);
    if (entry.running === 0) prepared?.dispose();
  }
}
