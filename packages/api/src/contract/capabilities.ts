import type { AttrValue } from "./program.js";

/**
 * When an adapter runs a composite its own way. Every condition must hold, otherwise the composite is
 * expanded into its decomposition before the adapter sees it.
 */
export interface CompositeClaim {
  /** Attribute name to the values the adapter can run. An attribute not named here may have any value. */
  readonly attrs?: Readonly<Record<string, readonly AttrValue[]>>;
  /** Named inputs that must be absent. */
  readonly without?: readonly string[];
  /** Named inputs that, where present, must be weights: known when the program is compiled. */
  readonly weights?: readonly string[];
  /**
   * Whether a NaN among the operands may end there, where the decomposition passes it on. Then the report of
   * the conformance suite says so, and whoever needs NaN passed on leaves this composite out.
   */
  readonly losesNaN?: boolean;
}

/** What an adapter can run, as data. `docs/support.md` is made from it. */
export interface Capabilities {
  /** Names of the primitives the adapter runs (see `program/primitives.ts`). */
  readonly primitives: readonly string[];
  /** Composites the adapter runs its own way, each with its conditions. Empty: everything is expanded. */
  readonly composites: Readonly<Record<string, CompositeClaim>>;
  /** Precision of float32 arithmetic inside the engine. */
  readonly precision: "f32" | "f16" | "mixed";
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
