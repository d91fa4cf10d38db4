import { type Adapter, builtin } from "@unroll/api";
import { type PrimitiveName, primitiveNames } from "@unroll/api/adapter";
import { evaluating } from "./engine.js";
import type { Arithmetic } from "./evaluator.js";
import {
  exponentialSigmoid,
  exponentialTanh,
  offBy,
  polynomialExp,
  rationalTanh,
  tanhSigmoid,
} from "./functions.js";
import { arena, delayed, freedLate, keptIn, type Keeping, shared, views } from "./memory.js";
import { double, flushed, half, single } from "./rounding.js";
import { backwards, forwards, inLanes, pairwise } from "./summation.js";

/** An engine that is right, and unlike others. */
export interface Honest {
  /** The engine. */
  readonly adapter: Adapter;
  /** Counts what it holds, where it can. */
  readonly alive?: () => number;
}

const float = (how: Partial<Arithmetic>): Arithmetic => ({ round: single, add: forwards, ...how });

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** Engines by what is unlike in how they compute. */
const arithmetics: Readonly<Record<string, Arithmetic>> = {
  "float64-inside": { round: double, add: forwards },
  "sums-reversed": float({ add: backwards }),
  "sums-pairwise": float({ add: pairwise }),
  "sums-in-4-lanes": float({ add: inLanes(4) }),
  "sums-in-8-lanes": float({ add: inLanes(8) }),
  "fused-multiply-add": float({ fused: true }),
  "biases-first": float({ biasesFirst: true }),
  "fused-multiply-add-biases-first": float({ fused: true, biasesFirst: true }),
  "exponentials-by-polynomials": float({
    functions: { exp: polynomialExp, sigmoid: exponentialSigmoid, tanh: exponentialTanh },
  }),
  "tanh-by-quotients": float({ functions: { exp: polynomialExp, sigmoid: tanhSigmoid, tanh: rationalTanh } }),
  "functions-off-by-all-that-is-allowed": float({
    functions: { tanh: offBy(2e-7, Math.tanh), sigmoid: offBy(2e-7, logistic) },
  }),
  "subnormals-flushed": float({ round: flushed }),
  "half-precision": { round: half, add: forwards, precision: "f16" },
  "half-precision-in-8-lanes": { round: half, add: inLanes(8), precision: "f16" },
  "half-precision-sums-in-single": { round: half, accumulate: single, add: pairwise, precision: "mixed" },
  "division-by-reciprocals": float({ reciprocals: true }),
};

/** Engines by what is unlike in where they keep results, and when they answer. */
const keepings: Readonly<Record<string, () => Keeping & { readonly alive?: () => number }>> = {
  "results-as-views": () => views,
  "shared-memory": () => shared,
  "one-arena": () => arena(),
  "random-delays": () => delayed(1),
  "memory-freed-late": () => freedLate(60),
};

/** The builtin engine with some of its claims. */
const claiming = (name: string, claims: Partial<Adapter["capabilities"]>): Adapter => {
  const honest = builtin();
  return { ...honest, name, capabilities: { ...honest.capabilities, ...claims } };
};

const { composites } = builtin().capabilities;

/** Engines by what is unlike in what they claim. */
const claims: Readonly<Record<string, Partial<Adapter["capabilities"]>>> = {
  "only-forward-LSTMs": {
    composites: {
      lstm: { ...composites["lstm"]!, attrs: { ...composites["lstm"]!.attrs, reverse: [false] } },
    },
  },
  "no-composites": { composites: {} },
  "only-steps": { composites: { lstmCell: composites["lstmCell"]!, gruCell: composites["gruCell"]! } },
};

/** The builtin engine without one primitive, and with composites or without. */
const lacking = (primitive: PrimitiveName, own: boolean): Honest => {
  const primitives = builtin().capabilities.primitives.filter((name) => name !== primitive);
  const name = `no-${primitive}${own ? "" : "-and-no-composites"}`;
  return { adapter: claiming(name, { primitives, ...(own ? {} : { composites: {} }) }) };
};

const made = <T>(
  of: Readonly<Record<string, T>>,
  make: (name: string, one: T) => Honest,
): Readonly<Record<string, () => Honest>> =>
  Object.fromEntries(Object.entries(of).map(([name, one]) => [name, () => make(name, one)]));

/**
 * Engines that are right and unlike each other, by what is unlike in them: none may be condemned. Made of the
 * builtin engine, or of the definitions of primitives in another arithmetic.
 */
export const honestFamilies = {
  /** By how they compute: other orders of sums, other precisions, other functions. */
  arithmetic: made(arithmetics, (name, arithmetic) => ({ adapter: evaluating(name, arithmetic) })),
  /** By where results lie and when they are freed. */
  memory: made(keepings, (name, make) => {
    const keeping = make();
    return { adapter: keptIn(name, keeping, builtin()), ...(keeping.alive && { alive: keeping.alive }) };
  }),
  /** By what they claim. */
  claims: made(claims, (name, own) => ({ adapter: claiming(name, own) })),
  /** By the primitive that they lack, with composites of their own and without. */
  "one-primitive-less": Object.fromEntries(
    primitiveNames.flatMap((primitive) =>
      [true, false].map((own) => [lacking(primitive, own).adapter.name, () => lacking(primitive, own)]),
    ),
  ),
} satisfies Readonly<Record<string, Readonly<Record<string, () => Honest>>>>;

/** The same by their names, which are unlike too. */
export const honestEngines: Readonly<Record<string, () => Honest>> = Object.assign(
  Object.create(null) as object,
  ...Object.values(honestFamilies),
);
