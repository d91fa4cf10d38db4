import { unrollError } from "../contract/error.js";
import { isRecord, kindOf } from "../contract/kind.js";
import { shown } from "../contract/shown.js";
import { noMore } from "./arguments.js";
import { Module } from "./module.js";
import { composed, takes } from "./own-names.js";
import { Parameter } from "./parameter.js";
import type { Tensor } from "./tensor/tensor.js";

/** Modules in order, named 0, 1, ...; iterate over it in `forward`. */
export class ModuleList<Item extends Module = Module> extends Module implements Iterable<Item> {
  readonly #list: readonly Item[];

  /** @throws UNROLL_ARGUMENT for what is no list of modules */
  constructor(modules: readonly Item[], ...rest: never[]) {
    super();
    noMore("nn.ModuleList", rest, "give one list of modules");
    this.#list = modulesOf("nn.ModuleList", modules, "give a list of modules") as Item[];
  }

  forward(): never {
    return refuseCall("nn.ModuleList", "iterate over it in forward");
  }

  override namedModules(prefix = ""): [path: string, module: Module][] {
    return [[prefix, this], ...named(prefix, this.#list)];
  }

  /** How many there are, as `len(modules)`. */
  get length(): number {
    return this.#list.length;
  }

  /** The module at a place, counted from the end if negative. @throws UNROLL_ARGUMENT where there is none */
  at(index: number): Item {
    return itemAt("nn.ModuleList", this.#list, index);
  }

  [Symbol.iterator](): Iterator<Item> {
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

  override get [takes](): number {
    return 1;
  }

  protected override get [composed](): boolean {
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

/** Modules by name: `forward` calls `this.layers.get("first")`. */
export class ModuleDict<Items extends Readonly<Record<string, Module>> = Record<string, Module>>
  extends Module
  implements Iterable<string>
{
  readonly #items: Items;

  /** @throws UNROLL_ARGUMENT for what are no modules by name, and for a name that a module has itself */
  constructor(modules: Items = {} as Items, ...rest: never[]) {
    super();
    noMore("nn.ModuleDict", rest, "give one object of modules");
    this.#items = byName("nn.ModuleDict", modules);
    for (const [name, module] of Object.entries(this.#items)) this.registerModule(name, module);
  }

  forward(): never {
    return refuseCall("nn.ModuleDict", "call get(name) of it in forward");
  }

  /** The module of a name. @throws UNROLL_ARGUMENT where there is none */
  get<Name extends keyof Items & string>(name: Name): Items[Name] {
    return itemOf("nn.ModuleDict", this.#items, name) as Items[Name];
  }

  /** Whether there is a module of a name. */
  has(name: string): boolean {
    return Object.hasOwn(this.#items, name);
  }

  /** The names, in order. */
  keys(): string[] {
    return Object.keys(this.#items);
  }

  /** The modules, in order. */
  values(): Module[] {
    return Object.values(this.#items);
  }

  /** Names and modules, in order. */
  items(): [name: string, module: Module][] {
    return Object.entries(this.#items);
  }

  [Symbol.iterator](): Iterator<string> {
    return this.keys()[Symbol.iterator]();
  }
}

/** Parameters in order, named 0, 1, ... */
export class ParameterList extends Module implements Iterable<Parameter> {
  /** @throws UNROLL_ARGUMENT for what is no list of parameters */
  constructor(parameters: readonly Parameter[] = [], ...rest: never[]) {
    super();
    noMore("nn.ParameterList", rest, "give one list of parameters");
    if (!Array.isArray(parameters))
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: "nn.ParameterList",
        expected: "a list of parameters",
        got: kindOf(parameters),
        cure: "e.g. [new nn.Parameter(torch.ones(3))]",
      });
    parameters.forEach((one, k) => this.registerParameter(`${k}`, one));
  }

  forward(): never {
    return refuseCall("nn.ParameterList", "use its parameters in forward");
  }

  /** How many there are. */
  get length(): number {
    return this.#all().length;
  }

  /** The parameter at a place, from the end if negative. @throws UNROLL_ARGUMENT where there is none */
  at(index: number): Parameter {
    return itemAt("nn.ParameterList", this.#all(), index);
  }

  #all(): Parameter[] {
    return Object.values(this).filter((one): one is Parameter => one instanceof Parameter);
  }

  [Symbol.iterator](): Iterator<Parameter> {
    return this.#all()[Symbol.iterator]();
  }
}

/** Parameters by name: `forward` reads `this.choices.get("left")`. */
export class ParameterDict extends Module implements Iterable<string> {
  /** @throws UNROLL_ARGUMENT for what are no parameters by name, and for a name that a module has itself */
  constructor(parameters: Readonly<Record<string, Parameter>> = {}, ...rest: never[]) {
    super();
    noMore("nn.ParameterDict", rest, "give one object of parameters");
    for (const [name, one] of Object.entries(byName("nn.ParameterDict", parameters)))
      this.registerParameter(name, one);
  }

  forward(): never {
    return refuseCall("nn.ParameterDict", "use its parameters in forward");
  }

  /** The parameter of a name. @throws UNROLL_ARGUMENT where there is none */
  get(name: string): Parameter {
    return itemOf("nn.ParameterDict", this.#all(), name);
  }

  /** Whether there is a parameter of a name. */
  has(name: string): boolean {
    return Object.hasOwn(this.#all(), name);
  }

  /** The names, in order. */
  keys(): string[] {
    return Object.keys(this.#all());
  }

  /** The parameters, in order. */
  values(): Parameter[] {
    return Object.values(this.#all());
  }

  /** Names and parameters, in order. */
  items(): [name: string, parameter: Parameter][] {
    return Object.entries(this.#all());
  }

  #all(): Record<string, Parameter> {
    return Object.fromEntries(
      Object.entries(this).filter((one): one is [string, Parameter] => one[1] instanceof Parameter),
    );
  }

  [Symbol.iterator](): Iterator<string> {
    return this.keys()[Symbol.iterator]();
  }
}

/** An object of what is kept by name. @throws UNROLL_ARGUMENT */
function byName<Items extends object>(place: string, given: Items): Items {
  if (isRecord(given)) return { ...given };
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected: "an object by name",
    got: kindOf(given),
    cure: "e.g. { first: ... }",
  });
}

/** What is kept under a name. @throws UNROLL_ARGUMENT where nothing is */
function itemOf<Item>(place: string, items: Readonly<Record<string, Item>>, name: string): Item {
  if (Object.hasOwn(items, name)) return items[name]!;
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected: `one of ${Object.keys(items).join(", ")}`,
    got: name,
    cure: "mind the name",
  });
}

/** What stands at a place, from the end if negative. @throws UNROLL_ARGUMENT where nothing does */
function itemAt<Item>(place: string, items: readonly Item[], index: number): Item {
  const item = Number.isInteger(index) ? items.at(index) : undefined;
  if (item !== undefined) return item;
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected: `an index from ${-items.length} to ${items.length - 1}`,
    got: shown(index),
    cure: "mind its length",
  });
}

function refuseCall(place: string, cure: string): never {
  throw unrollError({
    code: "UNROLL_ARGUMENT",
    place,
    expected: "what it holds to be called",
    got: "a call of itself",
    cure,
  });
}
