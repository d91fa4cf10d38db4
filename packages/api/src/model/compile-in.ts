import { unrollError } from "../contract/error.js";
import { kindOf } from "../contract/kind.js";
import { knownOptions } from "../contract/known-options.js";
import { runnableOf } from "../lowering/spec-runnable.js";
import type { Catalog } from "../layers/definition.js";
import { isRunnable, type Runnable } from "../program/runnable.js";
import { checkSpec } from "../specification/validate.js";
import { CompiledModel } from "./compiled-model.js";
import type { CompileOptions, ModelOf, ModelSource } from "./faces.js";
import { leftOut } from "./left-out.js";
import type { ModelParts } from "./parts.js";

/**
 * Plain data, copied: what is lowered later must not have changed meanwhile. Not by way of JSON, as a cell's
 * step may hold infinities and -0.
 */
export function copyOf<T>(plain: T): T {
  if (typeof plain !== "object" || plain === null) return plain;
  if (Array.isArray(plain)) return plain.map(copyOf) as T;
  return Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, copyOf(value)])) as T;
}

/** Makes a spec, whose layers a catalog has, runnable on an engine; or a runnable. */
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
  const [own, runnable] = sourceIn(catalog, parts, source);
  const model = new CompiledModel<S>(own, runnable, parts, options);
  if (!isRunnable(own)) await parts.customSteps?.(own);
  model.prepare();
  await adapter.start?.();
  return model as unknown as ModelOf<S>;
}

/** What a model is of, as it is now, and the runnable that it runs. */
function sourceIn<S extends ModelSource>(catalog: Catalog, parts: ModelParts, source: S): [S, Runnable] {
  if (isRunnable(source)) {
    if (!parts.runnables) throw leftOut("compile", "runnables");
    const own = parts.runnables(source);
    return [own as typeof source, own];
  }
  checkSpec(catalog, source);
  const own = copyOf(source);
  return [own, runnableOf(catalog, own)];
}
