import { builtin } from "../builtin/index.js";
import type { Adapter, WeightMap } from "../contract/adapter.js";
import { UnrollError, unrollError } from "../contract/error.js";
import { isRecord, kindOf } from "../contract/kind.js";
import { knownOptions } from "../contract/known-options.js";
import { shown } from "../contract/shown.js";
import { takenWithin } from "../contract/taken-within.js";
import { type HostTensor, isHostTensor, type Nested, sizeOf, tensor } from "../contract/tensor.js";
import type { WeightLoss } from "../dialects/convert.js";
import { kerasOf } from "../dialects/keras/index.js";
import type { AnyTensor } from "../formats/named-tensor.js";
import { built } from "../layers/built.js";
import { compileBuilt } from "../model/compile-built.js";
import type { SteppableModel } from "../model/faces.js";
import type { Spec } from "../specification/types.js";
import { type WeightSpec, weightsIn } from "../specification/weights.js";
import { partName } from "./carried-state.js";
import { extentsOf } from "./extent.js";
import { feedsOf, type GivenMasks, type KerasInputs, masksFor } from "./feeds.js";
import { InputLayer } from "./input-layer.js";
import { type Applied, type ApplyOptions, KerasTensor, Layer, type NestedModel } from "./layer.js";
import { appliedWithin } from "./nested.js";
import { type Network, network } from "./network.js";
import { checkRows, joined, rowsOf } from "./rows.js";
import { printedSummary, type SummaryOptions } from "./summary.js";
import { modelConfig } from "./to-json.js";

/** What `predict` takes beside the inputs. */
export interface PredictOptions {
  /**
   * Which steps are real, bool [batch, time]; of a model with several time axes by the name of an input along
   * each.
   */
  readonly mask?: GivenMasks;
  /**
   * State to start from, in Keras's order: h before c, forward before backward. By layer name if several
   * layers have one.
   */
  readonly initialState?: readonly HostTensor[] | Readonly<Record<string, readonly HostTensor[]>>;
  /**
   * How many rows run at a time, so that memory does not grow with their number; the results of all are
   * returned. Of a stateful model each such batch goes on from the state of the one before it, as in Keras.
   * Default: all.
   */
  readonly batchSize?: number;
}

/** Where a layer is: one of both. */
export interface LayerPlace {
  /** Its name. */
  readonly name?: string;
  /** Its place among `layers`, from 0. */
  readonly index?: number;
}

const dialect = kerasOf(built);

type Plain = Record<string, Record<string, HostTensor<"float32">>>;

const refuse = (
  code: UnrollError["code"],
  place: string,
  expected: string,
  got: string,
  cure: string,
): never => {
  throw unrollError({ code: code, place: place, expected: expected, got: got, cure: cure });
};

/** By names of layers and parts, one of which may be `constructor`. */
const nothing = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;

/** A Keras model: weights by Keras's names, `predict` over batches [batch, time, ...]. */
export class KerasModel implements NestedModel {
  private compiled: Promise<SteppableModel> | null = null;
  /** Which weights of each layer the compiled model has. */
  private compiledWith: readonly (object | null)[] = [];
  private queue: Promise<unknown> = Promise.resolve();
  /** Settles when every run has that was asked for. */
  private busy: Promise<unknown> = Promise.resolve();
  private adapter: Adapter | null;
  private network: Network | null = null;
  private ordered: readonly (Layer | KerasModel)[] | null = null;

  /**
   * @internal Made by `model` and `sequential`; `wire` is called when something first depends on the layers.
   */
  constructor(
    private readonly wire: () => Network,
    adapter: Adapter | null,
    /** @internal What an unnamed one is called. */
    readonly kind: "functional" | "sequential",
    /** @internal The name it was given. */
    readonly ownName: string | null,
  ) {
    this.adapter = adapter;
  }

  private get wired(): Network {
    return (this.network ??= this.wire());
  }

  /** Forgets the wiring, after the layers changed. */
  protected rewire(): void {
    this.dispose();
    for (const call of this.network?.calls.keys() ?? []) call.layer.forget(call);
    this.network = null;
    this.ordered = null;
  }

  /** The name it was given, or its kind. */
  get name(): string {
    return this.ownName ?? this.kind;
  }

