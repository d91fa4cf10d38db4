import type { Adapter, Executable, Feed, SyncExecutable, WeightMap } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import { allocate, type DeviceTensor, type HostTensor, sizeOf } from "../contract/tensor.js";
import { extentName, lower, type LowerMode, stateName } from "../lowering/lower.js";
import { legalize } from "../program/legalize.js";
import { specState, type StatePartSpec, STEPS, takesState, whyNotSteppable } from "../specification/state.js";
import type { BidirectionalSpec, LayerSpec, RecurrentSpec, Spec, ValueRef } from "../specification/types.js";
import { validateSpec } from "../specification/validate.js";
import { specAxes } from "../specification/values.js";
import { assertSpecWeights } from "../specification/weights.js";
import {
  type CheckedInputs,
  type Extent,
  extentChecker,
  inputChecker,
  type InputsLike,
} from "./arguments.js";
import { State, type StateLike } from "./state.js";
import { StepBinding } from "./step-into.js";
import { Stream } from "./stream.js";

/** How to compile a spec. */
export interface CompileOptions {
  /** The engine, e.g. `builtin()`. */
  readonly adapter: Adapter;
  /**
   * Every weight of the spec under its canonical name; see `specWeights`. Read while compiling, never
   * changed.
   */
  readonly weights: WeightMap;
  /** Axes of sequences as they come and go: [time, batch, ...] if true. Default false: [batch, time, ...]. */
  readonly timeMajor?: boolean;
}

/** What a run returns, whatever the engine. */
export interface RunResult {
  /** The spec's first output: [batch, time, ...] for a sequence, [batch, ...] otherwise. */
  readonly output: HostTensor;
  /** Every output by reference. */
  readonly outputs: Readonly<Record<ValueRef, HostTensor>>;
  /** The state after the run. */
  readonly state: State;
}

export interface SequenceOptions extends Extent {
  /** Initial state. Default zeros. */
  readonly state?: StateLike | undefined;
}

/** A compiled model that runs whole sequences. */
export interface SequenceModel<S extends Spec = Spec> {
  readonly spec: S;
  readonly adapter: Adapter;
  /**
   * Runs whole sequences.
   *
   * @param x the input [batch, time, ...], or every input by name
   * @throws UNROLL_SHAPE, UNROLL_DTYPE, UNROLL_ARGUMENT, UNROLL_STATE, UNROLL_DISPOSED
   */
  sequence(x: InputsLike, options?: SequenceOptions): Promise<RunResult>;
  /** A state of zeros for `batch` rows. */
  zeroState(batch: number): State;
  /**
   * Frees everything the model holds; states that it returned last no longer than it. A second call does
   * nothing.
   */
  dispose(): void;
  [Symbol.dispose](): void;
}

/** A compiled model that also runs one step at a time: every layer sees only the past. */
export interface SteppableModel<S extends Spec = Spec> extends SequenceModel<S> {
  /**
   * Runs one step.
   *
   * @param x one element of each sequence, [batch, ...] without a time axis, or every input by name; inputs
   *   along other time axes whole
   * @param state the state that the last step returned, or `zeroState(batch)`. It is read, not changed.
   * @param options how rows end along the other time axes
   */
  step(x: InputsLike, state: StateLike, options?: Extent): Promise<RunResult>;
  /**
   * Runs one step at once on the caller's arrays, without allocating after the first call: for audio threads
   * and hot loops. Needs a synchronous adapter (`builtin()`) and a spec with one input and one output.
   *
   * @param x one element of each sequence, [batch, ...] flat
   * @param state updated in place
   * @param out overwritten with the output, [batch, ...] flat
   * @throws UNROLL_UNSUPPORTED on an adapter that is not synchronous
   */
  stepInto(x: Float32Array | Int32Array, state: State, out: Float32Array): void;
  /** A stream that keeps its own state and queues its steps. */
  stream(options?: { readonly batch?: number; readonly state?: StateLike }): Stream;
}

type Acausal = BidirectionalSpec | (RecurrentSpec & { readonly direction: "backward" });

/** The faces of a model whose spec's type is known: no `step` where a layer needs the whole sequence. */
export type ModelOf<S extends Spec> =
  // A spec read from JSON has the wide type; whether it can be stepped shows when it is called.
  LayerSpec extends S["layers"][number]
    ? SteppableModel<S>
    : Extract<S["layers"][number], Acausal> extends never
      ? SteppableModel<S>
      : SequenceModel<S>;

/**
 * Makes a spec runnable on an engine.
 *
 * @throws UNROLL_SPEC, UNROLL_WEIGHTS, UNROLL_DTYPE, UNROLL_UNSUPPORTED before the engine sees anything
 */
export async function compile<const S extends Spec>(spec: S, options: CompileOptions): Promise<ModelOf<S>> {
  validateSpec(spec);
  assertSpecWeights(spec, options.weights);
  const model = new CompiledModel<S>(spec, options);
  await model.prepare();
  return model as unknown as ModelOf<S>;
}

