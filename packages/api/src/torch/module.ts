import { builtin } from "../builtin/index.js";
import type { Adapter, WeightMap } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import { knownOptions } from "../contract/known-options.js";
import type { HostTensor } from "../contract/tensor.js";
import { foreignWeights, readForeign, type WeightLoss } from "../dialects/convert.js";
import { canonicalOfTorch, type TorchBinding } from "../dialects/torch/index.js";
import { plainStateDict } from "../dialects/torch/plain-state-dict.js";
import { torchRules } from "../dialects/torch/rules.js";
import type { AnyTensor } from "../formats/named-tensor.js";
import { built } from "../layers/built.js";
import { compileBuilt } from "../model/compile-built.js";
import type { SteppableModel } from "../model/faces.js";
import type { LayerSpec, Spec } from "../specification/types.js";
import type { WeightSpec } from "../specification/weights.js";
import { noMore, optionsOf } from "./arguments.js";
import { Attributes } from "./attributes.js";
import { execute, type Prepared } from "./execute.js";
import { currentGraph } from "./graph.js";
import { takenArguments } from "./packed.js";
import { signatureOf, sizesOf, trace, traceToKeep } from "./trace.js";
import type { OutputOf, RunArguments, RunResult } from "./values.js";

/** Weights by PyTorch's names: out of a safetensors file, or another module's `stateDict()`. */
export type StateDict = Readonly<Record<string, AnyTensor>>;

/** What `loadStateDict` met. The lists of keys are empty when `strict`. */
export interface LoadResult {
  /** Names that the module has and the dictionary has not; those weights stay as they were. */
  readonly missingKeys: readonly string[];
  /** Names that the dictionary has and the module has not. */
  readonly unexpectedKeys: readonly string[];
  /** Values that were rounded to float32. */
  readonly losses: readonly WeightLoss[];
}

/** A spec layer that a module stands for, without its wiring, and where PyTorch keeps its weights. */
export interface ModulePart {
  readonly layer: LayerSpec;
  readonly level: TorchBinding["level"];
}

/**
 * The base of every module, with PyTorch's meaning: submodules live in attributes, whose names give the names
 * of weights.
 *
 * `forward` describes the computation over symbolic tensors; it calls submodules with `call`. `run` computes
 * it.
 */
export abstract class Module {
  private readonly parameters: Map<string, HostTensor<"float32">> = new Map();
  private adapter: Adapter | null = null;
  private prepared = new Map<string, Promise<Prepared>>();
  /** Counts changes of weights, so that outer modules notice. */
  private version = 0;
  private preparedVersion = 0;
  readonly #attributes = new Attributes();

  /**
   * Describes the module's computation. Runs twice for each way of calling `run`, to see that both runs
   * describe the same, and never with values.
   */
  abstract forward(...inputs: never[]): unknown;

  /** Applies the module inside another one's `forward`; what `self.lstm(x)` is in Python. */
  call(...inputs: Parameters<this["forward"]>): ReturnType<this["forward"]> {
    currentGraph(this.constructor.name).pathOf(this);
    this.assertFew(inputs);
    return this.forward(...(inputs as never[])) as ReturnType<this["forward"]>;
  }

  /**
   * Computes the module. Arguments and results have the form of `forward`'s, with tensors in place of
   * symbolic ones; a state may be left out and is then zeros.
   *
   * @throws UNROLL_SHAPE, UNROLL_DTYPE for inputs that don't fit, UNROLL_WEIGHTS before weights are loaded
   */
  async run<const Arguments extends RunArguments<Parameters<this["forward"]>>>(
    ...inputs: Arguments
  ): Promise<RunResult<ReturnType<this["forward"]>, OutputOf<Arguments>>> {
    this.assertFew(inputs);
    const given: readonly unknown[] = takenArguments(inputs);
    return (await execute(await this.ready(given), given)) as RunResult<
      ReturnType<this["forward"]>,
      OutputOf<Arguments>
    >;
  }

  /** Chooses the engine of `run`. Default `builtin()`. */
  to(adapter: Adapter): this {
    this.reset();
    this.adapter = adapter;
    return this;
  }

