import { builtin } from "../builtin/index.js";
import type { Adapter, WeightMap } from "../contract/adapter.js";
import { UnrollError, unrollError } from "../contract/error.js";
import { takenWithin } from "../contract/taken-within.js";
import { type HostTensor, isHostTensor, type Nested, tensor } from "../contract/tensor.js";
import type { WeightLoss } from "../dialects/convert.js";
import { kerasOf } from "../dialects/keras/index.js";
import type { AnyTensor } from "../formats/named-tensor.js";
import { built } from "../layers/built.js";
import { compileBuilt } from "../model/compile-built.js";
import type { SteppableModel } from "../model/faces.js";
import type { Spec } from "../specification/types.js";
import type { WeightSpec } from "../specification/weights.js";
import { either, extentsOf, nonZero, toMask } from "./extent.js";
import { KerasTensor, partName } from "./layer.js";
import { type Network, network } from "./network.js";

/** Inputs of a call: one, a list in the order of the model's inputs, or by name. */
export type KerasInputs =
  HostTensor | Nested | readonly HostTensor[] | Readonly<Record<string, HostTensor | Nested>>;

/** What `predict` takes beside the inputs. */
export interface PredictOptions {
  /**
   * Which steps are real, bool [batch, time]; of a model with several time axes by the name of an input along
   * each.
   */
  readonly mask?: HostTensor | Nested | Readonly<Record<string, HostTensor | Nested>>;
  /**
   * State to start from, in Keras's order: h before c, forward before backward. By layer name if several
   * layers have one.
   */
  readonly initialState?: readonly HostTensor[] | Readonly<Record<string, readonly HostTensor[]>>;
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
export class KerasModel {
  /** Under canonical names; those of Keras are made when they are asked for. */
  private weights: WeightMap | null = null;
  private compiled: Promise<SteppableModel> | null = null;
  private kept: Plain = nothing();
  private keptBatch: number | null = null;
  private queue: Promise<unknown> = Promise.resolve();
  private adapter: Adapter | null;
  private network: Network | null = null;

  /**
   * @internal Made by `model` and `sequential`; `wire` is called when something first depends on the layers.
   */
  constructor(
    private readonly wire: () => Network,
    adapter: Adapter | null,
  ) {
    this.adapter = adapter;
  }

  private get wired(): Network {
    return (this.network ??= this.wire());
  }