class CompiledModel<S extends Spec> implements SteppableModel<S> {
  readonly adapter: Adapter;
  private readonly timeMajor: boolean;
  private readonly weights: WeightMap;
  /** Parts the caller gives, and parts a run returns; they differ where a layer starts from another value. */
  private readonly given: readonly StatePartSpec[];
  private readonly returned: readonly StatePartSpec[];
  private readonly check: Readonly<Record<"sequence" | "step", (given: InputsLike) => CheckedInputs>>;
  private readonly extent: Readonly<Record<"sequence" | "step", ReturnType<typeof extentChecker>>>;
  private readonly executables = new Map<string, Promise<Executable>>();
  private readonly live = new Set<WeakRef<State>>();
  private binding: StepBinding | null = null;
  private disposed = false;

  constructor(
    readonly spec: S,
    { adapter, weights, timeMajor = false }: CompileOptions,
  ) {
    this.adapter = adapter;
    this.weights = weights;
    this.timeMajor = timeMajor;
    this.returned = specState(spec);
    const own = new Set(spec.layers.filter(takesState).map((layer) => layer.name));
    this.given = this.returned.filter((part) => own.has(part.layer));
    this.check = {
      sequence: inputChecker(spec, "sequence", timeMajor),
      step: inputChecker(spec, "step", timeMajor),
    };
    this.extent = {
      sequence: extentChecker(spec, "sequence", timeMajor),
      step: extentChecker(spec, "step", timeMajor),
    };
  }

  /** Refuses what the adapter can't run; a synchronous adapter is made ready for both modes here. */
  async prepare(): Promise<void> {
    const steppable = whyNotSteppable(this.spec) === null;
    legalize(lower(this.spec, { mode: "sequence", timeMajor: this.timeMajor }), this.adapter);
    if (this.adapter.compileSync && steppable) {
      const how: LowerMode = { mode: "step" };
      const program = legalize(lower(this.spec, { ...how, timeMajor: this.timeMajor }), this.adapter);
      const executable: SyncExecutable = this.adapter.compileSync(program, this.weights);
      this.executables.set(keyOf(how), Promise.resolve(executable));
      if (
        this.spec.inputs.length === 1 &&
        this.spec.outputs.length === 1 &&
        specAxes(this.spec).every((axis) => axis === STEPS)
      )
        this.binding = new StepBinding(this.spec, executable, program, this.given);
    }
  }