  /**
   * The spec that `forward` describes when every argument is given.
   *
   * @param options.example arguments whose structure `forward` is traced with; default one tensor each
   */
  spec(options: { example?: readonly unknown[] } = {}): Spec {
    knownOptions(`spec of ${this.constructor.name}`, options, ["example"]);
    return trace(this, options.example ?? null, this.namedModules()).spec;
  }

  /**
   * The weights under canonical names: with `spec()`, what the core needs to know of this module.
   *
   * @param options.example as of `spec`
   * @throws UNROLL_WEIGHTS before weights are loaded
   */
  canonicalWeights(options: { example?: readonly unknown[] } = {}): WeightMap {
    const { spec, graph } = trace(this, options.example ?? null, this.namedModules());
    return this.weightsOf(spec, graph.bindings);
  }

  /**
   * Compiles the module as a core model, which can also be stepped. Its states have the names of the spec's
   * layers; its sequences are time-major unless the recurrent modules are `batchFirst`.
   *
   * @param options.adapter the engine; default that of `to`, or `builtin()`
   * @param options.example as of `spec`
   * @throws UNROLL_WEIGHTS before weights are loaded; UNROLL_UNSUPPORTED for what the engine can't run
   */
  async compile(options: { adapter?: Adapter; example?: readonly unknown[] } = {}): Promise<SteppableModel> {
    knownOptions(`compile of ${this.constructor.name}`, options, ["adapter", "example"]);
    const { spec, graph } = traceToKeep(this, options.example ?? null, this.namedModules());
    return compileBuilt(spec, {
      adapter: options.adapter ?? this.engine(),
      weights: this.weightsOf(spec, graph.bindings),
      timeMajor: graph.batchFirst !== true,
    });
  }

  /**
   * Takes weights by PyTorch's names. With `strict` (the default) missing or unexpected keys are an error
   * that lists them all. What weight norm and spectral norm keep is taken for the weights that it makes.
   *
   * @throws UNROLL_WEIGHTS listing every missing, unexpected and mis-shaped key; UNROLL_DTYPE for integers
   */
  loadStateDict(given: StateDict, options?: boolean | { strict?: boolean }): LoadResult {
    const place = `loadStateDict of ${this.constructor.name}`;
    const flags = optionsOf<{ strict?: boolean }>(place, options, ["strict"], "strict", "boolean");
    const { strict = true } = flags;
    const owners = this.parameterOwners();
    const expected = owners.map((owner) => owner.weight);
    const stateDict = plainStateDict(place, expected, given);
    const known = new Set(expected.map((weight) => weight.name));
    const missingKeys = expected
      .filter((weight) => !Object.hasOwn(stateDict, weight.name))
      .map((weight) => weight.name);
    const unexpectedKeys = Object.keys(stateDict).filter((name) => !known.has(name));
    const wanted = strict ? expected : expected.filter((weight) => Object.hasOwn(stateDict, weight.name));
    const taken = strict ? stateDict : Object.fromEntries(wanted.map(({ name }) => [name, stateDict[name]!]));
    const { weights, losses } = readForeign(
      place,
      wanted,
      taken,
      "compare attribute names, sizes and options with the Python module",
    );
    for (const { owner, key, weight } of owners) {
      const value = weights[weight.name];
      if (value) owner.parameters.set(key, { ...value, data: value.data.slice() });
    }
    for (const owner of new Set(owners.map((one) => one.owner))) owner.version++;
    return { missingKeys: strict ? [] : missingKeys, unexpectedKeys: strict ? [] : unexpectedKeys, losses };
  }

  /**
   * The weights by PyTorch's names, bit for bit as they were loaded; copies. Those never loaded are left out.
   */
  stateDict(): Record<string, HostTensor<"float32">> {
    return Object.fromEntries(
      this.parameterOwners().flatMap(({ owner, key, weight }) => {
        const value = owner.parameters.get(key);
        return value ? [[weight.name, { ...value, data: value.data.slice() }]] : [];
      }),
    );
  }

  /** Frees the engine's memory. The module can run again, and then compiles again. */
  dispose(): void {
    this.reset();
  }

