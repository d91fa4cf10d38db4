import type { Fields, FilledOf, ValueRef } from "../layers/fields.js";
import type { LayerSpec } from "../layers/layers.js";

export type { OuterActivation } from "../layers/activation.js";
export type * from "../layers/cells.js";
export type { ValueRef } from "../layers/fields.js";
export type { BiasForm } from "../layers/gated-cell.js";
export type * from "../layers/layers.js";
export type { MaskingSpec } from "../layers/recurrent.js";

/** @internal Fields of an input; see {@link InputSpec}. */
export const inputFields = {
  /** What layers refer to it as, and runs are given it by. */
  name: { kind: "name" },
  /** Axes after batch and time; empty for token ids. */
  shape: { kind: "shape" },
  /** `float32`, the default, or `int32` for ids. */
  dtype: { kind: "oneOf", of: ["float32", "int32"], default: "float32" },
  /**
   * Name of its time axis, [batch, time, ...shape], or null for one without, [batch, ...shape]. Inputs of
   * one axis have one length. `time`, the default, is the axis that steps run along; others are there whole
   * at every step, as a decoder sees its source.
   */
  axis: { kind: "axis", nullable: true, default: "time" },
} as const satisfies Fields;

/** A value that every run is given. */
export type InputSpec = FilledOf<typeof inputFields>;

/**
 * A recurrent model as plain JSON. Every choice of mathematics is written out: nothing is implied by the
 * framework a model came from. Make one with the builders, which fill in defaults, or write it by hand;
 * `validateSpec` checks either.
 *
 * A value is named by a reference: an input or a layer's output by its name; a recurrent layer's final
 * state as `layer.h`, `layer.c`, or as a custom cell calls it (`layer.forward.h`, ... when bidirectional);
 * the two outputs of a bidirectional layer that does not merge as `layer.forward` and `layer.backward`; an
 * attention layer's weights as `layer.weights`, which only an output may be.
 */
export interface Spec {
  /** Tells a spec from other JSON. */
  readonly format: "unroll.spec";
  /** Of the format; grows when a reader of this one could not read it. */
  readonly version: 1;
  /** For people: error texts. */
  readonly name: string;
  /** What every run is given. */
  readonly inputs: readonly InputSpec[];
  /** In order of execution: a layer reads inputs and layers before it. */
  readonly layers: readonly LayerSpec[];
  /** References of the values a run returns. */
  readonly outputs: readonly ValueRef[];
}
