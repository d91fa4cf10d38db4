import { unrollError } from "../contract/error.js";
import { kindOf } from "../contract/kind.js";
import { noMore } from "./arguments.js";
import { Module } from "./module.js";
import type { SymbolicTensor } from "./symbolic.js";

/** Modules in order, named 0, 1, ...; iterate over it in `forward`. */
export class ModuleList extends Module implements Iterable<Module> {
  private readonly modules: readonly Module[];

  /** @throws UNROLL_ARGUMENT for what is no list of modules */
  constructor(modules: readonly Module[], ...rest: never[]) {
    super();
    noMore("nn.ModuleList", rest, "give one list of modules");
    this.modules = modulesOf("nn.ModuleList", modules, "give a list of modules");
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
    return [[prefix, this], ...named(prefix, this.modules)];
  }

  [Symbol.iterator](): Iterator<Module> {
    return this.modules[Symbol.iterator]();
  }
}

/** Modules one after the other, named 0, 1, ... */
export class Sequential extends Module {
  private readonly modules: readonly Module[];

  /** @throws UNROLL_ARGUMENT for what is no module */
  constructor(...modules: readonly Module[]) {
    super();
    this.modules = modulesOf("nn.Sequential", modules, "give modules one by one; a list by ...");
  }

  override get takes(): number {
    return 1;
  }

  forward(x: SymbolicTensor): SymbolicTensor {
    return this.modules.reduce<SymbolicTensor>(
      (value, module) => (module as unknown as { call(x: SymbolicTensor): SymbolicTensor }).call(value),
      x,
    );
  }

  override namedModules(prefix = ""): [path: string, module: Module][] {
    return [[prefix, this], ...named(prefix, this.modules)];
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