  /** @internal */
  get parts(): NestedModel["parts"] {
    return this.wired.order.flatMap(({ part }) => (part instanceof KerasTensor ? [] : [part]));
  }

  /** @internal */
  get names(): NestedModel["names"] {
    return this.wired.names;
  }

  /** @internal How many times layers are applied in it. */
  get callCount(): number {
    return this.wired.calls.size;
  }

  /** Its inputs, in order. */
  get inputs(): readonly KerasTensor[] {
    return this.wired.inputs.map((one) => one.tensor);
  }

  /** Its outputs, in order. */
  get outputs(): readonly KerasTensor[] {
    return this.wired.ends;
  }

  /** Its only input, or the list of them. */
  get input(): KerasTensor | readonly KerasTensor[] {
    return this.inputs.length === 1 ? this.inputs[0]! : this.inputs;
  }

  /** Its only output, or the list of them. */
  get output(): KerasTensor | readonly KerasTensor[] {
    return this.outputs.length === 1 ? this.outputs[0]! : this.outputs;
  }

  /**
   * Its layers in Keras's order, models within among them; of a functional model its inputs as well, as
   * layers of kind `input_layer`.
   */
  get layers(): readonly (Layer | KerasModel)[] {
    return (this.ordered ??= this.wired.order.flatMap(({ part, name }) => {
      if (part instanceof KerasTensor) return this.kind === "sequential" ? [] : [new InputLayer(name, part)];
      return [part as Layer | KerasModel];
    }));
  }

  /**
   * A layer by its name, or by its place among `layers`.
   *
   * @throws UNROLL_ARGUMENT for one that there is none of
   */
  getLayer(which: string | number | LayerPlace): Layer | KerasModel {
    const { name, index } = (
      typeof which === "string"
        ? { name: which }
        : typeof which === "number"
          ? { index: which }
          : (which ?? {})
    ) as LayerPlace;
    const place = `model "${this.name}" getLayer`;
    if ((name === undefined) === (index === undefined))
      refuse("UNROLL_ARGUMENT", place, "a name or an index", shown(which), 'e.g. "lstm" or { index: 1 }');
    const all = this.wired.order.map((one) => one.name).slice(this.kind === "sequential" ? 1 : 0);
    const at = index ?? all.indexOf(name!);
    return (
      (Number.isInteger(at) ? this.layers[at] : undefined) ??
      refuse(
        "UNROLL_ARGUMENT",
        place,
        index === undefined ? `a layer of ${all.join(", ")}` : `an index below ${all.length}`,
        shown(index ?? name),
        index === undefined ? "see summary()" : "it counts `layers` from 0",
      )
    );
  }

  /** How many numbers its weights are. */
  countParams(): number {
    return this.weightSpecs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  }

  /**
   * Prints a table of the layers, as Keras 3 does: their shapes, how many weights they have, and what each
   * reads.
   *
   * @returns what was printed
   */
  summary(options: SummaryOptions = {}): string {
    return printedSummary(this.name, this.kind, this.wired, this.weightSpecs, options);
  }

  /**
   * The model without its weights, as Keras 3's `to_json()` writes it: `modelFromJson` reads it, and
   * `keras.models.model_from_json`, but for Keras 2's hard sigmoid, of slope 1/5, which Keras 3 does not have
   * and refuses by the name that it has here, `hard_sigmoid_keras2`.
   *
   * @throws UNROLL_UNSUPPORTED for what Keras's form has no place for, and for layers of TensorFlow.js that
   *   Keras's class of their name is unlike
   */
  toJson(): string {
    return JSON.stringify(modelConfig(this.config()));
  }

  /** @internal What its configuration is written of. */
  config(): Parameters<typeof modelConfig>[0] {
    return { name: this.name, kind: this.kind, network: this.wired };
  }

  /**
   * Applies the model as a layer of another one, which then shares its weights.
   *
   * @param options as in Keras; a mask is that of the input
   * @returns the output; for several outputs a list
   * @throws UNROLL_ARGUMENT, UNROLL_SHAPE, UNROLL_DTYPE for inputs that do not fit
   */
  apply(input: KerasTensor | readonly KerasTensor[], options: Pick<ApplyOptions, "training"> = {}): Applied {
    const place = `model "${this.name}" apply`;
    knownOptions(place, options, ["training"]);
    if ((options.training ?? false) !== false)
      refuse(
        "UNROLL_UNSUPPORTED",
        place,
        "training false",
        shown(options.training),
        "nothing is trained here",
      );
    const made = appliedWithin(this, this.wired, [input].flat() as KerasTensor[]);
    return (made.length === 1 ? made[0] : made) as Applied;
  }

