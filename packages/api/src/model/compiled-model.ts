import type { Adapter, Feed } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import { assertFits } from "../contract/limits.js";
import { knownOptions } from "../contract/known-options.js";
import {
  allocate,
  type DeviceTensor,
  type DType,
  type DTypeArray,
  type HostTensor,
  sizeOf,
} from "../contract/tensor.js";
import type { WeightMap } from "../contract/adapter.js";
import { assertModelWeights } from "../program/expected-weights.js";
import { type Runnable, type RunMode, type SignatureState, stateName, STEPS } from "../program/runnable.js";
import { axesOfInputs, type InputCheck, inputChecker, type InputsLike } from "./arguments.js";
import { assertTensors } from "./weights.js";
import { Executables, type Run } from "./executables.js";
import type { CompileOptions, ModelSource, RunResult, SequenceOptions, SteppableModel } from "./faces.js";
import { InPlace } from "./in-place.js";
import { leftOut } from "./left-out.js";
import type { ModelParts } from "./parts.js";
import type { CheckedExtents, Extent, ExtentChecker } from "./row-ends.js";
import { State, type StateLike } from "./state.js";
import { StepNow } from "./step-now.js";
import { Stream } from "./stream.js";

type Mode = RunMode["mode"];

/** Where nothing is said of how rows end. */
const FULL: Extent = {};

/** A runnable on an engine. Made by `compile`. */
export class CompiledModel<S extends ModelSource> implements SteppableModel<S> {
  readonly adapter: Adapter;
  readonly #executables: Executables;
  /** Parts that the caller gives; a run also returns those of layers that start from another value. */
  readonly #given: readonly (SignatureState & { readonly name: string })[];
  /** What a run returns, each with its name among the results. */
  readonly #states: readonly (SignatureState & { readonly name: string })[];
  readonly #check: Readonly<Record<Mode, InputCheck>>;
  readonly #extent: Readonly<Record<Mode, ReturnType<ExtentChecker>>>;
  readonly #live = new Set<WeakRef<State>>();
  #stepNow: StepNow | null = null;
  #inner: Inner | null = null;
  readonly #inPlace: Partial<Record<Mode, InPlace>> = {};
  #disposed = false;
  readonly #runnable: Runnable;

