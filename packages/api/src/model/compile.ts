import { unrollError } from "../contract/error.js";
import { kindOf } from "../contract/kind.js";
import { knownOptions } from "../contract/known-options.js";
import { runnableOf } from "../lowering/spec-runnable.js";
import type { Catalog } from "../layers/definition.js";
import { isRunnable } from "../program/runnable.js";
import { everything } from "../specification/catalog.js";
import { checkSpec } from "../specification/validate.js";
import { CompiledModel } from "./compiled-model.js";
import type { ModelParts } from "./parts.js";
import { rowEnds } from "./row-ends.js";
import { savedStates } from "./saved-state.js";
import type { CompileOptions, ModelOf, ModelSource } from "./faces.js";

/** As {@link compile}, of specs whose layers a catalog has, for models that have some parts. */
export async function compileIn<const S extends ModelSource>(
  catalog: Catalog,
  parts: ModelParts,
  source: S,
  options: CompileOptions,
): Promise<ModelOf<S>> {
  const { adapter } = options ?? {};
  if (!adapter?.compile)
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place: "compile",
      expected: "an adapter",
      got: kindOf(adapter),
      cure: "call its factory, await promises",
    });
  knownOptions("compile", options, ["adapter", "weights", "timeMajor"]);
  if (!isRunnable(source)) checkSpec(catalog, source);
  // A valid spec is JSON; a copy, as what is lowered later must not have changed meanwhile.
  const own = isRunnable(source) ? source : (JSON.parse(JSON.stringify(source)) as S);
  const runnable = isRunnable(own) ? own : runnableOf(catalog, own);
  const model = new CompiledModel<S>(own, runnable, parts, options);
  model.prepare();
  await adapter.start?.();
  return model as unknown as ModelOf<S>;
}

/**
 * Makes a spec runnable on an engine; or anything else that has a signature and programs, a {@link Runnable}.
 *
 * @throws UNROLL_SPEC, UNROLL_WEIGHTS, UNROLL_DTYPE, UNROLL_UNSUPPORTED before the engine sees anything;
 *   UNROLL_CONFIG for a device that is not there
 */
export const compile = <const S extends ModelSource>(
  source: S,
  options: CompileOptions,
): Promise<ModelOf<S>> => compileIn(everything, { rowEnds, savedStates }, source, options);
