import type { Program } from "./program.js";
import type { Capabilities } from "./capabilities.js";
import type { DeviceTensor, DTypeArray, DType, HostTensor } from "./tensor.js";

/** Weights of a program by parameter name. */
export type WeightMap = Readonly<Record<string, HostTensor>>;

/**
 * A value fed to an executable: host memory, or a tensor that the same adapter returned and that is not
 * disposed.
 */
export type Feed = HostTensor | DeviceTensor;

/**
 * An engine, as a value. Made by a factory that is given the engine's library; holds no global state.
 *
 * An adapter may rely on this: the program is verified; every op in it is a claimed primitive, `scan`, or a
 * composite that meets its claim; weights are complete and have the declared types; `batch` and `time` are at
 * least 1.
 */
export interface Adapter {
  /** Short stable name, e.g. `onnx`. */
  readonly name: string;
  /** Where the engine computes, e.g. `cpu`, `wasm`, `webgpu`. */
  readonly device: string;
  /** Version of the engine's library, for reports. */
  readonly version?: string;
  readonly capabilities: Capabilities;
  /** Prepares a program for execution. One executable serves every batch size and length. */
  compile(program: Program, weights: WeightMap): Promise<Executable>;
  /** The same at once. Present when `capabilities.synchronous`. */
  compileSync?(program: Program, weights: WeightMap): SyncExecutable;
}

/** A program made ready by an adapter. */
export interface Executable {
  /**
   * Runs the program once. Feeds are read, never changed or disposed; the caller owns the results.
   *
   * @param feeds one value for every program input, by input name; already checked against the declared types
   * @returns one tensor for every program output, by output name
   */
  run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, DeviceTensor>>;
  /**
   * Gives every weight a new value: same names, dtypes and shapes, copied before this returns. Runs asked for before it see
   * the old values, runs asked for afterwards the new ones. Absent where an engine would have to compile again; then
   * whoever wants it does that.
   */
  rebind?(weights: WeightMap): Promise<void>;
  /** Frees everything the executable holds. A second call does nothing. */
  dispose(): void;
}

/** An executable that also runs without a promise and, once warm, without allocating. */
export interface SyncExecutable extends Executable {
  /**
   * Runs the program on the caller's own arrays.
   *
   * @param inputs one array for every program input, in program order
   * @param outputs one array for every program output, in program order; overwritten. An output may be the
   *   same array as an input.
   * @param dims sizes of the symbolic dims, e.g. `{ batch: 1 }`; keep passing one object to keep the call
   *   free of allocation
   * @throws UNROLL_SHAPE when an array's length is not what dims say, before anything is computed;
   *   UNROLL_DISPOSED
   */
  runInto(
    inputs: readonly DTypeArray[DType][],
    outputs: readonly DTypeArray[DType][],
    dims: Readonly<Record<string, number>>,
  ): void;
}