  /** Forgets wiring and weights, after the layers changed. */
  protected rewire(): void {
    this.dispose();
    this.network = null;
    this.weights = null;
    this.resetStates();
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
   * Takes weights in Keras's order, as `model.set_weights(list)`. @throws UNROLL_WEIGHTS for another number
   * or other shapes
   */
  setWeights(list: readonly AnyTensor[]): readonly WeightLoss[] {
    const expected = this.weightSpecs;
    if (list.length !== expected.length) {
      const listed = expected.map(({ name, shape }) => `${name} [${shape.join(", ")}]`);
      refuse(
        "UNROLL_WEIGHTS",
        "setWeights",
        `${expected.length} weights, ${listed.join(", ")}`,
        `${list.length}`,
        "give them in the order of get_weights()",
      );
    }
    return this.loadWeights(Object.fromEntries(expected.map(({ name }, k) => [name, list[k]!])));
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
    const place = `weights of "${this.spec.name}"`;
    const { weights, losses } = dialect.fromKeras(this.spec, named, this.wired.bindings, place);
    this.dispose();
    this.weights = weights;
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
    const place = `model "${this.spec.name}" predict`;
    const unknown = Object.keys(options).find((key) => key !== "mask" && key !== "initialState");
    if (unknown !== undefined)
      refuse("UNROLL_ARGUMENT", place, "options mask and initialState", `"${unknown}"`, "remove it");
    // Taken now, with the weights of now; only the state is that of the call before.
    const inputs = this.byName(place, x);
    const own = takenWithin(options);
    this.compiled ??= this.compile();
    const compiled = this.compiled;
    compiled.catch(() => {
      if (this.compiled === compiled) this.compiled = null;
    });
    const stateful = this.wired.states.some((one) => one.stateful);
    const result = this.queue.then(() => this.once(place, compiled, inputs, own));
    if (stateful) this.queue = result.catch(() => undefined);
    return result;
  }

  /** Sets the states of stateful layers back to zeros; the next call may have another batch size. */
  resetStates(): void {
    this.kept = nothing();
    this.keptBatch = null;
  }

  /** Frees the engine's memory. The model can run again, and then compiles again. */
  dispose(): void {
    const { compiled } = this;
    // Calls that were made before it run first.
    if (compiled)
      void this.queue
        .then(() => compiled)
        .then(
          (model) => model.dispose(),
          () => undefined,
        );
    this.compiled = null;
  }

  private loaded(): WeightMap {
    return (
      this.weights ??
      refuse(
        "UNROLL_WEIGHTS",
        `model "${this.spec.name}"`,
        "weights",
        "none",
        "call loadWeights or setWeights first",
      )
    );
  }

  private async once(
    place: string,
    compiled: Promise<SteppableModel>,
    inputs: Readonly<Record<string, HostTensor>>,
    options: PredictOptions,
  ): Promise<HostTensor | HostTensor[]> {
    const feeds = Object.fromEntries(Object.entries(inputs).filter(([, value]) => value.dtype !== "bool"));
    const batch = Object.values(feeds)[0]!.shape[0]!;
    const state = this.stateFor(place, batch, options.initialState);
    const result = await (
      await compiled
    ).sequence(feeds, { ...extentsOf(this.masksFor(place, inputs, options.mask)), ...(state && { state }) });
    const after = await result.state.toTypedArrays();
    result.state.dispose();
    for (const { layer, parts, stateful } of this.wired.states)
      if (stateful) for (const { within } of parts) this.kept[layer + within] = after[layer + within]!;
    if (Object.keys(this.kept).length > 0) this.keptBatch = batch;
    const outputs = this.wired.outputs.map((ref) => result.outputs[ref]!);
    return outputs.length === 1 ? outputs[0]! : outputs;
  }

  private byName(place: string, x: KerasInputs): Record<string, HostTensor> {
    const { inputs } = this.wired;
    const list: Readonly<Record<string, HostTensor | Nested>> = isHostTensor(x)
      ? { [inputs[0]!.name]: x }
      : Array.isArray(x) && x.length > 0 && x.every(isHostTensor)
        ? Object.fromEntries(x.map((one, k) => [inputs[k]?.name ?? `${k}`, one]))
        : typeof x === "object" && !Array.isArray(x) && !ArrayBuffer.isView(x)
          ? (x as Readonly<Record<string, HostTensor | Nested>>)
          : { [inputs[0]!.name]: x as Nested };
    const names = inputs.map((input) => input.name);
    const given = Object.keys(list);
    if (given.length !== names.length || given.some((name) => !names.includes(name)))
      refuse(
        "UNROLL_ARGUMENT",
        place,
        `inputs ${names.join(", ")}`,
        given.join(", ") || "none",
        "give every input, as a list in order or by name",
      );
    return Object.fromEntries(
      inputs.map(({ name, tensor: { form } }) => [
        name,
        toInput(`${place} input "${name}"`, list[name]!, form.dtype),
      ]),
    );
  }

  /** One mask for each time axis, of what the caller gave and of what the model derives from its inputs. */
  private masksFor(
    place: string,
    inputs: Readonly<Record<string, HostTensor>>,
    given: PredictOptions["mask"],
  ): ReadonlyMap<string, HostTensor<"bool">> {
    const { masks, axes } = this.wired;
    const found = new Map<string, HostTensor<"bool">>();
    for (const [axis, names] of masks)
      if (names.length > 0)
        found.set(
          axis,
          names
            .map((name) => (inputs[name]!.dtype === "bool" ? toMask(inputs[name]!) : nonZero(inputs[name]!)))
            .reduce(either),
        );
    if (given === undefined || given === null) return found;
    const list = isHostTensor(given) || Array.isArray(given);
    const all = new Set(axes.values());
    if (list && all.size > 1)
      refuse(
        "UNROLL_ARGUMENT",
        place,
        `masks by input (${[...axes.keys()].join(", ")})`,
        "one mask",
        "its inputs do not share their time",
      );
    const named: [string, HostTensor | Nested][] = list
      ? [[[...axes.keys()][0]!, given as HostTensor | Nested]]
      : Object.entries(given as Readonly<Record<string, HostTensor | Nested>>);
    for (const [name, mask] of named) {
      const axis =
        axes.get(name) ??
        refuse(
          "UNROLL_ARGUMENT",
          place,
          `masks of inputs ${[...axes.keys()].join(", ") || "with time, of which there is none"}`,
          `one of "${name}"`,
          "name an input that has time",
        );
      if (found.has(axis))
        refuse(
          "UNROLL_ARGUMENT",
          place,
          "a mask from one place",
          `one given beside that of input "${(masks.get(axis) ?? [name]).join('", "')}"`,
          "leave one out",
        );
      found.set(axis, toMask(mask));
    }
    return found;
  }

  /** Given parts, then kept ones, then zeros; null for a model without state. */
  private stateFor(place: string, batch: number, given: PredictOptions["initialState"]): Plain | null {
    const { states } = this.wired;
    if (this.keptBatch !== null && this.keptBatch !== batch)
      refuse(
        "UNROLL_SHAPE",
        place,
        `${this.keptBatch} rows, as in the call before`,
        `${batch}`,
        "call resetStates() to change the batch of a stateful model",
      );
    const names = states.map(({ layer }) => layer).join(", ");
    const byLayer: Readonly<Record<string, readonly HostTensor[]>> =
      given === undefined
        ? {}
        : !Array.isArray(given)
          ? (given as Readonly<Record<string, readonly HostTensor[]>>)
          : states.length === 1
            ? { [states[0]!.layer]: given as readonly HostTensor[] }
            : refuse(
                "UNROLL_STATE",
                place,
                `initialState by layer name (${names || "there is none"})`,
                "a list",
                "a list is for a model with one recurrent layer",
              );
    const stray = Object.keys(byLayer).find((layer) => !states.some((one) => one.layer === layer));
    if (stray !== undefined)
      refuse(
        "UNROLL_STATE",
        place,
        `initialState of ${states.map((one) => one.layer).join(", ") || "no layer"}`,
        `"${stray}"`,
        "name a recurrent layer that does not start from other values",
      );
    const state: Plain = nothing();
    for (const { layer, parts } of states) {
      const own = Object.hasOwn(byLayer, layer) ? byLayer[layer] : undefined;
      if (own && own.length !== parts.length)
        refuse(
          "UNROLL_STATE",
          place,
          `${parts.length} initial states of "${layer}" (${parts.map(partName).join(", ")})`,
          `${own.length}`,
          "order them as Keras does: h before c, forward before backward",
        );
      parts.forEach(({ within, part, size }, k) => {
        const zeros = (): HostTensor<"float32"> => ({
          dtype: "float32",
          shape: [batch, size],
          data: new Float32Array(batch * size),
        });
        (state[layer + within] ??= nothing())[part] = own
          ? (own[k] as HostTensor<"float32">)
          : (this.kept[layer + within]?.[part] ?? zeros());
      });
    }
    return states.length > 0 ? state : null;
  }
}

function toInput(place: string, given: HostTensor | Nested, dtype: HostTensor["dtype"]): HostTensor {
  const made = isHostTensor(given) ? given : tensor(given, undefined, dtype === "bool" ? dtype : "float32");
  if (made.dtype === dtype) return made === given ? takenWithin(made) : made;
  if (dtype === "int32" && made.dtype === "float32" && (made.data as Float32Array).every(Number.isInteger))
    return { dtype, shape: made.shape, data: Int32Array.from(made.data) };
  return refuse(
    "UNROLL_DTYPE",
    place,
    dtype === "int32" ? "whole numbers (ids)" : dtype,
    made.dtype,
    `make it with tensor(data, shape, "${dtype}")`,
  );
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

/** A functional model: from inputs to outputs. @throws UNROLL_ARGUMENT, UNROLL_SHAPE, UNROLL_UNSUPPORTED */
export function model(options: ModelOptions): KerasModel {
  const list = (given: KerasTensor | readonly KerasTensor[]): readonly KerasTensor[] =>
    Array.isArray(given) ? (given as readonly KerasTensor[]) : [given as KerasTensor];
  const wired = network(options.name ?? "functional", list(options.inputs), list(options.outputs));
  return new KerasModel(() => wired, options.adapter ?? null);
}
