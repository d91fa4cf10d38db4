import type { Adapter } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import { primitiveNames } from "../program/primitives.js";
import { BuiltinExecutable } from "./executable.js";
import { claims } from "./operations.js";
import { VERSION } from "../version.js";

/** Options of {@link builtin}. */
export interface BuiltinOptions {
  /**
   * Composites to run by fused kernels: `"all"` (the default) or names. What is left out runs as its
   * decomposition, slower and with the same results within rounding; `[]` is for checking one against the
   * other.
   */
  readonly composites?: "all" | readonly string[];
}

/**
 * The embedded engine: plain TypeScript, float32, no dependency. Runs anywhere, an AudioWorklet included;
 * `compileSync` gives an executable whose `runInto` neither waits nor, once warm, allocates.
 *
 * @throws UNROLL_ARGUMENT for a composite it has no kernel for
 */
export function builtin(options: BuiltinOptions = {}): Adapter {
  const unknown = Object.keys(options).find((key) => key !== "composites");
  if (unknown !== undefined)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: `builtin option "${unknown}"`,
      expected: "composites",
      got: "an unknown one",
      cure: "remove it",
      details: { option: unknown },
    });
  const { composites = "all" } = options;
  const names = composites === "all" ? Object.keys(claims) : composites;
  for (const name of names) {
    if (!Object.hasOwn(claims, name))
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: "builtin",
        expected: `composites among ${Object.keys(claims).join(", ")}`,
        got: `"${name}"`,
        cure: "leave it out, it runs as its decomposition",
        details: { name },
      });
  }
  const claimed = new Set(names);
  const compileSync: NonNullable<Adapter["compileSync"]> = (program, weights) =>
    new BuiltinExecutable(program, weights, claimed);
  return {
    name: "builtin",
    device: "cpu",
    version: VERSION,
    capabilities: {
      primitives: primitiveNames,
      composites: Object.fromEntries(names.map((name) => [name, claims[name]!])),
      precision: "f32",
      synchronous: true,
      memory: "host",
    },
    compileSync,
    compile: async (program, weights) => compileSync(program, weights),
  };
}