  constructor(
    readonly spec: S,
    runnable: Runnable,
    { rowEnds = fullRows, savedStates, runLimits }: ModelParts,
    { adapter, weights, timeMajor = false }: CompileOptions,
  ) {
    this.#runnable = runnable;
    State.encoded ??= savedStates;
    assertTensors(runnable.name, weights);
    assertModelWeights(runnable.name, runnable.weights, weights);
    this.adapter = adapter;
    this.#executables = new Executables(runnable, adapter, timeMajor, weights, runLimits);
    this.#states = runnable.states.map((one) => ({ ...one, name: stateName(one.layer, one.part) }));
    this.#given = this.#states.filter(({ given }) => given);
    this.#check = {
      sequence: inputChecker(runnable, "sequence", timeMajor),
      step: inputChecker(runnable, "step", timeMajor),
    };
    this.#extent = {
      sequence: rowEnds(runnable, "sequence", timeMajor),
      step: rowEnds(runnable, "step", timeMajor),
    };
  }

  get device(): string {
    return this.#executables.device;
  }

  /** Refuses what the adapter can't run; a synchronous adapter is made ready for steps here. */
  prepare(): void {
    const [runnable, executables] = [this.#runnable, this.#executables];
    executables.program({ mode: "sequence" });
    if (!this.adapter.compileSync || runnable.whyNotSteppable !== null) return;
    executables.compileSync({ mode: "step" })();
    this.#stepNow = StepNow.of(runnable, executables);
    const plain = runnable.inputs.length === 1 && runnable.outputs.length === 1;
    if (!plain || axesOfInputs(runnable).some((axis) => axis !== STEPS)) return;
    for (const mode of ["step", "sequence"] as const)
      this.#inPlace[mode] = new InPlace(runnable, mode, executables, this.#given);
  }

  async sequence(x: InputsLike, options: SequenceOptions = {}): Promise<RunResult> {
    const place = this.#alive("sequence");
    knownOptions(place, options, ["lengths", "mask", "state"]);
    const { feeds, sizes } = this.#check.sequence(x);
    const { batch } = sizes;
    const ends = this.#extent.sequence(place, options, batch, sizes);
    if (sizes[STEPS] === 0) return this.#nothing(place, batch, options.state);
    const state = options.state === undefined ? this.zeroState(batch) : stateOf(options.state);
    const how = { mode: "sequence", extents: ends.extents } as const;
    const all = Object.assign(feeds, ends.feeds);
    const run = this.#executables.ask(how, sizes);
    return this.#run(place, "sequence", run, all, batch, state, this.#after(sizes[STEPS]!, ends));
  }

  async step(x: InputsLike, state: StateLike, options: Extent = FULL): Promise<RunResult> {
    const place = this.#alive("step");
    if (typeof state !== "object" || state === null)
      throw unrollError({
        code: "UNROLL_STATE",
        place,
        expected: "a state",
        got: String(state),
        cure: "start with zeroState(batch) and pass on what each step returns",
      });
    const own = stateOf(state);
    return this.#atOnce(place, x, own, options) ?? this.#askStep(x, options)(own);
  }

  /** A step where nothing has to be waited for: every row is full, and engine and state are there. */
  #atOnce(place: string, x: InputsLike, state: State, options: Extent): RunResult | null {
    if (this.#stepNow === null || options !== FULL || state.onDevice) return null;
    const { feeds, sizes } = this.#check.step(x, true);
    if (state.batch !== sizes.batch) return null;
    const parts = state.arrays(place, this.#given, this.#runnable.identity);
    return this.#stepNow.run(feeds, parts, sizes);
  }

  /** Takes what a step is given now, and runs it when the state is there. */
  #askStep(x: InputsLike, options: Extent, rows?: number): (state: State) => Promise<RunResult> {
    const place = this.#alive("step");
    knownOptions(place, options, ["lengths", "mask"]);
    const { feeds, sizes } = this.#check.step(x);
    const { batch } = sizes;
    if (rows !== undefined && batch !== rows)
      throw unrollError({
        code: "UNROLL_SHAPE",
        place,
        expected: `${rows} rows, one a stream`,
        got: `${batch}`,
        cure: "give each stream its own",
      });
    const ends = this.#extent.step(place, options, batch, sizes);
    const run = this.#executables.ask({ mode: "step", extents: ends.extents }, sizes);
    const all = Object.assign(feeds, ends.feeds);
    return (state) => this.#run(place, "step", run, all, batch, state);
  }

  stepInto(x: Float32Array | Int32Array, state: State, out: Float32Array): void {
    this.#into("step").run(x, state, out);
  }

  sequenceInto(x: Float32Array | Int32Array, state: State, out: Float32Array): void {
    this.#into("sequence").run(x, state, out);
  }

  stream(options: { readonly batch?: number; readonly state?: StateLike } = {}): Stream {
    knownOptions(this.#alive("stream"), options, ["batch", "state"]);
    return new Stream(
      (x, given = {}) => this.#askStep(x, given),
      (state) => (state === undefined ? this.zeroState(options.batch ?? 1) : stateOf(state).unshared()),
      options.state,
    );
  }

  zeroState(batch: number): State {
    const place = this.#alive("zeroState");
    if (!Number.isInteger(batch) || batch < 1)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place,
        expected: "a whole number of rows of at least 1",
        got: `${batch}`,
        cure: "batch counts the sequences that run side by side",
        details: { batch },
      });
    assertFits("UNROLL_ARGUMENT", place, [
      batch,
      this.#given.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    ]);
    const zeros = this.#given.map(({ layer, part, dtype, shape }) => {
      const full = [batch, ...shape];
      return { layer, part, held: { dtype, shape: full, data: allocate(dtype, sizeOf(full)) } };
    });
    return new State(batch, zeros, null, this.#runnable.identity);
  }

  /** @internal What a pool of streams steps by: of a live model. */
  inner(call: string): Inner {
    this.#alive(call);
    return (this.#inner ??= {
      runnable: this.#runnable,
      ask: (x, options, rows) => this.#askStep(x, options, rows),
      arrays: (state) => state.arrays(call, this.#given, this.#runnable.identity),
    });
  }

  async rebind(weights: WeightMap): Promise<void> {
    this.#alive("rebind");
    assertTensors(this.#runnable.name, weights);
    const expected = this.#runnable.weights.filter(({ name }) => Object.hasOwn(weights, name));
    assertModelWeights(this.#runnable.name, expected, weights);
    return this.#executables.rebind(weights);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#executables.dispose(() => {
      for (const ref of this.#live) {
        const state = ref.deref();
        if (state?.onDevice) state.end("dispose() on its model");
      }
      this.#live.clear();
    });
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #run(
    place: string,
    mode: Mode,
    run: Run,
    feeds: Record<string, Feed>,
    batch: number,
    state: State,
    identity = this.#runnable.identity,
  ): Promise<RunResult> {
    return run(() => {
      // One that does not fit is refused below.
      const lent =
        state.onDevice || state.batch !== batch
          ? null
          : state.lend(place, this.#given, this.#runnable.identity);
      return async (executable) => {
        const parts =
          lent ?? (await state.borrow(place, this.#given, batch, this.adapter, this.#runnable.identity));
        let results: Record<string, DeviceTensor>;
        try {
          this.#given.forEach(({ name }, k) => {
            feeds[name] = parts[k]!;
          });
          results = await executable.run(feeds);
        } finally {
          if (lent === null) state.unborrow(mode === "step");
        }
        return this.#collect(mode, batch, results, identity);
      };
    });
  }

  async #collect(
    mode: Mode,
    batch: number,
    results: Record<string, DeviceTensor>,
    identity: string | undefined,
  ): Promise<RunResult> {
    const outputs: Record<string, HostTensor> = {};
    for (const { name } of this.#runnable.outputs) outputs[name] = await toHost(results[name]!);
    // A sequence's state is often not wanted at all, and a synchronous engine's memory is the host's: such
    // states leave the engine at once, as do those that an engine parts with for nothing, and nothing has
    // to be freed.
    const { memory, synchronous } = this.adapter.capabilities;
    const leaves =
      synchronous ||
      this.#disposed ||
      (memory === "host" && (mode === "sequence" || this.#states.every(({ name }) => results[name]!.take)));
    const parts = [];
    for (const { layer, part, name } of this.#states)
      parts.push({ layer, part, held: leaves ? await toHost(results[name]!) : results[name]! });
    const state = new State(batch, parts, leaves ? null : this.adapter, identity);
    if (!leaves) this.#track(state);
    return { output: outputs[this.#runnable.outputs[0]!.name]!, outputs, state };
  }

  /**
   * What a state after so many steps belongs to: of a model that thins time out, to no model where they end
   * within a stride, as the next step that it gives would not be the whole sequence's.
   */
  #after(steps: number, { extents, feeds }: CheckedExtents): string | undefined {
    const { identity, stride = 1 } = this.#runnable;
    const { data = [extents[STEPS] ? 0.5 : 0] } = (feeds["lengths"] ?? {}) as Partial<HostTensor>;
    return stride > 1 && [steps, ...data].some((end) => end % stride)
      ? `cut within ${stride} steps, so feed pieces of a multiple of ${stride}`
      : identity;
  }

  /** Remembers states in engine memory, so that disposing the model frees them. */
  #track(state: State): void {
    for (const ref of this.#live) {
      const known = ref.deref();
      if (known === undefined || !known.onDevice) this.#live.delete(ref);
    }
    this.#live.add(new WeakRef(state));
  }

  /** A run over no time at all: nothing reaches the engine, and the state comes back as it is. */
  async #nothing(place: string, batch: number, given: StateLike | undefined): Promise<RunResult> {
    const program = this.#executables.program({ mode: "sequence" });
    const outputs: Record<string, HostTensor> = {};
    for (const { name } of this.#runnable.outputs) {
      const { type } = program.outputs.find((output) => output.name === name)!;
      if (!type.shape.includes(STEPS))
        throw unrollError({
          code: "UNROLL_SHAPE",
          place,
          expected: "at least one time step",
          got: "time 0",
          cure: `output "${name}" is that of the last step, and there is none`,
          details: { output: name },
        });
      const shape = type.shape.map((dim) => (dim === STEPS ? 0 : dim === "batch" ? batch : (dim as number)));
      outputs[name] = { dtype: type.dtype, shape, data: allocate(type.dtype, sizeOf(shape)) };
    }
    const state =
      given === undefined
        ? this.zeroState(batch)
        : given instanceof State
          ? await given.copyFor(place, this.#runnable.identity)
          : State.fromTypedArrays(given, this.#runnable.identity);
    await state.borrow(place, this.#given, batch, this.adapter, this.#runnable.identity);
    state.unborrow(false);
    return { output: outputs[this.#runnable.outputs[0]!.name]!, outputs, state };
  }

  /** The place of a call, for errors. @throws UNROLL_DISPOSED after dispose */
  #alive(call: string): string {
    const place = `model "${this.#runnable.name}" ${call}`;
    if (this.#disposed)
      throw unrollError({
        code: "UNROLL_DISPOSED",
        place,
        expected: "a live model",
        got: "one that was disposed",
        cure: "compile it again",
      });
    return place;
  }

  #into(mode: Mode): InPlace {
    const inPlace = this.#inPlace[mode];
    if (inPlace && !this.#disposed) return inPlace;
    const place = this.#alive(`${mode}Into`);
    const why =
      this.#runnable.whyNotSteppable ??
      (this.adapter.compileSync
        ? "a spec with several inputs or outputs"
        : `adapter "${this.adapter.name}", which answers with a promise`);
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place,
      expected: "a synchronous adapter and a causal spec with one input and one output",
      got: why,
      cure: `use ${mode}(), or the builtin adapter`,
    });
  }
}

/** @internal What stands behind a model's steps. */
export interface Inner {
  readonly runnable: Runnable;
  /** Takes what a step is given now, and runs it when the state is there. */
  ask(x: InputsLike, options: Extent, rows: number): (state: State) => Promise<RunResult>;
  /** The host arrays of a state's parts, in the order of the runnable. */
  arrays(state: State): DTypeArray[DType][];
}

/** Stands for {@link ModelParts.rowEnds} where a page has left it out. */
const fullRows: ExtentChecker =
  () =>
  (place, { lengths, mask }): CheckedExtents => {
    if (lengths === undefined && mask === undefined) return { extents: {}, feeds: {} };
    throw leftOut(place, "rowEnds");
  };

const stateOf = (given: StateLike): State => (given instanceof State ? given : State.fromTypedArrays(given));

const toHost = (result: DeviceTensor): HostTensor | Promise<HostTensor> => result.take?.() ?? read(result);

async function read(result: DeviceTensor): Promise<HostTensor> {
  const host = result.readSync ? result.readSync() : await result.read();
  result.dispose();
  return host;
}
