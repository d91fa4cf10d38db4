import { unrollError } from "@unroll/api";
import type { AttrValue, CompositeClaim } from "@unroll/api/adapter";
import { broken, type Fault, fire } from "./planting/fault.js";
import { recurrentOf } from "./planting/programs.js";

/** A record that has every name: what there is none of is `otherwise`, and reading it calls `asked`. */
const open = <T>(
  of: Readonly<Record<string, T>>,
  otherwise: T,
  asked: () => void,
): Readonly<Record<string, T>> => {
  const valueOf = (name: string | symbol): T => {
    if (typeof name === "string" && Object.hasOwn(of, name)) return of[name]!;
    asked();
    return otherwise;
  };
  return new Proxy(of, {
    get: (_, name) => valueOf(name),
    getOwnPropertyDescriptor: (_, name) => ({ value: valueOf(name), configurable: true, enumerable: true }),
  });
};

const opened = (claim: CompositeClaim, asked: () => void): CompositeClaim => ({
  ...claim,
  inputs: open(claim.inputs, "float32", asked),
  attrs: open<readonly AttrValue[] | "any">(claim.attrs ?? {}, "any", asked),
});

/** Engines that claim what they should not. */
export const claims: readonly Fault[] = [
  {
    id: "claims-what-it-refuses",
    title: "a GRU is claimed, and refused when it comes",
    seen: "tfjs GRUCell throws for reset_after when it is built",
    breakEngine: (honest, planted) => {
      const through = broken(honest, {});
      return {
        ...through,
        async compile(program, weights) {
          if (!program.nodes.some((node) => recurrentOf(node) && node.op.startsWith("gru")))
            return through.compile(program, weights);
          fire(planted);
          throw unrollError({
            code: "UNROLL_UNSUPPORTED",
            place: "faulty",
            expected: "no GRU",
            got: `program "${program.name}"`,
            cure: "choose another engine",
          });
        },
      };
    },
  },
  {
    id: "claims-what-it-has-not-heard-of",
    title: "a claim takes composites by name, with inputs and attributes that it never heard of",
    seen: "kernels registered by operator name, given a node of a later version",
    breakEngine: (honest, planted) => {
      const through = broken(honest, {});
      const { composites } = honest.capabilities;
      return {
        ...through,
        capabilities: {
          ...through.capabilities,
          composites: Object.fromEntries(
            Object.entries(composites).map(([name, claim]) => [name, opened(claim, () => fire(planted))]),
          ),
        },
      };
    },
  },
];
