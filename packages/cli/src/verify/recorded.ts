import type { Adapter } from "@unroll/api";
import type { Float64Tensor } from "@unroll/conformance";
import type { NamedResults } from "./results.js";

/** One way to run a recorded case. */
export interface Mode {
  readonly mode: "sequence" | "step" | "gradients";
  run(adapter: Adapter): Promise<NamedResults>;
}

/** A recorded case made ready to be checked on any engine. */
export interface RecordedCase {
  readonly name: string;
  readonly modes: readonly Mode[];
  /** Float64 values as recorded. */
  readonly want: Readonly<Record<string, Float64Tensor>>;
  /**
   * Float64 values of the oracle. They are not what engines are compared with, but show whether the two
   * agree.
   */
  readonly exact: Readonly<Record<string, Float64Tensor>>;
  /** How far an honest engine may be from them. */
  readonly bounds: Readonly<Record<string, Float64Tensor>>;
}
