import { Module } from "./module.js";
import { unrollError } from "../contract/error.js";
import type { SymbolicTensor } from "./symbolic.js";

/** Modules in order, named 0, 1, ...; iterate over it in `forward`. */
export class ModuleList extends Module implements Iterable<Module> {
  private readonly modules: readonly Module[];

  constructor(modules: readonly Module[]) {
    super();
    this.modules = [...modules];
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

  constructor(...modules: readonly Module[]) {
    super();
    this.modules = [...modules];
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

function named(prefix: string, modules: readonly Module[]): [string, Module][] {
  return modules.flatMap((module, k) => module.namedModules(prefix === "" ? `${k}` : `${prefix}.${k}`));
}
