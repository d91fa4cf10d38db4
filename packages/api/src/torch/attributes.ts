import { isRecord } from "../contract/kind.js";
import { isHostTensor } from "../contract/tensor.js";

/** A module under its path, as `namedModules` has it. */
export type NamedObject = readonly [path: string, module: object];

/** What is no tensor and no tuple of them: `forward` sees it as it is, and each is a trace of its own. */
export const isPlain = (value: unknown): boolean =>
  typeof value !== "object" && value !== null && value !== undefined;

/** A number, text or flag, told from every other one. */
export const signatureOfPlain = (value: unknown): string =>
  typeof value === "string"
    ? JSON.stringify(value)
    : typeof value !== "function" && (isPlain(value) || value === null || value === undefined)
      ? `${typeof value} ${String(value)}`
      : `object ${numberOf(value as object)}`;

const numbers = new WeakMap<object, number>();
let last = 0;

/** Which object it is: another tensor in an attribute is another trace; its values are fed at each run. */
function numberOf(value: object): number {
  const number = numbers.get(value) ?? ++last;
  numbers.set(value, number);
  return number;
}

/** A list of anything, or of numbers. */
const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

/** Lists within lists deeper than this are not looked into; no configuration is. */
const DEEPEST = 8;

/**
 * Numbers, texts and flags in attributes, and in lists and objects there: `forward` may ask for them, so
 * other ones are another trace. A list may be a whole vocabulary, so text is only made where something
 * changed.
 */
export class Attributes {
  /** Names, lengths and values in order, as they were when the text was made. */
  readonly #known: unknown[] = [];
  #text = "";
  #at = 0;
  #same = true;

  /** What is in the attributes now, as a text that is another one for anything else. */
  of(modules: readonly NamedObject[]): string {
    [this.#at, this.#same] = [0, true];
    for (const [, module] of modules)
      for (const name of Object.keys(module)) this.#look(name, (module as Record<string, unknown>)[name], 0);
    this.#same &&= this.#at === this.#known.length;
    if (!this.#same) {
      this.#known.length = this.#at;
      this.#text = this.#known.map(signatureOfPlain).join();
    }
    return this.#text;
  }

  #look(name: string | number, value: unknown, depth: number): void {
    this.#note(name);
    const deeper = depth < DEEPEST && !isPlain(value);
    if (deeper && isList(value)) {
      this.#note(value.length);
      for (let k = 0; k < value.length; k++) this.#look(k, value[k], depth + 1);
    } else if (deeper && isRecord(value) && !isHostTensor(value))
      for (const key of Object.keys(value)) this.#look(key, value[key], depth + 1);
    // What is no configuration, a tensor say, is another one or the same.
    else this.#note(value);
  }

  #note(value: unknown): void {
    if (!Object.is(this.#known[this.#at], value)) this.#same = false;
    this.#known[this.#at++] = value;
  }
}

/**
 * Runs `forward`, which may write no attribute: later runs would not write it again. Where it fails, or wrote
 * one, modules have the attributes that they had.
 *
 * @param refuse what it wrote
 */
export function unwritten<T>(
  modules: readonly NamedObject[],
  run: () => T,
  refuse: (got: string, cure: string) => never,
): T {
  const before = modules.map(([, module]) => new Map(Object.entries(module)));
  try {
    const result = run();
    modules.forEach(([path, module], k) => {
      const odd = Object.entries(module).find(([name, value]) => !Object.is(before[k]!.get(name), value));
      if (odd)
        refuse(
          `this.${path === "" ? "" : `${path}.`}${odd[0]}`,
          "forward describes the model once; return a state and pass it to the next run, or call() it",
        );
    });
    return result;
  } catch (error) {
    modules.forEach(([, module], k) => restore(module, before[k]!));
    throw error;
  }
}

/** Gives a module the attributes that it had. */
function restore(module: object, own: ReadonlyMap<string, unknown>): void {
  const held = module as Record<string, unknown>;
  for (const name of Object.keys(held)) if (!own.has(name)) delete held[name];
  for (const [name, value] of own) if (!Object.is(held[name], value)) held[name] = value;
}
