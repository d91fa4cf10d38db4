import { nearest } from "../contract/nearest.js";

/** What the runtime and tools ask of any object, which no tensor has. */
const probed: ReadonlySet<string> = new Set(["then", "toJSON", "inspect", "nodeType", "tagName", "$$typeof"]);

interface Access {
  /** What `x[n]` gives. */
  item(position: number): unknown;
  /** Throws for a property that there is none of. */
  refuseAccess(got: string, cure: string): never;
}

/**
 * Lets a symbolic value be indexed as in Python, and refuses by name what it does not have: a property that
 * is not there would be `undefined`, which modules take for a state of zeros.
 */
const handler: ProxyHandler<object & Access> = {
  get(target, key, receiver) {
    if (key === Symbol.toPrimitive)
      return target.refuseAccess("its value", "it has none in forward; run it, and ask the result");
    if (typeof key !== "string" || key in target || probed.has(key))
      return Reflect.get(target, key, receiver) as unknown;
    if (/^-?\d+$/.test(key)) return target.item(Number(key));
    // Names of tools begin with signs, and test runners ask for theirs.
    if (!/^[a-z]\w*$/i.test(key) || key === "asymmetricMatch") return undefined;
    const known: string[] = [];
    for (let one = target; one !== Object.prototype; one = Object.getPrototypeOf(one) as typeof one)
      known.push(
        ...Object.getOwnPropertyNames(one).filter((name) => typeof Reflect.get(target, name) === "function"),
      );
    const operations = known.filter((name) => !["constructor", "refuseAccess", "item"].includes(name));
    const all = [...new Set(operations)].join(", ");
    return target.refuseAccess(
      `.${key}`,
      `it has ${all}, the nearest is "${nearest(key, operations)}"; F and nn have more`,
    );
  },
};

/** The value itself, watched. */
export const watched = <T extends object & Access>(value: T): T => new Proxy(value, handler) as T;
