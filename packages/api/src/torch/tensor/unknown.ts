import { unrollError } from "../../contract/error.js";
import { nearest } from "../../contract/nearest.js";
import { noMore } from "../arguments.js";

/** What the runtime and tools ask of any object, which no tensor has. */
const probed: ReadonlySet<string> = new Set([
  "then",
  "toJSON",
  "inspect",
  "nodeType",
  "tagName",
  "asymmetricMatch",
  "hasAttribute",
]);

/** What people write, with what it is here. */
const cures: Readonly<Record<string, string>> = {
  length: "size(0) is the length of the first axis",
  backward: "there are no gradients here",
  grad: "there are no gradients here",
  cuda: "module.to(adapter) chooses an engine",
  cpu: "values are in host memory; leave it out",
  numpy: "data has the elements, tolist() nested arrays",
  double: "numbers are float32 here",
  half: "numbers are float32 here",
};

/** Methods whose arguments have defaults, which a function does not count: how many they take. */
const taken: Readonly<Record<string, number>> = { flatten: 2, unbind: 1, tril: 1, triu: 1 };

/** Methods that take any number of arguments. */
const open: ReadonlySet<string> = new Set(
  "constructor view reshape permute expand repeat flip at var std".split(" "),
);

/** Refuses arguments beyond those that a method has: JavaScript would drop them. */
function refuseMore(prototype: object): void {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (typeof value !== "function" || open.has(name)) continue;
    const method = value as (this: unknown, ...given: readonly unknown[]) => unknown;
    const most = taken[name] ?? method.length;
    Object.defineProperty(prototype, name, {
      value: function (this: unknown, ...given: readonly unknown[]) {
        if (given.length > most) noMore(name, given.slice(most), `it takes ${most}`);
        return method.apply(this, given as unknown[]);
      },
    });
  }
}

/**
 * Refuses what no tensor has, by name: a method or an attribute that is not there, and arguments that a
 * method does not take. `x[0]` is the part that it is in Python; undefined would pass for a state of zeros.
 *
 * @param at the part at a place
 */
export function refuseUnknown<T extends object>(
  prototype: T,
  at: (tensor: T, place: number) => unknown,
): void {
  refuseMore(prototype);
  // Only what no tensor has gets here, so that nothing else is slower for it.
  Object.setPrototypeOf(
    prototype,
    new Proxy(Object.create(Object.prototype) as object, {
      get(target, key, receiver: T) {
        if (typeof key !== "string" || key in Object.prototype || probed.has(key))
          return Reflect.get(target, key, receiver) as unknown;
        if (/^-?\d+$/.test(key)) return at(receiver, Number(key));
        // Names of tools begin with signs.
        if (!/^[a-z]\w*$/i.test(key)) return undefined;
        const methods = Object.getOwnPropertyNames(prototype).filter((name) => name !== "constructor");
        const inPlace = key.endsWith("_") || key === "copy";
        throw unrollError({
          code: "UNROLL_UNSUPPORTED",
          place: "tensor",
          expected: "an operation that it has",
          got: `.${key}`,
          cure:
            cures[key] ??
            (inPlace
              ? "nothing changes a tensor in place; use the result of the method without _"
              : `the nearest is ${nearest(key, methods)}(); F and nn have more`),
        });
      },
    }),
  );
}