  /** The spec of the model. */
  get spec(): Spec {
    return this.wired.spec;
  }

  /** Chooses the engine. Default `builtin()`. */
  to(adapter: Adapter): this {
    this.dispose();
    this.adapter = adapter;
    return this;
  }

  /** Names and shapes of the weights, in the order of `getWeights`, under Keras 3's names. */
  get weightSpecs(): readonly WeightSpec[] {
    const all = dialect.kerasWeights(this.spec, this.wired.bindings);
    if (!this.wired.statisticsLast) return all;
    const gathered = ({ name }: WeightSpec): boolean => /\/moving_(mean|variance)$/.test(name);
    return [...all.filter((weight) => !gathered(weight)), ...all.filter(gathered)];
  }

  /**
   * Takes weights in Keras's order, as `model.set_weights(list)`: tensors, of files as well, or nested
   * arrays.
   *
   * @throws UNROLL_WEIGHTS for another number or other shapes
   */
  setWeights(list: readonly (AnyTensor | Nested)[]): readonly WeightLoss[] {
    const expected = this.weightSpecs;
    const place = `model "${this.name}" setWeights`;
    if (!Array.isArray(list))
      refuse("UNROLL_WEIGHTS", place, "a list of weights", kindOf(list), "by name they go to loadWeights");
    if (list.length !== expected.length) {
      const listed = expected.map(({ name, shape }) => `${name} [${shape.join(", ")}]`);
      refuse(
        "UNROLL_WEIGHTS",
        place,
        `${expected.length} weights, ${listed.join(", ")}`,
        `${list.length}`,
        "give them in the order of get_weights()",
      );
    }
    const given = (list as readonly (AnyTensor | Nested)[]).map((one, k) => {
      if (Array.isArray(one)) return tensor(one as Nested);
      if (!isHostTensor(one))
        refuse("UNROLL_WEIGHTS", `${place} [${k}]`, "a tensor or nested arrays", kindOf(one), "see tensor()");
      return one as AnyTensor;
    });
    return this.loadWeights(Object.fromEntries(expected.map(({ name }, k) => [name, given[k]!])));
  }

  /** The weights in Keras's order, bit for bit as they were set; copies. */
  getWeights(): HostTensor<"float32">[] {
    const named = this.namedWeights();
    return this.weightSpecs.map(({ name }) => named[name]!);
  }

  /** The weights under Keras 3's names; copies. */
  namedWeights(): Record<string, HostTensor<"float32">> {
    return { ...dialect.toKeras(this.spec, this.loaded(), this.wired.bindings).weights };
  }

  /**
   * Takes weights by the names of any Keras version; see `fromKeras`.
   *
   * @returns what was lost: values rounded to float32
   * @throws UNROLL_WEIGHTS listing every missing, unexpected and mis-shaped key
   */
  loadWeights(named: Readonly<Record<string, AnyTensor>>): readonly WeightLoss[] {
    const place = `weights of "${this.name}"`;
    if (!isRecord(named))
      refuse(
        "UNROLL_WEIGHTS",
        place,
        "weights by name",
        typeof named === "string" ? `"${named as string}"` : kindOf(named),
        "read the file first, e.g. with readSafetensors, and give its `tensors`; a list goes to setWeights",
      );
    const { tensors } = named as { readonly tensors?: unknown };
    if (isRecord(tensors) && !isHostTensor(tensors))
      refuse(
        "UNROLL_WEIGHTS",
        place,
        "weights by name",
        "what a reader of files returns",
        "give its `tensors`",
      );
    const { weights, losses } = dialect.fromKeras(this.spec, named, this.wired.bindings, place);
    this.dispose();
    const seen = new Set<Layer>();
    for (const [{ layer }, name] of this.wired.calls) {
      if (!seen.has(layer)) layer.held.take(name, weights);
      seen.add(layer);
    }
    return losses;
  }

