import type { Adapter } from "../contract/adapter.js";
import { chosenClaims, type CompositeClaim } from "../contract/capabilities.js";
import { unrollError } from "../contract/error.js";
import { knownOptions } from "../contract/known-options.js";
import { attentionOperations } from "./attention-operations.js";
import { convolutionOperations } from "./convolution-operations.js";
import { builtinOf } from "./engine.js";
import { functionOperations } from "./function-operations.js";
import type { CompositeOperation } from "./operation.js";
import { primitiveOperations } from "./primitive-operations.js";
import { simdKernels, simdKernelsAlone } from "./simd/index.js";
import { gruOperations, lstmOperations, simpleRnnOperations } from "./recurrent-operations.js";

/** Options of {@link builtin}. */
export interface BuiltinOptions {
  /**
   * Composites to run by fused kernels: `"all"` (the default) or names. What is left out runs as its
   * decomposition, slower and with the same results within rounding; `[]` is for checking one against the
   * other.
   */
  readonly composites?: "all" | readonly string[];
  /**
   * Whether to compute four numbers at once, in WebAssembly. Left out, it does where the host can, and plain
   * loops do where it can't; `true` refuses such a host, `false` has the loops. `device` of the adapter says
   * which it is: `wasm` or `cpu`. A model for which the host has no more WebAssembly memory runs on loops as
   * well, which its own `device` says, and is refused by `true`.
   */
  readonly simd?: boolean;
}

/**
 * The embedded engine: float32, no dependency, SIMD where there is. Runs anywhere, an AudioWorklet included;
 * `compileSync` gives an executable whose `runInto` neither waits nor, once warm, allocates.
 *
 * @throws UNROLL_ARGUMENT for a composite it has no kernel for; UNROLL_CONFIG for `simd: true` where a host
 *   has none
 */
export function builtin(options: BuiltinOptions = {}): Adapter {
  knownOptions("builtin", options, ["composites", "simd"]);
  const { simd } = options;
  if (simd === true && !simdKernels.kernels) refuseLoops();
  const recurrent = [lstmOperations, gruOperations, simpleRnnOperations];
  const sets = [functionOperations, ...recurrent, attentionOperations, convolutionOperations];
  const all = Object.assign({}, ...sets.map((set) => set.composites)) as Record<string, CompositeOperation>;
  const claims = Object.fromEntries(
    Object.entries(all).map(([name, { claim }]): [string, CompositeClaim] => [name, claim]),
  );
  const chosen = Object.keys(chosenClaims("builtin", claims, options.composites));
  const composites = Object.fromEntries(chosen.map((name) => [name, all[name]!]));
  const kernels = simd === false ? [] : [simd ? simdKernelsAlone : simdKernels];
  return builtinOf([primitiveOperations, { composites }, ...kernels]);
}

function refuseLoops(): never {
  throw unrollError({
    code: "UNROLL_CONFIG",
    place: "builtin",
    expected: "a host that runs WebAssembly with SIMD",
    got: "one that does not, that has no memory for it, or whose policy has no wasm-unsafe-eval",
    cure: "leave out `simd` for plain loops there",
  });
}