  async sequence(x: InputsLike, options: SequenceOptions = {}): Promise<RunResult> {
    const place = `model "${this.spec.name}" sequence`;
    this.assertAlive(place);
    const unknown = Object.keys(options).find((key) => !["lengths", "mask", "state"].includes(key));
    if (unknown !== undefined)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: place,
        expected: "options lengths, mask and state",
        got: `"${unknown}"`,
        cure: "remove it",
        details: { option: unknown },
      });
    const { feeds, batch, sizes } = this.check.sequence(x);
    const extent = this.extent.sequence(place, options, batch, sizes);
    if (sizes[STEPS] === 0) return this.nothing(place, batch, options.state);
    return this.run(
      place,
      { mode: "sequence", extents: extent.extents },
      { ...feeds, ...extent.feeds },
      batch,
      options.state,
    );
  }

  async step(x: InputsLike, state: StateLike, options: Extent = {}): Promise<RunResult> {
    const place = `model "${this.spec.name}" step`;
    this.assertAlive(place);
    if (typeof state !== "object" || state === null) {
      throw unrollError({
        code: "UNROLL_STATE",
        place: place,
        expected: "a state",
        got: String(state),
        cure: "start with zeroState(batch) and pass on the state that each step returns",
      });
    }
    const { feeds, batch, sizes } = this.check.step(x);
    const extent = this.extent.step(place, options, batch, sizes);
    return this.run(
      place,
      { mode: "step", extents: extent.extents },
      { ...feeds, ...extent.feeds },
      batch,
      state,
    );
  }

  stepInto(x: Float32Array | Int32Array, state: State, out: Float32Array): void {
    this.assertAlive("stepInto");
    if (this.binding === null) this.refuseStepInto();
    this.binding.run(x, state, out);
  }

  stream(options: { readonly batch?: number; readonly state?: StateLike } = {}): Stream {
    this.assertAlive("stream");
    const first = options.state ?? this.zeroState(options.batch ?? 1);
    return new Stream(
      (x, state, given) => this.step(x, state, given),
      () => this.zeroState(options.batch ?? 1),
      first,
    );
  }

  zeroState(batch: number): State {
    this.assertAlive("zeroState");
    if (!Number.isInteger(batch) || batch < 1)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: `model "${this.spec.name}" zeroState`,
        expected: "a whole number of rows of at least 1",
        got: `${batch}`,
        cure: "batch counts the sequences that run side by side",
        details: { batch },
      });
    return new State(
      batch,
      this.given.map(({ layer, part, units }) => ({
        layer,
        part,
        held: { dtype: "float32", shape: [batch, units], data: new Float32Array(batch * units) },
      })),
      null,
    );
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const made of this.executables.values())
      void made.then(
        (executable) => executable.dispose(),
        () => undefined,
      );
    for (const ref of this.live) {
      const state = ref.deref();
      if (state?.onDevice) state.end("dispose() on its model");
    }
    this.live.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private async run(
    place: string,
    how: LowerMode,
    feeds: Record<string, Feed>,
    batch: number,
    given: StateLike | undefined,
  ): Promise<RunResult> {
    const state =
      given === undefined
        ? this.zeroState(batch)
        : given instanceof State
          ? given
          : State.fromTypedArrays(given);
    const executable = await this.executable(how);
    const parts = await state.borrow(place, this.given, batch, this.adapter);
    let results: Record<string, DeviceTensor>;
    try {
      this.given.forEach(({ layer, part }, k) => {
        feeds[stateName(layer, part)] = parts[k]!;
      });
      results = await executable.run(feeds);
    } finally {
      state.unborrow(how.mode === "step");
    }
    return this.collect(how.mode, batch, results);
  }

  private async collect(
    mode: "sequence" | "step",
    batch: number,
    results: Record<string, DeviceTensor>,
  ): Promise<RunResult> {
    const outputs: Record<ValueRef, HostTensor> = {};
    for (const ref of this.spec.outputs) {
      outputs[ref] = await toHost(results[ref]!);
    }
    // A sequence's state is often not wanted at all, and a synchronous engine's memory is the host's: such
    // states leave the engine at once, and nothing has to be freed.
    const { memory, synchronous } = this.adapter.capabilities;
    const leaves = synchronous || (mode === "sequence" && memory === "host");
    const parts = [];
    for (const { layer, part } of this.returned) {
      const result = results[stateName(layer, part)]!;
      parts.push({ layer, part, held: leaves ? ((await toHost(result)) as HostTensor<"float32">) : result });
    }
    const state = new State(batch, parts, leaves ? null : this.adapter);
    if (!leaves) this.track(state);
    return { output: outputs[this.spec.outputs[0]!]!, outputs, state };
  }

  /** Remembers states in engine memory, so that disposing the model frees them. */
  private track(state: State): void {
    for (const ref of this.live) {
      const known = ref.deref();
      if (known === undefined || !known.onDevice) this.live.delete(ref);
    }
    this.live.add(new WeakRef(state));
  }

  private executable(how: LowerMode): Promise<Executable> {
    const key = keyOf(how);
    let made = this.executables.get(key);
    if (!made) {
      made = this.adapter.compile(
        legalize(lower(this.spec, { ...how, timeMajor: this.timeMajor }), this.adapter),
        this.weights,
      );
      this.executables.set(key, made);
      made.catch(() => this.executables.delete(key));
    }
    return made;
  }

  /** A run over no time at all: nothing reaches the engine, and the state comes back as it is. */
  private async nothing(place: string, batch: number, given: StateLike | undefined): Promise<RunResult> {
    const program = lower(this.spec, { mode: "sequence", timeMajor: this.timeMajor });
    const outputs: Record<ValueRef, HostTensor> = {};
    for (const ref of this.spec.outputs) {
      const { type } = program.outputs.find((o) => o.name === ref)!;
      if (!type.shape.includes(STEPS))
        throw unrollError({
          code: "UNROLL_SHAPE",
          place: place,
          expected: "at least one time step",
          got: "time 0",
          cure: `output "${ref}" is that of the last step, and there is none`,
          details: { output: ref },
        });
      const shape = type.shape.map((dim) => (dim === STEPS ? 0 : dim === "batch" ? batch : (dim as number)));
      outputs[ref] = { dtype: type.dtype, shape, data: allocate(type.dtype, sizeOf(shape)) };
    }
    const state =
      given === undefined
        ? this.zeroState(batch)
        : State.fromTypedArrays(given instanceof State ? await given.toTypedArrays() : given);
    await state.borrow(place, this.given, batch, this.adapter);
    state.unborrow(false);
    return { output: outputs[this.spec.outputs[0]!]!, outputs, state };
  }

  private assertAlive(place: string): void {
    if (this.disposed)
      throw unrollError({
        code: "UNROLL_DISPOSED",
        place: place,
        expected: "a live model",
        got: "one that was disposed",
        cure: "compile it again",
      });
  }

  private refuseStepInto(): never {
    const why =
      whyNotSteppable(this.spec) ??
      (this.adapter.compileSync
        ? "a spec with several inputs or outputs"
        : `adapter "${this.adapter.name}", which answers with a promise`);
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: `model "${this.spec.name}" stepInto`,
      expected: "a synchronous adapter and a causal spec with one input and one output",
      got: why,
      cure: "use step(), or the builtin adapter",
    });
  }
}

const keyOf = ({ mode, extents = {} }: LowerMode): string =>
  [
    mode,
    ...Object.entries(extents)
      .map(([axis, kind]) => extentName(axis, kind))
      .sort(),
  ].join(" ");

async function toHost(result: DeviceTensor): Promise<HostTensor> {
  if (result.take) return result.take();
  const host = result.readSync ? result.readSync() : await result.read();
  result.dispose();
  return host;
}
