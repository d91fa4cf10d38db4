import { runnableOf } from "../lowering/spec-runnable.js";
import type { Catalog } from "../layers/definition.js";
import { isRunnable } from "../program/runnable.js";
import { everything } from "../specification/catalog.js";
import { checkSpec } from "../specification/validate.js";
import { CompiledModel } from "./compiled-model.js";
import type { CompileOptions, ModelOf, ModelSource } from "./faces.js";

/** As {@link compile}, of specs whose layers a catalog has. */
export async function compileIn<const S extends ModelSource>(
  catalog: Catalog,
  source: S,
  options: CompileOptions,
): Promise<ModelOf<S>> {
  if (!isRunnable(source)) checkSpec(catalog, source);
  const runnable = isRunnable(source) ? source : runnableOf(catalog, source);
  const model = new CompiledModel<S>(source, runnable, options);
  model.prepare();
  return model as unknown as ModelOf<S>;
}

/**
 * Makes a spec runnable on an engine; or anything else that has a signature and programs, a {@link Runnable}.
 *
 * @throws UNROLL_SPEC, UNROLL_WEIGHTS, UNROLL_DTYPE, UNROLL_UNSUPPORTED before the engine sees anything
 */
export const compile = <const S extends ModelSource>(
  source: S,
  options: CompileOptions,
): Promise<ModelOf<S>> => compileIn(everything, source, options);
