import { unrollError } from "../contract/error.js";
import { knownOptions } from "../contract/known-options.js";
import { type DType, type DTypeArray, sizeOf } from "../contract/tensor.js";
import { type Runnable, STEPS } from "../program/runnable.js";
import { assertIds, type InputsLike } from "./arguments.js";
import { CompiledModel } from "./compiled-model.js";
import type { ModelSource, RunResult, SteppableModel } from "./faces.js";
import type { Extent } from "./row-ends.js";
import { State, type StateLike } from "./state.js";
import { copyRows, type StateRow, StateSlab } from "./state-slab.js";

type Data = DTypeArray[DType];

/** What a stream is called: anything that no other open one is. */
export type StreamId = string | number;

/** How large a pool is. */
export interface StreamPoolOptions {
  /** Streams that may be open at once. Their states are allocated when the pool is made. */
  readonly capacity: number;
}

/** What one step of some streams returns. */
export type PoolStep = Pick<RunResult, "output" | "outputs">;

/** An open stream. */
interface Entry extends StateRow {
  /** The last call that named it. */
  seen: number;
}

/**
 * Rows that run together where a step runs in place: few sizes, as an engine keeps a plan for each, and the
 * largest no larger than what stays in a core's cache.
 */
const BLOCKS = [64, 8, 1] as const;

/** The arrays of a block of rows. */
interface Block {
  readonly state: State;
  readonly parts: readonly Data[];
  readonly entries: Entry[];
  x: Float32Array | Int32Array | null;
  out: Float32Array | null;
}

/**
 * Many streams of one model that come and go, and of which any are advanced together by one batched step: a
 * server's connections. Their states lie in one slab on the host. Steps queue, and each stream's run in the
 * order in which they were asked for.
 */
export class StreamPool {
  /** Streams that may be open at once. */
  readonly capacity: number;
  readonly #model: CompiledModel<ModelSource>;
  readonly #runnable: Runnable;
  readonly #place: string;
  readonly #open = new Map<StreamId, Entry>();
  readonly #slab: StateSlab;
  readonly #blocks = new Map<number, Block>();
  #tail: Promise<unknown> = Promise.resolve();
  /** Turns asked for and not ended. */
  #waiting = 0;
  #disposed = false;
  /** Calls that named streams. */
  #calls = 0;
  /** The streams of the last call of stepInto. */
  readonly #asked: Entry[] = [];

  /** @internal Made by {@link streamPool}. */
  constructor(model: CompiledModel<ModelSource>, capacity: number) {
    const { runnable } = model.inner("streamPool");
    this.#model = model;
    this.#runnable = runnable;
    this.#place = `streamPool of model "${runnable.name}"`;
    this.capacity = capacity;
    this.#slab = new StateSlab(this.#place, runnable.states, capacity);
  }

  /** How many streams are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Whether a stream is open. */
  has(id: StreamId): boolean {
    return this.#open.has(id);
  }