  /**
   * The weights under canonical names, for `compile` of the core; copies.
   *
   * @throws UNROLL_WEIGHTS before weights are set
   */
  canonicalWeights(): WeightMap {
    return Object.fromEntries(
      Object.entries(this.loaded()).map(([name, one]) => [name, { ...one, data: one.data.slice() }]),
    );
  }

  /**
   * Compiles the model as a core model, which can also be stepped; `adapter` is the engine.
   *
   * @throws UNROLL_WEIGHTS before weights are set; UNROLL_UNSUPPORTED for what the engine can't run
   */
  async compile(options: { adapter?: Adapter } = {}): Promise<SteppableModel> {
    const place = `model "${this.name}" compile`;
    const training = Object.keys(options ?? {}).filter((key) =>
      ["optimizer", "loss", "metrics"].includes(key),
    );
    if (training.length > 0)
      refuse(
        "UNROLL_UNSUPPORTED",
        place,
        "an adapter alone",
        training.join(", "),
        "nothing is trained here yet: train in Keras, and take the weights over",
      );
    knownOptions(place, options, ["adapter"]);
    return (await compileBuilt(this.spec, {
      adapter: options.adapter ?? (this.adapter ??= builtin()),
      weights: this.loaded(),
    })) as SteppableModel;
  }

  /**
   * Runs the model on whole sequences. Calls of a stateful model run one after the other, each from the state
   * of the one before it.
   *
   * @returns the output, or a list where the model has several
   * @throws UNROLL_SHAPE, UNROLL_DTYPE, UNROLL_ARGUMENT, UNROLL_STATE, UNROLL_WEIGHTS before weights are set
   */
  async predict(x: KerasInputs, options: PredictOptions = {}): Promise<HostTensor | HostTensor[]> {
    const place = `model "${this.name}" predict`;
    knownOptions(place, options, ["mask", "initialState", "batchSize"]);
    const { batchSize } = options;
    if (batchSize !== undefined && !(Number.isInteger(batchSize) && batchSize >= 1))
      refuse(
        "UNROLL_ARGUMENT",
        place,
        "batchSize as a whole number of at least 1",
        shown(batchSize),
        "it counts rows",
      );
    // Taken now, with the weights of now; only the state is that of the call before.
    const inputs = feedsOf(place, this.wired, x);
    const own = takenWithin(options);
    const now = [...this.wired.calls.keys()].map(({ layer }) => layer.held.version);
    if (now.some((version, k) => version !== this.compiledWith[k])) this.dispose();
    this.compiledWith = now;
    this.compiled ??= this.compile();
    const compiled = this.compiled;
    compiled.catch(() => {
      if (this.compiled === compiled) this.compiled = null;
    });
    const stateful = this.wired.states.some(({ layer }) => layer.stateful);
    const result = this.queue.then(() => this.inBatches(place, compiled, inputs, own));
    if (stateful) this.queue = result.catch(() => undefined);
    this.busy = Promise.allSettled([this.busy, result]);
    return result;
  }

  /** `predict` of one batch, whatever its size. */
  async predictOnBatch(
    x: KerasInputs,
    options: Omit<PredictOptions, "batchSize"> = {},
  ): Promise<HostTensor | HostTensor[]> {
    knownOptions(`model "${this.name}" predictOnBatch`, options, ["mask", "initialState"]);
    return this.predict(x, options);
  }

  /** Sets the states of stateful layers back to zeros; the next call may have another batch size. */
  resetStates(): void {
    for (const { layer } of this.wired.states) layer.resetStates();
  }

  /** Frees the engine's memory. The model can run again, and then compiles again. */
  dispose(): void {
    const { compiled } = this;
    // Calls that were made before it run first.
    if (compiled)
      void this.busy
        .then(() => compiled)
        .then(
          (model) => model.dispose(),
          () => undefined,
        );
    this.compiled = null;
  }

  private loaded(): WeightMap {
    const held = [...this.wired.calls].flatMap(([{ layer }, name]) => layer.held.under(name) ?? []);
    const found: WeightMap = Object.fromEntries(held);
    const missing = weightsIn(built, this.spec).filter(({ name }) => !Object.hasOwn(found, name));
    if (missing.length > 0)
      refuse(
        "UNROLL_WEIGHTS",
        `model "${this.name}"`,
        "weights",
        held.length === 0 ? "none" : `none for ${missing.map(({ name }) => name).join(", ")}`,
        "call loadWeights or setWeights first",
      );
    return found;
  }

