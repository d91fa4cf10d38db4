/**
 * Gradients of programs, as programs: `@unroll/api/gradient`.
 *
 * @module @unroll/api/gradient
 */
export { cotangentName, gradient, gradientName, type GradientOptions } from "./gradient.js";
export type { RowEnds } from "../program/runnable.js";