  /** The open streams, in the order in which they were opened. */
  ids(): StreamId[] {
    return [...this.#open.keys()];
  }

  /**
   * Opens a stream.
   *
   * @param options.state where it starts, of one row, copied; default zeros
   * @throws UNROLL_ARGUMENT for an id that is open, and where `capacity` are; UNROLL_STATE, UNROLL_DISPOSED
   */
  open(id: StreamId, options: { readonly state?: StateLike } = {}): void {
    const place = this.#alive("open");
    knownOptions(place, options, ["state"]);
    if (typeof id !== "string" && typeof id !== "number")
      throw refused(place, "a string or a number as the stream's id", typeof id, "e.g. open(socket.id)");
    if (this.#open.has(id))
      throw refused(place, "the id of no open stream", `"${id}", which is open`, "close it first");
    if (this.#open.size >= this.capacity)
      throw refused(
        place,
        `at most ${this.capacity} open streams`,
        "one more",
        "close one first, or give the pool a larger capacity",
        { capacity: this.capacity },
      );
    const start = options.state === undefined ? null : this.#taken(place, options.state);
    this.#open.set(id, { at: -1, start, seen: 0 });
  }

  /**
   * Closes a stream. Steps that were asked for before still end.
   *
   * @throws UNROLL_ARGUMENT for one that is not open; UNROLL_DISPOSED
   */
  close(id: StreamId): void {
    const entry = this.#entry(this.#alive("close"), id);
    this.#open.delete(id);
    const free = (): void => this.#slab.release(entry);
    if (this.#waiting === 0) free();
    else void this.#turn(async () => free());
  }

  /**
   * Runs one step of some streams, side by side.
   *
   * @param ids the streams, each once; the others stay where they are
   * @param x one element for each, in the order of `ids`: [ids, ...], or every input by name
   * @param options how rows end along time axes that a step sees whole
   * @returns outputs [ids, ...]
   * @throws UNROLL_ARGUMENT for a stream that is not open, or is there twice; what a step of the model
   *   throws. A step that fails leaves every stream where it was.
   */
  async step(ids: readonly StreamId[], x: InputsLike, options: Extent = {}): Promise<PoolStep> {
    const place = this.#alive("step");
    const entries = this.#entries(place, ids, []);
    const { ask } = this.#model.inner("streamPool");
    const run = ask(x, options, entries.length);
    return this.#turn(async () => {
      const { outputs, output, state } = await run(this.#gathered(entries));
      this.#slab.write(entries, this.#model.inner("streamPool").arrays(await state.toHost()));
      state.dispose();
      return { output, outputs };
    });
  }

  /**
   * Runs one step of some streams at once on the caller's arrays. Needs what `model.stepInto` needs.
   *
   * @param ids the streams, each once
   * @param x one element for each, [ids, ...] flat
   * @param out overwritten with the output, [ids, ...] flat
   * @throws UNROLL_UNSUPPORTED as `stepInto`; UNROLL_SHAPE; UNROLL_ARGUMENT for a stream that is not open, or
   *   is there twice, for ids of a vocabulary that are not in it, and while steps are under way. A step that
   *   fails leaves every stream where it was.
   */
  stepInto(ids: readonly StreamId[], x: Float32Array | Int32Array, out: Float32Array): void {
    const place = this.#alive("stepInto");
    const entries = this.#entries(place, ids, this.#asked);
    if (this.#waiting > 0)
      throw refused(place, "no step under way", `${this.#waiting}`, "await the steps asked for before");
    const { xRow, outRow } = this.#rows(place, entries.length, x, out);
    const count = entries.length;
    let at = 0;
    for (const rows of BLOCKS)
      for (; count - at >= rows; at += rows) {
        const block = this.#block(rows, x, xRow, outRow);
        for (let k = 0; k < rows; k++) block.entries[k] = entries[at + k]!;
        copyRows(x, at * xRow, block.x!, 0, rows * xRow);
        this.#slab.read(block.entries, block.parts);
        this.#model.stepInto(block.x!, block.state, block.out!);
        copyRows(block.out!, 0, out, at * outRow, rows * outRow);
        this.#slab.write(block.entries, block.parts);
      }
  }

  /**
   * The state of a stream after every step asked for so far, a copy of one row: save it, open another stream
   * with it, or give it to a model.
   *
   * @throws UNROLL_ARGUMENT for a stream that is not open; UNROLL_DISPOSED
   */
  state(id: StreamId): Promise<State> {
    const entry = this.#entry(this.#alive("state"), id);
    return this.#turn(async () => this.#gathered([entry]));
  }

  /**
   * Sets a stream to another state, after the steps asked for so far.
   *
   * @param state of one row, copied; default zeros
   * @throws UNROLL_ARGUMENT for a stream that is not open; UNROLL_STATE, UNROLL_DISPOSED
   */
  reset(id: StreamId, state?: StateLike): void {
    const place = this.#alive("reset");
    const entry = this.#entry(place, id);
    const start = state === undefined ? null : this.#taken(place, state);
    const set = (): void => {
      this.#slab.release(entry);
      entry.start = start;
    };
    if (this.#waiting === 0) set();
    else void this.#turn(async () => set());
  }

  /** Closes every stream. The model stays. A second call does nothing. */
  dispose(): void {
    this.#disposed = true;
    this.#open.clear();
    this.#blocks.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Does something when all that was asked for before has ended. */
  #turn<T>(act: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const result = this.#tail.then(act).finally(() => this.#waiting--);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  #alive(call: string): string {
    if (this.#disposed)
      throw unrollError({
        code: "UNROLL_DISPOSED",
        place: `${this.#place} ${call}`,
        expected: "a live pool",
        got: "one that was disposed",
        cure: "make another with streamPool",
      });
    return `${this.#place} ${call}`;
  }

  #entry(place: string, id: StreamId): Entry {
    const entry = this.#open.get(id);
    if (!entry) throw refused(place, "an open stream", `"${String(id)}"`, "open(id) comes first", { id });
    return entry;
  }

  /** The streams of a call, written over `into`. */
  #entries(place: string, ids: readonly StreamId[], into: Entry[]): Entry[] {
    if (!Array.isArray(ids) || ids.length === 0)
      throw refused(place, "a list of ids", Array.isArray(ids) ? "an empty one" : typeof ids, "e.g. [id]");
    const call = ++this.#calls;
    into.length = ids.length;
    for (let k = 0; k < ids.length; k++) {
      const id = (ids as readonly StreamId[])[k]!;
      const entry = this.#entry(place, id);
      if (entry.seen === call)
        throw refused(place, "each stream once", `"${id}" twice`, "step it again after this", { id });
      entry.seen = call;
      into[k] = entry;
    }
    return into;
  }

  /** Elements of a row that goes in and of one that comes out. @throws UNROLL_SHAPE, UNROLL_ARGUMENT */
  #rows(
    place: string,
    count: number,
    x: Float32Array | Int32Array,
    out: Float32Array,
  ): { readonly xRow: number; readonly outRow: number } {
    const { inputs, outputs } = this.#runnable;
    const [input, output] = [inputs[0]!, outputs[0]!];
    const plain = inputs.length === 1 && outputs.length === 1 && (input.axis ?? STEPS) === STEPS;
    // The model says why it can't.
    if (!plain || !this.#model.adapter.compileSync) this.#model.stepInto(x, this.#model.zeroState(1), out);
    const [xRow, outRow] = [sizeOf(input.shape), sizeOf(output.shape)];
    const ids = input.dtype === "int32";
    if (x.length !== count * xRow || out.length !== count * outRow || x instanceof Int32Array !== ids)
      throw unrollError({
        code: "UNROLL_SHAPE",
        place,
        expected: `${ids ? "Int" : "Float"}32Array of ${count * xRow} and an output of ${count * outRow}`,
        got: `${x.constructor.name} of ${x.length} and ${out.length}`,
        cure: "both are [ids, ...] flat",
      });
    if (ids) assertIds(place, x, input.ids);
    return { xRow, outRow };
  }

  /** Copies of the parts of a state of one row. */
  #taken(place: string, given: StateLike): readonly Data[] {
    const { arrays } = this.#model.inner("streamPool");
    const state = given instanceof State ? given : State.fromTypedArrays(given, this.#runnable.identity);
    if (state.batch !== 1)
      throw unrollError({
        code: "UNROLL_STATE",
        place,
        expected: "the state of one stream, of one row",
        got: `${state.batch} rows`,
        cure: "give each stream its own",
      });
    return arrays(state).map((data) => data.slice());
  }

  /** A state of some streams. */
  #gathered(entries: readonly Entry[]): State {
    const state = this.#model.zeroState(entries.length);
    this.#slab.read(entries, this.#model.inner("streamPool").arrays(state));
    return state;
  }

  /** The arrays for a block of rows, made at the first that has so many. */
  #block(rows: number, x: Float32Array | Int32Array, xRow: number, outRow: number): Block {
    let block = this.#blocks.get(rows);
    if (!block) {
      const state = this.#model.zeroState(rows);
      const parts = this.#model.inner("streamPool").arrays(state);
      block = { state, parts, entries: [], x: null, out: null };
      this.#blocks.set(rows, block);
    }
    if (block.x?.length !== rows * xRow || block.x.constructor !== x.constructor)
      block.x = x instanceof Int32Array ? new Int32Array(rows * xRow) : new Float32Array(rows * xRow);
    if (block.out?.length !== rows * outRow) block.out = new Float32Array(rows * outRow);
    return block;
  }
}

const refused = (
  place: string,
  expected: string,
  got: string,
  cure: string,
  details?: Readonly<Record<string, unknown>>,
): Error => unrollError({ code: "UNROLL_ARGUMENT", place, expected, got, cure, ...(details && { details }) });

/**
 * A pool of streams on a model, for many that come and go:
 *
 * ```ts
 * const pool = streamPool(model, { capacity: 10_000 });
 * pool.open("ada");
 * pool.open("bob");
 * const { output } = await pool.step(["ada", "bob"], [[0.1], [0.7]]); // [2, units]
 * pool.close("bob");
 * ```
 *
 * @throws UNROLL_ARGUMENT for a capacity that is no whole number of at least 1, or needs more than may be
 *   allocated, and for what `compile` has not made; UNROLL_UNSUPPORTED for a model that can't be stepped
 */
export function streamPool<S extends ModelSource>(
  model: SteppableModel<S>,
  options: StreamPoolOptions,
): StreamPool {
  const place = "streamPool";
  knownOptions(place, options, ["capacity"]);
  const { capacity } = options;
  if (!(model instanceof CompiledModel))
    throw refused(place, "a model that compile made", "something else", "const model = await compile(...)");
  if (!Number.isSafeInteger(capacity) || capacity < 1)
    throw refused(place, "a capacity of at least 1", String(capacity), "{ capacity: 1000 }", { capacity });
  const { runnable } = model.inner(place);
  const why =
    runnable.whyNotSteppable ??
    (runnable.states.every(({ given }) => given) ? null : "a layer that starts from another value");
  if (why !== null)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: `streamPool of model "${runnable.name}"`,
      expected: "a model whose whole state is passed from step to step",
      got: why,
      cure: "run whole sequences",
    });
  return new StreamPool(model as unknown as CompiledModel<ModelSource>, capacity);
}
