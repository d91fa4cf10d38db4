/** A float64 oracle, bounds derived for each case, and the properties that an engine must hold. */
export { type Arithmetic, exact } from "./oracle/arithmetic.js";
export { evaluate, type Evaluation, type Float64Tensor, type Run } from "./oracle/evaluate.js";
export { type BoundOptions, deriveBounds, type DerivedBounds } from "./tolerance/bounds.js";
export { compareWithBound, type Comparison, worse } from "./tolerance/compare.js";
export { precisions } from "./tolerance/precision.js";
export { generator } from "./tolerance/random.js";