  /** Runs all rows at once, or so many at a time. */
  private async inBatches(
    place: string,
    compiled: Promise<SteppableModel>,
    inputs: Readonly<Record<string, HostTensor>>,
    { mask, initialState, batchSize }: PredictOptions,
  ): Promise<HostTensor | HostTensor[]> {
    const masks = masksFor(place, this.wired, inputs, mask);
    const feeds = Object.fromEntries(Object.entries(inputs).filter(([, value]) => value.dtype !== "bool"));
    const rows = Object.values(feeds)[0]!.shape[0] ?? 0;
    const states = this.givenStates(place, initialState);
    const size = batchSize ?? rows;
    // A part that is longer than the others would lose its last rows, were it cut like them.
    if (size < rows)
      for (const one of [...Object.values(feeds), ...masks.values(), ...[...states.values()].flat()])
        checkRows(place, one, rows);
    const made: HostTensor[][] = [];
    for (let start = 0; start === 0 || start < rows; start += size) {
      const of = <T extends HostTensor>(one: T): T =>
        size >= rows ? one : rowsOf(one, start, Math.min(size, rows - start));
      made.push(
        await this.once(
          place,
          compiled,
          Object.fromEntries(Object.entries(feeds).map(([name, one]) => [name, of(one)])),
          new Map([...masks].map(([axis, one]) => [axis, of(one)])),
          new Map([...states].map(([name, list]) => [name, list.map(of)])),
        ),
      );
    }
    const outputs = made.length === 1 ? made[0]! : made[0]!.map((_, k) => joined(made.map((one) => one[k]!)));
    return outputs.length === 1 ? outputs[0]! : outputs;
  }

  private async once(
    place: string,
    compiled: Promise<SteppableModel>,
    feeds: Readonly<Record<string, HostTensor>>,
    masks: ReadonlyMap<string, HostTensor<"bool">>,
    given: ReadonlyMap<string, readonly HostTensor[]>,
  ): Promise<HostTensor[]> {
    const own = this.stateFor(place, Object.values(feeds)[0]!.shape[0]!, given);
    const ready = await compiled;
    const state = own && (await merged(ready, own));
    const result = await ready.sequence(feeds, { ...extentsOf(masks), ...(state && { state }) });
    const after = await result.state.toTypedArrays();
    result.state.dispose();
    for (const { name, layer, parts } of this.wired.states)
      if (layer.stateful) for (const { within } of parts) layer.carried.keep(within, after[name + within]!);
    return this.wired.outputs.map((ref) => result.outputs[ref]!);
  }

  /** States that the caller gives, by layer. */
  private givenStates(
    place: string,
    given: PredictOptions["initialState"],
  ): ReadonlyMap<string, readonly HostTensor[]> {
    const { states } = this.wired;
    const names = states.map(({ name }) => name).join(", ");
    const byLayer: Readonly<Record<string, readonly HostTensor[]>> =
      (given ?? null) === null
        ? {}
        : !Array.isArray(given)
          ? (given as Readonly<Record<string, readonly HostTensor[]>>)
          : states.length === 1
            ? { [states[0]!.name]: given as readonly HostTensor[] }
            : refuse(
                "UNROLL_STATE",
                place,
                `initialState by layer name (${names || "there is none"})`,
                "a list",
                "a list is for a model with one recurrent layer",
              );
    const stray = Object.keys(byLayer).find((layer) => !states.some(({ name }) => name === layer));
    if (stray !== undefined)
      refuse(
        "UNROLL_STATE",
        place,
        `initialState of ${names || "no layer"}`,
        `"${stray}"`,
        "name a recurrent layer that does not start from other values",
      );
    const all = Object.entries(byLayer).map(([name, list]) => {
      const { parts } = states.find((one) => one.name === name)!;
      if (!Array.isArray(list) || list.length !== parts.length || !list.every(isHostTensor))
        refuse(
          "UNROLL_STATE",
          place,
          `${parts.length} initial states of "${name}" (${parts.map(partName).join(", ")})`,
          Array.isArray(list) && list.every(isHostTensor) ? `${list.length}` : shown(list),
          "order them as Keras does: h before c, forward before backward",
        );
      return [name, list] as const;
    });
    return new Map(all);
  }

