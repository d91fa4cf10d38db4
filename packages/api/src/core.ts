/**
 * The core with only the layers, cells and operations that a page names, for pages where every kilobyte
 * counts: `@unroll/api/core`. The builders and everything else are those of `@unroll/api`.
 *
 * @module @unroll/api/core
 */
import type { AnyCell, AnyLayer, Catalog, CellDefinition, LayerDefinition } from "./layers/definition.js";
import { knownOptions } from "./contract/known-options.js";
import type { Program } from "./contract/program.js";
import { lowerIn, type LowerMode } from "./lowering/lower.js";
import { compileIn } from "./model/compile-in.js";
import type { CompileOptions, ModelOf, ModelSource } from "./model/faces.js";
import type { ModelParts } from "./model/parts.js";
import { type SpecParts, specIn } from "./specification/build.js";
import type { LayerSpec, Spec } from "./specification/types.js";
import { commonPrimitives } from "./program/primitives.js";
import { checkSpec } from "./specification/validate.js";
import { weightsIn } from "./specification/weights.js";
import type { WeightSpec } from "./program/expected-weights.js";

export type { Adapter, WeightMap } from "./contract/adapter.js";
export { isUnrollError, UnrollError } from "./contract/error.js";
export { tensor, type HostTensor } from "./contract/tensor.js";
export { builtinOf } from "./builtin/engine.js";
export type { OperationSet } from "./builtin/operation.js";
export { batchMajorOperations } from "./builtin/batch-major-operations.js";
export { attentionOperations } from "./builtin/attention-operations.js";
export { convolutionOperations } from "./builtin/convolution-operations.js";
export { functionOperations } from "./builtin/function-operations.js";
export { primitiveOperations } from "./builtin/primitive-operations.js";
export { gruOperations, lstmOperations, simpleRnnOperations } from "./builtin/recurrent-operations.js";
export { simdKernels } from "./builtin/simd/index.js";
export { runnables } from "./lowering/outside-runnable.js";
export type { Runnable } from "./program/runnable.js";
export { customSteps } from "./model/custom-steps.js";
export { rowEnds } from "./model/row-ends.js";
export { runLimits } from "./program/run-limits.js";
export { savedStates, State } from "./model/saved-state.js";
export type { StateLike } from "./model/state.js";
export type { CompileOptions, ModelOf, RunResult, SequenceModel, SteppableModel } from "./model/faces.js";
export type { CellDefinition, LayerDefinition } from "./layers/definition.js";
export type * from "./specification/types.js";
export { customCell } from "./specification/custom-cell.js";
export { input } from "./specification/build.js";
export * from "./layers/cells.js";
export * from "./layers/layers.js";

/** What a {@link kit} is made of. */
export interface KitParts extends ModelParts {
  /** Definitions of the layers that specs may have, e.g. `recurrentDefinition`. */
  readonly layers: readonly LayerDefinition[];
  /** Definitions of the cells that recurrent layers may have, e.g. `lstmDefinition`. */
  readonly cells?: readonly CellDefinition[];
}

/** What `@unroll/api` has under the same names, for the layers and cells of a kit. */
export interface Kit {
  /** A spec from its parts, whose layers are those of the kit, validated. @throws UNROLL_SPEC */
  spec<const Layers extends readonly LayerSpec[]>(
    parts: SpecParts<Layers>,
  ): Omit<Spec, "layers"> & { readonly layers: Layers };
  /** Checks a spec as it comes from JSON. @throws UNROLL_SPEC */
  validateSpec(value: unknown): asserts value is Spec;
  /** All canonical weights of a spec, in layer order. */
  specWeights(spec: Spec): WeightSpec[];
  /** The program of a spec. @throws UNROLL_UNSUPPORTED for a step of a spec that can't be stepped */
  lower(spec: Spec, how: LowerMode): Program;
  /**
   * Makes a spec runnable on an engine.
   *
   * @throws UNROLL_SPEC, UNROLL_WEIGHTS, UNROLL_DTYPE, UNROLL_UNSUPPORTED before the engine sees anything
   */
  compile<const S extends ModelSource>(source: S, options: CompileOptions): Promise<ModelOf<S>>;
}

/**
 * The library for some layers and cells. A spec that has others is refused with UNROLL_SPEC.
 *
 * @throws UNROLL_ARGUMENT for a part that there is none of
 *
 * ```ts
 * const { compile, spec } = kit({ layers: [recurrentDefinition], cells: [lstmDefinition] });
 * ```
 */
export function kit(of: KitParts): Kit {
  knownOptions("kit", of, [
    "layers",
    "cells",
    "rowEnds",
    "savedStates",
    "runLimits",
    "runnables",
    "customSteps",
  ]);
  const { layers, cells = [], ...parts } = of;
  const catalog: Catalog = {
    layers: Object.fromEntries(layers.map((one: LayerDefinition<AnyLayer>) => [one.type, one])),
    cells: Object.fromEntries(cells.map((one: CellDefinition<AnyCell>) => [one.kind, one])),
    primitives: Object.assign({}, commonPrimitives, ...[...layers, ...cells].map((one) => one.primitives)),
  };
  return {
    spec: (parts) => specIn(catalog, parts),
    validateSpec: (value) => checkSpec(catalog, value),
    specWeights: (spec) => weightsIn(catalog, spec),
    lower: (spec, how) => lowerIn(catalog, spec, how),
    compile: (source, options) => compileIn(catalog, parts, source, options),
  };
}
