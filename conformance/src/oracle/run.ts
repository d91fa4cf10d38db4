import type { HostTensor } from "@unroll/api";

/** Which steps are real; all where neither is given. */
export interface RealSteps {
  /** int32 [batch] */
  readonly lengths?: HostTensor | undefined;
  /** bool [batch, time] */
  readonly mask?: HostTensor | undefined;
}

/**
 * What a run is given. Sequences are batch-major: [batch, time, ...]. `lengths` and `mask` are of the axis
 * `time`.
 */
export interface Run extends RealSteps {
  /** Every input of the spec by name. */
  readonly inputs: Readonly<Record<string, HostTensor>>;
  /** Those of other time axes, by name. */
  readonly along?: Readonly<Record<string, RealSteps>> | undefined;
  /** Initial state by layer and part, `data` of `shape` [batch, units]; zeros where it is not given. */
  readonly state?:
    | Readonly<
        Record<
          string,
          Readonly<
            Record<
              string,
              {
                readonly shape: readonly number[];
                readonly data: Float32Array | Float64Array | HostTensor["data"];
              }
            >
          >
        >
      >
    | undefined;
}

/** A tensor of float64, row-major. */
export interface Float64Tensor {
  /** Sizes of its axes. */
  readonly shape: readonly number[];
  /** The elements; the last axis runs fastest. */
  readonly data: Float64Array;
}

/** What a run gives: the spec's outputs by reference, and every layer's state after it. */
export interface Evaluation {
  /** Outputs by reference, batch-major. */
  readonly outputs: Readonly<Record<string, Float64Tensor>>;
  /** State parts by layer and name, [batch, ...]. */
  readonly state: Readonly<Record<string, Readonly<Record<string, Float64Tensor>>>>;
  /**
   * Of outputs that are ids which a layer decides on, by reference: how much better each is than the next
   * best. Left out where there are none.
   */
  readonly margins?: Readonly<Record<string, Float64Tensor>>;
}
