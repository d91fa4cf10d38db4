import type { AttrValue, CompositeClaim } from "@unroll/api/adapter";
import { broken, type Fault } from "./break.js";

/** A record that has every name: what there is none of is `otherwise`. */
const open = <T>(of: Readonly<Record<string, T>>, otherwise: T): Readonly<Record<string, T>> =>
  new Proxy(of, {
    get: (known, name) => (typeof name === "string" && Object.hasOwn(known, name) ? known[name] : otherwise),
    getOwnPropertyDescriptor: (known, name) => ({
      value: typeof name === "string" && Object.hasOwn(known, name) ? known[name] : otherwise,
      configurable: true,
      enumerable: true,
    }),
  });

const opened = (claim: CompositeClaim): CompositeClaim => ({
  ...claim,
  inputs: open(claim.inputs, "float32"),
  attrs: open<readonly AttrValue[] | "any">(claim.attrs ?? {}, "any"),
});

export const claimsWhatItHasNotHeardOf: Fault = {
  id: "claims-what-it-has-not-heard-of",
  title: "a claim takes composites by name, with inputs and attributes that it never heard of",
  seen: "kernels registered by operator name, given a node of a later version",
  breakEngine: (honest) => {
    const through = broken(honest, {});
    const { composites } = honest.capabilities;
    return {
      ...through,
      capabilities: {
        ...through.capabilities,
        composites: Object.fromEntries(
          Object.entries(composites).map(([name, claim]) => [name, opened(claim)]),
        ),
      },
    };
  },
};
