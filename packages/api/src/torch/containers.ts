import { unrollError } from "../contract/error.js";
import { kindOf } from "../contract/kind.js";
import { noMore } from "./arguments.js";
import { Module } from "./module.js";
import type { Tensor } from "./tensor/tensor.js";

/** Modules in order, named 0, 1, ...; iterate over it in `forward`. */
export class ModuleList extends Module implements Iterable<Module> {
  readonly #list: readonly Module[];

  /** @throws UNROLL_ARGUMENT for what is no list of modules */
  constructor(modules: readonly Module[], ...rest: never[]) {
    super();
    noMore("nn.ModuleList", rest, "give one list of modules");
    this.#list = modulesOf("nn.ModuleList", modules, "give a list of modules");
  }

  forward(): never {
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "nn.ModuleList",
      expected: "its modules to be called",
      got: "a call of the list",
      cure: "iterate over it in forward",
    });
  }

  override namedModules(prefix = ""): [path: string, module: Module][] {
    return [[prefix, this], ...named(prefix, this.#list)];
  }

  [Symbol.iterator](): Iterator<Module> {
    return this.#list[Symbol.iterator]();
  }
}

/** Modules one after the other, named 0, 1, ... */
export class Sequential extends Module {
  readonly #list: readonly Module[];

  /** @throws UNROLL_ARGUMENT for what is no module */
  constructor(...modules: readonly Module[]) {
    super();
    this.#list = modulesOf("nn.Sequential", modules, "give modules one by one; a list by ...");
  }

  override get takes(): number {
    return 1;
  }

  protected override get composed(): boolean {
    return true;
  }

  forward(x: Tensor): Tensor {
    return this.#list.reduce<Tensor>(
      (value, module) => (module as unknown as { call(x: Tensor): Tensor }).call(value),
      x,
    );
  }

  override namedModules(prefix = ""): [path: string, module: Module][] {
    return [[prefix, this], ...named(prefix, this.#list)];
  }
}

function modulesOf(place: string, given: unknown, cure: string): Module[] {
  const modules: unknown[] = Array.isArray(given) ? given : [given];
  const odd = modules.findIndex((module) => !(module instanceof Module));
  if (odd >= 0 || modules !== given)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: "modules",
      got: kindOf(odd < 0 ? given : modules[odd]),
      cure,
    });
  return [...(modules as Module[])];
}

function named(prefix: string, modules: readonly Module[]): [string, Module][] {
  return modules.flatMap((module, k) => module.namedModules(prefix === "" ? `${k}` : `${prefix}.${k}`));
}