  /** Given parts, then those that a layer carries, with the rows of both; null where all are zeros. */
  private stateFor(
    place: string,
    batch: number,
    given: ReadonlyMap<string, readonly HostTensor[]>,
  ): { readonly batch: number; readonly parts: Plain } | null {
    const state: Plain = nothing();
    for (const { name, layer, parts } of this.wired.states) {
      const { rows } = layer.carried;
      if (layer.stateful && rows !== null && rows !== batch)
        refuse(
          "UNROLL_SHAPE",
          place,
          `${rows} rows, as in the call before`,
          `${batch}`,
          "call resetStates() to change the batch of a stateful model",
        );
      parts.forEach((one, k) => {
        const carried = layer.stateful ? layer.carried.part(one) : undefined;
        const own = (given.get(name)?.[k] as HostTensor<"float32"> | undefined) ?? carried;
        if (own) (state[name + one.within] ??= nothing())[one.part] = own;
      });
    }
    return Object.keys(state).length > 0 ? { batch, parts: state } : null;
  }
}

/** A state whose other parts are zeros: those of layers that carry none between calls among them. */
async function merged(
  model: SteppableModel,
  { batch, parts }: { readonly batch: number; readonly parts: Plain },
): Promise<Plain> {
  const zeros = model.zeroState(batch);
  const all = await zeros.toTypedArrays();
  zeros.dispose();
  return Object.fromEntries(
    Object.entries(all).map(([layer, own]) => [
      layer,
      Object.hasOwn(parts, layer) ? { ...own, ...parts[layer] } : own,
    ]),
  ) as Plain;
}

/** Options of {@link model}. */
export interface ModelOptions {
  /** What `predict` is given, in this order; made with {@link input}. */
  readonly inputs: KerasTensor | readonly KerasTensor[];
  /** What `predict` returns, in this order. */
  readonly outputs: KerasTensor | readonly KerasTensor[];
  /** For people: error texts. Default `functional`. */
  readonly name?: string;
  /** The engine. Default `builtin()`. */
  readonly adapter?: Adapter;
}

/**
 * A functional model, from inputs to outputs: `model({ inputs, outputs })`, or `model(inputs, outputs)`.
 *
 * @throws UNROLL_ARGUMENT, UNROLL_SHAPE, UNROLL_UNSUPPORTED
 */
export function model(
  options: ModelOptions | KerasTensor | readonly KerasTensor[],
  outputs?: KerasTensor | readonly KerasTensor[],
  more: Omit<ModelOptions, "inputs" | "outputs"> = {},
): KerasModel {
  const positional = Array.isArray(options) || options instanceof KerasTensor;
  const given = positional
    ? { ...more, inputs: options as KerasTensor | readonly KerasTensor[], outputs: outputs! }
    : (options as ModelOptions);
  const twice = !positional && (outputs !== undefined || Object.keys(more ?? {}).length > 0);
  if (!isRecord(given) || twice)
    refuse(
      "UNROLL_ARGUMENT",
      "model",
      "inputs and outputs, then options; or options alone",
      twice ? "more beside options" : kindOf(options),
      "e.g. model({ inputs, outputs })",
    );
  knownOptions("model", given, ["inputs", "outputs", "name", "adapter"]);
  const list = (what: "inputs" | "outputs"): readonly KerasTensor[] => {
    const all = [given[what]].flat() as readonly KerasTensor[];
    const odd = all.findIndex((one: unknown) => !(one instanceof KerasTensor));
    if (odd >= 0 || all.length === 0)
      refuse(
        "UNROLL_ARGUMENT",
        `model ${what}`,
        "tensors of a model",
        all.length === 0 ? "none" : kindOf(all[odd]),
        "input() and apply() return them",
      );
    const made = what === "inputs" ? all.find(({ source }) => source !== null) : undefined;
    if (made)
      refuse(
        "UNROLL_UNSUPPORTED",
        "model inputs",
        "what input() returns",
        `an output of a layer of kind ${made.source!.layer.kind}`,
        "apply the layers after it to an input of their own",
      );
    return all;
  };
  const wired = network(given.name ?? "functional", list("inputs"), list("outputs"));
  return new KerasModel(() => wired, given.adapter ?? null, "functional", given.name ?? null);
}
