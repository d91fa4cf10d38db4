import { unrollError } from "./error.js";
import type { AttrValue } from "./program.js";
import type { DType } from "./tensor.js";

/**
 * Version of the contract between the core and adapters. A primitive of a version has the attributes and
 * dtypes that its record had then; when one grows, the version does too.
 */
export const CONTRACT = 2;

/**
 * When an adapter runs a composite its own way. A claim is closed: a node that has an input or an attribute
 * which is not listed here, or a value of an attribute which is not, is expanded into its decomposition
 * before the adapter sees it.
 */
export interface CompositeClaim {
  /**
   * Every named input the adapter knows, with its dtype. A node may lack those that the composite calls
   * optional.
   */
  readonly inputs: Readonly<Record<string, DType>>;
  /** Every attribute the adapter knows, with the values it can run; `any` for any number. Default: none. */
  readonly attrs?: Readonly<Record<string, readonly AttrValue[] | "any">>;
  /** Named inputs that, where present, must be weights: known when the program is compiled. */
  readonly weights?: readonly string[];
  /**
   * Whether a NaN among the operands may end there, where the decomposition passes it on. Then the report
   * of the conformance suite says so, and whoever needs NaN passed on leaves this composite out.
   */
  readonly losesNaN?: boolean;
}

/** What an adapter can run, as data. `docs/support.md` is made from it. */
export interface Capabilities {
  /** Version of the contract that the adapter was written against: {@link CONTRACT} of that time. */
  readonly contract: number;
  /** Names of the primitives the adapter runs (see `program/primitives.ts`). */
  readonly primitives: readonly string[];
  /** Composites the adapter runs its own way, each with its conditions. Empty: everything is expanded. */
  readonly composites: Readonly<Record<string, CompositeClaim>>;
  /** Precision of float32 arithmetic inside the engine. */
  readonly precision: "f32" | "f16" | "mixed";
  /**
   * The largest integer up to which the engine holds every one, where it is not that of int32: 2048 in half
   * floats. What would need larger ones the adapter refuses with UNROLL_UNSUPPORTED, and this as `largest` in
   * its details.
   */
  readonly largestInteger?: number;
  /** The most axes that a value may have; programs with more are refused before the engine. Default: any. */
  readonly mostAxes?: number;
  /**
   * Whether a NaN or an infinity may be lost in any operation. So on GPUs: WGSL and GLSL promise nothing of
   * either. Masks and lengths keep them out of results all the same.
   */
  readonly losesNaN?: boolean;
  /** Whether `compileSync` and `runInto` exist: execution without a promise or an allocation. */
  readonly synchronous: boolean;
  /** Where results live. `host` memory is read at no cost; `device` memory needs a transfer. */
  readonly memory: "host" | "device";
}

/**
 * Refuses an adapter that was written against another version of the contract, as its `capabilities` say; its
 * `name` is for the error.
 *
 * @throws UNROLL_ENGINE naming the adapter and its version
 */
export function assertContract({
  name,
  capabilities,
}: {
  readonly name: string;
  readonly capabilities: Capabilities;
}): void {
  const given = (capabilities as Partial<Capabilities>).contract;
  if (given !== CONTRACT)
    throw unrollError({
      code: "UNROLL_ENGINE",
      place: `adapter "${name}"`,
      expected: `capabilities of contract ${CONTRACT}`,
      got:
        given === undefined
          ? "none that say a contract, as those of contract 1"
          : `contract ${String(given)}`,
      cure: "install a release of the adapter for this version, or bring it up to date by docs/upgrading.md",
      details: { adapter: name, contract: given },
    });
}

/**
 * The claims that an adapter's option `composites` chooses of its own: `"all"`, or some by name, `[]` for
 * none.
 *
 * @param place the adapter's factory, for errors
 * @throws UNROLL_ARGUMENT for a name that there is no claim of
 */
export function chosenClaims(
  place: string,
  claims: Readonly<Record<string, CompositeClaim>>,
  composites: "all" | readonly string[] = "all",
): Readonly<Record<string, CompositeClaim>> {
  if (composites === "all") return claims;
  for (const name of composites)
    if (!Object.hasOwn(claims, name))
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place,
        expected: `composites among ${Object.keys(claims).join(", ")}`,
        got: `"${name}"`,
        cure: "leave it out, it runs as its decomposition",
        details: { name },
      });
  return Object.fromEntries(composites.map((name) => [name, claims[name]!]));
}
