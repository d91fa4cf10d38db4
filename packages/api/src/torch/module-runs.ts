import { builtin } from "../builtin/index.js";
import type { Adapter, WeightMap } from "../contract/adapter.js";
import type { TorchBinding } from "../dialects/torch/index.js";
import { compileBuilt } from "../model/compile-built.js";
import type { SteppableModel } from "../model/faces.js";
import type { Spec } from "../specification/types.js";
import { Attributes, type NamedObject } from "./attributes.js";
import { isBeyond } from "./beyond.js";
import { execute, type Prepared } from "./execute.js";
import { TracedModel, traceProgram, valuesOf } from "./execute-traced.js";
import { forget } from "./tensor/eager.js";
import { type Describing, shapesOf, signatureOf, sizesOf, traceToKeep } from "./trace.js";
import { Traces } from "./traces.js";

/** Sizes of arguments that a module knows the traces of. */
const FORMS = 256;

/** What runs need to know of a module as it is now. */
export interface Running {
  /** It and all within it. */
  modules(): readonly NamedObject[];
  /** Another text wherever any weight is another one or has other values. */
  version(): string;
  weights(spec: Spec, bindings: readonly TorchBinding[]): WeightMap;
}

/** Runs of a module on an engine: what was compiled and traced for them, for each form of arguments. */
export class ModuleRuns {
  readonly #module: Describing;
  readonly #now: Running;
  #adapter: Adapter | null = null;
  #models = new Map<string, Promise<Prepared>>();
  readonly #traces = new Traces();
  #version = "";
  /** Forms of arguments that a spec can't say. */
  readonly #beyond = new Set<string>();
  /** Arguments whose values traces depend on, by the sizes of all. */
  readonly #fixed = new Map<string, readonly string[]>();
  readonly #attributes = new Attributes();

  constructor(module: Describing, now: Running) {
    this.#module = module;
    this.#now = now;
  }

  /** The engine that was chosen, or the builtin one. */
  get engine(): Adapter {
    return (this.#adapter ??= builtin());
  }

  /** Chooses the engine of later runs. */
  use(adapter: Adapter): void {
    this.clear();
    this.#adapter = adapter;
  }

  /** Runs the model for arguments of this form: by a spec where one can say it, else by its operations. */
  async run(given: readonly unknown[]): Promise<unknown> {
    const form = `${signatureOf(given)} ${this.#attributes.of(this.#now.modules())}`;
    const version = this.#now.version();
    if (version !== this.#version) this.clear();
    this.#version = version;
    if (this.#beyond.has(form)) return this.#runTraced(given, form);
    try {
      return await execute(await this.#ready(given, form), given);
    } catch (error) {
      if (!isBeyond(error)) throw error;
      this.#beyond.add(form);
      return this.#runTraced(given, form);
    }
  }

  /** Frees what engines hold. */
  clear(): void {
    for (const ready of this.#models.values())
      void ready.then(
        ({ model }) => model.dispose(),
        () => undefined,
      );
    this.#models = new Map();
    this.#traces.clear();
    this.#fixed.clear();
    for (const [, module] of this.#now.modules()) forget(module);
  }

  /** The compiled spec for arguments of this form; made once, unless their sizes shaped it. */
  #ready(given: readonly unknown[], form: string): Promise<Prepared> {
    const sizes = `${sizesOf(given)} ${form}`;
    const models = this.#models;
    const found = models.get(form) ?? models.get(sizes);
    if (found) return found;
    const made = this.#prepare(given);
    models.set(sizes, made);
    made.then(
      ({ traced }) => {
        if (!traced.graph.fitted) models.set(form, made);
      },
      () => models.delete(sizes),
    );
    return made;
  }

  async #prepare(given: readonly unknown[]): Promise<Prepared> {
    const traced = traceToKeep(this.#module, given, this.#now.modules());
    const { spec, graph } = traced;
    const timeMajor = graph.batchFirst !== true;
    const model = await compileBuilt(spec, {
      adapter: this.engine,
      weights: this.#now.weights(spec, graph.bindings),
      timeMajor,
    });
    return { traced, model: model as SteppableModel, timeMajor };
  }

  /** Runs what a spec can't say: a trace is for arguments of these very sizes. */
  async #runTraced(given: readonly unknown[], form: string): Promise<unknown> {
    const shapes = `${shapesOf(given)} ${form}`;
    const keyOf = (fixed: readonly string[]): string => `${shapes} ${valuesOf(given, fixed)}`;
    let fixed = this.#fixed.get(shapes);
    if (!fixed || !this.#traces.has(keyOf(fixed))) {
      const traced = traceProgram(this.#module, given, this.#now.modules());
      fixed = traced.fixed;
      // No more than a page of names for what is traced again at worst.
      if (this.#fixed.size >= FORMS) this.#fixed.clear();
      this.#fixed.set(shapes, fixed);
      if (!this.#traces.has(keyOf(fixed)))
        this.#traces.keep(keyOf(fixed), TracedModel.on(this.engine, traced));
    }
    return this.#traces.run(keyOf(fixed), (model) => model.run(given));
  }
}
