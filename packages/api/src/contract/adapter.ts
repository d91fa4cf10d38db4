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
 * The core checks once, before an adapter is called, and an adapter may rely on it:
 *
 * - The program is verified, and every op in it is a claimed primitive, `scan`, or a composite that meets
 *   its claim.
 * - Weights are complete, have the declared types, and nobody else changes their arrays: an adapter may
 *   keep them.
 * - Feeds are complete, of the declared types, agree in their symbolic dims, and each of those is at least 1.
 * - Feeds in host memory are copies of what the caller gave, and the adapter's alone until its run resolves:
 *   it may read them late, and need not copy them first. Afterwards they may be written over.
 * - Nothing is run or bound after `dispose()` on its executable.
 *
 * What only an adapter can know, it checks itself: the sizes of arrays given to `runInto`, ids outside a
 * gathered table, and that a result is not used after its `dispose()`.
 */
export interface Adapter {
  /** Short stable name, e.g. `onnx`. */
  readonly name: string;
  /** Where the engine computes, e.g. `cpu`, `wasm`, `webgpu`. */
  readonly device: string;
  /** Version of the engine's library, for reports. */
  readonly version?: string;
  /** What it runs; anything else is expanded or refused before it is called. */
  readonly capabilities: Capabilities;
  /**
   * Makes sure that the device is there. A model awaits it when it is compiled, since programs may be
   * compiled later, at the first run that needs them. Left out by engines that run wherever they load.
   *
   * @throws UNROLL_CONFIG naming the device, and those that there are
   */
  start?(): Promise<void>;
  /**
   * Prepares a program for execution. One executable serves every batch size and length. Whoever has a
   * program and no model around it calls `prepare()`, which makes the checks, rather than this.
   */
  compile(program: Program, weights: WeightMap): Promise<Executable>;
  /** The same at once. Present when `capabilities.synchronous`. */
  compileSync?(program: Program, weights: WeightMap): SyncExecutable;
}

/** A program made ready by an adapter. */
export interface Executable {
  /**
   * Where this program runs, of an engine that had to leave the adapter's device with it, for want of memory
   * say. May change with any run; undefined while it is on that device.
   */
  readonly movedTo?: string | undefined;
  /**
   * Runs the program once. Feeds are read, never changed or disposed; the caller owns the results.
   *
   * @param feeds one value for every program input, by input name; already checked against the declared
   *   types. Nobody writes into them before the run resolves; anybody may afterwards. An array may be a view,
   *   at an offset, of a larger buffer.
   * @returns one tensor for every program output, by output name
   */
  run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, DeviceTensor>>;
  /**
   * Gives every weight a new value: same names, dtypes and shapes; as with `compile`, the arrays are the
   * adapter's to keep. Runs asked for before it see the old values, runs asked for once its promise is
   * fulfilled the new ones. It should cost no more than copying and packing the weights; an adapter that
   * would have to compile again leaves it out, and the core compiles again.
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