  /** @internal How many arguments `forward` has, of PyTorch's own modules; null where the user wrote it. */
  get takes(): number | null {
    return null;
  }

  private assertFew(inputs: readonly unknown[]): void {
    const { takes } = this;
    if (takes === null) return;
    noMore(`forward of ${this.constructor.name}`, inputs.slice(takes), `it takes ${takes}`);
  }

  /** @internal The layers of a module that has weights of its own. */
  parts(): readonly ModulePart[] {
    return [];
  }

  /**
   * @internal Every module under its path, this one under "". A module in two places is listed twice, as in
   * PyTorch.
   */
  namedModules(prefix = ""): [path: string, module: Module][] {
    const own: [string, Module][] = [[prefix, this]];
    for (const [name, value] of Object.entries(this)) {
      if (value instanceof Module)
        own.push(...value.namedModules(prefix === "" ? name : `${prefix}.${name}`));
    }
    return own;
  }

  private parameterOwners(): { owner: Module; key: string; weight: WeightSpec }[] {
    return this.namedModules().flatMap(([path, owner]) =>
      foreignWeights(
        owner
          .parts()
          .flatMap(({ layer, level }) => torchRules(built, layer, { layer: layer.name, module: "", level })),
      ).map(({ name: key, shape }) => ({
        owner,
        key,
        weight: { name: path === "" ? key : `${path}.${key}`, shape },
      })),
    );
  }

  private engine(): Adapter {
    return (this.adapter ??= builtin());
  }

  /**
   * The compiled model for arguments of this structure; made once, unless their sizes shaped it or weights
   * changed.
   */
  private ready(given: readonly unknown[]): Promise<Prepared> {
    const version = this.namedModules().reduce((sum, [, module]) => sum + module.version, 0);
    if (version !== this.preparedVersion) this.reset();
    this.preparedVersion = version;
    const attributes = this.#attributes.of(this.namedModules());
    const structure = `${signatureOf(given)} ${attributes}`;
    const sizes = `${sizesOf(given)} ${attributes}`;
    const found = this.prepared.get(structure) ?? this.prepared.get(sizes);
    if (found) return found;
    const { prepared } = this;
    const made = this.prepare(given);
    prepared.set(sizes, made);
    made.then(
      ({ traced }) => {
        if (!traced.graph.fitted) prepared.set(structure, made);
      },
      () => prepared.delete(sizes),
    );
    return made;
  }

  private async prepare(given: readonly unknown[]): Promise<Prepared> {
    const traced = traceToKeep(this, given, this.namedModules());
    const { spec, graph } = traced;
    const timeMajor = graph.batchFirst !== true;
    const model = await compileBuilt(spec, {
      adapter: this.engine(),
      weights: this.weightsOf(spec, graph.bindings),
      timeMajor,
    });
    return { traced, model: model as SteppableModel, timeMajor };
  }

  private weightsOf(spec: Spec, bindings: readonly TorchBinding[]): WeightMap {
    const used = spec.layers.flatMap((layer) =>
      bindings
        .filter((b) => b.layer === layer.name)
        .flatMap((b) => foreignWeights(torchRules(built, layer, b))),
    );
    const all: Record<string, HostTensor<"float32">> = Object.fromEntries(
      this.parameterOwners().flatMap(({ owner, key, weight }) => {
        const value = owner.parameters.get(key);
        return value ? [[weight.name, value]] : [];
      }),
    );
    const missing = [
      ...new Set(used.map((weight) => weight.name).filter((name) => !Object.hasOwn(all, name))),
    ];
    if (missing.length > 0)
      throw unrollError({
        code: "UNROLL_WEIGHTS",
        place: this.constructor.name,
        expected: "weights",
        got: `none for ${missing.join(", ")}`,
        cure: "call loadStateDict first",
        details: { missing },
      });
    return canonicalOfTorch(built, spec, all, bindings);
  }

  private reset(): void {
    for (const ready of this.prepared.values())
      void ready.then(
        ({ model }) => model.dispose(),
        () => undefined,
      );
    this.prepared = new Map();
  }
}
