import { isAdapter } from "../config/choice.js";
import type { Adapter, WeightMap } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import { kindOf } from "../contract/kind.js";
import { shown } from "../contract/shown.js";
import type { HostTensor } from "../contract/tensor.js";
import type { TorchBinding } from "../dialects/torch/index.js";
import { torchRules, torchWeights } from "../dialects/torch/rules.js";
import { built } from "../layers/built.js";
import { compileBuilt } from "../model/compile-built.js";
import type { SteppableModel } from "../model/faces.js";
import type { LayerSpec, Spec } from "../specification/types.js";
import { noMore, optionsOf } from "./arguments.js";
import { Buffer } from "./buffer.js";
import { type TracedProgram, traceProgram } from "./execute-traced.js";
import { currentGraph, describing } from "./graph.js";
import { LeafCalls } from "./leaf-calls.js";
import { ModuleRuns } from "./module-runs.js";
import { applied, composed, parts, takes, tie, weightAt } from "./own-names.js";
import { eagerArguments, takenArguments } from "./packed.js";
import { Parameter } from "./parameter.js";
import { type LoadResult, loadState, type Owned, type StateDict, weightsFor } from "./state-dict.js";
import type { Tensor } from "./tensor/tensor.js";
import { trace, traceToKeep } from "./trace.js";
import type { CallArguments, OutputOf, RunArguments, RunResult } from "./values.js";

/** A spec layer that a module stands for, without its wiring, and where PyTorch keeps its weights. */
export interface ModulePart {
  readonly layer: LayerSpec;
  readonly level: TorchBinding["level"];
}

/**
 * The base of every module, with PyTorch's meaning: submodules live in attributes, whose names give the names
 * of weights.
 *
 * `forward` is the computation; it calls submodules with `call`. From outside, `call` computes at once; `run`
 * describes `forward` and computes it on an engine.
 */
