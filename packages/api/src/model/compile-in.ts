import { unrollError } from "../contract/error.js";
import { kindOf } from "../contract/kind.js";
import { knownOptions } from "../contract/known-options.js";
import { runnableOf } from "../lowering/spec-runnable.js";
import type { Catalog } from "../layers/definition.js";
import { isRunnable } from "../program/runnable.js";
import { checkSpec } from "../specification/validate.js";
import { CompiledModel } from "./compiled-model.js";
import type { CompileOptions, ModelOf, ModelSource } from "./faces.js";
import type { ModelParts } from "./parts.js";

/**
 * Makes a spec, whose layers a catalog has, runnable on an engine; or a runnable, which is taken at its word.
 */
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