export abstract class Module {
  /** Weights of a module of PyTorch's own, by their names there. */
  readonly #own = new Map<string, Parameter>();
  readonly #runs = new ModuleRuns(this, {
    modules: () => this.namedModules(),
    version: () => this.#version(),
    weights: (spec, bindings) => this.#weightsOf(spec, bindings),
  });
  readonly #calls = new LeafCalls(this, {
    version: () => this.#ownVersion(),
    weights: (spec, bindings) => this.#weightsOf(spec, bindings),
  });

  /**
   * The module's computation. `call` runs it on tensors with values. `run` runs it without any, twice for
   * each way of calling it, to see that both describe the same.
   */
  abstract forward(...inputs: never[]): unknown;

  /**
   * Applies the module, as `self.lstm(x)` does in Python: within another one's `forward`, or outside, where
   * it computes at once on the builtin engine.
   *
   * @throws UNROLL_SHAPE, UNROLL_DTYPE for inputs that don't fit, UNROLL_WEIGHTS before weights are loaded
   */
  call(...inputs: CallArguments<Parameters<this["forward"]>>): ReturnType<this["forward"]> {
    this.#assertFew(inputs);
    const given: readonly unknown[] = inputs;
    if (describing()) {
      currentGraph(this.constructor.name).pathOf(this);
      return this.forward(...(given as never[])) as ReturnType<this["forward"]>;
    }
    const tensors = eagerArguments(this.constructor.name, given);
    if (this[takes] === null || this[composed])
      return this.forward(...(tensors as never[])) as ReturnType<this["forward"]>;
    return this[applied]("forward", tensors) as ReturnType<this["forward"]>;
  }

  /** @internal Applies a method of a module of PyTorch's own to tensors, as one operation. */
  protected [applied](method: string, tensors: readonly unknown[]): unknown {
    return this.#calls.call(method, tensors);
  }

  /** Another text wherever any weight, of submodules too, is another one or has other values. */
  #version(): string {
    return this.namedModules()
      .map(([, module]) => module.#ownVersion())
      .join(";");
  }

  /** The same of its own weights. They are asked for at each call, and so not looked up anew. */
  #ownVersion(): string {
    if (this.#own.size === 0) this.#ownWeights("");
    let text = "";
    for (const { stamp } of this.#own.values()) text += `${stamp},`;
    // Modules of PyTorch's own that are one operation have no others.
    if (this[takes] === null || this[composed])
      for (const value of Object.values(this)) if (value instanceof Parameter) text += `${value.stamp},`;
    return text;
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
    this.#assertFew(inputs);
    const given: readonly unknown[] = takenArguments(inputs);
    return (await this.#runs.run(given)) as RunResult<ReturnType<this["forward"]>, OutputOf<Arguments>>;
  }

  /**
   * Chooses the engine of `run`. Default `builtin()`.
   *
   * @throws UNROLL_ARGUMENT for what is no engine: the name of a device, a dtype
   */
  to(adapter: Adapter, ...rest: never[]): this {
    const place = `to of ${this.constructor.name}`;
    noMore(place, rest, "it takes an engine alone");
    if (!isAdapter(adapter))
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place,
        expected: "an engine",
        got: shown(adapter),
        cure: "e.g. builtin() of @unroll/api; each engine knows its device, and numbers are float32",
      });
    this.#runs.use(adapter);
    return this;
  }

  /** Itself: modules here are always in eval mode. */
  eval(): this {
    return this;
  }

  /**
   * Itself for `train(false)`, which is `eval()`.
   *
   * @throws UNROLL_UNSUPPORTED for training mode: dropout would have to draw, and norms to count
   */
  train(mode = true): this {
    if (mode)
      throw unrollError({
        code: "UNROLL_UNSUPPORTED",
        place: `train of ${this.constructor.name}`,
        expected: "eval mode",
        got: "training mode",
        cure: "leave it out, or call eval(); train in Python and load the weights",
      });
    return this;
  }

  /** Weights by name, those of submodules too; one that two share is listed once. */
  namedParameters(): [name: string, parameter: Parameter][] {
    const seen = new Set<Parameter>();
    return this.#owners().flatMap(({ parameter, buffer, weight: { name } }): [string, Parameter][] => {
      if (seen.has(parameter) || buffer) return [];
      seen.add(parameter);
      return [[name, parameter]];
    });
  }

  /** Weights, those of submodules too; one that two share is listed once. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** Buffers by name, those of submodules too; one that two share is listed once. */
  namedBuffers(): [name: string, buffer: Buffer | Parameter][] {
    const all = this.#owners().flatMap(({ parameter, buffer, weight: { name } }) =>
      buffer ? [[name, parameter] as [string, Parameter]] : [],
    );
    return [...new Map([...all, ...this.#buffers()].map((one) => [one[1], one])).values()];
  }

  /** Buffers, those of submodules too; one that two share is listed once. */
  buffers(): (Buffer | Parameter)[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /**
   * Keeps a tensor that is no weight under a name, and returns it: `mask = this.registerBuffer("mask", m)`.
   *
   * @param options `persistent`, by itself or by name: whether it is part of the state dict; default true
   * @throws UNROLL_ARGUMENT for a name that is taken
   */
  registerBuffer(
    name: string,
    tensor: Tensor | HostTensor,
    options?: boolean | { persistent?: boolean },
  ): Buffer {
    return this.#attach("registerBuffer", name, new Buffer(tensor, options), Buffer);
  }

  /** Keeps a parameter under a name, and returns it. @throws UNROLL_ARGUMENT for a name that is taken */
  registerParameter(name: string, parameter: Parameter): Parameter {
    return this.#attach("registerParameter", name, parameter, Parameter);
  }

  /** Keeps a module under a name, and returns it. @throws UNROLL_ARGUMENT for a name that is taken */
  registerModule<M extends Module>(name: string, module: M): M {
    return this.#attach("registerModule", name, module, Module);
  }

  /** The parameter of a name, `lstm.weight_ih_l0`. @throws UNROLL_WEIGHTS where there is none */
  getParameter(name: string): Parameter {
    const found = this.#owners().find(({ weight }) => weight.name === name);
    return (found ?? this.#missing(name)).parameter;
  }

  /** Calls a function with each module within this one, from the innermost, and then with this one. */
  apply(fn: (module: Module) => void): this {
    if (typeof fn !== "function")
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: `apply of ${this.constructor.name}`,
        expected: "a function of modules",
        got: shown(fn),
        cure: "e.g. (module) => console.log(module)",
      });
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /** Itself, without effect: nothing trains here. */
  requiresGrad_(_requiresGrad?: boolean): this {
    return this;
  }

  /** Without effect: there are no gradients here. */
  zeroGrad(_setToNone?: boolean): void {
    return undefined;
  }

  /** Modules in attributes of this one, by name. */
  namedChildren(): [name: string, module: Module][] {
    return this.namedModules().filter(([path]) => path !== "" && !path.includes("."));
  }

  /** Modules in attributes of this one. */
  children(): Module[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /** This module and all within it. */
  modules(): Module[] {
    return [...new Set(this.namedModules().map(([, module]) => module))];
  }

  /**
   * The spec that `forward` describes when every argument is given.
   *
   * @param options.example arguments whose structure `forward` is traced with; default one tensor each
   */
  spec(options: { example?: readonly unknown[] } = {}): Spec {
    return trace(this, this.#example("spec", options), this.namedModules()).spec;
  }

  /**
   * The weights under canonical names: with `spec()`, what the core needs to know of this module.
   *
   * @param options.example as of `spec`
   * @throws UNROLL_WEIGHTS before weights are loaded
   */
  canonicalWeights(options: { example?: readonly unknown[] } = {}): WeightMap {
    const example = this.#example("canonicalWeights", options);
    const { spec, graph } = trace(this, example, this.namedModules());
    return this.#weightsOf(spec, graph.bindings);
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
    const example = this.#example("compile", options, ["adapter"]);
    const { spec, graph } = traceToKeep(this, example, this.namedModules());
    return compileBuilt(spec, {
      adapter: options.adapter ?? this.#runs.engine,
      weights: this.#weightsOf(spec, graph.bindings),
      timeMajor: graph.batchFirst !== true,
    });
  }

  /**
   * What a function of this module comes to as one program, for tensors of these sizes: `forward`, or several
   * calls one after the other. What judges a port derives from it how far results may be off.
   *
   * @param given tensors that `compute` takes; inputs of the program as `argument.0`, ...
   * @param compute calls the module, and returns tensors, outputs of the program as `result.0`, ...
   * @throws UNROLL_UNSUPPORTED for what a trace can't hold
   */
  programOf(given: readonly HostTensor[], compute: (...tensors: Tensor[]) => unknown): TracedProgram {
    const described = { forward: compute as (...inputs: never[]) => unknown, constructor: this.constructor };
    return traceProgram(described, given, this.namedModules());
  }

  /**
   * Takes weights by PyTorch's names. With `strict` (the default) missing or unexpected keys are an error
   * that lists them all. What weight norm and spectral norm keep is taken for the weights that it makes,
   * and of a weight-dropped LSTM the weights before dropping.
   *
   * @throws UNROLL_WEIGHTS listing every missing, unexpected and mis-shaped key; UNROLL_DTYPE for integers
   */
  loadStateDict(given: StateDict, options?: boolean | { strict?: boolean }): LoadResult {
    const place = `loadStateDict of ${this.constructor.name}`;
    const flags = optionsOf<{ strict?: boolean }>(place, options, ["strict"], "strict", "boolean");
    const { strict = true } = flags;
    return loadState(place, { weights: this.#owners(), buffers: this.#persistent() }, given, strict);
  }

  /**
   * The weights by PyTorch's names, bit for bit as they were loaded, and persistent buffers; copies. Weights
   * that were never loaded are left out.
   */
  stateDict(): Record<string, HostTensor> {
    const weights = this.#owners().flatMap(({ parameter, weight }): [string, HostTensor][] =>
      parameter.loaded ? [[weight.name, parameter]] : [],
    );
    return Object.fromEntries(
      [...weights, ...this.#persistent()].map(([name, { dtype, shape, data }]) => [
        name,
        { dtype, shape, data: data.slice() },
      ]),
    );
  }

  /** Frees the engine's memory. The module can run again, and then compiles again. */
  dispose(): void {
    this.#runs.clear();
  }

  /** @internal How many arguments `forward` has, of PyTorch's own modules; null where the user wrote it. */
  get [takes](): number | null {
    return null;
  }

  /** @internal Whether a module of PyTorch's own does no more than call others. */
  protected get [composed](): boolean {
    return false;
  }

  #assertFew(inputs: readonly unknown[]): void {
    const most = this[takes];
    if (most === null) return;
    noMore(`forward of ${this.constructor.name}`, inputs.slice(most), `it takes ${most}`);
  }

  /** @internal The layers of a module that has weights of its own. */
  [parts](): readonly ModulePart[] {
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

  /** @internal The weight of a module of PyTorch's own under its name there. */
  protected [weightAt](key: string): Parameter {
    const [{ parameter } = this.#missing(key)] = this.#ownWeights("").filter(
      ({ weight }) => weight.name === key,
    );
    return parameter;
  }

  /** @internal Makes a weight the same as another one's. @throws UNROLL_WEIGHTS for another shape */
  protected [tie](key: string, to: Parameter): void {
    const { shape } = this[weightAt](key);
    if (!(to instanceof Parameter) || to.shape.join() !== shape.join())
      throw unrollError({
        code: "UNROLL_WEIGHTS",
        place: `${this.constructor.name}.${key}`,
        expected: `a parameter [${shape.join(", ")}]`,
        got: to instanceof Parameter ? `one [${to.shape.join(", ")}]` : typeof to,
        cure: "only weights of one shape can be tied",
      });
    this.#own.set(key, to);
  }

  #missing(key: string): never {
    throw unrollError({
      code: "UNROLL_WEIGHTS",
      place: this.constructor.name,
      expected: "a weight that it has",
      got: key,
      cure: "see the options that it was made with",
    });
  }

  #ownWeights(path: string): Owned[] {
    const full = (key: string): string => (path === "" ? key : `${path}.${key}`);
    const rules = this[parts]().flatMap(({ layer, level }) =>
      torchRules(built, layer, { layer: layer.name, module: "", level }),
    );
    const own = torchWeights(rules).map(({ name: key, shape, outputAxis }): Owned => {
      const parameter = this.#own.get(key) ?? Parameter.unloaded(shape);
      this.#own.set(key, parameter);
      return {
        parameter,
        buffer: key.startsWith("running_"),
        weight: { name: full(key), shape, outputAxis },
      };
    });
    const given = Object.entries(this).flatMap(([key, value]: [string, unknown]): Owned[] =>
      value instanceof Parameter
        ? [
            {
              parameter: value,
              buffer: false,
              weight: { name: full(key), shape: value.shape, outputAxis: 0 },
            },
          ]
        : [],
    );
    return [...own, ...given];
  }

  #owners(): Owned[] {
    return this.namedModules().flatMap(([path, owner]) => owner.#ownWeights(path));
  }

  /** Buffers in attributes, by name. */
  #buffers(): [name: string, buffer: Buffer][] {
    return this.namedModules().flatMap(([path, owner]) =>
      Object.entries(owner).flatMap(([key, value]: [string, unknown]): [string, Buffer][] =>
        value instanceof Buffer ? [[path === "" ? key : `${path}.${key}`, value]] : [],
      ),
    );
  }

  #persistent(): [name: string, buffer: Buffer][] {
    return this.#buffers().filter(([, { persistent }]) => persistent);
  }

  /** Sets an attribute of a name that nothing else has. */
  #attach<T extends object>(
    method: string,
    name: string,
    value: T,
    kind: abstract new (...of: never[]) => object,
  ): T {
    const held = this as unknown as Record<string, unknown>;
    // What every object has is no place for one: `__proto__` would become the class.
    const inherited = name in Object.prototype;
    const free = !inherited && ((held[name] ?? null) === null || held[name] instanceof kind);
    if (typeof name !== "string" || name === "" || name.includes(".") || !free || !(value instanceof kind))
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: `${method} of ${this.constructor.name}`,
        expected: "a name without dots that nothing else has, and what it is for",
        got: `${shown(name)}, ${kindOf(value)}`,
        cure: "choose another name",
      });
    held[name] = value;
    return value;
  }

  /** Arguments to trace with; null for one tensor each. @throws UNROLL_ARGUMENT for what is no list */
  #example(
    method: string,
    options: { example?: readonly unknown[] },
    more: readonly string[] = [],
  ): readonly unknown[] | null {
    const place = `${method} of ${this.constructor.name}`;
    const { example = null } = optionsOf<typeof options>(place, options, ["example", ...more]);
    if (example === null || Array.isArray(example)) return example;
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: "example as a list of arguments",
      got: shown(example),
      cure: "e.g. { example: [torch.zeros(1, 5, 3)] }",
    });
  }

  #weightsOf(spec: Spec, bindings: readonly TorchBinding[]): WeightMap {
    return weightsFor(this.constructor.name, this.#owners(), spec, bindings);
  }
}
